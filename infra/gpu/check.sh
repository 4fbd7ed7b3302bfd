#!/usr/bin/env bash
# Checks the CUDA plugin on a machine with a GPU: builds it, runs the tests of the
# device against it and prints a table of every operation's error and rate.
#
#   infra/gpu/check.sh programs DIR   builds the Go programs into DIR, on a machine
#                                     with Go; they need glibc alone
#   infra/gpu/check.sh [DIR]          checks, with the programs of DIR, or built
#                                     now where there is Go
#
# The plugin is built by nvcc, or by clang where there is none; where there is
# neither, DIR/libchimera_cuda.so is taken. NVCC, CLANG and CXX name other
# compilers. The exit code is 0 only if all passed.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

say() { printf '\n=== %s\n' "$*"; }

# programs builds the tests and the table into a folder.
programs() {
  mkdir -p "$1"
  (cd "$root" && export CGO_ENABLED=1 &&
    go test -c -o "$1/cuda.test" ./compute/internal/cuda &&
    go test -c -o "$1/backendtest.test" ./compute/internal/backendtest &&
    go build -o "$1/gpu-table" ./compute/internal/gputable)
}

# plugin builds libchimera_cuda.so into a folder, or copies the one of $2.
plugin() {
  if command -v "${NVCC:-nvcc}" >/dev/null || ls /usr/bin/clang++* >/dev/null 2>&1 || [ -n "${CLANG:-}" ]; then
    make -s -C "$root/compute/cuda" cuda OUT="$1"
  elif [ -n "${2:-}" ] && [ -f "$2/libchimera_cuda.so" ]; then
    cp "$2/libchimera_cuda.so" "$1/"
    echo "taken from $2"
  else
    echo 'no nvcc, no clang and no libchimera_cuda.so to take' >&2
    return 1
  fi
}

if [ "${1:-}" = programs ]; then
  programs "$(mkdir -p "${2:?a folder}" && cd "$2" && pwd)"
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bin=${1:+$(cd "$1" && pwd)}
failed=0

say "device"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null || echo 'no nvidia-smi'

say "plugin"
plugin "$work" "$bin"
export CHIMERA_CUDA_LIB="$work/libchimera_cuda.so"
export CHIMERA_TEST_PLUGIN="$CHIMERA_CUDA_LIB"

if [ -z "$bin" ]; then
  command -v go >/dev/null || { echo 'no Go here: give a folder made by "check.sh programs"' >&2; exit 1; }
  say "programs"
  bin="$work/programs"
  programs "$bin"
fi

say "kernels: each near float64 and equal to the bits of Go"
"$bin/cuda.test" -test.run 'TestInfo|TestMemory|TestHandles|TestRefused$|TestDevice' || failed=1

say "operations: every one on every device"
"$bin/backendtest.test" -compute.device=cuda:0 -compute.fast=5e-3 || failed=1

if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    say "compute-sanitizer $tool"
    compute-sanitizer --tool "$tool" --error-exitcode 1 "$bin/cuda.test" -test.short -test.run 'TestDevice' >"$work/$tool" 2>&1 ||
      { failed=1; tail -n 40 "$work/$tool"; }
    tail -n 1 "$work/$tool"
  done
else
  say "compute-sanitizer: not installed, skipped"
fi

say "table"
# An emulated device is measured at the small shapes only.
"$bin/gpu-table" ${CHIMERA_LIBCUDA:+-small} || failed=1

[ "$failed" = 0 ] && echo && echo 'all passed' && exit 0
echo 'FAILED' >&2
exit 1
