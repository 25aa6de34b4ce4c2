"""What it costs PHP, and every fork of the host: mailsnoop on against off."""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import paired
from load import UNWATCHED_PORT, WATCHED_PORT
from measures import Plan
from tools import Tool

_FPM_PORT = 2601
_LOAD = Path(__file__).with_name("load.php")


def installed() -> str | None:
    """The series of the newest PHP that is installed whole."""
    series = [path.name.removeprefix("php-fpm") for path in Path("/usr/sbin").glob("php-fpm[0-9].[0-9]")]
    return max((name for name in series if Path(f"/usr/bin/php{name}").exists()), default=None)


def measure(tool: Tool, plan: Plan) -> list[paired.Line]:
    series = installed()
    if not series:
        return []
    with tempfile.TemporaryDirectory() as folder:
        sendmail = Path(folder) / "sendmail"
        sendmail.symlink_to("/bin/true")
        php = [f"/usr/bin/php{series}", "-n", "-d", f"sendmail_path={sendmail}", str(_LOAD)]

        def run(*arguments: object) -> float:
            command = [*php, *map(str, arguments)]
            return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

        with _Fpm(series, Path(folder)) as fpm:
            steps: list[tuple[str, str, Callable[[], float], int]] = [
                ("fork and wait, no PHP", "us", lambda: _fork_us(plan.storm_connects), plan.storm_connects),
                *(
                    (f"connect of PHP, {name} port, {depth} calls deep", "us",
                     lambda port=port, depth=depth: run(port, plan.storm_connects, depth) / 1000, plan.storm_connects)
                    for name, port in (("unwatched", UNWATCHED_PORT), ("watched", WATCHED_PORT))
                    for depth in (5, 26)
                ),
                ("mail()", "a second", lambda: run("mail", 199, 0), 199),
                ("requests of FPM", "a second", lambda: fpm.requests_a_second(plan.storm_connects), plan.storm_connects),
            ]
            return [paired.line(tool, plan, *step) for step in steps]


def _fork_us(count: int) -> float:
    """The median of fork and wait, in a process of this interpreter's size."""
    times = []
    for _ in range(count):
        start = time.perf_counter_ns()
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1000


class _Fpm:
    """FPM with one worker, and a client that asks it for an empty page."""

    def __init__(self, series: str, folder: Path) -> None:
        self._program = f"/usr/sbin/php-fpm{series}"
        self._folder = folder

    def __enter__(self) -> _Fpm:
        os.chmod(self._folder, 0o755)
        page = self._folder / "index.php"
        page.write_text("<?php echo 'ok';")
        configuration = self._folder / "fpm.conf"
        configuration.write_text(
            f"[global]\nerror_log = {self._folder}/log\n[www]\nlisten = 127.0.0.1:{_FPM_PORT}\nuser = www-data\n"
            "pm = static\npm.max_children = 1\n"
        )
        self._process = subprocess.Popen(
            [self._program, "-n", "--nodaemonize", "--fpm-config", str(configuration)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        parameters = b"".join(
            bytes([len(name), len(value)]) + name + value
            for name, value in {
                b"REQUEST_METHOD": b"GET", b"SCRIPT_FILENAME": str(page).encode(), b"REQUEST_URI": b"/",
            }.items()
        )
        self._request = b"".join(
            bytes([1, kind, 0, 1, len(content) >> 8, len(content) & 255, 0, 0]) + content
            for kind, content in ((1, bytes([0, 1, 0, 0, 0, 0, 0, 0])), (4, parameters), (4, b""), (5, b""))
        )
        for _ in range(100):
            try:
                self._ask()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("FPM does not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def requests_a_second(self, count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            self._ask()
        return count / (time.perf_counter() - start)

    def _ask(self) -> None:
        with socket.create_connection(("127.0.0.1", _FPM_PORT)) as connection:
            connection.sendall(self._request)
            answer = b""
            while not re.search(rb"\x01\x03\x00\x01", answer):
                more = connection.recv(65_536)
                if not more:
                    raise RuntimeError("FPM gives no answer")
                answer += more
