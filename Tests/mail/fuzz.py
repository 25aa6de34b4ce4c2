#!/usr/bin/env python3
"""Random dialogues with a mail server, the same ones for the same seed.

    fuzz.py talk KIND SEED COUNT PORT   COUNT dialogues with 192.0.2.25, number N from 192.0.2.2, port PORT + N
    fuzz.py queued LOG                  prints the client's port of each mail that Postfix or Exim has queued

KIND is "random": mails that begin as lenient servers allow and broken clients have it, among commands and bytes that
are meant to hide them; or "legitimate": what a check of a mail server says, which never leads to a mail. With
"legitimate-auth" the server offers AUTH.
"""
import concurrent.futures
import random
import re
import socket
import ssl
import sys

CLIENT, SERVER = "192.0.2.2", ("192.0.2.25", 25)
TLS = object()  # Begins TLS.


def word(r, size=8):
    return "".join(r.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(r.randint(1, size))).encode()


def cased(r, verb):
    return r.choice([verb, verb, verb.lower(), bytes(r.choice([c, c | 32]) for c in verb)])


def end(r):
    return r.choice([b"\r\n"] * 6 + [b"\n", b" \r\n", b"\t\n"]) if r.random() < r.wildness else b"\r\n"


# Legitimate

def check(r, offers_auth):
    """Lines, of which each is answered."""
    name = word(r) + b".example"
    lines = []
    greeted = r.random() < 0.9
    if greeted:
        lines.append(cased(r, r.choice([b"EHLO", b"EHLO", b"HELO"])) + b" " + name)
    for _ in range(r.randint(0, 4)):
        lines.append(r.choice([
            cased(r, b"NOOP"), cased(r, b"NOOP") + b" " + word(r), cased(r, b"RSET"), cased(r, b"HELP"),
            cased(r, b"VRFY") + b" " + word(r), cased(r, b"EXPN") + b" " + word(r)]))
    if greeted and offers_auth and lines[0][:1] in b"Ee" and r.random() < 0.2:
        lines += r.choice([
            [b"AUTH PLAIN AGFubmEAc2VjcmV0"], [b"AUTH PLAIN", b"AGFubmEAc2VjcmV0"],
            [b"auth login", b"YW5uYQ==", b"c2VjcmV0"]])
    ending = r.random()
    if ending < 0.7:
        lines.append(cased(r, b"QUIT"))
    elif ending < 0.8 and greeted and lines[0][:1] in b"Ee":
        lines.append(cased(r, b"STARTTLS"))
    line_end = r.choice([b"\r\n", b"\r\n", b"\n"])
    # What comes next depends on the answer to AUTH and STARTTLS.
    may_pipeline = not any(line[:4].upper() in (b"AUTH", b"STAR") for line in lines)
    style = r.choice(["lockstep", "lockstep", "pipelined", "cut"]) if may_pipeline else "lockstep"
    return [line + line_end for line in lines], style


# Random

def wild(r, usual, *unusual):
    """One of the unusual, as wild as this client is."""
    return r.choice(unusual) if r.random() < r.wildness else usual


def verb(r, text):
    before = wild(r, b"", b" ", b"\t", b"  ", b" ", b"\t", b"\0", b"\xff\xfd\x18", b"\r", b"\x16\x03\x01")
    return before + cased(r, text)


def path(r, text, keyword, mailbox):
    blank = wild(r, b" ", b"\t", b"\t", b"  ", b" \t", b"\x0b")
    colon = wild(r, b":", b" :", b": ", b"")
    return (verb(r, text) + blank + cased(r, keyword) + colon
            + wild(r, b"<%s>", b" <%s>", b"%s", b"  <%s> ") % mailbox + end(r))


def noise(r):
    """Items that are no part of a mail, or only look like it."""
    size = r.choice([0, 7, 60, 900000, 4294967295, 10 ** 20])
    return r.choice([
        lambda: [cased(r, b"NOOP") + end(r)] * r.choice([1, 1, 2, 7, 129, 260]),
        lambda: [cased(r, b"RSET") + end(r)],
        lambda: [cased(r, b"EHLO") + b" " + word(r) + end(r)],
        lambda: [verb(r, b"BDAT") + r.choice([b" ", b"\t", b"  "]) + b"%d" % size + r.choice([b"", b" LAST"]) + end(r)],
        lambda: [b"BDAT 60\r\n" + b"x" * 58 + b"\r\n"],
        lambda: [b"AUTH " + r.choice([b"FOO", b"PLAIN", b"LOGIN", b"CRAM-MD5"]) + end(r)],
        lambda: [b"AUTH LOGIN\r\n", b"YW5uYQ==\r\n", b"c2VjcmV0\r\n"],
        lambda: [b"AUTH LOGIN\r\n", b"*\r\n"],
        lambda: [cased(r, b"DATA") + end(r)],
        lambda: [b"\x16\x03\x01" + bytes(r.randrange(256) for _ in range(2)) + word(r, 30) + b"\r\n"],
        lambda: [b"STARTTLS\r\n"],
        lambda: [word(r, 40) + end(r)] * r.choice([1, 1, 3, 40]),
        lambda: [word(r) * r.choice([64, 300]) + end(r)],
        lambda: [end(r)],
        lambda: [b"VRFY anna" + end(r)],
        lambda: [b"NOOP " + b"x" * r.choice([505, 506, 507, 1016, 2040]) + end(r)],
        lambda: [path(r, b"MAIL", b"FROM", word(r) + b"@x.example")],
        lambda: [path(r, b"RCPT", b"TO", b"anna@elsewhere.example")],
        lambda: [b"GET / HTTP/1.1\r\n", b"Host: x\r\n", b"\r\n"],
        lambda: [b"NOOP\r" + path(r, b"MAIL", b"FROM", word(r) + b"@x.example")],
    ])()


def text(r):
    return b"Subject: " + word(r) + b"\r\n\r\n" + (word(r, 30) + b"\r\n") * r.choice([1, 3, 100])


def mail(r):
    items = [path(r, b"MAIL", b"FROM", word(r) + b"@x.example")]
    items += noise(r) if r.random() < 0.15 else []
    items += [path(r, b"RCPT", b"TO", b"anna@iol.example") for _ in range(r.choice([1, 1, 2]))]
    items += noise(r) if r.random() < 0.15 else []
    if r.random() < 0.25:
        message = text(r)
        half = len(message) // 2 if r.random() < 0.5 else 0
        items += [b"BDAT %d\r\n" % half + message[:half]] if half else []
        return items + [b"BDAT %d LAST\r\n" % (len(message) - half) + message[half:]]
    return items + [verb(r, b"DATA") + end(r), text(r) + r.choice([b".\r\n"] * 6 + [b".\n", b"\n.\n", b".\r\n.\r\n"])]


def spam(r):
    items = [verb(r, r.choice([b"EHLO", b"HELO"])) + b" " + word(r) + b".example" + end(r)] if r.random() < 0.9 else []
    for _ in range(r.choice([0, 1, 1, 2])):
        items += noise(r)
    if r.random() < 0.04:
        items += [b"STARTTLS\r\n", TLS, b"EHLO x.example\r\n"]
    for _ in range(r.choice([1, 1, 1, 2])):
        items += mail(r)
    items += [cased(r, b"QUIT") + end(r)] if r.random() < 0.7 else []
    return items, "lockstep" if TLS in items else r.choice(["lockstep"] * 3 + ["pipelined", "cut", "grouped", "early"])


class Talk:
    def __init__(self, port):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((CLIENT, port))
        self.socket.settimeout(10)
        self.socket.connect(SERVER)
        self.patience = 8

    def reply(self):
        """Waits for the last line of a reply; not long where there may be none."""
        self.socket.settimeout(0.1 if self.patience else 0.002)
        said = b""
        try:
            while not re.search(rb"(^|\n)\d{3}( [^\n]*)?\r?\n$", said):
                more = self.socket.recv(4096)
                if not more:
                    raise EOFError
                said += more
        except TimeoutError:
            self.patience = max(0, self.patience - 1)
        self.socket.settimeout(10)

    def send(self, r, items, style):
        if style != "early":
            self.socket.settimeout(10)
            self.socket.recv(4096)
        if style in ("lockstep", "grouped"):
            while items:
                count = r.randint(1, 4) if style == "grouped" else 1
                if items[0] is TLS:
                    context = ssl.create_default_context()
                    context.check_hostname = False
                    context.verify_mode = ssl.CERT_NONE
                    self.socket = context.wrap_socket(self.socket)
                else:
                    self.socket.sendall(b"".join(items[:count]))
                    self.reply()
                items = items[count:]
            return
        said = b"".join(items)
        cuts = sorted(r.sample(range(1, len(said)), min(len(said) - 1, r.randint(1, 5)))) if style == "cut" and said[1:] else []
        for begin, stop in zip([0] + cuts, cuts + [len(said)]):
            self.socket.sendall(said[begin:stop])
        for _ in items[:3]:
            self.reply()

    def end(self):
        """Takes what the server still says, so that it can take what it was told."""
        try:
            socket.socket.shutdown(self.socket, socket.SHUT_WR)
            self.socket.settimeout(2)
            while self.socket.recv(65536):
                pass
        except (OSError, ValueError):
            pass
        self.socket.close()


def talk(kind, seed, number, port):
    r = random.Random(f"{kind} {seed} {number}")
    r.wildness = r.choice([0, 0, 0.1, 0.3, 0.6])
    items, style = spam(r) if kind == "random" else check(r, kind == "legitimate-auth")
    connection = Talk(port)
    try:
        connection.send(r, items, style)
    except (EOFError, OSError):
        pass
    connection.end()


def queued(log):
    clients, ports = {}, set()
    with open(log, errors="replace") as lines:
        for line in lines:
            if match := re.search(r" (\w+): client=\S+\[192\.0\.2\.2\]:(\d+)", line):
                clients[match[1]] = match[2]
            elif match := re.search(r"qmgr\[\d+\]: (\w+): from=<.*queue active", line):
                ports.add(clients[match[1]])
            elif match := re.search(r" <= .*\[192\.0\.2\.2\]:(\d+) ", line):
                ports.add(match[1])
    print(*sorted(ports, key=int))


def main():
    if sys.argv[1] == "queued":
        return queued(sys.argv[2])
    kind, seed, count, port = sys.argv[2], *map(int, sys.argv[3:])
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(talk, kind, seed, number, port + number) for number in range(count)]:
            done.result()


if __name__ == "__main__":
    main()
