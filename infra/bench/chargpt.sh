#!/usr/bin/env bash
# Trains the character GPT of compute/examples/chargpt with compute and with
# PyTorch from the same weights on the same data, compares the losses, and writes
# docs/images/chargpt-loss.svg and the figures in docs/compute.md.
#
#   infra/bench/chargpt.sh [FOLDER]      # for the files between; default: a new one
#
# It fails if a loss of the first 20 steps differs by more than 1e-4. STEPS and
# THREADS may be set. The text is the documentation of the installed Go: another
# version of Go gives another curve.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
dir=${1:-$(mktemp -d)}
steps=${STEPS:-600}
threads=${THREADS:-1}
mkdir -p "$dir" bin
python=$(infra/bench/torch/setup.sh)
test -x bin/chimera || make build
test -d "$dir/text" || bin/chimera sample text --out "$dir/text" --seed 1
go build -o "$dir/chargpt" ./compute/examples/chargpt
go build -o "$dir/losscurve" ./infra/bench/losscurve

recipe=(--steps "$steps" --lr 1e-3 --warmup 20 --threads "$threads")
"$dir/chargpt" --text "$dir/text" "${recipe[@]}" --batch 16 --context 128 --width 128 --layers 4 --heads 4 --seed 1 \
  --init-out "$dir/init.safetensors" --tokens "$dir/tokens" --order "$dir/order" \
  --json "$dir/compute.jsonl" --weights-out "$dir/trained.safetensors" --report 50 >"$dir/samples.txt"
"$python" infra/bench/torch/chargpt.py --weights "$dir/init.safetensors" --tokens "$dir/tokens" --order "$dir/order" \
  "${recipe[@]}" --json "$dir/pytorch.jsonl"
"$dir/losscurve" -svg docs/images/chargpt-loss.svg -doc docs/compute.md compute="$dir/compute.jsonl" PyTorch="$dir/pytorch.jsonl"
echo "files: $dir"
