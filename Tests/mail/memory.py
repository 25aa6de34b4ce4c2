#!/usr/bin/env python3
"""memory.py PID WORD...: prints the name of each readable mapping of a running process in which one of the words stands."""
import sys

pid, *words = sys.argv[1:]
words = [word.encode() for word in words]
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
    for line in maps:
        # proc_pid_maps(5): address, permissions, offset, device, inode, name.
        fields = line.split(maxsplit=5)
        name = fields[5].strip() if len(fields) > 5 else "anonymous"
        # The kernel's own pages are told to be readable, and are not.
        if not fields[1].startswith("r") or name.startswith("[vvar"):
            continue
        start, end = (int(address, 16) for address in fields[0].split("-"))
        memory.seek(start)
        content = memory.read(end - start)
        if len(content) != end - start:
            sys.exit(f"{name} cannot be read")
        if any(word in content for word in words):
            print(name)
