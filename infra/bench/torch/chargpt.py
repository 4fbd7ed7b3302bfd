"""Trains a character GPT from given weights on given batches, and prints every loss.

    chargpt.py --weights init.safetensors --tokens tokens.bin --order order.txt \
        --steps 200 --lr 1e-3 --json out.jsonl

Float32. The weights' shapes are the model's; the number of heads is the weight
file's metadata "heads" or --heads. The tokens are little-endian ids. A line of
the order has the offsets at which the sequences of one step start; a sequence
is as long as the model's context, and its targets are the tokens one further.

The loss is the mean cross-entropy of the next token over all positions of all
sequences. A step then clips the gradients: it scales them by
min(1, 1 / (norm + 1e-6)), norm the L2 norm of all of them together. Then AdamW:
betas 0.9 and 0.95, eps 1e-8 added to the square root of the corrected second
moment, decoupled decay 0.1 (w -= lr 0.1 w, before the update) of every tensor of
rank 2, embeddings too, and of no other. The learning rate of step s, from 0, is
lr (s + 1) / warmup for s < warmup, then
lr (0.1 + 0.9 (1 + cos(pi (s - warmup) / (steps - warmup))) / 2).

Each line of --json is {"step", "loss", "lr", "grad_norm"}; the loss is of the
weights before the step.
"""

import argparse
import json
import math
import pathlib
import sys
from collections.abc import Iterator

import numpy
import safetensors
import torch

from model import GPT, adamw, clip, load


def rate(step: int, steps: int, warmup: int, lr: float) -> float:
    if step < warmup:
        return lr * (step + 1) / warmup
    return lr * (0.1 + 0.9 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2)


def read_model(path: pathlib.Path, heads: int) -> GPT:
    with safetensors.safe_open(path, framework="pt") as file:
        heads = heads or int((file.metadata() or {}).get("heads", 0))
        weights = {name: file.get_tensor(name) for name in file.keys()}
    if heads < 1:
        sys.exit(f"{path}: no heads in its metadata: give --heads")
    return load(weights, heads)


def batches(tokens: torch.Tensor, order: pathlib.Path, context: int) -> Iterator[torch.Tensor]:
    """The sequences of each step, each one token longer than the context."""
    for line in order.read_text().splitlines():
        yield torch.stack([tokens[start : start + context + 1] for start in map(int, line.split())])


def train(args: argparse.Namespace) -> Iterator[dict[str, float]]:
    model = read_model(args.weights, args.heads)
    tokens = torch.from_numpy(numpy.fromfile(args.tokens, dtype="<u2" if args.token_type == "uint16" else "u1").astype(numpy.int64))
    optimizer = adamw(model, args.lr)
    for step, batch in zip(range(args.steps), batches(tokens, args.order, model.shape.context)):
        lr = rate(step, args.steps, args.warmup, args.lr)
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad()
        loss = model.loss(batch[:, :-1], batch[:, 1:])
        loss.backward()
        norm = clip(model)
        optimizer.step()
        yield {"step": step, "loss": loss.item(), "lr": lr, "grad_norm": norm}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=pathlib.Path, required=True, help="initial weights, .safetensors")
    parser.add_argument("--heads", type=int, default=0, help="attention heads (default: the weight file's metadata)")
    parser.add_argument("--tokens", type=pathlib.Path, required=True, help="token ids")
    parser.add_argument("--token-type", choices=["uint8", "uint16"], default="uint8")
    parser.add_argument("--order", type=pathlib.Path, required=True, help="offsets of the sequences, a line a step")
    parser.add_argument("--steps", type=int, required=True, help="of the learning rate's schedule, and at most those of the order")
    parser.add_argument("--lr", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--warmup", type=int, default=20, help="steps until then")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=argparse.FileType("w"), default="-", help="where the lines go (default: standard output)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for row in train(args):
        print(json.dumps(row), file=args.json, flush=True)


if __name__ == "__main__":
    main()
