"""Holds what DuckDB and pyiceberg read from a lake against what chimera says.

usage: check.py CHIMERA LAKE

For every table: the same rows in both readers, the row count that chimera
names, the same schema with field ids and documentation, the same snapshots and
tags; and the state of every generation, read by its tag.
"""

import json
import os
import subprocess
import sys
import tempfile

import duckdb
import duckdb_extensions
from pyiceberg.table import StaticTable

# Iceberg types as chimera names them, by pyiceberg's names where they differ.
TYPES = {"timestamptz": "timestamptz", "timestamp": "timestamp"}


def chimera(program, *args):
    """Runs chimera and returns the JSON values it prints, one a line."""
    out = subprocess.run([program, *args, "--json", "--quiet"], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


def duck():
    """A DuckDB that knows Iceberg, from installed packages: it fetches nothing."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"SET extension_directory = '{tempfile.mkdtemp()}'")
    for name in ("avro", "iceberg"):
        duckdb_extensions.import_extension(name, con=con)
        con.execute(f"LOAD {name}")
    return con


def leaves(fields, prefix=""):
    """Every column of a pyiceberg schema, those of structs after their struct."""
    for f in fields:
        yield f.field_id, prefix + f.name, f.field_type, f.required, f.doc or ""
        if f.field_type.is_struct:
            yield from leaves(f.field_type.fields, prefix + f.name + ".")


def rows(table):
    """An Arrow table's rows as a sorted list that can be compared."""
    return sorted(json.dumps(r, sort_keys=True, default=repr) for r in table.to_pylist())


class Checker:
    def __init__(self, program, lake):
        self.program, self.lake, self.con = program, lake, duck()
        self.faults = []

    def equal(self, what, got, want):
        if got != want:
            self.faults.append(f"{what}: got {got!r:.300}, want {want!r:.300}")

    def ask(self, *args):
        return chimera(self.program, "lake", *args, "--lake", self.lake)

    def run(self):
        generations = [g for g in self.ask("log") if not g["rolled_back"]]
        tables = self.ask("ls")
        for t in tables:
            self.table(t, self.ask("show", t["table"])[0], generations)
        if self.faults:
            sys.exit("\n".join(self.faults))
        total = sum(t["rows"] for t in tables)
        print(f"{self.lake}: {len(tables)} tables, {total} rows, {len(generations)} generations read alike by chimera, DuckDB and pyiceberg")

    def table(self, info, detail, generations):
        name, path = info["table"], os.path.join(self.lake, info["table"].replace(".", "/", 1))
        ice = StaticTable.from_metadata(os.path.join(self.lake, info["metadata"]))
        mine = ice.scan().to_arrow()
        self.equal(f"{name}: rows by pyiceberg", mine.num_rows, info["rows"])
        theirs = self.con.execute(f"SELECT * FROM iceberg_scan('{path}')").to_arrow_table()
        self.equal(f"{name}: rows by DuckDB", theirs.num_rows, info["rows"])
        self.equal(f"{name}: contents", rows(theirs) == rows(mine), True)
        self.schema(name, ice, detail)
        self.snapshots(name, path, ice, detail, generations)

    def schema(self, name, ice, detail):
        got = [(i, n, r, d) for i, n, _, r, d in leaves(ice.schema().fields)]
        want = [(c["id"], c["name"], c["required"], c["doc"]) for c in detail["columns"]]
        self.equal(f"{name}: schema", got, want)
        for c in detail["columns"]:
            self.equal(f"{name}.{c['name']}: documented", bool(c["doc"]), True)
        got = [(n, str(t)) for _, n, t, _, _ in leaves(ice.schema().fields) if not t.is_struct]
        want = [(c["name"], TYPES.get(c["type"], c["type"])) for c in detail["columns"] if not c["type"].startswith("struct")]
        self.equal(f"{name}: types", got, want)

    def snapshots(self, name, path, ice, detail, generations):
        tags = {n: r.snapshot_id for n, r in ice.refs().items() if n.startswith("gen-")}
        self.equal(f"{name}: tags", tags, detail["tags"])
        self.equal(f"{name}: main", ice.refs()["main"].snapshot_id, detail["snapshot_id"])
        known = {r[0] for r in self.con.execute(f"SELECT snapshot_id FROM iceberg_snapshots('{path}')").fetchall()}
        self.equal(f"{name}: snapshots by DuckDB", known, {s.snapshot_id for s in ice.snapshots()})
        expected, seen = 0, set()
        for g in generations:
            expected += g["rows_added"].get(name, 0)
            snapshot = tags.get(g["tag"])
            if snapshot is None:
                continue
            scan = ice.scan(snapshot_id=snapshot).to_arrow()
            if name != "text.bands":  # the dedup index is merged; its rows may become fewer
                self.equal(f"{name} at {g['tag']}: rows by pyiceberg", scan.num_rows, expected)
            count = self.con.execute(f"SELECT count(*) FROM iceberg_scan('{path}', snapshot_from_id => {snapshot})").fetchone()[0]
            self.equal(f"{name} at {g['tag']}: rows by DuckDB", count, scan.num_rows)
            now = set(rows(scan))
            if name != "text.bands":
                self.equal(f"{name} at {g['tag']}: contains the generation before", seen <= now, True)
            seen = now


if __name__ == "__main__":
    Checker(sys.argv[1], os.path.abspath(sys.argv[2])).run()
