"""What it costs connections that are no mail: each of their packets passes its programs."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import paired
from measures import Plan
from tools import Tool

_HTTP_PORT = 2602
_TRIPS = 20_011
_REQUESTS = 5_003
_BULK = 1 << 30
_BLOCK = bytes(1 << 20)


def measure(tool: Tool, plan: Plan) -> list[paired.Line]:
    with tempfile.TemporaryDirectory() as folder, _Web(Path(folder)) as web:
        steps: list[tuple[str, str, Callable[[], float], int]] = [
            ("round trip of a byte: four packets", "us", _round_trip_us, _TRIPS),
            ("bulk, a GiB: per MiB", "MiB a second", _bulk_mib, _BULK >> 20),
            ("HTTP, a connection for each request", "a second", lambda: web.requests_a_second("-c1"), _REQUESTS),
            ("HTTP, one connection", "a second", lambda: web.requests_a_second("-k"), _REQUESTS),
        ]
        return [paired.line(tool, plan, *step) for step in steps]


def _round_trip_us() -> float:
    with _answering(lambda there: _echo(there)) as here:
        start = time.perf_counter()
        for _ in range(_TRIPS):
            here.send(b"x")
            here.recv(1)
        return (time.perf_counter() - start) * 1e6 / _TRIPS


def _bulk_mib() -> float:
    with _answering(lambda there: _swallow(there)) as here:
        start = time.perf_counter()
        for _ in range(_BULK // len(_BLOCK)):
            here.sendall(_BLOCK)
        here.shutdown(socket.SHUT_WR)
        here.recv(1)
        return _BULK / (1 << 20) / (time.perf_counter() - start)


def _echo(there: socket.socket) -> None:
    while byte := there.recv(1):
        there.send(byte)


def _swallow(there: socket.socket) -> None:
    buffer = bytearray(1 << 20)
    while there.recv_into(buffer):
        pass


def _answering(answer: Callable[[socket.socket], None]) -> socket.socket:
    """A connection over loopback to a child that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = socket.create_connection(server.getsockname())
        there, _ = server.accept()
    for end in (here, there):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if os.fork() == 0:
        here.close()
        answer(there)
        os._exit(0)
    there.close()
    return here


class _Web:
    """Apache with a small page, and ab(1) that asks for it."""

    _modules = Path("/usr/lib/apache2/modules")

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> _Web:
        self._folder.chmod(0o755)
        (self._folder / "page").write_text("ok" * 53)
        configuration = self._folder / "httpd.conf"
        modules = "".join(
            f"LoadModule {name}_module {self._modules}/mod_{name}.so\n" for name in ("mpm_event", "authz_core")
        )
        configuration.write_text(
            f"{modules}ServerName localhost\nListen 127.0.0.1:{_HTTP_PORT}\nPidFile {self._folder}/pid\n"
            f"ErrorLog {self._folder}/log\nDocumentRoot {self._folder}\nUser www-data\nGroup www-data\n"
            "MaxKeepAliveRequests 0\n"
        )
        self._process = subprocess.Popen(["/usr/sbin/apache2", "-f", str(configuration), "-DFOREGROUND"])
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", _HTTP_PORT)).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("Apache does not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def requests_a_second(self, option: str) -> float:
        command = ["ab", "-q", option, "-n", str(_REQUESTS), f"http://127.0.0.1:{_HTTP_PORT}/page"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.search(r"Requests per second: +([0-9.]+)", text)
        if not found or "Failed requests:        0" not in text:
            raise RuntimeError(f"ab: {text}")
        return float(found[1])
