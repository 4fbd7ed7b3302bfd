"""How fast PyTorch generates from and trains a GPT of 25 M parameters.

    gpt.py --case decode,decode_bf16,train --threads 1,2 --seconds 5 --repeat 3

Prints a line of JSON for each case and number of threads: tokens/s by the clock,
of the fastest variant. Decoding takes 128 sequences from an empty cache to 256
positions, in whole passes. Training steps have 8 sequences of 256 tokens. Width
512, 8 layers, 8 heads, vocabulary 1024.
"""

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

import measure
from model import BENCH, GPT, Cache, adamw, clip

DECODE_BATCH = 128
TRAIN_BATCH = 8
DTYPES = {"decode": torch.float32, "decode_bf16": torch.bfloat16, "train": torch.float32}
VARIANTS = {"decode": ["eager", "compiled", "masked"], "decode_bf16": ["eager", "compiled", "masked"], "train": ["eager", "compiled"]}


def sample(logits: Tensor) -> Tensor:
    """Draws from the softmax of the logits by the Gumbel-max trick."""
    noise = torch.empty_like(logits, dtype=torch.float32).exponential_().log_()
    return (logits[:, -1].float() - noise[:, -1]).argmax(-1, keepdim=True)


def decode(variant: str, dtype: torch.dtype) -> Callable[[int], float]:
    """A pass over the first positions: the cache, made once, is filled from its beginning.

    eager attends to the part of the cache that is filled; compiled is that under
    torch.compile, with the position as a symbol; masked attends to the whole
    cache, so that one compiled step has no symbol in it.
    """
    model = GPT(BENCH).to(dtype).eval()
    cache = Cache(BENCH, DECODE_BATCH, dtype)
    positions = torch.arange(BENCH.context)
    masks = torch.full((BENCH.context, BENCH.context), float("-inf")).triu(1).to(dtype).view(BENCH.context, 1, 1, 1, BENCH.context)

    def plain(tokens: Tensor, position: int) -> Tensor:
        return sample(model.step(tokens, cache, position))

    def whole(tokens: Tensor, position: Tensor, mask: Tensor) -> Tensor:
        return sample(model.masked(tokens, cache, position, mask))

    if variant == "masked":
        compiled = torch.compile(whole)
        step = lambda tokens, position: compiled(tokens, positions[position : position + 1], masks[position])
    elif variant == "compiled":
        step = torch.compile(plain, dynamic=True)
    else:
        step = plain

    @torch.inference_mode()
    def run(positions: int) -> float:
        tokens = torch.zeros(DECODE_BATCH, 1, dtype=torch.long)
        for position in range(positions):
            tokens = step(tokens, position)
        return DECODE_BATCH * positions

    return run


def train(variant: str) -> Callable[[], float]:
    """One step: forward, backward, clipping, AdamW."""
    model = GPT(BENCH)
    optimizer = adamw(model, 3e-4, fused=True)
    loss = torch.compile(model.loss) if variant == "compiled" else model.loss

    def run() -> float:
        tokens = torch.randint(BENCH.vocabulary, (TRAIN_BATCH, BENCH.context + 1))
        optimizer.zero_grad()
        loss(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()).backward()
        clip(model)
        optimizer.step()
        return TRAIN_BATCH * BENCH.context

    return run


def one(case: str, variant: str, seconds: float, repeat: int) -> measure.Rates:
    torch.manual_seed(1)
    if case == "train":
        return measure.rates(train(variant), seconds, repeat)
    run = decode(variant, DTYPES[case])
    return measure.rates(lambda: run(BENCH.context), seconds, repeat, warm=lambda: run(8))


def results(args: argparse.Namespace, threads: int) -> Iterator[measure.Result]:
    torch.set_num_threads(threads)
    for case in args.case.split(","):
        measured = {}
        for variant in VARIANTS[case]:
            if not args.variant or variant == args.variant:
                torch.compiler.reset()
                measured[variant] = one(case, variant, args.seconds, args.repeat)
        if measured:
            result = measure.Result(f"compute/gpt_{case}", "tokens/s", threads, f"pytorch {torch.__version__}",
                                    simd=torch.backends.cpu.get_cpu_capability().lower())
            yield measure.fastest(result, measured)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default=",".join(VARIANTS), help="cases, separated by commas")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, separated by commas")
    parser.add_argument("--variant", default="", help="only this: eager, compiled or masked")
    parser.add_argument("--seconds", type=float, default=5, help="a case and repeat, at least one whole pass")
    parser.add_argument("--repeat", type=int, default=3, help="of which the median counts")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    threads = list(map(int, args.threads.split(",")))
    if len(threads) == 1:
        # What OpenMP and the compiler read when they start.
        for result in results(args, threads[0]):
            print(result.line(), flush=True)
        return
    for n in threads:
        environment = os.environ | {"OMP_NUM_THREADS": str(n), "MKL_NUM_THREADS": str(n)}
        command = [sys.executable, __file__, f"--case={args.case}", f"--variant={args.variant}", f"--threads={n}",
                   f"--seconds={args.seconds}", f"--repeat={args.repeat}"]
        subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    main()
