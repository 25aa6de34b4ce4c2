"""The load: connects made by the connector, in this network namespace only."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

COUNTED = "127.83.25.1"
"""Connects to it are counted in the tools' output. Nobody else on the machine is likely to use it."""
WARM_UP = "127.83.25.2"
"""Connects to it come before, so that a tool's first event is behind it; they are not counted."""
WATCHED_PORT = 25
UNWATCHED_PORT = 2600


@dataclass(frozen=True)
class Load:
    connector: str

    def storm(self, port: int, count: int, processes: int = 1, address: str = COUNTED) -> float:
        """Exactly `count` refused connects, as fast as they go; the median time of connect() in ns."""
        command = [self.connector, "storm", "--processes", str(processes), "--count", str(count), address, str(port)]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        result = json.loads(run.stdout)
        if result["n"] != count or result["refused"] != count:
            raise RuntimeError(f"the load is not what it should be: {run.stdout.strip()}")
        return float(result["med_ns"])

    def warm_up(self) -> None:
        self.storm(WATCHED_PORT, 10, address=WARM_UP)
        self.storm(UNWATCHED_PORT, 10, address=WARM_UP)

    @contextmanager
    def every_ms(self) -> Iterator[None]:
        """While the block runs: one connect to the watched port each ms."""
        command = [self.connector, "once", "--repeat", "60000", "--hold", "1", COUNTED, str(WATCHED_PORT)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.kill()
            process.wait()
