#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A real Postfix that is set up so that helod cannot see what it should: helod says so, once, and how to fix it."""
import random

import postfix
from helod import Helod
from proxy import Proxy
from tap import cases, equal, run, skip_all

if postfix.possible():
    skip_all(postfix.possible())

SESSIONS, RECIPIENTS = 20, 12  # a request each: past what every sign waits for
PRIVATE = "every client so far is in a private network"
SAME = "every request so far is about the same client"
NAMELESS = "client_name was never known"
AT_HELO = "requests come at HELO (smtpd_delay_reject = no)"
SUBMISSION = "requests come from a submission port"
NO_HELO = "clients send mail without HELO: set smtpd_helo_required = yes"
SIGNS = (PRIVATE, SAME, NAMELESS, AT_HELO, SUBMISSION, NO_HELO)


def stranger(n):
    return {"ADDR": f"8.8.{n}.5", "NAME": f"mail{n}.kiln-street.net", "REVERSE_NAME": f"mail{n}.kiln-street.net"}


def one(n):
    return stranger(n * 0)


def nameless(n):
    return {"ADDR": f"8.8.{n}.5", "NAME": "[UNAVAILABLE]", "REVERSE_NAME": "[UNAVAILABLE]"}


def session(smtp, client, greets):
    if client:
        smtp.xclient(**client)
    if greets:
        smtp.ehlo("mail.kiln-street.net")
    smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
    for n in range(RECIPIENTS):
        code, text = smtp.command(f"RCPT TO:<r{n + 1}@test.example>")
        assert code == 250 or not greets, text


# A network of this host alone, so that the port is nobody else's.
SUBMIT = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"
# what -> (options of its smtpd, who the clients are, whether they greet, what is said)
ROWS = {
    "as it should be": ({}, stranger, True, []),
    "behind a proxy": ({}, None, True, [PRIVATE]),
    "told of one client": ({}, one, True, [SAME]),
    "without names": ({}, nameless, True, [NAMELESS]),
    "asking at HELO": ({"smtpd_delay_reject": "no"}, stranger, True, [AT_HELO]),
    "with helod on its submission port": ({"address": f"{SUBMIT}:587"}, stranger, True, [SUBMISSION]),
    "that lets clients in without HELO": ({"smtpd_helo_required": "no"}, stranger, False, [NO_HELO]),
}
daemons = {what: Helod() for what in ROWS}
mx = postfix.Postfix(
    {f"row{n}": {"smtpd_helo_restrictions": "", "smtpd_recipient_restrictions": "", **row[0],
                 ("smtpd_helo_restrictions" if row[2] else "smtpd_recipient_restrictions"):
                     postfix.policy(f"inet:127.0.0.1:{daemons[what].port}")}
     for n, (what, row) in enumerate(ROWS.items())},
    main={"smtpd_authorized_xclient_hosts": "127.0.0.0/8", "inet_interfaces": "all"})


@cases([(what, n) for n, what in enumerate(ROWS)],
       name=lambda row: f"a Postfix {row[0]}: " + ("said once" if ROWS[row[0]][3] else "nothing is said"))
def _(what, number):
    options, client, greets, said = ROWS[what]
    host, port = (SUBMIT, 587) if "address" in options else ("127.0.0.1", mx.port(f"row{number}"))
    if client is None:
        port = Proxy(port).port  # senders have its address
    for n in range(SESSIONS):
        with postfix.Smtp(port, host) as smtp:
            session(smtp, client and client(n), greets)
    warnings = [line.partition("warning: ")[2] for line in daemons[what].log().splitlines() if "warning: " in line]
    equal(sorted(sign for line in warnings for sign in SIGNS if line.startswith(sign)), sorted(said), "said")


run()
