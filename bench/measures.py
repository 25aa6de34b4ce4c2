"""What is measured of each tool, one function a measure."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import bpf
from load import UNWATCHED_PORT, WATCHED_PORT, Load
from outputs import SLOW, File, Output, Terminal
from running import Running, ToolFailed
from tools import CONTROL, Tool

SLOW_FOR_S = 3.0
"""So long a slow terminal stays slow after the load; then it is read out, for what is late is not lost."""
_SETTLE_S = 30.0
_LIVE_SETTLE_S = 3.0


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    pairs: int
    storms: int
    """Short storms behind one value of a latency: the lowest of them is it, as a shared machine only ever adds."""
    storm_connects: int
    counted_connects: int
    """Prime: no round number of anything makes it by accident."""
    counted_runs: int
    starts: int
    recorded: int
    """Connections in the history."""
    view_s: float
    """So long the live view is watched at each rate."""
    senders: int
    """Different ones in a recording for the live view."""


FULL = Plan(pairs=15, storms=8, storm_connects=1_000, counted_connects=100_003, counted_runs=2, starts=5, recorded=10_000_003, view_s=30, senders=1_000_003)
QUICK = Plan(pairs=3, storms=8, storm_connects=1_000, counted_connects=20_011, counted_runs=1, starts=2, recorded=100_003, view_s=10, senders=50_021)


@dataclass(frozen=True)
class Spread:
    """Median and quartiles."""

    low: float
    median: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        if len(values) == 1:
            return Spread(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return Spread(low, median, high)


@dataclass(frozen=True)
class Latency:
    """connect() to one port with the tool running against without."""

    off_ns: Spread
    ratio: Spread
    added_ns: Spread

    @staticmethod
    def of(pairs: Sequence[tuple[float, float]]) -> Latency:
        """`pairs`: of connect() in ns, off and on."""
        return Latency(
            Spread.of([off for off, _ in pairs]),
            Spread.of([on / off for off, on in pairs]),
            Spread.of([on - off for off, on in pairs]),
        )


@dataclass(frozen=True)
class Counted:
    """A run of a known number of connects."""

    made: int
    seen: int | None
    """None: not to be counted (a live view)."""
    told_lost: int | None
    """None: the tool says nothing."""
    cpu_s: float
    memory_kib: int


def lowest_cpu_s(runs: Sequence[Counted]) -> float:
    return min(run.cpu_s for run in runs)


def worst(runs: Sequence[Counted]) -> Counted:
    """The run that lost most."""
    return min(runs, key=lambda run: run.seen or 0)


@dataclass
class Result:
    tool: Tool
    first_event_s: Spread | None = None
    unwatched: Latency | None = None
    watched: Latency | None = None
    unwatched_bpf_ns: float | None = None
    """None although measured: the tool has no BPF program that the kernel lists."""
    watched_bpf_ns: float | None = None
    file: list[Counted] = field(default_factory=list)
    terminal: list[Counted] = field(default_factory=list)
    slow_terminal: list[Counted] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def measure(tool: Tool, load: Load, plan: Plan) -> Result:
    """Everything about one tool; a measure that fails is named in the result, with its reason."""
    result = Result(tool)
    is_control = tool is CONTROL

    def attempt(what: str, step: Callable[[], None]) -> bool:
        print(f"{tool.name}: {what}", file=sys.stderr, flush=True)
        try:
            step()
        except ToolFailed as failure:
            result.failures.append(f"{what}: {failure}")
            return False
        return True

    ready_s = 0.05

    def start() -> None:
        nonlocal ready_s
        result.first_event_s = first_event(tool, load, plan)
        ready_s = max(0.5, 3 * result.first_event_s.median)

    def latencies() -> None:
        result.unwatched, result.watched = latency(tool, load, plan, ready_s)

    def stats() -> None:
        result.unwatched_bpf_ns, result.watched_bpf_ns = bpf_time(tool, load, plan, ready_s)

    def count(runs: list[Counted], output: Callable[[], Output]) -> None:
        for _ in range(plan.counted_runs):
            runs.append(counted(tool, load, plan, ready_s, output()))

    # A tool that never shows an event is not worth the other measures.
    if not is_control and not attempt("first event", start):
        return result
    attempt("connect() latency", latencies)
    if is_control:
        return result
    attempt("time in BPF", stats)
    if not tool.live:
        attempt("counted, to a file", lambda: count(result.file, File))
    attempt("counted, to a terminal", lambda: count(result.terminal, Terminal))
    if not tool.live:
        attempt("counted, to a slow terminal", lambda: count(result.slow_terminal, lambda: Terminal(pace=SLOW)))
    return result


def first_event(tool: Tool, load: Load, plan: Plan) -> Spread:
    """Seconds from exec to the first connect that a terminal shows; connects are made each ms all the time."""
    seconds = []
    with load.every_ms():
        for _ in range(plan.starts):
            terminal = Terminal(awaited=tool.event)
            with Running(tool, terminal) as running:
                end = time.monotonic() + 20
                while not terminal.arrived.wait(0.2):
                    running.check()
                    if time.monotonic() > end:
                        raise ToolFailed("shows no connect within 20 s")
                seconds.append((terminal.arrived_ns - running.started_ns) / 1e9)
    return Spread.of(seconds)


def latency(tool: Tool, load: Load, plan: Plan, ready_s: float) -> tuple[Latency, Latency]:
    """Unwatched and watched port, from pairs of off and on; every other pair begins with on."""
    ports = (UNWATCHED_PORT, WATCHED_PORT)
    pairs: dict[int, list[tuple[float, float]]] = {port: [] for port in ports}

    def storms() -> list[float]:
        load.warm_up()
        return [lowest(port) for port in ports]

    def lowest(port: int) -> float:
        return min(load.storm(port, plan.storm_connects) for _ in range(plan.storms))

    def storms_on() -> list[float]:
        with Running(tool) as running:
            time.sleep(ready_s)
            running.check()
            medians = storms()
            if tool is not CONTROL and not tool.count_events(running.text()):
                raise ToolFailed("shows none of the connects")
            return medians

    for number in range(plan.pairs):
        if number % 2:
            on, off = storms_on(), storms()
        else:
            off, on = storms(), storms_on()
        for port, off_ns, on_ns in zip(ports, off, on):
            pairs[port].append((off_ns, on_ns))
    return Latency.of(pairs[UNWATCHED_PORT]), Latency.of(pairs[WATCHED_PORT])


def bpf_time(tool: Tool, load: Load, plan: Plan, ready_s: float) -> tuple[float | None, float | None]:
    """ns in the tool's BPF programs per connect to the unwatched and to the watched port."""
    before = bpf.programs()
    with bpf.stats_enabled(), Running(tool) as running:
        time.sleep(ready_s)
        load.warm_up()
        running.check()
        ids = bpf.programs_of(running.pids(), before)
        if not ids:
            return None, None

        def per_connect(port: int) -> float:
            values = []
            for _ in range(plan.storms):
                start = bpf.spent(ids)
                load.storm(port, plan.storm_connects)
                values.append((bpf.spent(ids) - start).net_ns() / plan.storm_connects)
            return min(values)

        return per_connect(UNWATCHED_PORT), per_connect(WATCHED_PORT)


def counted(tool: Tool, load: Load, plan: Plan, ready_s: float, output: Output) -> Counted:
    """Eight processes connect as fast as they can; what comes out at the other end, and at which cost."""
    with Running(tool, output) as running:
        time.sleep(ready_s)
        load.warm_up()
        time.sleep(0.1)
        running.check()
        cpu = running.cpu_s()
        load.storm(WATCHED_PORT, plan.counted_connects, processes=8)
        if isinstance(output, Terminal) and output.slow:
            time.sleep(SLOW_FOR_S)
            output.hurry()
        running.settle(_LIVE_SETTLE_S if tool.live else _SETTLE_S)
        running.check()
        cpu = running.cpu_s() - cpu
        memory = running.peak_memory_kib()
        text = running.text()
    return Counted(
        made=plan.counted_connects,
        seen=None if tool.live else tool.count_events(text),
        told_lost=tool.count_lost(text),
        cpu_s=cpu,
        memory_kib=memory,
    )
