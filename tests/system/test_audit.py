#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""heloctl audit against a name server: a pool of 200 addresses of which some are wrong in each of many ways. Every
fault is named, no sound host is accused, and the records it proposes fix the pool."""
import csv
import io
import json
import re
import time

import helod
import nameserver
from tap import cases, contains, equal, note, run, test

DOMAIN = "kiln-street.net"
SOUND, EACH = 160, 2


def sound(address, name, zone):
    """A host with everything in order."""
    kind = "AAAA" if ":" in address else "A"
    zone += [f"{name} 300 {kind} {address}", f"{address} 300 PTR {name}"]
    spf = f'{name} 300 TXT "v=spf1 a -all"'
    if spf not in zone:
        zone.append(spf)


def no_ptr(a, n, zone):
    zone += [f"{n} 300 A {a}", f'{n} 300 TXT "v=spf1 a -all"']
    return n


def ptr_elsewhere(a, n, zone):
    sound("203.0.113.250", n, zone)
    zone.pop(-2)
    zone += [f"{a} 300 PTR gone-{n}", f"gone-{n} 300 A 203.0.113.251", f"{n} 300 A {a}"]
    return n


def other_ptr(a, n, zone):
    zone += [f"{n} 300 A {a}", f'{n} 300 TXT "v=spf1 a -all"', f"{a} 300 PTR web-{n}", f"web-{n} 300 A {a}"]
    return n


def no_address(a, n, zone):
    zone += [f"{a} 300 PTR {n}", f'{n} 300 TXT "v=spf1 ip4:{a} -all"']
    return n


def elsewhere(a, n, zone):
    zone += [f"{n} 300 A 203.0.113.252", f"{a} 300 PTR {n}", f'{n} 300 TXT "v=spf1 ip4:{a} -all"']
    return n


def spf(record):
    def make(a, n, zone):
        zone += [f"{n} 300 A {a}", f"{a} 300 PTR {n}"] + ([f'{n} 300 TXT "{record}"'] if record else [])
        return n
    return make


def greets(helo):
    def make(a, n, zone):
        sound(a, n, zone)
        return helo.replace("ADDRESS", a)
    return make


def default_name(a, _n, zone):
    name = "vps-" + a.replace(".", "-") + ".hosting-of-kent.net"
    sound(a, name, zone)
    return name


def dynamic_mail_name(a, _n, zone):
    """A server's label does not make a dynamic customer address a server's name: helod defers it, so audit reports it."""
    name = "mail-dyn-" + a.replace(".", "-") + ".pool.hosting-of-kent.net"
    sound(a, name, zone)
    return name


def default_ptr(a, n, zone):
    default_name(a, n, zone)
    zone += [f"{n} 300 A {a}", f'{n} 300 TXT "v=spf1 a -all"']
    return n


def named(name):
    def make(a, n, zone):
        own = name.replace("NUMBER", n[4:7])
        sound(a, own, zone)
        return own
    return make


def two_ptrs(a, n, zone):
    sound(a, n, zone)
    zone += [f"{a} 300 PTR web-{n}", f"web-{n} 300 A {a}"]
    return n


# What is done to the hosts, and what is to be said of them, exactly.
WAYS = [
    ("no reverse name", no_ptr, "ptr_missing"),
    ("a reverse name that points elsewhere", ptr_elsewhere, "ptr_stale"),
    ("a reverse name that is another of its names", other_ptr, "ptr_not_helo"),
    ("a name without an address", no_address, "ptr_unconfirmed helo_unresolvable"),
    ("a name that points elsewhere", elsewhere, "ptr_unconfirmed helo_elsewhere"),
    ("SPF that denies", spf("v=spf1 ip4:192.0.2.1 -all"), "spf_denies"),
    ("SPF that is broken", spf("v=spf1 ipv4:192.0.2.1 -all"), "spf_broken"),
    ("no SPF", spf(""), "spf_none"),
    ("SPF that says nothing", spf("v=spf1 ip4:192.0.2.1 ?all"), "spf_neutral"),
    ("a HELO of one label", greets("mailer"), "helo_not_fqdn"),
    ("a literal for HELO", greets("[ADDRESS]"), "helo_literal"),
    ("localhost for HELO", greets("localhost.localdomain"), "helo_reserved"),
    ("HELO with an underscore", greets("mail_1.kiln-street.net"), "helo_syntax"),
    ("a provider's default name", default_name, "helo_generic"),
    ("a dynamic address's name that begins with mail", dynamic_mail_name, "helo_generic"),
    ("a provider's default reverse name", default_ptr, "ptr_not_helo ptr_generic"),
    ("a name out of the series", named("hermes-x.kiln-street.net"), "name_odd"),
    ("a number of another width", named("mail0NUMBER.kiln-street.net"), "name_odd"),
    ("two reverse names", two_ptrs, "ptr_many"),
    ("a name shared with another address", greets("mail001.kiln-street.net"), "helo_of_another"),
]


def build():
    """-> (zone, [(address, helo, wanted faults or None)])"""
    zone, hosts = ["net zone", "arpa zone"], []
    number = 0
    for _ in range(SOUND):
        number += 1
        address, name = f"198.51.{100 + number // 250}.{number % 250 + 1}", f"mail{number:03}.{DOMAIN}"
        sound(address, name, zone)
        hosts.append((address, name, ""))
    sound("2001:db8::25", f"mail002.{DOMAIN}", zone)
    hosts.append(("2001:db8::25", f"mail002.{DOMAIN}", ""))
    for way, (_what, make, wanted) in enumerate(WAYS):
        for again in range(EACH):
            number += 1
            address, name = f"203.0.113.{number - SOUND}", f"mail{number:03}.{DOMAIN}"
            helo = make(address, name, zone)
            hosts.append((address, helo, (way, wanted)))
    return zone, hosts


ZONE, HOSTS = build()
dns = nameserver.FaultDns("\n".join(ZONE) + "\n")
folder = helod.scratch()
conf = folder / "helod.conf"
conf.write_text('dns { servers = { "%s" } timeout = "2s" }\n' % dns.address)
pairs = folder / "pairs"
pairs.write_text("# the pool\n" + "".join(f"{address} {helo}\n" for address, helo, _ in HOSTS))


def audit(*arguments, text=None, seconds=60.0):
    return helod.heloctl("audit", "-c", conf, *arguments, text=text, seconds=seconds)


RESULT = {}


def result():
    if not RESULT:
        status, out, err = audit("--json", pairs)
        RESULT.update(json.loads(out), status=status, err=err)
    return RESULT


def found(address):
    host = next(host for host in result()["hosts"] if host["address"] == address)
    return {fault["fault"] for fault in host["faults"]}, host


@test("a pool of 200 addresses in one go, exit 1")
def _():
    equal(result()["status"], 1)
    equal(len(result()["hosts"]), len(HOSTS))
    assert len(HOSTS) >= 199, len(HOSTS)
    equal(result()["err"], "", "stderr")


@test("no sound host is accused")
def _():
    assert sum(host["identity"] == "verified" for host in result()["hosts"]) >= SOUND
    accused = [(host["address"], host["faults"]) for host in result()["hosts"]
               if host["faults"] and next(wanted for address, _, wanted in HOSTS if address == host["address"]) == ""]
    equal(accused, [])


@cases([(what, way) for way, (what, _make, _wanted) in enumerate(WAYS)], name=lambda row: f"named exactly: {row[0]}")
def _(_what, way):
    wanted = set(WAYS[way][2].split())
    mine = [address for address, _, said in HOSTS if said and said[0] == way]
    equal(len(mine), EACH)
    for address in mine:
        got, host = found(address)
        extra = {"helo_shared"} if WAYS[way][0].startswith("a name out of") else set()
        equal(got - extra, wanted, f"{address} {host['helo']}")


@test("the records it proposes leave nothing wrong once they are published and the greetings are set")
def _():
    zone = list(ZONE)
    for record in result()["records"]:
        owner = record["name"]
        if record["type"] != "A" or record["action"] == "replace":
            zone = [line for line in zone if line.split()[0] != owner or line.split()[2] != record["type"]]
        if record["type"] == "PTR":
            address = ".".join(reversed(owner.split(".")[:4]))
            zone = [line for line in zone if not line.startswith(address + " ")]
        value = '"%s"' % record["value"] if record["type"] == "TXT" else record["value"]
        zone.append(f"{owner} 300 {record['type']} {value}")
    fixed = nameserver.FaultDns("\n".join(zone) + "\n")
    other = folder / "fixed.conf"
    other.write_text('dns { servers = { "%s" } }\n' % fixed.address)
    lines = "".join(f"{host['address']} {host['target'] or host['helo']}\n" for host in result()["hosts"])
    status, out, _ = helod.heloctl("audit", "-c", other, "--json", text=lines)
    wrong = [host for host in json.loads(out)["hosts"] if host["result"] != "ok" and
             any(not fault["advice"] for fault in host["faults"])]
    equal([(host["address"], host["helo"], [f["fault"] for f in host["faults"]]) for host in wrong], [])
    equal(status, 0)


@test("text: faults with what was seen, DNS records as zone lines, settings for each MTA")
def _():
    status, out, _ = audit(pairs)
    equal(status, 1)
    contains(out, "200 hosts" if len(HOSTS) == 200 else f"{len(HOSTS)} hosts")
    contains(out, "\n1.113.0.203.in-addr.arpa. IN PTR mail161.kiln-street.net.\n")
    contains(out, ' IN TXT "v=spf1 ip4:203.0.113.11 ip4:192.0.2.1 -all"\n')
    for part in ("smtp_helo_name=", "smtp_bind_address=203.0.113.", "helo_data", "smtp-source-host 203.0.113.",
                 "ehlo_hostname", "X-Virtual-MTA", "delivery server", "\nDNS records to publish"):
        contains(out, part)
    assert "\033" not in out, "colour without a terminal"


@test("--mta gives every host's setting for that MTA and no other")
def _():
    _, out, _ = audit("--mta", "postfix", pairs)
    renamed = [h for h in result()["hosts"] if h["target"] and h["target"] != h["helo"]]
    equal(len(re.findall(r"smtp_helo_name=", out)), len(renamed))
    assert "helo_data" not in out and "smtp-source-host" not in out
    equal(audit("--mta", "sendmail", pairs)[0], 64)


@test("--csv can be read as CSV, and is no formula")
def _():
    status, out, _ = audit("--csv", text="203.0.113.1 =cmd|x\n203.0.113.2,mail162.kiln-street.net\n")
    rows = list(csv.DictReader(io.StringIO(out)))
    equal((status, len(rows)), (1, 2))
    equal((rows[0]["helo"], rows[0]["result"]), ("'=cmd|x", "wrong"))
    contains(rows[1]["faults"], "ptr_missing")


@test("a sound pair on standard input: exit 0; advice alone: exit 0, with --strict 1")
def _():
    equal(audit(text=f"198.51.100.3 mail002.{DOMAIN}\n")[0], 0)
    advised = next(address for address, _, said in HOSTS if said and WAYS[said[0]][2] == "spf_none")
    line = next(f"{address} {helo}\n" for address, helo, _ in HOSTS if address == advised)
    equal((audit(text=line)[0], audit("--strict", text=line)[0]), (0, 1))


@test("DNS trouble is not called a fault: exit 75")
def _():
    with nameserver.FaultDns("net fault servfail\n*.net fault servfail\n*.arpa fault servfail\n") as broken:
        other = folder / "broken.conf"
        other.write_text('dns { servers = { "%s" } timeout = "500ms" tries = 1 }\n' % broken.address)
        status, out, _ = helod.heloctl("audit", "-c", other, "--json", text=f"198.51.100.3 mail002.{DOMAIN}\n")
    host = json.loads(out)["hosts"][0]
    equal((status, host["result"], host["faults"]), (75, "unknown", []))
    equal(host["identity"], "open")


@test("wrong lines are named by number and left out, the others are audited, exit 65; a missing file 66")
def _():
    pairs = folder / "pairs"
    pairs.write_text("198.51.100.3 a.net\nnonsense\n\n198.51.100.4 a.net b.net\n198.51.100.5 localhost\n")
    status, out, err = audit("--json", pairs)
    equal(status, 65)
    contains(err, f"{pairs}:2: expected an IPv4 or IPv6 address")
    contains(err, f"{pairs}:4: expected only an address and a name")
    contains(err, f"2 of 5 lines of {pairs} are invalid and were skipped")
    equal([host["address"] for host in json.loads(out)["hosts"]], ["198.51.100.3", "198.51.100.5"])
    pairs.write_text("nonsense\n" * 1000 + "198.51.100.5 localhost\n")
    status, out, err = audit("--json", pairs)
    equal((status, err.count("\n"), len(json.loads(out)["hosts"])), (65, 21, 1))
    contains(err, f"1000 of 1001 lines of {pairs} are invalid and were skipped")
    pairs.write_text("198.51.100.3 a.net\n" + "a" * 300_000 + "\n198.51.100.4 localhost\nnonsense\n")
    status, out, err = audit("--json", pairs)
    contains(err, f"{pairs}:2: the line is too long")
    contains(err, f"{pairs}:4: expected an IPv4 or IPv6 address")
    equal([host["address"] for host in json.loads(out)["hosts"]], ["198.51.100.3", "198.51.100.4"])
    equal(audit(folder / "nosuch")[0], 66)
    equal(audit(text="")[0], 65)


@test("hostile names reach neither terminal nor JSON as they are")
def _():
    for form in ((), ("--json",), ("--csv",)):
        _, out, _ = audit(*form, text="198.51.100.3 \033[31m\u00e9\"<script>\n")
        assert all(char in "\r\n" or char.isprintable() for char in out), repr(out)


@test("10,000 pairs in one go, every one told")
def _():
    lines = "".join(f"10.{n // 65536}.{n // 256 % 256}.{n % 256} mail{n % SOUND + 1:03}.{DOMAIN}\n" for n in range(10000))
    began = time.monotonic()
    status, out, _ = audit("--csv", text=lines, seconds=220)
    note(f"{time.monotonic() - began:.1f} s")
    rows = list(csv.DictReader(io.StringIO(out)))
    equal((status, len(rows)), (1, 10000))
    equal({row["result"] for row in rows}, {"wrong"})
    assert all("ptr_missing" in row["faults"] and "helo_elsewhere" in row["faults"] for row in rows)


run()
