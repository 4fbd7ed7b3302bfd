#!/usr/bin/env bash
# Makes a venv with PyTorch and prints its Python interpreter.
#
#   python=$(infra/bench/torch/setup.sh)
#
# The folder is $CHIMERA_TORCH_VENV, by default ~/.cache/chimera/torch. PyTorch's
# wheel on PyPI is the CUDA build. Its CUDA libraries would be some 2 GB more; on a
# machine without a GPU none is ever called, so stub_cuda.py puts empty ones in
# their place (this needs gcc). What is downloaded is 570 MB.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${CHIMERA_TORCH_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/chimera/torch}
stamp=$venv/requirements.txt
if ! cmp -s "$here/requirements.txt" "$stamp"; then
  echo "installing PyTorch into $venv" >&2
  mkdir -p "$(dirname "$venv")"
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt"
  lib=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/torch/lib
  if [ -e "$lib/libtorch_cuda.so" ]; then
    "$venv/bin/python" "$here/stub_cuda.py" "$lib" >&2
  fi
  "$venv/bin/python" -c 'import torch; torch.zeros(1)'
  cp "$here/requirements.txt" "$stamp"
fi
echo "$venv/bin/python"
