"""A tool while it runs: its processes, what they use, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from outputs import File, Output, Terminal
from tools import Tool

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_S = 10


class ToolFailed(Exception):
    """The tool is missing, or does not do its work on this kernel; says why."""


class Running:
    """Starts the tool; leaving the context ends it. Only processes started here are ever signalled."""

    def __init__(self, tool: Tool, output: Output | None = None) -> None:
        self.tool = tool
        self._output: Output = output or (Terminal(tool.event) if tool.live else File())
        self._errors = tempfile.TemporaryFile()
        self._text: bytes | None = None

    def __enter__(self) -> Running:
        program = self.tool.installed()
        if not program:
            raise ToolFailed("not installed")
        self.started_ns = time.monotonic_ns()
        try:
            self._process = subprocess.Popen(
                [str(program), *self.tool.command[1:]],
                stdin=self._output.stdin,
                stdout=self._output.stdout,
                stderr=self._errors,
                env={**os.environ, "TERM": "xterm"},
                start_new_session=True,
            )
        except OSError as error:
            raise ToolFailed(error.strerror or "does not start") from error
        self._output.started()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def text(self) -> bytes:
        """Ends the tool; all that it wrote, standard error last."""
        self._end()
        assert self._text is not None
        return self._text

    def check(self) -> None:
        """Throws where the tool has ended by itself."""
        if self._process.poll() is not None:
            raise ToolFailed(self._reason())

    def pids(self) -> list[int]:
        """The tool's process and all below it."""
        found = [self._process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, _read(task).split())
        return found

    def cpu_s(self) -> float:
        """User and system time of the tool's processes so far, with those that it waited for."""
        ticks = 0
        for pid in self.pids():
            fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
        return ticks / _TICKS

    def peak_memory_kib(self) -> int:
        """VmHWM, added up over the tool's processes."""
        total = 0
        for pid in self.pids():
            for line in _read(Path(f"/proc/{pid}/status")).splitlines():
                if line.startswith("VmHWM:"):
                    total += int(line.split()[1])
        return total

    def settle(self, limit_s: float) -> None:
        """Waits until the tool has worked off what it has: for 0.5 s no output and next to no CPU."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            cpu, size = self.cpu_s(), self._output.size()
            time.sleep(0.5)
            self.check()
            quiet = self.tool.live or self._output.size() == size
            if quiet and self.cpu_s() - cpu <= 1 / _TICKS:
                return

    def _end(self) -> None:
        if self._text is not None or not hasattr(self, "_process"):
            return
        self._output.hurry()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            self._process.send_signal(number)
            try:
                self._process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                continue
        self._text = self._output.bytes() + b"\n" + self._error_text()
        self._errors.close()

    def _error_text(self) -> bytes:
        return os.pread(self._errors.fileno(), 1 << 20, 0)

    def _reason(self) -> str:
        lines = [line.strip() for line in self._error_text().decode(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else f"ended with status {self._process.returncode}"


def _read(path: Path) -> str:
    """Empty where the process is gone."""
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
