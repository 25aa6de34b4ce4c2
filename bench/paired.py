"""One figure with mailsnoop on against off."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import bpf
from measures import Plan, Spread
from running import Running
from tools import CONTROL, Tool

_MOST_PAIRS = 7
"""A fork of this interpreter takes long, and there are many lines."""


@dataclass(frozen=True)
class Line:
    """One figure, off and on, and what the kernel counted in BPF per unit of it."""

    what: str
    unit: str
    off: Spread
    on: Spread
    ratio: Spread
    bpf_ns: float | None


def pairs(plan: Plan) -> int:
    return min(plan.pairs, _MOST_PAIRS)


def line(tool: Tool, plan: Plan, what: str, unit: str, step: Callable[[], float], count: int) -> Line:
    off, on = [], []
    best = max if unit.endswith("a second") else min

    def once() -> float:
        return best(step() for _ in range(3))

    def under(tool: Tool) -> float:
        with Running(tool) as running:
            time.sleep(0.7)
            running.check()
            return once()

    # The control waits as long and has a terminal too: a machine that has rested is not as fast as one that has not.
    for number in range(pairs(plan)):
        if number % 2:
            on.append(under(tool))
            off.append(under(CONTROL))
        else:
            off.append(under(CONTROL))
            on.append(under(tool))
    before = bpf.programs()
    with bpf.stats_enabled(), Running(tool) as running:
        time.sleep(0.7)
        ids = bpf.programs_of(running.pids(), before)
        start = bpf.spent(ids)
        step()
        spent = (bpf.spent(ids) - start).net_ns() / count
    ratio = Spread.of([with_ / without for without, with_ in zip(off, on)])
    return Line(what, unit, Spread.of(off), Spread.of(on), ratio, spent)
