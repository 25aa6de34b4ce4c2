"""Where a tool's output goes: a file, or a terminal that is read quickly or slowly."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import tempfile
import termios
import threading
import time
from dataclasses import dataclass
from typing import Protocol

ROWS, COLUMNS = 60, 240


class Output(Protocol):
    stdin: int
    """To be the tool's standard input."""
    stdout: int
    """To be the tool's standard output."""

    def started(self) -> None:
        """The tool holds its ends now."""

    def size(self) -> int:
        """Bytes that have arrived so far."""

    def hurry(self) -> None:
        """From now on, take everything at once."""

    def bytes(self) -> bytes:
        """All that has arrived, after the tool has ended. Closes the output."""


class File:
    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()
        self.stdout = self._file.fileno()
        self.stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def started(self) -> None:
        os.close(self.stdin)

    def size(self) -> int:
        return os.fstat(self.stdout).st_size

    def hurry(self) -> None:
        pass

    def bytes(self) -> bytes:
        with self._file:
            self._file.seek(0)
            return self._file.read()


@dataclass(frozen=True)
class Pace:
    """How a slow reader takes the output: at most `bytes` each `seconds`."""

    bytes: int
    seconds: float


SLOW = Pace(2048, 0.02)


class Terminal:
    """A pseudo terminal and the thread that reads it."""

    def __init__(self, awaited: re.Pattern[bytes] | None = None, pace: Pace | None = None) -> None:
        """`awaited`: note when this first arrives."""
        self._master, self.stdout = pty.openpty()
        fcntl.ioctl(self.stdout, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.stdin = self.stdout
        self.arrived = threading.Event()
        self.arrived_ns = 0
        self._awaited = awaited
        self._pace = pace
        self._received = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def started(self) -> None:
        os.close(self.stdout)
        self._reader.start()

    def size(self) -> int:
        return len(self._received)

    @property
    def slow(self) -> bool:
        return self._pace is not None

    def hurry(self) -> None:
        self._pace = None

    def bytes(self) -> bytes:
        self.hurry()
        self._reader.join()
        os.close(self._master)
        return bytes(self._received)

    def _read(self) -> None:
        while True:
            pace = self._pace
            try:
                chunk = os.read(self._master, pace.bytes if pace else 65536)
            except OSError:  # EIO: nobody has the other end open any more
                return
            now = time.monotonic_ns()
            self._received += chunk
            if self._awaited and not self.arrived.is_set() and self._awaited.search(self._received):
                self.arrived_ns = now
                self.arrived.set()
            if pace:
                time.sleep(pace.seconds)
