"""What the live view takes: of a core while connects come, and of memory when there are very many senders."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from load import COUNTED, WATCHED_PORT, Load
from measures import Plan
from outputs import Terminal
from running import Running, ToolFailed
from tools import Tool

_RATES = ((0, 0), (10, 100), (2_000, 1))
"""Connects a second, and the ms between two of a process's connects."""
_START_S = 3.0
_SMTP = Tool(
    "tcpdump port 25", ("tcpdump", "-l", "-n", "-i", "any", f"port {WATCHED_PORT}"),
    re.compile(rb"Flags"))


@dataclass(frozen=True)
class Share:
    """Of one core, in per cent, for each of the rates."""

    tool: Tool
    percent: list[float]
    memory_kib: int


@dataclass(frozen=True)
class View:
    rates: list[int]
    shares: list[Share]
    senders: int
    replay_s: float
    memory_kib: int


def measure(mailsnoop: Tool, others: Sequence[Tool], load: Load, plan: Plan) -> View:
    shares = []
    for tool in (mailsnoop, _SMTP, *others):
        try:
            shares.append(_share(tool, load, plan))
        except ToolFailed as error:
            if tool is mailsnoop:
                raise
            print(f"view: without {tool.name}: {error}", file=sys.stderr)
    replay_s, memory_kib = _replay(mailsnoop, plan)
    return View([rate for rate, _ in _RATES], shares, plan.senders, replay_s, memory_kib)


def _share(tool: Tool, load: Load, plan: Plan) -> Share:
    percent = []
    with Running(tool, Terminal()) as running:
        time.sleep(_START_S)
        for rate, pause_ms in _RATES:
            command = [load.connector, "once", "--repeat", "600000", "--hold", str(pause_ms), COUNTED, str(WATCHED_PORT)]
            processes = rate * pause_ms // 1000
            senders = [subprocess.Popen(command, stdin=subprocess.DEVNULL) for _ in range(processes)]
            try:
                time.sleep(1)
                running.check()
                before, begin = running.cpu_s(), time.monotonic()
                time.sleep(plan.view_s)
                percent.append(100 * (running.cpu_s() - before) / (time.monotonic() - begin))
            finally:
                for sender in senders:
                    sender.kill()
                    sender.wait()
        memory = running.peak_memory_kib()
    return Share(tool, percent, memory)


def _replay(mailsnoop: Tool, plan: Plan) -> tuple[float, int]:
    """A recording in which each connection has another sender."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        recording = Path(folder) / "senders.json"
        with recording.open("w", encoding="utf-8") as file:
            for number in range(plan.senders):
                file.write(_row(number) + "\n")
        tool = Tool(
            "replay", (*mailsnoop.command, "--replay", str(recording), "--speed", "100000"), re.compile(rb"at its end"),
            live=True)
        terminal = Terminal(tool.event)
        begin = time.monotonic()
        with Running(tool, terminal) as running:
            while not terminal.arrived.wait(1):
                running.check()
            return time.monotonic() - begin, running.peak_memory_kib()


def _row(number: int) -> str:
    """As `mailsnoop trace --format json` writes it, as far as the view looks at it."""
    second, millisecond = divmod(number, 1000)
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{millisecond:03}"
    begin, end = f"2026-01-31T{clock}000000Z", f"2026-01-31T{clock}000700Z"
    script = f"/srv/site{number}/public/wp-content/uploads/mail{number}.php"
    return json.dumps({
        "@timestamp": begin,
        "event": {"kind": "event", "end": end},
        "destination": {"ip": f"198.18.{number >> 8 & 255}.{number & 255}", "port": 25},
        "smtp": {"hello": "EHLO", "ehlo": f"host{number}.example", "mail_from": f"a{number}@b.example", "recipients": 1},
        "process": {
            "pid": 1000 + number, "name": "php", "executable": f"/usr/bin/php{number}", "args": ["php", script],
            "real_user": {"id": str(number), "name": f"user{number}"},
        },
        "file": {"path": script},
        "host": {"name": "shop"},
        "mailsnoop": {
            "state": "closed", "verdict": "direct-mx",
            "process": {"unit": f"pool{number}.service"}, "script": {"evidence": "stack", "line": 5},
        },
    }, separators=(",", ":"))
