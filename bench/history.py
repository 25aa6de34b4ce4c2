"""What the history takes and how long it answers: a month of made connections."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from measures import Plan

_HOURS = 720
_RATE = 1_009
_STEADY_S = 20
_KILLS = 100


@dataclass(frozen=True)
class Answer:
    """A command's: the shortest time of three."""

    what: str
    seconds: float
    memory_kib: int
    lines: int


@dataclass(frozen=True)
class History:
    count: int
    fill_s: float
    bytes: int
    answers: list[Answer]
    delay_ms: int
    """The longest time from when a connection was handed over until it was written."""
    pruning_delay_ms: int
    pruned: int
    crash_lost_ms: int
    """The most that was missing before the end, of the kills."""


def measure(mailsnoop: str, load: str, plan: Plan) -> History:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        database = str(Path(folder) / "history.db")
        start = time.monotonic()
        subprocess.run([load, "fill", database, str(plan.recorded), str(_HOURS)], check=True)
        fill_s = time.monotonic() - start
        size = Path(database).stat().st_size

        now = datetime.now(UTC)
        day = ["--since", _ago(now, 48), "--until", _ago(now, 24)]
        answers = [
            _answer("status", mailsnoop, "status", database, (0, 1)),
            _answer("senders, a day", mailsnoop, "senders", database, (0,), *day),
            _answer("match, EHLO and time", mailsnoop, "match", database, (0, 1), "--no-dns", "--time", _ago(now, 36), "--ehlo", "localhost.localdomain"),
            _answer("export, a day", mailsnoop, "export", database, (0,), *day),
            _answer("export, an hour", mailsnoop, "export", database, (0,), "--since", _ago(now, 25), "--until", _ago(now, 24)),
        ]
        delay = _steady(load, database, _HOURS * 100)
        before = _connections(mailsnoop, database)
        pruning_delay = _steady(load, database, _HOURS * 9 // 10)
        after = _connections(mailsnoop, database)
        return History(
            plan.recorded, fill_s, size, answers, delay, pruning_delay, before + _RATE * _STEADY_S - after,
            max(_lost_ms(load, str(Path(folder) / "killed.db"), Random(number)) for number in range(_KILLS)),
        )


def _ago(now: datetime, hours: int) -> str:
    return (now - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _answer(what: str, mailsnoop: str, command: str, database: str, statuses: tuple[int, ...], *arguments: str) -> Answer:
    times = []
    for _ in range(3):
        start = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen([mailsnoop, command, "--database", database, *arguments], stdout=output)
            status, memory = _wait(process)
            times.append(time.monotonic() - start)
            if status not in statuses:
                raise RuntimeError(f"{command} ended with {status}")
            output.seek(0)
            lines = sum(1 for _ in output)
    return Answer(what, min(times), memory, lines)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss


def _steady(load: str, database: str, keep_hours: int) -> int:
    command = [load, "steady", database, str(_RATE), str(_STEADY_S), str(keep_hours)]
    result = subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return int(result.stderr.split()[-1])


def _lost_ms(load: str, database: str, random: Random) -> int:
    """Kills it at some moment; the database has to be whole."""
    process = subprocess.Popen([load, "steady", database, str(_RATE), "60"], stdout=subprocess.PIPE, text=True)
    time.sleep(random.uniform(0.01, 1.5))
    process.kill()
    output, _ = process.communicate()
    handed = [int(line) for line in output.split("\n")[:-1] if line.isdigit()]
    with closing(sqlite3.connect(database)) as connection:
        (state,) = connection.execute("PRAGMA integrity_check").fetchone()
        if state != "ok":
            raise RuntimeError(f"after a kill: {state}")
        if not handed:
            return 0
        (last,) = connection.execute("SELECT max(id) FROM connection WHERE id >= ?", (handed[0],)).fetchone()
        return (handed[-1] - (last or handed[0])) // 1_000_000


def _connections(mailsnoop: str, database: str) -> int:
    text = subprocess.run([mailsnoop, "status", "--database", database], capture_output=True, text=True).stdout
    found = re.search(r"^history +(\d+) connections", text, re.MULTILINE)
    if not found:
        raise RuntimeError(f"status says: {text}")
    return int(found[1])
