"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import bpf
import machine
from history import History
from load import UNWATCHED_PORT, WATCHED_PORT
from measures import SLOW_FOR_S, Counted, Latency, Plan, Result, Spread, lowest_cpu_s, worst
from outputs import SLOW
from paired import Line, pairs
from view import View

_NONE = "-"


def markdown(
    results: Sequence[Result],
    php: Sequence[Line],
    traffic: Sequence[Line],
    history: History | None,
    view: View | None,
    plan: Plan,
) -> str:
    parts = ["# Measured against what one would use instead", _machine(results)]
    parts += [_connect(results, plan), _traffic(traffic, plan), _php(php, plan), _cost(results, plan), _lost(results, plan), _view(view), _history(history), _failures(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _machine(results: Sequence[Result]) -> str:
    facts = machine.describe()
    versions = dict.fromkeys(result.tool.version() for result in results if result.tool.event.pattern != b"(?!)")
    return _table(("", ""), [*facts, ("tools", "<br>".join(versions))])


def _connect(results: Sequence[Result], plan: Plan) -> str:
    text = f"""## What it costs the one who connects

connect() on the loopback device to a port that refuses, alone in a network namespace. Median (quartiles) of
{plan.pairs} interleaved pairs of off and on. Each value is the lowest of {plan.storms} medians of
{plan.storm_connects:,} connects each: what others do on a shared machine only ever adds. Unwatched: port
{UNWATCHED_PORT}, watched: port {WATCHED_PORT}. BPF: time in the tool's BPF programs per connect, by
kernel.bpf_stats_enabled, measured apart, the lowest of {plan.storms} storms; less {bpf.counting_ns():.0f} ns a run, which
the counting itself takes: that much is counted of a program that does nothing."""
    rows = [
        (
            result.tool.name,
            *_latency(result.unwatched),
            _number(result.unwatched_bpf_ns),
            *_latency(result.watched),
            _number(result.watched_bpf_ns),
        )
        for result in results
    ]
    head = ("tool", "unwatched: on / off", "added us", "BPF ns", "watched: on / off", "added us", "BPF ns")
    return f"{text}\n\n{_table(head, rows)}\n\n{_off(results)}"


def _off(results: Sequence[Result]) -> str:
    control = next((result for result in results if result.unwatched and result.watched), None)
    if not control or not control.unwatched or not control.watched:
        return ""
    return (
        f"Without any tool connect() takes {_spread(control.unwatched.off_ns, '{:,.0f}')} ns to the unwatched and "
        f"{_spread(control.watched.off_ns, '{:,.0f}')} ns to the watched port (off of the first line)."
    )


def _traffic(lines: Sequence[Line], plan: Plan) -> str:
    text = f"""## What it costs connections that are no mail

mailsnoop table, on against off: median (quartiles) of {pairs(plan)} interleaved pairs, each value the best of
three runs, both ends of each connection on this machine. BPF: time in its programs per round trip, MiB or request, measured apart."""
    return _lines(text, lines)


def _php(lines: Sequence[Line], plan: Plan) -> str:
    text = f"""## What it costs PHP, and every fork

mailsnoop table, on against off: median (quartiles) of {pairs(plan)} interleaved pairs, each value the best of
three runs. BPF: time in its programs per fork, connect, mail or request, measured apart."""
    return _lines(text, lines)


def _lines(text: str, lines: Sequence[Line]) -> str:
    if not lines:
        return ""
    rows = [
        (
            line.what,
            _spread(line.off, "{:,.1f}"),
            _spread(line.on, "{:,.1f}"),
            line.unit,
            _spread(line.ratio, "{:.3f}"),
            _number(line.bpf_ns),
        )
        for line in lines
    ]
    return f"{text}\n\n{_table(('', 'off', 'on', 'unit', 'on / off', 'BPF ns'), rows)}"


def _cost(results: Sequence[Result], plan: Plan) -> str:
    text = f"""## What the tool itself takes

First event: from exec to the first connect on a terminal, while one is made each ms; median (quartiles) of
{plan.starts} starts. CPU: user and system time of the tool's processes for {plan.counted_connects:,} watched
connects by eight processes as fast as they go, given for 100,000, the lowest of {plan.counted_runs}; what runs on
the connecting process's account is above. Memory: the highest VmHWM of these runs; the slow terminal's (below) apart,
as there it is what the tool holds back for its reader."""
    rows = [
        (
            result.tool.name,
            _spread(result.first_event_s, "{:.3f}"),
            _cpu(result.file),
            _cpu(result.terminal),
            _memory([*result.file, *result.terminal]),
            _memory(result.slow_terminal),
        )
        for result in results
        if result.first_event_s
    ]
    head = ("tool", "first event s", "CPU s, to a file", "CPU s, to a terminal", "peak MiB", "peak MiB, slow terminal")
    return f"{text}\n\n{_table(head, rows)}"


def _lost(results: Sequence[Result], plan: Plan) -> str:
    text = f"""## What it loses

Of {plan.counted_connects:,} connects, made by eight processes as fast as they go: missing in the output (what the
tool itself says that it lost), the worst of {plan.counted_runs} runs. The slow terminal takes {SLOW.bytes:,} bytes
every {SLOW.seconds * 1000:.0f} ms until {SLOW_FOR_S:.0f} s after the last connect, then all that is left. tcpstates
and tcpdump count two records a connect."""
    rows = [
        (result.tool.name, _missing(result.file), _missing(result.terminal), _missing(result.slow_terminal))
        for result in results
        if result.first_event_s
    ]
    return f"{text}\n\n{_table(('tool', 'file', 'terminal', 'slow terminal'), rows)}"


def _history(history: History | None) -> str:
    if not history:
        return ""
    rows = [
        (answer.what, f"{answer.seconds:.2f}", f"{answer.memory_kib / 1024:.0f}", f"{answer.lines:,}")
        for answer in history.answers
    ]
    text = f"""## History

{history.count:,} made connections of a month (Tests/HistoryLoad: 200 sites, Postfix, spam), each written through the
recorder at {history.count / history.fill_s:,.0f} a second: **{history.bytes / history.count:.0f} bytes a connection**.
Times are the shortest of three, from exec to exit. At about a thousand connections a second the longest time until one
was written was {history.delay_ms:,} ms, and {history.pruning_delay_ms:,} ms while {history.pruned:,} old ones were removed
(it commits each half second). Killed with -9 a hundred times at such a rate, it left a whole database each time, and at
most the last {history.crash_lost_ms:,} ms were missing."""
    return f"{text}\n\n{_table(('command', 's', 'MiB at most', 'lines'), rows)}"


def _view(view: View | None) -> str:
    if not view:
        return ""
    head = ["tool", *(f"{rate:,} connects/s: % of a core" for rate in view.rates), "MiB at most"]
    rows = [
        (share.tool.name, *(f"{percent:.2f}" for percent in share.percent), f"{share.memory_kib / 1024:.0f}")
        for share in view.shares
    ]
    text = f"""## The live view

On a terminal of 240x60 that is read at once, beside tools that print a line for each packet or connect. Refused connects,
each followed from its SYN to its end. A recording in which each of {view.senders:,} connections has another user, program,
script, unit and destination was shown in {view.replay_s:,.0f} s, and took at most **{view.memory_kib / 1024:.0f} MiB**."""
    return f"{text}\n\n{_table(head, rows)}"


def _failures(results: Sequence[Result]) -> str:
    rows = [(result.tool.name, reason) for result in results for reason in result.failures]
    return f"## What could not be measured\n\n{_table(('tool', 'why'), rows)}" if rows else ""


def _latency(latency: Latency | None) -> tuple[str, str]:
    if not latency:
        return _NONE, _NONE
    return _spread(latency.ratio, "{:.3f}"), f"{latency.added_ns.median / 1000:.2f}"


def _spread(spread: Spread | None, form: str) -> str:
    if not spread:
        return _NONE
    middle, low, high = (form.format(value) for value in (spread.median, spread.low, spread.high))
    return middle if low == high else f"{middle} ({low} to {high})"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:,.0f}"


def _cpu(runs: Sequence[Counted]) -> str:
    return f"{lowest_cpu_s(runs) / runs[0].made * 100_000:.2f}" if runs else _NONE


def _memory(runs: Sequence[Counted]) -> str:
    return f"{max(run.memory_kib for run in runs) / 1024:.1f}" if runs else _NONE


def _missing(runs: Sequence[Counted]) -> str:
    if not runs:
        return _NONE
    run = worst(runs)
    if run.seen is None:
        return _NONE
    missing = run.made - run.seen
    told = "says nothing" if run.told_lost is None else f"says {run.told_lost:,}"
    if missing < 0:
        return f"{-missing:,} too many ({told})"
    share = f" = {missing / run.made:.2%}" if missing else ""
    return f"{missing:,}{share} ({told})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
