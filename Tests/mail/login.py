#!/usr/bin/env python3
"""login.py ADDRESS PORT FILE: sends a mail after AUTH, by each mechanism, as the words of FILE say: the name for EHLO,
the user, the password. They stand in no argument, as those of a process are no secret."""
import smtplib
import sys

address, port, path = sys.argv[1:]
with open(path) as file:
    name, user, password = file.read().split()
for mechanism, is_initial in (("PLAIN", True), ("PLAIN", False), ("LOGIN", True), ("LOGIN", False), ("CRAM-MD5", False)):
    with smtplib.SMTP(address, int(port), local_hostname=name) as session:
        session.user, session.password = user, password
        session.ehlo()
        way = getattr(session, "auth_" + mechanism.lower().replace("-", "_"))
        session.auth(mechanism, way, initial_response_ok=is_initial)
        session.sendmail("news@client.example", ["anna@iol.example"], "Subject: News\n\nHello\n")
