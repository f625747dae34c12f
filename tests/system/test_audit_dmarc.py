#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""heloctl audit --dmarc: who sends in a domain's name by its aggregate reports, in every packing that people have them
in; and reports that are bombs, damaged or no reports at all."""
import base64
import csv
import gzip
import io
import json
import os
import pathlib
import quopri
import re
import signal
import subprocess
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


NUMBER = [0]


def report(*rows, head='<?xml version="1.0" encoding="UTF-8" ?>', number=None):
    """A report with an identifier of its own."""
    NUMBER[0] += 1
    return f"""{head}
<feedback><version>1.0</version><report_metadata><org_name>receiver.example</org_name><report_id>{number or NUMBER[0]}</report_id>
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


def piped(data, *arguments):
    """The same with bytes on standard input."""
    done = subprocess.run([helod.HELOCTL, "audit", "-c", str(conf), "--dmarc", *arguments, "-"], input=data,
                          capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def mail(data, kind="application/gzip", encoding="base64"):
    """A message as a receiver sends it, with the report attached."""
    body = base64.encodebytes(data) if encoding == "base64" else quopri.encodestring(data)
    return (b"Return-Path: <noreply@receiver.example>\r\nSubject: Report Domain: kiln-street.net\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed;\r\n boundary=\"=_b:1\"\r\n\r\nThis is a multi-part message.\r\n--=_b:1\r\n"
            b"Content-Type: text/html\r\n\r\n<html><p>A report is attached.</html>\r\n--=_b:1\r\n"
            b"Content-Type: " + kind.encode() + b"; name=\"r.gz\"\r\nContent-Disposition: attachment\r\n"
            b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + body.replace(b"\n", b"\r\n") +
            b"\r\n--=_b:1--\r\n")


def folder_of(name, **files):
    path = folder / name
    for file, data in files.items():
        (path / file.replace("__", "/")).parent.mkdir(parents=True, exist_ok=True)
        (path / file.replace("__", "/")).write_bytes(data)
    return path


if "built without expat" in audit(put("plain.xml", report(*ROWS)))[2]:
    skip_all("built without expat")
FORMS = {"plain": folder / "plain.xml", "gzip": put("r.xml.gz", gzip.compress(report(*ROWS))),
         "zip": zipped("r.zip", one=report(*ROWS)), "zip of two": zipped("two.zip", a=report(*ROWS[:3]), b=report(*ROWS[3:])),
         "a name that says nothing": put("download", gzip.compress(report(*ROWS))),
         "gzip in gzip": put("twice.gz", gzip.compress(gzip.compress(report(*ROWS)))),
         "zip of gzip": zipped("zg.zip", one=gzip.compress(report(*ROWS))),
         "a mail message": put("report.eml", mail(gzip.compress(report(*ROWS)))),
         "a mail with XML, quoted-printable": put("q.eml", mail(report(*ROWS), "text/xml", "quoted-printable")),
         "a mail that was forwarded": put("f.eml", b"From: me@kiln-street.net\nContent-Type: message/rfc822\n\n" +
                                          mail(gzip.compress(report(*ROWS)))),
         "mbox": put("mbox", b"".join(b"From a Mon Jan  1 00:00:00 2024\n" + message.replace(b"\r\n", b"\n") + b"\n"
                                      for message in (mail(gzip.compress(report(*ROWS[:2]))), b"Subject: hello\n\nFrom me\n",
                                                      mail(gzip.compress(report(*ROWS[2:])))))),
         "a Maildir": folder_of("Maildir", new__1=mail(gzip.compress(report(*ROWS[:3]))),
                                cur__2=mail(gzip.compress(report(*ROWS[3:]))), cur__3=b"Subject: lunch?\n\nYes.\n"),
         "blank lines before": put("blank.xml", b"\n\r\n  " + report(*ROWS)),
         "Pass in capitals": put("capitals.xml", report(*ROWS).replace(b">pass<", b">Pass<")),
         "windows-1252": put("w.xml", report(*ROWS, head='<?xml version="1.0" encoding="windows-1252"?>').replace(
             b"receiver.example", b"M\xfcller \x80\x81")),
         "iso-8859-15": put("i.xml", report(*ROWS, head='<?xml version="1.0" encoding="ISO-8859-15"?><!-- \u00a4 -->').replace(
             b"\xc2\xa4", b"\xa4")),
         "a schema that is not closed": put("schema.xml", report(*ROWS, head='<?xml version="1.0"?><xs:schema '
                                                                 'xmlns:xs="urn:x" targetNamespace="urn:y">'))}
ARCHIVE = io.BytesIO()
with zipfile.ZipFile(ARCHIVE, "w") as packed:
    packed.writestr("reports/", b"")
    packed.writestr("__MACOSX/._r.xml", b"\0\5\26\7")
    packed.writestr("reports/r.xml", report(*ROWS))
FORMS["zip with folders"] = put("folders.zip", ARCHIVE.getvalue())


@cases(FORMS.items(), name=lambda form: f"the map of who sends, {form[0]}")
def _(_form, path):
    status, out, err = audit("--json", "--known", known, path)
    if "without libzip" in err:
        skip("built without libzip")
    said = json.loads(out)
    equal((status, "" if "hold no DMARC report" in err else err), (1, ""))
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


@test("standard input: XML, gzip, zip and mail")
def _():
    for form in ("plain", "gzip", "zip", "a mail message"):
        status, out, err = piped(FORMS[form].read_bytes(), "--json", "--known", str(known))
        if "without libzip" in err:
            continue
        equal((status, err, sum(s["messages"] for s in json.loads(out)["senders"])), (1, "", 182), form)


@test("the same report given twice counts once, in whatever packing; another of the same rows counts")
def _():
    one = report(ROWS[0], number="abc")
    paths = put("1.xml", one), put("2.xml.gz", gzip.compress(one)), put("3.eml", mail(one, "text/xml"))
    status, out, err = audit("--json", *paths, put("4.xml", report(ROWS[0], number="abd")))
    equal((status, json.loads(out)["hosts"][0]["messages"]), (0, 200))
    equal(err, "heloctl audit: note: 2 of 4 reports are duplicates and do not count\n")


@test("a bad row is counted as bad and is not the end of the report: exit 65")
def _():
    bad = put("rows.xml", report(ROWS[0], row("203.0.113.256"), row("", 3), ROWS[3]))
    status, out, err = audit("--json", bad)
    equal(status, 65)
    equal([host["address"] for host in json.loads(out)["hosts"]], ["203.0.113.1", "192.0.2.7"])
    contains(err, "rows.xml: 2 of 4 records were skipped: source_ip or count is missing or invalid")


@test("a report that is cut short says how far it was read, and what was read counts: exit 65")
def _():
    whole = report(*[row(f"192.0.2.{n % 250 + 1}", 1) for n in range(20000)])
    for name, data in (("cut.xml", whole[:len(whole) // 2]), ("cut.gz", gzip.compress(whole)[:60000])):
        status, out, err = audit("--json", put(name, data))
        equal(status, 65, name)
        read = int(re.search(r"read up to here: (\d+) records, which count", err)[1])
        assert 1000 < read < 20000, err
        equal(sum(s["messages"] for s in json.loads(out)["senders"]), read)


@test("an honest report of 20,000 equal rows, which gzip makes very small, is read whole")
def _():
    data = gzip.compress(report(*[ROWS[0]] * 20000), 9)
    assert len(data) * 200 < 20000 * len(ROWS[0]), len(data)
    status, out, _ = audit("--json", put("honest.gz", data))
    equal((status, json.loads(out)["hosts"][0]["messages"]), (0, 2000000))
    status, _, err = audit("--unpacked", "1m", folder / "honest.gz")
    equal(status, 65)
    contains(err, "unpacks to more than 1048576 bytes; --unpacked raises this limit")
    equal(audit("--unpacked", "much", folder / "honest.gz")[0], 64)


@test("a host with its name in two spellings, or once without a name, is one host")
def _():
    path = put("spellings.xml", report(row("203.0.113.1", 1, "mail1.kiln-street.net"), row("203.0.113.1", 2),
                                       row("203.0.113.1", 4, "MAIL1.Kiln-Street.net.")))
    hosts = json.loads(audit("--json", path)[1])["hosts"]
    equal([(h["address"], h["messages"], h["faults"]) for h in hosts], [("203.0.113.1", 7, [])])


@test("a folder without a report, and a mail message without one, are trouble: exit 65")
def _():
    status, _, err = audit(folder_of("Empty", cur__1=b"Subject: lunch?\n\nYes.\n"))
    equal((status, "there is no DMARC report in it" in err), (65, True))
    equal(audit(put("no.eml", b"Subject: lunch?\n\nYes.\n"))[0], 65)


LAUGHS = ('<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a "ha">' +
          "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(12)) + "]>")
MUCH = ("--unpacked", "64m")
BAD = {
    "entities that laugh a billion times": (report(row("203.0.113.1", 1, "&m;"), head=LAUGHS), "it has a DOCTYPE"),
    "an entity that is a file": (report(row("203.0.113.1", 1, "&x;"), head='<!DOCTYPE f [<!ENTITY x SYSTEM '
                                        '"file:///etc/passwd">]>'), "it has a DOCTYPE"),
    "a gigabyte of blanks in gzip": (gzip.compress(report()[:60] + b" " * (1 << 28), 9), "more than 67108864 bytes"),
    "the same in a mail": (mail(gzip.compress(report()[:60] + b" " * (1 << 28), 9)), "more than 67108864 bytes"),
    "gzip in gzip in gzip, and so on": (b"", "packed too many times"),
    "noise past 64 MiB": (b"<feedback>" + b"<a>xyz</a>" * (7 << 20), "more than 67108864 bytes"),
    "a hundred thousand levels": (b"<feedback>" + b"<a>" * 100000, "nested too deep"),
    "a name of a megabyte": (b"<feedback><" + b"a" * (1 << 20) + b"/>", "nested too deep"),
    "no report": (b"<html><body/></html>", "not a DMARC aggregate report"),
    "no XML": (b"From: a@example.net\n\nhello\n", "no DMARC report"),
    "a report cut short": (report(*ROWS)[:700], ""),
    "gzip cut short": (gzip.compress(report(*ROWS))[:200], "cut short"),
    "gzip damaged": (gzip.compress(report(*ROWS))[:60] + b"\0" * 200, "damaged"),
    "zip damaged": (b"PK\3\4" + b"\0" * 100, ""),
    "nothing": (b"", ""),
    "noise": (bytes(range(256)) * 10, "no DMARC report"),
}
DEEP = report(*ROWS)
for _ in range(12):
    DEEP = gzip.compress(DEEP)
BAD["gzip in gzip in gzip, and so on"] = (DEEP, "packed too many times")


@cases(BAD.items(), name=lambda bad: f"given up, and the next report read: {bad[0]}")
def _(_what, bad):
    data, reason = bad
    began = time.monotonic()
    status, out, err = audit("--json", *MUCH, put("bad", data), put("after.xml", report(ROWS[0])))
    equal(status, 65)
    contains(err, f"{folder}/bad: ")
    contains(err, reason)
    assert "203.0.113.1" in [host["address"] for host in json.loads(out)["hosts"]], out
    assert time.monotonic() - began < 100, "slow"


@test("zip bombs: one part of blanks, a hundred parts of them; a hundred honest parts are read")
def _():
    blanks = report()[:60] + b" " * (1 << 26)
    for archive in (zipped("z1.zip", a=blanks + blanks), zipped("z2.zip", **{f"p{n}": blanks for n in range(100)})):
        status, _, err = audit("--unpacked", "64m", archive)
        if "without libzip" in err:
            skip("built without libzip")
        equal(status, 65)
        contains(err, "more than 67108864 bytes")
        assert len(err.splitlines()) < 5, err
    status, out, _ = audit("--json", zipped("z3.zip", **{f"p{n}": report(ROWS[0]) for n in range(100)}))
    equal((status, json.loads(out)["hosts"][0]["messages"]), (0, 10000))


def mbox(*messages):
    return b"".join(b"From a Mon Jan  1 00:00:00 2024\n" + message.replace(b"\r\n", b"\n") + b"\n" for message in messages)


LETTER = b"Subject: hello\n\n" + b"Are you well?\n" * 80000  # 1.1 MB


@test("an mbox of many megabytes: its first, middle and last report count, and a message that is too large ends it")
def _():
    box = put("large.mbox", mbox(mail(report(ROWS[0])), *[LETTER] * 6, mail(report(ROWS[3])), *[LETTER] * 6,
                                 mail(report(ROWS[1]))))
    for status, out, err in (audit("--json", box), piped(box.read_bytes(), "--json")):
        equal((status, err), (0, ""))
        equal(sorted((h["address"], h["messages"]) for h in json.loads(out)["hosts"]), [("192.0.2.7", 7), ("203.0.113.1", 120)])
    status, out, err = audit("--json", "--unpacked", "8m", put("huge.mbox", mbox(mail(report(ROWS[0])), LETTER * 24)))
    equal((status, [host["address"] for host in json.loads(out)["hosts"]]), (65, ["203.0.113.1"]))
    contains(err, "more than 8388608 bytes")


@test("a folder with a file of a terabyte that is no report")
def _():
    where = folder_of("Large", cur__1=mail(report(ROWS[0])), cur__2=b"\0")
    os.truncate(where / "cur/2", 1 << 40)
    status, out, err = audit("--json", where)
    equal((status, [host["address"] for host in json.loads(out)["hosts"]]), (0, ["203.0.113.1"]))
    equal(err, "heloctl audit: note: 1 files in the folders hold no DMARC report\n")


@test("a file name does not control the terminal, nor add a line")
def _():
    where = folder / "Names"
    where.mkdir()
    for name in ("a\x1b[2J\nheloctl audit: no fault found", "b\udc9b2J", "c\u009b2J", "d\u00fc.gz"):
        (where / name).write_bytes(gzip.compress(report(*ROWS))[:200])
    with subprocess.Popen([helod.HELOCTL, "audit", "-c", str(conf), "--dmarc", str(where)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        names = {line.split(b": ")[1].rpartition(b"/")[2] for line in process.stderr.read().splitlines()}
    equal(names, {b"a?[2J?heloctl audit", b"b?2J", b"c\xc2?2J", "d\u00fc.gz".encode()})


def stop_when_open(process, path):
    """Stops the process as soon as it has the file open. It may have ended by then."""
    fds = pathlib.Path(f"/proc/{process.pid}/fd")
    while process.poll() is None:
        try:
            if any(os.readlink(fd) == str(path.resolve()) for fd in fds.iterdir()):
                break
        except OSError:  # it has closed one
            pass
    process.send_signal(signal.SIGSTOP)


@cases([(0,), (4096,), (3 << 20,), (200 << 20,)], name=lambda row: f"a file of 44 MB that gets {row[0]} bytes while it is read")
def _(size):
    box = put("live.mbox", mbox(mail(report(ROWS[0])), *[LETTER] * 40))
    with subprocess.Popen([helod.HELOCTL, "audit", "-c", str(conf), "--dmarc", "--json", str(box)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        stop_when_open(process, box)
        os.truncate(box, size)
        process.send_signal(signal.SIGCONT)
        process.communicate()
    assert process.returncode in (0, 65), f"ended by {process.returncode}"


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
        assert all(char in "\r\n" or char.isprintable() for char in out), repr(out)


@test("--known without --dmarc, and --dmarc without files, are wrong uses")
def _():
    equal(helod.heloctl("audit", "-c", conf, "--known", known)[0], 64)
    equal(audit()[0], 64)


run()
