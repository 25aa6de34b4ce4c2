"""The tools that are compared: how each is started, and how its output is read."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from load import COUNTED, WATCHED_PORT

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Tool:
    """One way to watch mail ports."""

    name: str
    command: tuple[str, ...]
    event: re.Pattern[bytes]
    """Occurs exactly once in the output for each connect to COUNTED that was seen."""
    lost: re.Pattern[bytes] | None = None
    """The tool's own statement of what it lost; the numbers of all its matches are added up."""
    live: bool = False
    """Draws a screen and not lines: needs a terminal, and its events cannot be counted."""

    def installed(self) -> Path | None:
        """The program, or None where it is missing."""
        found = shutil.which(self.command[0], path=SEARCH_PATH)
        return Path(found).resolve() if found else None

    def count_events(self, output: bytes) -> int:
        return sum(1 for _ in self.event.finditer(output))

    def count_lost(self, output: bytes) -> int | None:
        """None where the tool says nothing about losses."""
        if not self.lost:
            return None
        matches = list(self.lost.finditer(output))
        if not matches:
            return None
        return sum(int(number) for match in matches for number in match.groups() if number)

    def version(self) -> str:
        """The version of the package that the program came with, else what it says itself."""
        program = self.installed()
        if not program:
            return "missing"
        owner = subprocess.run(["dpkg-query", "-S", str(program)], capture_output=True, text=True, check=False)
        if owner.returncode == 0:
            package = owner.stdout.split(":")[0]
            version = subprocess.run(
                ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
            )
            return f"{package} {version.stdout.strip()}"
        command = [str(program), "--version"]
        own = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        said = (own.stdout or own.stderr).strip().splitlines()
        return f"{program.name} {said[0] if said else '(no version)'}, not from a package"


def _pattern(text: str) -> re.Pattern[bytes]:
    return re.compile(text.encode(), re.MULTILINE)


_ADDRESS = re.escape(COUNTED)
_PERF_BUFFER_LOST = _pattern(r"[Ll]ost (\d+) events")

CONTROL = Tool("nothing (control)", ("sleep", "3600"), _pattern(r"(?!)"))
"""Off against off: what the method itself makes of no difference."""


def peers() -> list[Tool]:
    port = str(WATCHED_PORT)
    return [
        Tool(
            "tcpstates",
            ("tcpstates", "-D", port),
            _pattern(rf"{_ADDRESS} +{port} +CLOSE +-> SYN_SENT"),
            _PERF_BUFFER_LOST,
        ),
        Tool("tcplife", ("tcplife", "-D", port), _pattern(rf"{_ADDRESS} +{port} "), _PERF_BUFFER_LOST),
        Tool(
            "bpftrace",
            (
                "bpftrace",
                "-e",
                f"tracepoint:sock:inet_sock_set_state /args->newstate == 2 && args->dport == {port}/ "
                '{ printf("%d %s %s %d\\n", pid, comm, ntop(args->daddr), args->dport); }',
            ),
            _pattern(rf"{_ADDRESS} {port}\s"),
            _PERF_BUFFER_LOST,
        ),
        Tool(
            "tcpdump",
            ("tcpdump", "-l", "-n", "-i", "any", f"tcp[tcpflags] & (tcp-syn) != 0 and port {port}"),
            _pattern(rf"> {_ADDRESS}\.{port}: Flags \[S\]"),
            _pattern(r"(\d+) packets? dropped by kernel"),
        ),
    ]


def mailsnoop(program: str) -> list[Tool]:
    line = _pattern(rf"[ ,]{_ADDRESS}[:,]{WATCHED_PORT}\b")
    # Of the summary, what costs a row; a lost end does not.
    causes = r"(?:connects (\d+))?(?:[^;\n]*?missed (\d+))?[^;\n]*?"
    lost = _pattern(rf"^lost: (?:nothing|{causes})(?:; the output was too slow for (\d+) rows)?\r?$")
    object_line = _pattern(rf'"destination":{{"ip":"{_ADDRESS}","port":{WATCHED_PORT}\b')
    object_lost = _pattern(r'"lost":{"connects":(\d+),.*?"missed":(\d+),.*?"unwritten":(\d+)}')
    return [
        Tool("mailsnoop json", (program, "trace", "--format", "json"), object_line, object_lost),
        Tool("mailsnoop csv", (program, "trace", "--format", "csv"), line, lost),
        Tool("mailsnoop table", (program, "trace", "--format", "table"), line, lost),
        Tool("mailsnoop top", (program, "top"), _pattern(rf"{_ADDRESS}|connector"), live=True),
    ]
