"""What the figures were measured on."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path


def describe() -> list[tuple[str, str]]:
    return [
        ("date", datetime.date.today().isoformat()),
        ("system", platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")),
        ("kernel", f"{platform.release()} {platform.machine()}"),
        ("cores", f"{os.cpu_count()}, {_processor()}"),
        ("memory", f"{_memory_gib():.0f} GiB"),
    ]


def _processor() -> str:
    return _field("/proc/cpuinfo", "model name") or "processor unknown"


def _memory_gib() -> float:
    return int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / (1 << 20)


def _field(path: str, name: str) -> str | None:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None
