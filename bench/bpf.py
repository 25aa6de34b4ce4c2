"""
Time spent in a tool's BPF programs, as the kernel counts it, less what the counting itself takes: a program that does
nothing at all is counted with some 90 ns.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SWITCH = Path("/proc/sys/kernel/bpf_stats_enabled")
_EMPTY = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("cgroup_skb/ingress") int empty(struct __sk_buff *skb) { return 1; }
"""


@dataclass(frozen=True)
class Spent:
    """Time in programs and how often they ran."""

    time_ns: int
    runs: int

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.time_ns - other.time_ns, self.runs - other.runs)

    def net_ns(self) -> float:
        return max(self.time_ns - self.runs * counting_ns(), 0)


@contextmanager
def stats_enabled() -> Iterator[None]:
    """Has the kernel count, once it is known what that takes."""
    counting_ns()
    with _switched_on():
        yield


@contextmanager
def _switched_on() -> Iterator[None]:
    before = _SWITCH.read_text()
    _SWITCH.write_text("1")
    try:
        yield
    finally:
        _SWITCH.write_text(before)


def programs() -> dict[int, Spent]:
    """What was counted of every program that is loaded, by id. (bpftool leaves a 0 out.)"""
    run = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True, check=True)
    return {
        program["id"]: Spent(program.get("run_time_ns", 0), program.get("run_cnt", 0))
        for program in json.loads(run.stdout or "[]")
    }


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


def spent(ids: set[int]) -> Spent:
    now = programs()
    counted = [now[number] for number in ids if number in now]
    return Spent(sum(one.time_ns for one in counted), sum(one.runs for one in counted))


@cache
def counting_ns() -> float:
    """What the counting takes of each run: what is counted of a program that does nothing, at packets that arrive."""
    with _empty_program() as ids, _switched_on(), socket.socket(type=socket.SOCK_DGRAM) as packets:
        packets.bind(("127.0.0.1", 0))
        start = spent(ids)
        for _ in range(20_011):
            packets.sendto(b"x", packets.getsockname())
            packets.recv(1)
        taken = spent(ids) - start
    return taken.time_ns / taken.runs


@contextmanager
def _empty_program() -> Iterator[set[int]]:
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "empty.c", Path(folder) / "empty.o"
        source.write_text(_EMPTY)
        include = f"/usr/include/{os.uname().machine}-linux-gnu"
        compile_ = ["/usr/bin/clang", "-O2", "-target", "bpf", "-idirafter", include, "-c", source, "-o", program]
        subprocess.run(compile_, check=True)
        bpffs, cgroups = Path(folder) / "bpf", Path(folder) / "cgroups"
        for path, kind in ((bpffs, "bpf"), (cgroups, "cgroup2")):
            path.mkdir()
            subprocess.run(["mount", "-t", kind, kind, path], check=True)
        try:
            before = programs()
            subprocess.run(["bpftool", "prog", "load", program, bpffs / "empty"], check=True)
            ids = set(programs()) - set(before)
            attachment = [cgroups, "cgroup_inet_ingress", "pinned", bpffs / "empty"]
            subprocess.run(["bpftool", "cgroup", "attach", *attachment, "multi"], check=True)
            try:
                yield ids
            finally:
                subprocess.run(["bpftool", "cgroup", "detach", *attachment], check=True)
        finally:
            subprocess.run(["umount", bpffs, cgroups], check=True)
