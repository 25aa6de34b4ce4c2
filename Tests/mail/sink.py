#!/usr/bin/env python3
"""A mail server that keeps no mail, and says exactly what was said.

For each connection that ends, one line of JSON is appended to the log:
    client      address and port
    lines       [who, text], who being "C" or "S", as received and sent; a message is one line, "<N bytes>"
    smtp        what mailsnoop's JSON has by this name, with null for what was not said
What was said within TLS is told as well, by another object of this kind, "inside": the one around it has what came
before, which is all that the wire shows.
"""
import argparse
import base64
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading


class Session(threading.Thread):
    def __init__(self, connection, peer, options):
        super().__init__(daemon=True)
        self.connection = connection
        self.stream = connection.makefile("rb")
        self.options = options
        self.is_encrypted = False
        self.outside = {"client": list(peer[:2])}
        self.begin(self.outside)

    def begin(self, session):
        """Of the clear text, and once more of what TLS hides."""
        self.lines = session["lines"] = []
        self.told = session["smtp"] = dict(
            hello=None, ehlo=None, mail_from=None, size=None, rcpt_to=None, recipients=0, messages=0, accepted=0,
            starttls=False, encrypted=False, auth=None, data=False, quit=False, greeting=None, reply=None)

    def reply(self, code, *texts):
        lines = [f"{code}-{text}" for text in texts[:-1]] + [f"{code} {texts[-1]}"]
        self.lines += [["S", line] for line in lines]
        # At once: else the second waits for the client's delayed acknowledgement of the first.
        self.connection.sendall("".join(line + "\r\n" for line in lines).encode())
        self.told["reply"] = {"code": code, "text": texts[-1]}

    def line(self):
        line = self.stream.readline(4096)
        if not line.endswith(b"\n"):
            raise EOFError
        text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        self.lines.append(["C", text])
        return text

    def run(self):
        try:
            if self.options.implicit_tls:
                self.encrypt()
            self.reply(220, f"{self.options.name} ESMTP")
            self.told["greeting"], self.told["reply"] = self.told["reply"], None
            while not self.told["quit"]:
                self.command(self.line())
        except (EOFError, OSError) as error:
            self.outside["error"] = str(error)
        self.connection.close()
        self.options.write(self.outside)

    def encrypt(self):
        self.connection = self.options.context.wrap_socket(self.connection, server_side=True)
        self.stream = self.connection.makefile("rb")
        self.is_encrypted = True
        self.told["encrypted"] = True
        self.outside["inside"] = {}
        self.begin(self.outside["inside"])

    def command(self, line):
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        if verb in ("EHLO", "HELO", "LHLO") and (verb == "LHLO") == self.options.lmtp:
            self.hello(verb, rest)
        elif verb == "MAIL":
            self.told["messages"] += 1
            if self.told["mail_from"] is None:
                self.told["mail_from"] = self.path(rest)
                size = re.search(r" SIZE=(\d+)", rest, re.IGNORECASE)
                self.told["size"] = size and int(size[1])
            self.waiting = 0
            self.reply(250, "2.1.0 Sender taken")
        elif verb == "RCPT":
            self.told["rcpt_to"] = self.told["rcpt_to"] or self.path(rest)
            self.told["recipients"] += 1
            if self.options.reject and self.options.reject in rest:
                self.reply(550, "5.1.1 No such user")
            else:
                self.waiting += 1
                self.reply(250, "2.1.5 Recipient taken")
        elif verb == "DATA":
            self.data()
        elif verb == "BDAT" and self.options.chunking:
            self.chunk(rest.split())
        elif verb == "AUTH" and self.options.auth:
            self.authenticate(rest.split())
        elif verb == "STARTTLS" and self.options.starttls and not self.is_encrypted:
            self.told["starttls"] = True
            self.reply(220, "2.0.0 Go on")
            self.encrypt()
        elif verb in ("NOOP", "RSET"):
            self.reply(250, "2.0.0 Done")
        elif verb == "QUIT":
            self.reply(221, "2.0.0 Goodbye")
            self.told["quit"] = True
        else:
            self.reply(502, "5.5.2 Not known")

    def hello(self, verb, name):
        self.told.update(hello=verb, ehlo=name)
        offers = [self.options.name]
        if verb != "HELO":
            offers += ["SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES"]
            offers += ["PIPELINING"] if self.options.pipelining else []
            offers += ["CHUNKING"] if self.options.chunking else []
            offers += ["AUTH PLAIN LOGIN CRAM-MD5"] if self.options.auth else []
            offers += ["STARTTLS"] if self.options.starttls and not self.is_encrypted else []
        self.reply(250, *offers)

    @staticmethod
    def path(rest):
        """What stands in the brackets of FROM:<a@b> SIZE=1."""
        return rest.partition("<")[2].partition(">")[0]

    def authenticate(self, words):
        mechanism = words[0].upper()
        self.told["auth"] = mechanism
        if mechanism == "PLAIN" and len(words) == 1:
            self.reply(334, "")
            self.line()
        elif mechanism == "LOGIN":
            if len(words) == 1:
                self.reply(334, "VXNlcm5hbWU6")
                self.line()
            self.reply(334, "UGFzc3dvcmQ6")
            self.line()
        elif mechanism == "CRAM-MD5":
            self.reply(334, base64.b64encode(b"<1009.1013@mx.example>").decode())
            self.line()
        self.reply(235, "2.7.0 Welcome")

    def data(self):
        self.told["data"] = True
        self.reply(354, "Go on")
        size = 0
        while (line := self.stream.readline()) != b".\r\n":
            if not line:
                raise EOFError
            size += len(line)
        self.message(size)

    def chunk(self, words):
        self.told["data"] = True
        size = int(words[0])
        if len(self.stream.read(size)) != size:
            raise EOFError
        if len(words) > 1:
            self.message(size)
        else:
            self.reply(250, "2.0.0 Chunk taken")

    def message(self, size):
        self.lines.append(["C", f"<{size} bytes>"])
        self.told["accepted"] += 1
        # LMTP answers for each recipient (RFC 2033 section 4.2).
        for _ in range(self.waiting if self.options.lmtp else 1):
            self.reply(250, "2.0.0 Message taken")


def certificate():
    """A context with a certificate that nobody has signed."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "both.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=mx.example",
             "-keyout", path, "-out", path + ".crt"], check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path + ".crt", path)
        return context


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("log", help="where a line is appended for each session that ends")
    parser.add_argument("--name", default="mx.example")
    for offer in ("pipelining", "starttls", "implicit-tls", "auth", "chunking", "lmtp"):
        parser.add_argument("--" + offer, action="store_true")
    parser.add_argument("--reject", metavar="ADDRESS", help="a recipient that is refused")
    options = parser.parse_args()
    lock = threading.Lock()

    def write(session):
        with lock, open(options.log, "a") as log:
            log.write(json.dumps(session) + "\n")

    options.write = write
    options.context = certificate() if options.starttls or options.implicit_tls else None
    family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
    server = socket.create_server((options.address, options.port), family=family)

    def serve():
        while True:
            connection, peer = server.accept()
            Session(connection, peer, options).start()

    threading.Thread(target=serve, daemon=True).start()
    print("listening", flush=True)
    # Ends with whoever started it.
    sys.stdin.read()


if __name__ == "__main__":
    main()
