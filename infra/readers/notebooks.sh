#!/usr/bin/env bash
# Executes every notebook on a lake of three nights. What it makes goes to a
# scratch folder; a cell that fails is named with its error.
# usage: notebooks.sh CHIMERA
set -euo pipefail
chimera=$(realpath "$1")
# shellcheck source=venv.sh
. "$(dirname "$0")/venv.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$chimera" sample text --out "$work/sample" --docs 1200 --seed 5 --quiet
# The third night has old documents, new ones, and a line that is no document.
{ head -n 150 "$work"/sample/part-000.jsonl; zcat "$work"/sample/part-002.jsonl.gz; echo 'no JSON'; } >"$work/mixed.jsonl"
for night in "2026-01-01 $work/sample/part-000.jsonl" "2026-01-02 $work/sample/part-001.jsonl" "2026-01-03 $work/mixed.jsonl"; do
  read -r date input <<<"$night"
  "$chimera" nightly --lake "$work/lake" --date "$date" --input "$input" --source "night-${date##*-}" --profile technical --quiet
done
export CHIMERA_LAKE=$work/lake IPYTHONDIR=$work/ipython JUPYTER_DATA_DIR=$work/jupyter
"$python" - "$here"/../../notebooks/*.ipynb <<'PY'
import pathlib
import sys

import nbformat
from nbclient import NotebookClient

for name in sys.argv[1:]:
    nb = nbformat.read(name, as_version=4)
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    NotebookClient(nb, timeout=300, resources={"metadata": {"path": str(pathlib.Path(name).parent)}}).execute()
    charts = sum("image/png" in o.get("data", {}) for c in nb.cells for o in c.get("outputs", []))
    if not charts:
        sys.exit(f"{name}: no chart was drawn")
    print(f"{pathlib.Path(name).name}: {len(nb.cells)} cells, {charts} charts")
PY
