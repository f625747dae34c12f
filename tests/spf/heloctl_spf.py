#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""heloctl spf against a name server: what it prints, its exit status, DNS trouble, and foreign bytes."""
import json

import helod
import nameserver
from tap import contains, equal, run, test

ZONE = r"""
mail.client.example 60 TXT "v=spf1 a include:_spf.client.example -all exp=why.client.example"
mail.client.example 60 A 192.0.2.1
_spf.client.example 60 TXT "v=spf1 ip4:192.0.2.64/26 ?all"
why.client.example 60 TXT "%{i} is not of %{h}; %{s}"
deny.client.example 60 TXT "v=spf1 -all"
soft.client.example 60 TXT "v=spf1 exists:%{l}.%{o}.x.client.example ~all"
user.sender.example.x.client.example 60 A 127.0.0.2
bad.client.example 60 TXT "v=spf1 ip4:192.0.2.1\010\027[31m/64 -all"
void.client.example 60 TXT "v=spf1 a:no1.client.example a:no2.client.example a:no3.client.example -all"
slow.client.example fault servfail
none.client.example 60 A 192.0.2.1
"""
dns = nameserver.FaultDns(ZONE)
conf = helod.scratch() / "helod.conf"
conf.write_text('dns { servers = { "%s" } timeout = "2s" }\n' % dns.address)


def spf(*arguments):
    """Exit status and the lines of stdout."""
    status, out, _ = helod.heloctl("spf", "-c", conf, *arguments)
    return status, out.splitlines()


@test("pass by an address: the result first, the record, the term, every lookup, exit 0")
def _():
    status, lines = spf("192.0.2.1", "mail.client.example")
    equal(status, 0)
    equal(lines, ["result: pass",
                  "record: v=spf1 a include:_spf.client.example -all exp=why.client.example",
                  "term: a",
                  "of: mail.client.example",
                  "cost: 1 of 10 terms with lookups, 0 of 2 void, 2 queries",
                  "lookup: TXT mail.client.example: ok, 1 record",
                  "lookup: A mail.client.example: ok, 1 record"])


@test("pass by an include names the term inside and whose it is")
def _():
    status, lines = spf("192.0.2.65", "mail.client.example")
    equal(status, 0)
    equal(lines[2:4], ["term: ip4:192.0.2.64/26", "of: _spf.client.example"])


@test("fail exits 1 and prints the explanation, with the HELO identity's sender")
def _():
    status, lines = spf("198.51.100.7", "mail.client.example")
    equal(status, 1)
    equal(lines[0], "result: fail")
    equal(lines[-1], "explanation: 198.51.100.7 is not of mail.client.example; postmaster@mail.client.example")


@test("--sender and --helo are what the macros see")
def _():
    status, lines = spf("--sender", "user@sender.example", "--helo", "x.example", "192.0.2.9", "soft.client.example")
    equal((status, lines[0]), (0, "result: pass"))
    status, lines = spf("-H", "x.example", "198.51.100.7", "mail.client.example")
    equal(lines[-1], "explanation: 198.51.100.7 is not of x.example; postmaster@x.example")


@test("none, temperror and permerror exit 1 and say why")
def _():
    for domain, result, reason in (
            ("none.client.example", "none", "no SPF record"),
            ("localhost", "none", "domain of one label"),
            ("slow.client.example", "temperror", "lookup of slow.client.example"),
            ("void.client.example", "permerror", "too many void lookups: no3.client.example")):
        status, lines = spf("192.0.2.1", domain)
        equal((status, lines[0]), (1, "result: " + result))
        contains("\n".join(lines), "reason: " + reason)


@test("no byte of a record reaches the terminal that is no printable ASCII")
def _():
    status, lines = spf("192.0.2.1", "bad.client.example")
    equal((status, lines[0]), (1, "result: permerror"))
    equal(lines[1], "record: v=spf1 ip4:192.0.2.1??[31m/64 -all")


@test("--json says the same to programs")
def _():
    status, lines = spf("--json", "192.0.2.1", "deny.client.example")
    said = json.loads("\n".join(lines))
    equal(status, 1)
    equal((said["result"], said["record"], said["term"], said["deny_all"]), ("fail", "v=spf1 -all", "-all", True))
    equal(said["lookups"], [{"type": "TXT", "name": "deny.client.example", "status": "found", "why": "ok",
                             "records": 1}])


@test("a wrong use exits 64 and asks nothing")
def _():
    dns.forget()
    for arguments in (("192.0.2.1",), ("192.0.2", "mail.client.example"), ("--nonsense", "192.0.2.1", "a.example")):
        equal(spf(*arguments), (64, []))
    equal(dns.questions(), [])


run()
