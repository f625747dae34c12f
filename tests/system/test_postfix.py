# SPDX-License-Identifier: BSD-2-Clause
"""A real Postfix asks a real helod: what the client is told and what is delivered.

The client is whoever XCLIENT says. Every policy has one threshold at one point, so that these tests do not depend on the
default points: a good greeting scores nothing, the bad one something, and the policy (chosen by policy_context, one per
listener) says what becomes of that.
"""
import re
import shutil
import subprocess
import time

import nameserver
import postfix
from helod import Helod, wait_for
from tap import cases, cleanup, contains, equal, run, skip, skip_all, test

if postfix.possible():
    skip_all(postfix.possible())

ZONE = """
mail.kiln-street.net 300 A 203.0.113.5
mail.kiln-street.net 300 AAAA 2001:db8::5
203.0.113.5 300 PTR mail.kiln-street.net
2001:db8::5 300 PTR mail.kiln-street.net
other.kiln-street.net 300 A 203.0.113.77
"""
GOOD = {"ADDR": "203.0.113.5", "NAME": "mail.kiln-street.net", "REVERSE_NAME": "mail.kiln-street.net"}
GOOD_IPV6 = {**GOOD, "ADDR": "IPV6:2001:db8::5"}
# No reverse name; with the HELO name of another host that is MARKED's. "localhost" needs no DNS to be judged.
BAD = {"ADDR": "203.0.113.9", "NAME": "[UNAVAILABLE]", "REVERSE_NAME": "[UNAVAILABLE]"}

MARKED = "other.kiln-street.net"

POLICIES = """
policy "default"    { threshold "mark"   { score = 1  action = "prepend" } }
policy "deferring"  { threshold "defer"  { score = 1  action = "defer" } }
policy "rejecting"  { threshold "reject" { score = 1  action = "reject" } }
policy "syntax"     { threshold "reject" { score = 1  action = "reject" }  points { helo_not_fqdn = 100 } }
policy "rdns"       { threshold "reject" { score = 1  action = "reject" }  points { rdns_missing = 100 } }
policy "own"        { threshold "reject" { score = 1  action = "554 5.7.0 not with this name" } }
policy "monitoring" { mode = "monitor"  threshold "reject" { score = 1  action = "reject" } }
policy "soft"       { mode = "soft"     threshold "reject" { score = 1  action = "reject" } }
policy "classes"    { threshold "grey"   { score = 1  action = "restriction:helod_grey" } }
"""
CONTEXTS = ("deferring", "rejecting", "syntax", "rdns", "own", "monitoring", "soft", "classes")
HEADER = "Authentication-Results"


def guarded(address, context="", **options):
    return {"smtpd_helo_restrictions": postfix.policy(address, context), **options}


dns = nameserver.FaultDns(ZONE)
daemon = Helod(POLICIES, resolver=dns.address, start=False)
tcp = f"inet:127.0.0.1:{daemon.port}"
mx = postfix.Postfix(
    {"default": guarded(tcp),
     "undelayed": guarded(tcp, smtpd_delay_reject="no"),
     "undelayed-rejecting": guarded(tcp, "rejecting", smtpd_delay_reject="no"),
     "reconnecting": guarded(tcp, smtpd_policy_service_request_limit="1"),
     "unix": guarded(f"unix:{daemon.path}", "rejecting"),
     "chrooted": guarded("unix:helod/policy", "rejecting", chroot=True),
     **{context: guarded(tcp, context) for context in CONTEXTS}},
    main={"smtpd_restriction_classes": "helod_grey", "helod_grey": "check_client_access static:{450 4.2.0 come again}"},
    start=False)
(mx.spool / "helod").mkdir(mode=0o755)
daemon.listen.append(f"unix:{mx.spool}/helod/policy")
daemon.write(POLICIES)
daemon.start()
mx.start()
cleanup(mx.stop)


def session(listener, client, helo):
    smtp = postfix.Smtp(mx.port(listener))
    smtp.xclient(**client)
    smtp.ehlo(helo)
    return smtp


def rcpt(listener, client, helo, recipient="r1@test.example"):
    """What the client is told of one recipient: (code, text)."""
    with session(listener, client, helo) as smtp:
        smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
        return smtp.command(f"RCPT TO:<{recipient}>")


def headers(message, name):
    """Values of the header, unfolded, in the message's own head."""
    head = re.sub(r"\n[ \t]+", " ", message.split("\n\n", 1)[0])
    return re.findall(rf"^{name}: (.*)$", head, re.M | re.I)


def send(listener, client, helo, recipients, between=None):
    """One message to r1 … rN; returns the N delivered copies."""
    boxes = [f"r{n}" for n in range(1, recipients + 1)]
    for box in boxes:
        mx.empty(box)
    with session(listener, client, helo) as smtp:
        smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
        for box in boxes:
            smtp.must(250, f"RCPT TO:<{box}@test.example>")
            if between:
                between()
        code, text = smtp.data()
        equal(code, 250, text)
    return [mx.delivered(box)[0] for box in boxes]


@cases([("over IPv4", GOOD), ("over IPv6", GOOD_IPV6)], name=lambda row: f"a good greeting {row[0]} is accepted unmarked")
def _(_how, client):
    for listener in ("default", "rejecting"):
        code, text = rcpt(listener, client, "mail.kiln-street.net")
        equal(code, 250, text)
    copies = send("default", client, "mail.kiln-street.net", 1)
    equal(headers(copies[0], HEADER), [], "header")


@cases([("one recipient", "default", 1), ("three recipients", "default", 3), ("fifty recipients", "default", 50),
        ("five recipients, each asked about on a connection of its own", "reconnecting", 5)],
       name=lambda row: f"a marked message to {row[0]} has the header once")
def _(_how, listener, recipients):
    for copy in send(listener, BAD, MARKED, recipients):
        found = headers(copy, HEADER)
        equal(len(found), 1, f"headers in\n{copy}\n")
        contains(found[0], "iprev=permerror policy.iprev=203.0.113.9 ", "header")


@test("a second message on the same connection is marked again, once")
def _():
    mx.empty("r1")
    with session("default", BAD, "localhost") as smtp:
        for _message in range(2):
            smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
            smtp.must(250, "RCPT TO:<r1@test.example>")
            smtp.must(250, "RCPT TO:<r2@test.example>")
            smtp.data()
    for copy in mx.delivered("r1", 2):
        equal(len(headers(copy, HEADER)), 1, "headers")


@test("one message to many recipients is one decision in the log")
def _():
    before = len(daemon.decisions(helo="localhost", policy="default"))
    send("default", BAD, "localhost", 10)
    equal(len(daemon.decisions(helo="localhost", policy="default")) - before, 1, "decisions")


@cases([("deferring", 450, "4"), ("rejecting", 550, "5"), ("soft", 450, "4")],
       name=lambda row: f"policy {row[0]} answers {row[1]} with a {row[2]}.x.x code and the decision's id")
def _(context, wanted, klass):
    code, text = rcpt(context, BAD, "localhost")
    equal(code, wanted, text)
    assert re.match(rf"{klass}\.\d+\.\d+ <localhost>: Helo command rejected: ", text), text
    decision = daemon.decision(policy=context)
    contains(text, decision["id"])
    contains(decision["reply"], f"{code} {text.split()[0]} ", "reply in the decision line")


@cases([("syntax", "5.5.2", GOOD, "server"), ("rdns", "5.7.25", BAD, "other.kiln-street.net")],
       name=lambda row: f"a rejection for {row[0]} says 550 {row[1]}")
def _(context, enhanced, client, helo):
    code, text = rcpt(context, client, helo)
    equal((code, text.split()[0]), (550, enhanced), text)


@cases([("accepted", "mail.kiln-street.net", GOOD, 0, "250"), ("rejected", "localhost", BAD, 24, "550 5.")],
       name=lambda row: f"swaks is told the same: {row[0]}")
def _(_what, helo, client, status, said):
    if not shutil.which("swaks"):
        skip("swaks is not installed")
    done = subprocess.run(["swaks", "--server", f"127.0.0.1:{mx.port('rejecting')}", "--ehlo", helo,
                           "--xclient-addr", client["ADDR"], "--xclient-name", client["NAME"],
                           "--xclient-reverse-name", client["REVERSE_NAME"], "--from", "s@kiln-street.net",
                           "--to", "r60@test.example"], capture_output=True, text=True, check=False)
    equal(done.returncode, status, done.stdout)
    contains(done.stdout, said)


@test("an action in the admin's own words is given as it stands")
def _():
    code, text = rcpt("own", BAD, "localhost")
    equal(code, 554, text)
    contains(text, "5.7.0 <localhost>: Helo command rejected: not with this name")


@test("a threshold may hand over to a restriction class")
def _():
    code, text = rcpt("classes", BAD, "localhost")
    equal((code, text.split()[0]), (450, "4.2.0"), text)
    equal(rcpt("classes", GOOD, "mail.kiln-street.net")[0], 250)


@test("monitor mode accepts, unmarked, and logs what it would have done")
def _():
    code, text = rcpt("monitoring", BAD, "localhost")
    equal(code, 250, text)
    decision = daemon.decision(policy="monitoring")
    equal(decision["mode"], "monitor")
    assert int(decision["score"]) > 0, decision


@test("policy_context selects the policy, an unknown one the default")
def _():
    equal(daemon.ask(client="203.0.113.9", helo="localhost", context="rejecting")[:4], "550 ")
    equal(daemon.ask(client="203.0.113.9", helo="localhost", context="nosuch")[:8], "PREPEND ")


@cases([("a unix socket by its path", "unix"), ("a unix socket from a chrooted smtpd", "chrooted")],
       name=lambda row: f"over {row[0]} the answers are the same")
def _(_how, listener):
    equal(rcpt(listener, GOOD, "mail.kiln-street.net")[0], 250)
    code, text = rcpt(listener, BAD, "localhost")
    equal(code, 550, text)


@test("smtpd_delay_reject=no: a greeting that would be marked passes, and Postfix has nothing to warn of")
def _():
    code, text = rcpt("undelayed", BAD, "localhost")
    equal(code, 250, text)
    warnings = [line for line in mx.log().splitlines() if "undelayed" in line and "warning" in line]
    equal(warnings, [], "warnings")


@test("smtpd_delay_reject=no: the rejection is the answer to EHLO")
def _():
    with postfix.Smtp(mx.port("undelayed-rejecting")) as smtp:
        smtp.command("XCLIENT ADDR=203.0.113.9 NAME=[UNAVAILABLE] REVERSE_NAME=[UNAVAILABLE]")
        code, text = smtp.command("EHLO localhost")
        equal(code, 550, text)


@test("an authenticated client is not judged")
def _():
    code, text = rcpt("rejecting", {**BAD, "LOGIN": "bob"}, "laptop")
    equal(code, 250, text)
    equal(daemon.decision(helo="laptop")["skip"], "authenticated", "skip")


@test("a client that Postfix cannot name an address for is not judged")
def _():
    equal(rcpt("rejecting", {"ADDR": "[UNAVAILABLE]"}, "localhost")[0], 250)


@test("VRFY is not judged")
def _():
    with session("rejecting", BAD, "localhost") as smtp:
        code, text = smtp.command("VRFY r1@test.example")
        equal(code, 252, text)


@test("VRFY inside a message lets the message off nothing")
def _():
    with session("rejecting", BAD, "localhost") as smtp:
        smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
        smtp.must(252, "VRFY r1@test.example")
        smtp.must(550, "RCPT TO:<r1@test.example>")


@test("a new EHLO on the same connection is judged by the new name")
def _():
    with session("rejecting", BAD, "localhost") as smtp:
        smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
        smtp.must(550, "RCPT TO:<r1@test.example>")
        smtp.ehlo("localhost.localdomain")
        smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
        smtp.must(550, "RCPT TO:<r1@test.example>")
    wait_for(lambda: daemon.decisions(helo="localhost.localdomain"), what="decision on the second name")


@cases([("with quotes and blanks", b'a"b c'), ("in UTF-8", "b\u00fccher.example".encode()), ("with percent signs", b"%s%n%{helo}"),
        ("of 2000 bytes", b"a" * 2000), ("with an equals sign", b"a=b"), ("of a lone bracket", b"[")],
       name=lambda row: f"a name {row[0]} is rejected in one clean line")
def _(_what, helo):
    with postfix.Smtp(mx.port("rejecting")) as smtp:
        smtp.xclient(**BAD)
        code, text = smtp.command(b"EHLO " + helo)
        equal(code, 250, text)
        smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
        code, text = smtp.command("RCPT TO:<r1@test.example>")
    equal(code, 550, text)
    assert "\n" not in text, text
    for line in daemon.log().splitlines():
        assert len(line) < 1000 and all(" " <= char <= "~" for char in line), f"log line {line!r}"


@test("helod down: mail is accepted, as default_action=DUNNO says; back again, it judges again")
def _():
    equal(daemon.stop(), 0, "exit status")
    began = time.monotonic()
    code, text = rcpt("rejecting", BAD, "localhost")
    equal(code, 250, text)
    assert time.monotonic() - began < 90, "Postfix waited for its own timeout of 100 s"
    daemon.start()
    equal(rcpt("rejecting", BAD, "localhost")[0], 550)


@test("helod restarted within a session: the next recipient is judged all the same")
def _():
    with session("rejecting", BAD, "localhost") as smtp:
        smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
        smtp.must(550, "RCPT TO:<r1@test.example>")
        daemon.stop()
        daemon.start()
        smtp.must(550, "RCPT TO:<r2@test.example>")


@test("Postfix understood every answer of this run")
def _():
    complaints = [line for line in mx.log().splitlines() if re.search(r"warning:.*(check_policy|action|reply from)", line)
                  and "problem talking" not in line]
    equal(complaints, [], "warnings of Postfix")


run()
