#!/usr/bin/env bash
# Makes a lake of three nights and holds what DuckDB and pyiceberg read from it
# against what chimera says: after one night, after three, and after a move.
# usage: check.sh CHIMERA
set -euo pipefail
chimera=$(realpath "$1")
# shellcheck source=venv.sh
. "$(dirname "$0")/venv.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$chimera" sample text --out "$work/sample" --docs 900 --seed 3 --quiet
night() { # night DATE FILE...
  local date=$1 inputs=()
  shift
  for f in "$@"; do inputs+=(--input "$f"); done
  "$chimera" nightly --lake "$work/lake" --date "$date" --source godoc --profile technical --quiet "${inputs[@]}"
}
check() { "$python" "$here/check.py" "$chimera" "$1"; }

# Later nights read copies of earlier files too: duplicates across generations.
night 2026-01-01 "$work"/sample/part-000*
check "$work/lake"
night 2026-01-02 "$work"/sample/part-001* "$work"/sample/part-002*
cp "$work"/sample/part-000.jsonl "$work/again.jsonl"
night 2026-01-03 "$work/again.jsonl" "$work"/sample/part-003*
check "$work/lake"
mv "$work/lake" "$work/moved"
"$chimera" lake relocate --lake "$work/moved" --quiet
check "$work/moved"
