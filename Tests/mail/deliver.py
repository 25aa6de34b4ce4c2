#!/usr/bin/env python3
"""deliver.py ADDRESS PORT COUNT [USER]: delivers COUNT mails, each on a connection of its own; with AUTH as USER."""
import smtplib
import sys

address, port, count, *user = sys.argv[1:]
for _ in range(int(count)):
    with smtplib.SMTP(address, int(port), local_hostname="client.example") as session:
        if user:
            session.login(user[0], "secret")
        session.sendmail("news@client.example", ["anna@iol.example"], "Subject: News\n\nHello\n")
