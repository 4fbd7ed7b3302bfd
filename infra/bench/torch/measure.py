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
    best: float = 0.0  # the highest of them
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


def rates(step: Callable[[], float], seconds: float, repeats: int, warm: Callable[[], float] | None = None) -> list[float]:
    """The rates of repeats of step, which returns the work it did, by the clock.

    A repeat ends with the first step past its seconds. Before them warm runs, by
    default a step, and is not counted.
    """
    (warm or step)()
    out = []
    for _ in range(repeats):
        work, start = 0.0, time.perf_counter()
        while not work or time.perf_counter() - start < seconds:
            work += step()
        out.append(work / (time.perf_counter() - start))
    return out


def fastest(result: Result, measured: dict[str, list[float]]) -> Result:
    """Fills in the variant with the highest median, and names the others."""
    medians = {name: statistics.median(values) for name, values in measured.items()}
    best = max(medians, key=medians.__getitem__)
    values = measured[best]
    others = {name: value for name, value in medians.items() if name != best}
    return dataclasses.replace(
        result, value=medians[best], best=max(values), variant=best, repeat=len(values), spread=(max(values) - min(values)) / medians[best], others=others)
