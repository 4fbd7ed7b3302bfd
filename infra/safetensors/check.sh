#!/usr/bin/env bash
# Holds compute/safetensors against the reference implementation: files made by
# one load in the other with equal values and are saved again with equal bytes,
# whatever we accept it accepts, and every small float has the same value.
# usage: check.sh [vectors]    vectors: make the files of testdata anew
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${SAFETENSORS_VENV:-$here/../../.venv/safetensors}
stamp=$venv/requirements.txt
if ! cmp -s "$here/requirements.txt" "$stamp"; then
  echo "installing safetensors into $venv" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$stamp"
fi
cd "$here/../.."
if [ "${1:-}" = vectors ]; then
  exec "$venv/bin/python" "$here/peer.py" vectors compute/safetensors/testdata
fi
venv=$(realpath "$venv")
SAFETENSORS_PYTHON="$venv/bin/python" SAFETENSORS_PEER="$here/peer.py" \
  go test -count=1 -v -run '^TestPeer' ./compute/safetensors
