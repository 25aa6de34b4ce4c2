"""Time spent in a tool's BPF programs, as the kernel counts it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_SWITCH = Path("/proc/sys/kernel/bpf_stats_enabled")


@contextmanager
def stats_enabled() -> Iterator[None]:
    before = _SWITCH.read_text()
    _SWITCH.write_text("1")
    try:
        yield
    finally:
        _SWITCH.write_text(before)


def programs() -> dict[int, int]:
    """run_time_ns by id, of every program that is loaded. (bpftool leaves a 0 out.)"""
    run = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True, check=True)
    return {program["id"]: program.get("run_time_ns", 0) for program in json.loads(run.stdout or "[]")}


def held_by(pids: Iterable[int]) -> set[int]:
    """Ids of the programs that these processes hold open, directly or by a link."""
    held = set()
    for pid in pids:
        for path in Path(f"/proc/{pid}/fdinfo").glob("*"):
            try:
                text = path.read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            held |= {int(line.split()[1]) for line in text.splitlines() if line.startswith("prog_id:")}
    return held


def programs_of(pids: Iterable[int], before: Iterable[int]) -> set[int]:
    """
    The tool's programs: those that were not there before it was started. Where it still holds some open, only these:
    somebody else may have loaded programs in the meantime.
    """
    new = set(programs()) - set(before)
    return new & held_by(pids) or new


def run_time_ns(ids: set[int]) -> int:
    now = programs()
    return sum(now[number] for number in ids if number in now)
