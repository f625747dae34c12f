#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""heloctl audit --dmarc: who sends in a domain's name by its aggregate reports, plain, gzipped and zipped; and reports
that are bombs, damaged or no reports at all."""
import csv
import gzip
import io
import json
import re
import time
import zipfile

import helod
import nameserver
from tap import cases, contains, equal, run, skip, skip_all, test

ZONE = """
mail1.kiln-street.net 300 A 203.0.113.1
203.0.113.1 300 PTR mail1.kiln-street.net
mail1.kiln-street.net 300 TXT "v=spf1 a -all"
mail2.kiln-street.net 300 A 203.0.113.99
203.0.113.2 300 PTR mail2.kiln-street.net
mail2.kiln-street.net 300 TXT "v=spf1 a -all"
out.partner-of-kent.net 300 A 192.0.2.7
192.0.2.7 300 PTR out.partner-of-kent.net
198.51.100.9 300 PTR 9.dsl.access-of-kent.net
"""
dns = nameserver.FaultDns(ZONE)
folder = helod.scratch()
conf = folder / "helod.conf"
conf.write_text('dns { servers = { "%s" } timeout = "2s" }\n' % dns.address)
known = folder / "known"
known.write_text("203.0.113.0/24  # ours\n.partner-of-kent.net\n")


def row(address, count=1, helo=None, dkim="pass", spf="pass", domain="kiln-street.net"):
    scope = f"<spf><domain>{helo}</domain><scope>helo</scope><result>pass</result></spf>" if helo else ""
    return f"""
  <record><row><source_ip>{address}</source_ip><count>{count}</count><policy_evaluated><disposition>none</disposition>
      <dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row>
    <identifiers><envelope_from>{domain}</envelope_from><header_from>{domain}</header_from></identifiers>
    <auth_results><dkim><domain>{domain}</domain><result>{dkim}</result></dkim>{scope}<spf><domain>{domain}</domain>
      <scope>mfrom</scope><result>{spf}</result></spf></auth_results></record>"""


def report(*rows, head='<?xml version="1.0" encoding="UTF-8" ?>'):
    return f"""{head}
<feedback><version>1.0</version><report_metadata><org_name>receiver.example</org_name><report_id>1</report_id>
  <date_range><begin>1</begin><end>2</end></date_range></report_metadata>
  <policy_published><domain>kiln-street.net</domain><p>none</p></policy_published>{''.join(rows)}
</feedback>
""".encode()


ROWS = (row("203.0.113.1", 100, "mail1.kiln-street.net"), row("203.0.113.1", 20, "MAIL1.kiln-street.net"),
        row("203.0.113.2", 50, "mail2.kiln-street.net"), row("192.0.2.7", 7),
        row("198.51.100.9", 3, "9.dsl.access-of-kent.net", "fail", "fail"),
        row("198.51.100.10", 2, None, "fail", "fail"))


def put(name, data):
    path = folder / name
    path.write_bytes(data)
    return path


def zipped(name, **parts):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts.items():
            archive.writestr(part + ".xml", data)
    return put(name, memory.getvalue())


def audit(*arguments, text=None):
    return helod.heloctl("audit", "-c", conf, "--dmarc", *arguments, text=text)


if "built without expat" in audit(put("plain.xml", report(*ROWS)))[2]:
    skip_all("built without expat")
FORMS = {"plain": folder / "plain.xml", "gzip": put("r.xml.gz", gzip.compress(report(*ROWS))),
         "zip": zipped("r.zip", one=report(*ROWS)), "zip of two": zipped("two.zip", a=report(*ROWS[:3]), b=report(*ROWS[3:])),
         "a name that says nothing": put("download", gzip.compress(report(*ROWS)))}


@cases(FORMS.items(), name=lambda form: f"the map of who sends, {form[0]}")
def _(_form, path):
    status, out, err = audit("--json", "--known", known, path)
    if "without libzip" in err:
        skip("built without libzip")
    said = json.loads(out)
    equal((status, err), (1, ""))
    equal([(s["network"], s["addresses"], s["messages"], s["aligned"], s["listed"], s["names"]) for s in said["senders"]],
          [("203.0.113.0/24", 2, 170, 170, True, "kiln-street.net"),
           ("192.0.2.0/24", 1, 7, 7, True, "partner-of-kent.net"),
           ("198.51.100.0/24", 2, 5, 0, False, "access-of-kent.net")])
    hosts = {host["address"]: host for host in said["hosts"]}
    equal((hosts["203.0.113.1"]["messages"], hosts["203.0.113.1"]["result"]), (120, "ok"))
    equal([fault["fault"] for fault in hosts["203.0.113.2"]["faults"]], ["ptr_unconfirmed", "helo_elsewhere", "spf_denies"])
    equal((hosts["192.0.2.7"]["helo"], hosts["192.0.2.7"]["faults"]), (None, []))
    equal([hosts[a]["unlisted"] for a in ("203.0.113.1", "203.0.113.2", "192.0.2.7", "198.51.100.9", "198.51.100.10")],
          [False, False, False, True, True])
    owners = {record["name"] for record in said["records"]}
    assert "mail2.kiln-street.net" in owners, owners
    assert not any("access-of-kent" in owner or "100.51.198" in owner for owner in owners), "advice to strangers"


@test("text: the map first, then the same checks for each address; several reports add up")
def _():
    status, out, _ = audit("--known", known, FORMS["plain"], FORMS["gzip"])
    equal(status, 1)
    assert re.search(r"(?m)^203\.0\.113\.0/24 +2 +340 +100 %  kiln-street\.net; kiln-street\.net; listed$", out), out
    assert re.search(r"(?m)^198\.51\.100\.0/24 +2 +10 +0 %  .*NOT LISTED$", out), out
    contains(out, "203.0.113.2 mail2.kiln-street.net (100 messages, 100 aligned)\n  ptr_unconfirmed")
    contains(out, "mail2.kiln-street.net. IN A 203.0.113.2\n")


@test("CSV has messages and who is listed")
def _():
    rows = {row["address"]: row for row in csv.DictReader(io.StringIO(audit("--csv", "--known", known, FORMS["plain"])[1]))}
    equal([rows[a]["messages"] + " " + rows[a]["listed"] for a in ("203.0.113.1", "198.51.100.9")], ["120 yes", "3 no"])


@test("exit 0 when all sources are listed and sound, 1 when one is not listed")
def _():
    good = put("good.xml", report(ROWS[0], ROWS[3]))
    equal(audit("--known", known, good)[0], 0)
    narrow = put("narrow", b"203.0.113.0/24\n")
    equal(audit("--known", narrow, good)[0], 1)
    equal(audit(good)[0], 0)
    equal(audit("--known", put("wrong", b"not a/network\n...\n"), good)[0], 65)
    equal(audit("--known", folder / "nosuch", good)[0], 66)


@test("standard input")
def _():
    equal(audit("-", text=report(ROWS[0]).decode())[0], 0)


LAUGHS = ('<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a "ha">' +
          "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(12)) + "]>")
BAD = {
    "entities that laugh a billion times": (report(row("203.0.113.1", 1, "&m;"), head=LAUGHS), "a document type"),
    "an entity that is a file": (report(row("203.0.113.1", 1, "&x;"), head='<!DOCTYPE f [<!ENTITY x SYSTEM '
                                        '"file:///etc/passwd">]>'), "a document type"),
    "a gigabyte of blanks in gzip": (gzip.compress(report()[:60] + b" " * (1 << 28), 9), "200 times its size"),
    "noise past 64 MiB": (b"<feedback>" + b"<a>xyz</a>" * (7 << 20), "more than 64 MiB"),
    "a hundred thousand levels": (b"<feedback>" + b"<a>" * 100000, "nested too deep"),
    "a name of a megabyte": (b"<feedback><" + b"a" * (1 << 20) + b"/>", "nested too deep"),
    "no report": (b"<html><body/></html>", "no DMARC aggregate report"),
    "no XML": (b"From: a@example.net\n\nhello\n", ""),
    "a report cut short": (report(*ROWS)[:700], ""),
    "gzip cut short": (gzip.compress(report(*ROWS))[:200], ""),
    "gzip damaged": (gzip.compress(report(*ROWS))[:60] + b"\0" * 200, ""),
    "zip damaged": (b"PK\3\4" + b"\0" * 100, ""),
    "nothing": (b"", ""),
    "a source that is no address": (report(row("203.0.113.256")), "without a valid source_ip"),
    "a count that is no number": (report(row("203.0.113.1", "-1")), "without a valid source_ip"),
}


@cases(BAD.items(), name=lambda bad: f"given up, and the next report read: {bad[0]}")
def _(_what, bad):
    data, reason = bad
    began = time.monotonic()
    status, out, err = audit("--json", put("bad", data), put("after.xml", report(ROWS[0])))
    equal(status, 65)
    contains(err, f"{folder}/bad: ")
    contains(err, reason)
    equal([host["address"] for host in json.loads(out)["hosts"]], ["203.0.113.1"])
    assert time.monotonic() - began < 100, "slow"


@test("zip bombs: one part of blanks, and a hundred parts")
def _():
    for name, archive in (("blanks", zipped("z1.zip", a=report()[:60] + b" " * (1 << 27))),
                          ("parts", zipped("z2.zip", **{f"p{n}": report(ROWS[0]) for n in range(100)}))):
        status, _, err = audit(archive)
        if "without libzip" in err:
            skip("built without libzip")
        equal(status, 65, name)
        contains(err, "200 times" if name == "blanks" else "more than 16")


@test("100,000 rows of one source are one host")
def _():
    big = put("big.xml", report(*[ROWS[0]] * 100000))
    status, out, _ = audit("--json", big)
    hosts = json.loads(out)["hosts"]
    equal((status, len(hosts), hosts[0]["messages"]), (0, 1, 10000000))


@test("hostile names stay text")
def _():
    bad = put("hostile.xml", report(row("198.51.100.77", 1, "&lt;b&gt;&#9;\u00e9&#127;,x", domain="=cmd&quot;,")))
    for form in ((), ("--json",), ("--csv",)):
        _, out, _ = audit(*form, bad)
        assert all(char in "\r\n" or " " <= char <= "~" for char in out), repr(out)


@test("--known without --dmarc, and --dmarc without files, are wrong uses")
def _():
    equal(helod.heloctl("audit", "-c", conf, "--known", known)[0], 64)
    equal(audit()[0], 64)


run()
