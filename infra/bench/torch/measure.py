"""How a rate is measured here, and how it is printed.

A result is a line of JSON of the shape that chimera bench prints, with the peer
and how it was run beside it. A peer has no bound of its own.
"""

import dataclasses
import json
import statistics
import time
from collections.abc import Callable


@dataclasses.dataclass
class Result:
    """One measured case."""

    name: str
    unit: str
    cores: int
    peer: str  # what ran, with its version
    value: float = 0.0  # the median of the repeats
    best: float = 0.0  # the rate of the fastest single step
    cpu: float = 0.0  # the same work a second of CPU time of all threads
    variant: str = ""  # how: the fastest of those tried
    simd: str = ""
    repeat: int = 0
    spread: float = 0.0  # (max - min) / median over the repeats
    bound: str = ""
    bound_value: float = 0.0
    ratio: float = 0.0
    others: dict[str, float] = dataclasses.field(default_factory=dict)  # the variants that were slower

    def line(self) -> str:
        return json.dumps(dataclasses.asdict(self))


@dataclasses.dataclass
class Rates:
    """The rates of a variant."""

    repeats: list[float]
    best: float  # of a single step
    cpu: float  # of all steps, by CPU time


def rates(step: Callable[[], float], seconds: float, repeats: int, warm: Callable[[], float] | None = None) -> Rates:
    """The rates of repeats of step, which returns the work it did, by the clock.

    A repeat ends with the first step past its seconds. Before them warm runs, by
    default a step, and is not counted.
    """
    (warm or step)()
    out, total, cpu = Rates([], 0.0, 0.0), 0.0, time.process_time()
    for _ in range(repeats):
        work = took = 0.0
        while not work or took < seconds:
            start = time.perf_counter()
            done = step()
            elapsed = time.perf_counter() - start
            work, took, out.best = work + done, took + elapsed, max(out.best, done / elapsed)
        out.repeats.append(work / took)
        total += work
    out.cpu = total / (time.process_time() - cpu)
    return out


def fastest(result: Result, measured: dict[str, Rates]) -> Result:
    """Fills in the variant with the highest median, and names the others."""
    medians = {name: statistics.median(r.repeats) for name, r in measured.items()}
    variant = max(medians, key=medians.__getitem__)
    values = measured[variant].repeats
    return dataclasses.replace(
        result, value=medians[variant], best=measured[variant].best, cpu=measured[variant].cpu, variant=variant, repeat=len(values),
        spread=(max(values) - min(values)) / medians[variant],
        others={name: value for name, value in medians.items() if name != variant})
