"""How fast PyTorch and OpenBLAS multiply float32 matrices.

    sgemm.py --threads 1,2 --seconds 1 --repeat 5

Prints a line of JSON for each peer, shape and number of threads: GFLOP/s by the
clock, two operations for each of M N K. OpenBLAS runs in child processes, as it
reads its number of threads and its kernels' name when it is loaded; of several
libraries and kernels the fastest counts.
"""

import argparse
import ctypes
import dataclasses
import glob
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy

import measure

SHAPES = {"sgemm_512": (512, 512, 512), "sgemm_1024": (1024, 1024, 1024), "sgemm_64x512x512": (64, 512, 512)}  # M, N, K
CORES = ["", "SkylakeX", "Cooperlake", "SapphireRapids", "Zen", "Haswell"]  # "": what the library picks itself

Measured = dict[str, measure.Rates]  # by case


def operands(m: int, n: int, k: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    rng = numpy.random.default_rng(1)
    return rng.standard_normal((m, k), numpy.float32), rng.standard_normal((k, n), numpy.float32)


def every(multiply: Callable[[int, int, int], Callable[[], None]], seconds: float, repeat: int) -> Measured:
    """The rates, in GFLOP/s, of what multiply makes for each shape."""
    out = {}
    for name, (m, n, k) in SHAPES.items():
        once = multiply(m, n, k)
        times = max(1, round(1e7 / (m * n * k)))  # the clock is read every millisecond or so

        def step() -> float:
            for _ in range(times):
                once()
            return times * 2e-9 * m * n * k

        out[name] = measure.rates(step, seconds, repeat)
    return out


def with_torch(threads: int, seconds: float, repeat: int) -> Iterator[measure.Result]:
    import torch

    torch.set_num_threads(threads)

    def multiply(m: int, n: int, k: int) -> Callable[[], None]:
        a, b = map(torch.from_numpy, operands(m, n, k))
        c = torch.empty(m, n)
        return lambda: torch.mm(a, b, out=c)

    for name, found in every(multiply, seconds, repeat).items():
        result = measure.Result(f"compute/{name}", "GFLOP/s", threads, f"pytorch {torch.__version__}",
                                simd=torch.backends.cpu.get_cpu_capability().lower())
        yield measure.fastest(result, {"mm": found})


def libraries() -> dict[str, str]:
    """The OpenBLAS of the system and the newer one that numpy's wheel brings, where they are."""
    found = {
        "system": glob.glob("/usr/lib/*/openblas-pthread/libopenblas.so.0") + glob.glob("/usr/lib*/libopenblasp.so.0"),
        "numpy": glob.glob(str(pathlib.Path(numpy.__file__).parent.parent / "numpy.libs" / "libscipy_openblas64_*.so")),
    }
    return {name: paths[0] for name, paths in found.items() if paths}


def child(path: str, seconds: float, repeat: int) -> None:
    """Prints what the library in path, set up by the environment, reaches."""
    library = ctypes.CDLL(path)
    prefix, suffix, integer = ("scipy_", "64_", ctypes.c_int64) if "scipy" in path else ("", "", ctypes.c_int32)
    sgemm = library[f"{prefix}cblas_sgemm{suffix}"]
    pointer = ctypes.c_void_p
    sgemm.argtypes = [ctypes.c_int] * 3 + [integer] * 3 + [ctypes.c_float, pointer, integer, pointer, integer, ctypes.c_float, pointer, integer]
    sgemm.restype = None
    row_major, plain = 101, 111
    config = library[f"{prefix}openblas_get_config{suffix}"]
    config.restype = ctypes.c_char_p

    def multiply(m: int, n: int, k: int) -> Callable[[], None]:
        a, b = operands(m, n, k)
        c = numpy.empty((m, n), numpy.float32)
        arguments = (row_major, plain, plain, m, n, k, 1, a.ctypes.data, k, b.ctypes.data, n, 0, c.ctypes.data, n)

        def once(keep: tuple[numpy.ndarray, ...] = (a, b, c)) -> None:
            sgemm(*arguments)

        once()
        assert numpy.allclose(c, a @ b, atol=1e-3)
        return once

    print(json.dumps({"config": config().decode(), "rates": {name: vars(r) for name, r in every(multiply, seconds, repeat).items()}}))


def with_openblas(threads: int, only: str, seconds: float, repeat: int) -> Iterator[measure.Result]:
    measured: dict[str, dict[str, measure.Rates]] = {name: {} for name in SHAPES}  # by case and variant
    versions = {}
    for library, path in libraries().items():
        for core in CORES:
            variant = f"{library} {core or 'default'}"
            if only not in ("", variant):
                continue
            environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
            environment |= {"OPENBLAS_NUM_THREADS": str(threads)} | ({"OPENBLAS_CORETYPE": core} if core else {})
            command = [sys.executable, __file__, "--child", path, "--seconds", str(seconds), "--repeat", str(repeat)]
            run = subprocess.run(command, env=environment, capture_output=True, text=True)
            if run.returncode:  # kernels that this CPU lacks
                continue
            answer = json.loads(run.stdout)
            words = answer["config"].split()
            versions[library] = words[1]
            if core and core.lower() not in answer["config"].lower():
                continue  # a name the library does not know: it picked for itself
            for name, found in answer["rates"].items():
                measured[name][variant] = measure.Rates(**found)
    for name, by_variant in measured.items():
        if by_variant:
            result = measure.fastest(measure.Result(f"compute/{name}", "GFLOP/s", threads, ""), by_variant)
            yield dataclasses.replace(result, peer="openblas " + versions[result.variant.split()[0]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", default="1,2", help="numbers of threads, separated by commas")
    parser.add_argument("--seconds", type=float, default=1, help="a case and repeat")
    parser.add_argument("--repeat", type=int, default=5, help="of which the median counts")
    parser.add_argument("--peer", choices=["all", "torch", "openblas"], default="all")
    parser.add_argument("--variant", default="", help="only this library and kernels of OpenBLAS, as in 'system SkylakeX'")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return child(args.child, args.seconds, args.repeat)
    for threads in map(int, args.threads.split(",")):
        if args.peer != "openblas":
            for result in with_torch(threads, args.seconds, args.repeat):
                print(result.line(), flush=True)
        if args.peer != "torch":
            for result in with_openblas(threads, args.variant, args.seconds, args.repeat):
                print(result.line(), flush=True)


if __name__ == "__main__":
    main()
