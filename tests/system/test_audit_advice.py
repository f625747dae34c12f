#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What heloctl audit tells people to do, pasted into the real programs: named-checkzone reads the records, Postfix and
Exim send mail with the settings, OpenSMTPD reads them. And what the advice says: add, replace or leave, names that are
free, one setting for a dual-stack host."""
import json
import os
import re
import shutil
import subprocess

import helod
import nameserver
import postfix
import unpacked
from tap import cleanup, contains, equal, run, skip, test

# Two servers, of which the first has both families; both greet with a name that cannot exist.
ZONE = """
127.0.0.11 300 PTR mail1.kiln-street.net
mail1.kiln-street.net 300 A 127.0.0.11
::1 300 PTR mail1.kiln-street.net
mail1.kiln-street.net 300 AAAA ::1
mail1.kiln-street.net 300 TXT "v=spf1 a -all"
127.0.0.12 300 PTR mail2.kiln-street.net
mail2.kiln-street.net 300 A 127.0.0.12
mail2.kiln-street.net 300 TXT "v=spf1 a -all"
"""
PAIRS = "127.0.0.11 localhost.localdomain\n::1 localhost.localdomain\n127.0.0.12 localhost.localdomain\n"
folder = helod.scratch()


def configure(zone):
    """A policy file that queries a server of this zone."""
    dns = nameserver.FaultDns("net zone\narpa zone\n" + zone)
    conf = folder / f"helod-{dns.port}.conf"
    conf.write_text('dns { servers = { "%s" } timeout = "2s" }\n' % dns.address)
    return conf


CONF = configure(ZONE)


def audit(zone, pairs, *arguments):
    """-> (exit status, text)"""
    conf = configure(zone) if zone is not None else CONF
    status, out, err = helod.heloctl("audit", "-c", conf, *arguments, text=pairs)
    equal(err, "", "stderr")
    return status, out


def judged(zone, pairs):
    """The JSON output, with the hosts by address and the records as (name, type, value, action)."""
    said = json.loads(audit(zone, pairs, "--json")[1])
    said["by"] = {host["address"]: host for host in said["hosts"]}
    said["list"] = [(r["name"], r["type"], r["value"], r["action"]) for r in said["records"]]
    return said


def blocks(out):
    """Blocks of the output by what their first line begins with, that line included."""
    found = {}
    for block in out.split("\n\n"):
        first = block.lstrip("\n").split("\n", 1)[0]
        found[re.sub(r"^(#|//|;) ", "", first).split(":")[0].split(" (")[0]] = block.strip("\n") + "\n"
    return found


class Receiver:
    """heloctl listen, which says who greets how from where."""

    def __init__(self, host="localhost"):
        self.port = helod.free_port()
        self.log = folder / f"receiver-{self.port}"
        with open(self.log, "wb") as log:
            process = subprocess.Popen([helod.HELOCTL, "listen", "-c", CONF, f"{host}:{self.port}"],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.PIPE, text=True)
        cleanup(process.kill)
        contains(process.stderr.readline(), "ready on")

    def greetings(self):
        return [line for line in self.log.read_text().splitlines() if " EHLO " in line]

    def wait(self, wanted, send):
        """Sends to one recipient after the other until all have been seen: which source is taken is random."""
        seen = set()
        for n in range(60):
            count = len(self.greetings())
            send(f"b{n}@elsewhere.net")
            helod.wait_for(lambda count=count: len(self.greetings()) > count, what="a greeting")
            seen = {re.sub(r" \(TLS[^)]*\)", "", line) for line in self.greetings()}
            if seen >= wanted or seen - wanted:
                break
        equal(seen, wanted)


@test("named-checkzone reads every zone of the records, and each record is in it")
def _():
    if not shutil.which("named-checkzone", path="/usr/bin:/usr/sbin"):
        skip("named-checkzone is not installed (bind9-utils)")
    zone = 'mail3.kiln-street.net 300 TXT "v=spf1 ip4:192.0.2.1 \\"x\\" -all"\n203.0.113.9 300 PTR old.kiln-street.net\n'
    pairs = "203.0.113.9 mail1.kiln-street.net\n203.0.113.10 mail2.kiln-street.net\n2001:db8::5 mail3.kiln-street.net\n"
    out = audit(zone, pairs)[1]
    zones = {name[5:]: text for name, text in blocks(out).items() if name.startswith("zone ")}
    equal(sorted(zones), ["0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "113.0.203.in-addr.arpa", "kiln-street.net"])
    for name, text in zones.items():
        path = folder / "zone"
        path.write_text(f"$TTL 300\n@ SOA ns.invalid. root.invalid. 1 3600 600 86400 60\n@ NS ns.invalid.\n{text}")
        done = subprocess.run(["named-checkzone", "-D", "-o", "-", name, str(path)], capture_output=True, text=True,
                              check=False)
        equal(done.returncode, 0, done.stdout + done.stderr)
        records = [line for line in text.splitlines() if not line.startswith(";")]
        equal(len([line for line in done.stdout.splitlines() if re.search(r"\sIN\s+(A|AAAA|PTR|TXT)\s", line)]), len(records))


@test("Postfix: postconf shows the transports, postfix check is silent, mail leaves with the right name and address")
def _():
    if postfix.possible():
        skip(postfix.possible())
    parts = blocks(audit(None, PAIRS, "--mta", "postfix")[1])
    receiver = Receiver()
    mx = postfix.Postfix({}, main={"relayhost": f"[127.0.0.1]:{receiver.port}", "default_transport": "smtp"},
                         services=parts["Postfix, /etc/postfix/master.cf"], start=False)
    with open(mx.etc / "main.cf", "a") as main:
        main.write(parts["Postfix, /etc/postfix/main.cf"])
    shown = mx.command("/usr/sbin/postconf", "-c", str(mx.etc), "-M").stdout
    equal(re.findall(r"(?m)^(out-\S+) +unix", shown), ["out-127-0-0-11", "out-127-0-0-12"])
    for _ in range(2):  # the first time Postfix 3.10 reports which files it copies into the chroot
        checked = mx.command("/usr/sbin/postfix", "-c", str(mx.etc), "check")
    equal((checked.returncode, checked.stdout + checked.stderr), (0, ""))
    mx.start()
    cleanup(mx.stop)
    receiver.wait({"127.0.0.11 EHLO mail1.kiln-street.net: ok", "127.0.0.12 EHLO mail2.kiln-street.net: ok"},
                  lambda to: mx.submit("a@kiln-street.net", to, "Subject: test\n\nbody\n"))
    # The same transport to a server that has IPv6 alone.
    six = Receiver("[::1]")
    mx.command("/usr/sbin/postconf", "-c", str(mx.etc), f"relayhost=[::1]:{six.port}",
               "sender_dependent_default_transport_maps=static:{out-127-0-0-11:}")
    mx.command("/usr/sbin/postfix", "-c", str(mx.etc), "reload")
    mx.wait_log("reload")
    six.wait({"::1 EHLO mail1.kiln-street.net: ok"},
             lambda to: mx.submit("a@kiln-street.net", to, "Subject: test\n\nbody\n"))
    mx.stop()


@test("Postfix: a pool of one name needs one line of main.cf")
def _():
    pairs = "127.0.0.11 localhost\n::1 localhost\n"
    parts = blocks(audit(None, pairs, "--mta", "postfix")[1])
    equal(parts["Postfix, /etc/postfix/main.cf"].splitlines()[-1], "smtp_helo_name = mail1.kiln-street.net")
    assert "Postfix, /etc/postfix/master.cf" not in parts, parts


EXIM = """
keep_environment =
primary_hostname = wrong.kiln-street.net
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
exim_path = {program}
exim_user = Debian-exim
exim_group = Debian-exim
begin routers
all:
  driver = manualroute
  transport = remote_smtp
  route_list = * {to}
  self = send
begin transports
remote_smtp:
  driver = smtp
  port = {port}
  hosts_try_fastopen =
{pasted}
"""


@test("Exim: -bV reads the settings, -be finds each name, mail leaves with the right name and address")
def _():
    exim = unpacked.Unpacked("exim4")
    place = folder / "exim"
    place.mkdir()
    parts = {name: text.replace("/etc/exim4/", f"{place}/")
             for name, text in blocks(audit(None, PAIRS, "--mta", "exim")[1]).items()}
    for table in ("helo_data", "interface"):
        (place / table).write_text(parts[f"Exim, /etc/exim4/{table}"])
    for path in (place, place / "helo_data", place / "interface"):
        path.chmod(0o777 if path == place else 0o644)
    receiver, six = Receiver(), Receiver("[::1]")
    for name, to, port in (("conf", "127.0.0.1", receiver.port), ("conf6", "::1", six.port)):
        (place / name).write_text(EXIM.format(folder=place, program=exim.program, port=port, to=to.replace(":", "::"),
                                              pasted=parts["Exim, in the smtp transport"]))
    status, said = exim.run("-C", place / "conf", "-bV")
    equal(status, 0, said)
    for address, name in (("127.0.0.11", "mail1"), ("::1", "mail1"), ("127.0.0.12", "mail2")):
        said = exim.run("-C", place / "conf", "-be", "${lookup{%s}iplsearch{%s/helo_data}{$value}{none}}" % (address, place))
        equal(said, (0, f"{name}.kiln-street.net\n"))

    def send(conf, to):
        said = exim.run("-C", place / conf, "-odi", "-f", "a@kiln-street.net", to, text="Subject: test\n\nbody\n")
        equal(said[0], 0, said[1])
    receiver.wait({"127.0.0.11 EHLO mail1.kiln-street.net: ok", "127.0.0.12 EHLO mail2.kiln-street.net: ok"},
                  lambda to: send("conf", to))
    # The second server has no IPv6 address, so this asks for the first until it is chosen.
    (place / "interface").write_text(parts["Exim, /etc/exim4/interface"].replace("1: <; 127.0.0.12", "1: <; ::1"))
    six.wait({"::1 EHLO mail1.kiln-street.net: ok"}, lambda to: send("conf6", to))


@test("OpenSMTPD: smtpd -n reads the settings, of a pool and of one name")
def _():
    smtpd = unpacked.Unpacked("smtpd")
    for pairs in (PAIRS, "127.0.0.11 localhost\n::1 localhost\n"):
        text = blocks(audit(None, pairs, "--mta", "opensmtpd")[1])["OpenSMTPD, smtpd.conf"]
        contains(text, "mail1.kiln-street.net")
        conf = folder / "smtpd.conf"
        conf.write_text("listen on lo\n" + text)
        equal(smtpd.run("-n", "-f", conf), (0, "configuration OK\n"))


@test("KumoMTA's sources.toml and Stalwart's config.toml are TOML with every address and name")
def _():
    try:
        import tomllib
    except ImportError:
        skip("Python has no tomllib before 3.11")
    kumo = tomllib.loads(audit(None, PAIRS, "--mta", "kumomta")[1].split("right name:\n")[1])
    equal({(s["source_address"], s["ehlo_domain"]) for s in kumo["source"].values()},
          {("127.0.0.11", "mail1.kiln-street.net"), ("::1", "mail1.kiln-street.net"),
           ("127.0.0.12", "mail2.kiln-street.net")})
    equal(set(kumo["pool"]["outbound"]), set(kumo["source"]))
    stalwart = tomllib.loads(audit(None, PAIRS, "--mta", "stalwart")[1].split("right name:\n")[1])
    equal(sorted((s["ehlo-hostname"], s["source-ips"]) for s in stalwart["queue"]["connection"].values()),
          [("mail1.kiln-street.net", ["127.0.0.11", "::1"]), ("mail2.kiln-street.net", ["127.0.0.12"])])


@test("--mta: every name has settings, those that were not tried say so, and a wrong name lists all of them")
def _():
    status, _, err = helod.heloctl("audit", "-c", CONF, "--mta", "sendmail", text=PAIRS)
    equal(status, 64)
    names = err.split("expected one of: ")[1].split()
    equal(names, "postfix exim opensmtpd powermta momentum kumomta haraka halon stalwart mailwizz".split())
    for name in names:
        out = audit(None, PAIRS, "--mta", name)[1].split("right name:\n")[1]
        contains(out, "mail2.kiln-street.net")
        equal("not tried" in out, name not in ("postfix", "exim", "opensmtpd"), name)


@test("every line of advice without --mta begins in column 0, but for what belongs to a line before it")
def _():
    zone = ZONE + "".join(f"mail{n}.kiln-street.net 300 A 127.0.1.{n}\n127.0.1.{n} 300 PTR mail{n}.kiln-street.net\n"
                          for n in range(3, 9))
    out = audit(zone, PAIRS + "".join(f"127.0.1.{n} localhost\n" for n in range(3, 9)))[1]
    for block in blocks(out.split("right name:\n")[1]).values():
        assert not block.startswith(" "), block
    contains(out, "# 5 more: heloctl audit --mta postfix shows all of them\n")


# ---- add, replace or leave

@test("a record is replaced, never a second one beside it; the JSON says what it replaces")
def _():
    zone = ("203.0.113.1 300 PTR mail1.kiln-street.net\nmail1.kiln-street.net 300 A 203.0.113.1\n"
            'mail1.kiln-street.net 300 TXT "v=spf1 ip4:192.0.2.1 -all"\n'
            # Of a name that a host gets from its reverse name, too.
            "203.0.113.2 300 PTR mail2.kiln-street.net\nmail2.kiln-street.net 300 A 203.0.113.2\n"
            'mail2.kiln-street.net 300 TXT "v=spf1 ip4:192.0.2.2 -all"\n'
            "203.0.113.3 300 PTR old.kiln-street.net\nmail3.kiln-street.net 300 A 203.0.113.3\n"
            'mail3.kiln-street.net 300 TXT "v=spf1 a -all"\n')
    pairs = "203.0.113.1 mail1.kiln-street.net\n203.0.113.2 localhost\n203.0.113.3 mail3.kiln-street.net\n"
    said = judged(zone, pairs)
    equal(said["list"], [
        ("mail1.kiln-street.net", "TXT", "v=spf1 ip4:203.0.113.1 ip4:192.0.2.1 -all", "replace"),
        ("mail2.kiln-street.net", "TXT", "v=spf1 ip4:203.0.113.2 ip4:192.0.2.2 -all", "replace"),
        ("3.113.0.203.in-addr.arpa", "PTR", "mail3.kiln-street.net", "replace")])
    equal([r["replaces"] for r in said["records"]],
          ["v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.2 -all", "old.kiln-street.net."])
    contains(audit(zone, pairs)[1], "; replaces the TXT record v=spf1 ip4:192.0.2.1 -all\nmail1.kiln-street.net. IN TXT ")


@test("what is right already is not mentioned: a PTR that exists, an address that the record's `a` or network covers")
def _():
    zone = ("203.0.113.1 300 PTR mail1.kiln-street.net\nmail1.kiln-street.net 300 TXT \"v=spf1 a -all\"\n"
            "203.0.113.2 300 PTR mail2.kiln-street.net\nmail2.kiln-street.net 300 A 192.0.2.2\n"
            "mail2.kiln-street.net 300 TXT \"v=spf1 +A:mail2.kiln-street.net -all\"\n"
            "203.0.113.3 300 PTR mail3.kiln-street.net\nmail3.kiln-street.net 300 TXT \"v=spf1 ip4:203.0.113.0/24 -all\"\n")
    pairs = "".join(f"203.0.113.{n} mail{n}.kiln-street.net\n" for n in (1, 2, 3))
    equal(judged(zone, pairs)["list"], [("mail1.kiln-street.net", "A", "203.0.113.1", "add"),
                                        ("mail2.kiln-street.net", "A", "203.0.113.2", "replace"),
                                        ("mail3.kiln-street.net", "A", "203.0.113.3", "add")])


@test("the SPF record of a domain with mail of its own is never closed by our advice, nor replaced when it is broken")
def _():
    base = "203.0.113.1 300 PTR kiln-street.net\nkiln-street.net 300 A 203.0.113.1\n"
    equal(judged(base, "203.0.113.1 kiln-street.net\n")["list"],
          [("kiln-street.net", "TXT", "v=spf1 a ?all", "add")])
    two = base + 'kiln-street.net 300 TXT "v=spf1 a -all"\nkiln-street.net 300 TXT "v=spf1 mx -all"\n'
    equal(judged(two, "203.0.113.1 kiln-street.net\n")["list"], [])
    contains(audit(two, "203.0.113.1 kiln-street.net\n")[1], "; kiln-street.net: fix the SPF record of this name by hand")


# ---- names

SERIES = "".join(f"203.0.113.{n} 300 PTR mail{n}.kiln-street.net\nmail{n}.kiln-street.net 300 A 203.0.113.{n}\n"
                 f"mail{n}.kiln-street.net 300 TXT \"v=spf1 a -all\"\n" for n in (1, 2, 3))
SERIES_PAIRS = "".join(f"203.0.113.{n} mail{n}.kiln-street.net\n" for n in (1, 2, 3))


@test("a proposed name is free: one that DNS knows is passed over, none is given twice, DNS trouble proposes nothing")
def _():
    zone = SERIES + "mail4.kiln-street.net 300 A 192.0.2.44\nmail6.kiln-street.net 300 AAAA 2001:db8::6\n"
    said = judged(zone, SERIES_PAIRS + "203.0.113.21 localhost\n203.0.113.22 localhost\n203.0.113.23 localhost\n")
    equal({said["by"][f"203.0.113.{n}"]["target"] for n in (21, 22, 23)},
          {"mail5.kiln-street.net", "mail7.kiln-street.net", "mail8.kiln-street.net"})
    broken = SERIES + "".join(f"mail{n}.kiln-street.net fault servfail\n" for n in range(4, 40))
    out = audit(broken, SERIES_PAIRS + "203.0.113.21 localhost\n")[1]
    contains(out, "greet with a name of your own domain that no other host has")


@test("the host's own confirmed reverse name is preferred to a new one")
def _():
    zone = SERIES + "203.0.113.30 300 PTR hermes.kiln-street.net\nhermes.kiln-street.net 300 A 203.0.113.30\n"
    equal(judged(zone, SERIES_PAIRS + "203.0.113.30 localhost\n")["by"]["203.0.113.30"]["target"],
          "hermes.kiln-street.net")


@test("one global HELO on a server with several addresses is named, with the count; each gets a name of its own")
def _():
    zone = SERIES.replace("203.0.113.3 300 PTR mail3.kiln-street.net\n", "")
    pairs = "".join(f"203.0.113.{n} mail1.kiln-street.net\n" for n in (1, 2, 3)) + "203.0.113.4 mail2.kiln-street.net\n"
    pairs += "203.0.113.5 mail3.kiln-street.net\n"
    said = judged(zone + "203.0.113.5 300 PTR mail3.kiln-street.net\nmail3.kiln-street.net 300 A 203.0.113.5\n", pairs)
    for address in ("203.0.113.2", "203.0.113.3"):
        fault = said["by"][address]["faults"]
        equal([f["fault"] for f in fault if f["fault"].startswith("helo")], ["helo_of_another"])
        equal(next(f["detail"] for f in fault if f["fault"] == "helo_of_another"),
              "mail1.kiln-street.net is 203.0.113.1; 2 other addresses greet with it")
    equal(said["by"]["203.0.113.1"]["faults"], [])
    equal(said["by"]["203.0.113.2"]["target"], "mail2.kiln-street.net")
    assert said["by"]["203.0.113.3"]["target"] not in (None, "mail1.kiln-street.net"), said["by"]["203.0.113.3"]


@test("a pool behind NAT with one name keeps it, and gets one name with all addresses")
def _():
    zone = ('out.kiln-street.net 300 A 203.0.113.1\nout.kiln-street.net 300 A 203.0.113.2\n'
            'out.kiln-street.net 300 TXT "v=spf1 a -all"\n203.0.113.1 300 PTR out.kiln-street.net\n')
    said = judged(zone, "".join(f"203.0.113.{n} out.kiln-street.net\n" for n in (1, 2, 3)))
    equal({host["target"] for host in said["hosts"]}, {"out.kiln-street.net"})
    equal(said["list"], [("out.kiln-street.net", "A", "203.0.113.3", "add"),
                         ("2.113.0.203.in-addr.arpa", "PTR", "out.kiln-street.net", "add"),
                         ("3.113.0.203.in-addr.arpa", "PTR", "out.kiln-street.net", "add")])
    said = audit(zone, "".join(f"203.0.113.{n} localhost\n" for n in (1, ))
                 + "203.0.113.2 out.kiln-street.net\n", "--mta", "postfix")[1]
    contains(said, "smtp_helo_name = out.kiln-street.net\n")


@test("leftovers of a move: the reverse name of the old host, the HELO name of the old host")
def _():
    zone = ("old.kiln-street.net 300 A 192.0.2.1\nold.kiln-street.net 300 TXT \"v=spf1 a -all\"\n"
            "203.0.113.1 300 PTR old.kiln-street.net\nnew.kiln-street.net 300 A 203.0.113.1\n"
            "new.kiln-street.net 300 TXT \"v=spf1 a -all\"\n"
            "203.0.113.2 300 PTR next.kiln-street.net\nnext.kiln-street.net 300 A 203.0.113.2\n")
    said = judged(zone, "203.0.113.1 new.kiln-street.net\n203.0.113.2 old.kiln-street.net\n")
    equal([[f["fault"] for f in said["by"][a]["faults"]] for a in ("203.0.113.1", "203.0.113.2")],
          [["ptr_stale"], ["helo_stale"]])
    equal(said["by"]["203.0.113.2"]["target"], "next.kiln-street.net")


@test("names that do not fit the pool: three with two others, and one series in two spellings")
def _():
    for names, odd in ((("mail1", "mail2", "mail3", "hermes", "ajax"), {"hermes", "ajax"}),
                       (("mail1", "mail2", "mail3", "mail-4"), {"mail-4"}),
                       (("mail1", "mail2", "mail3", "out1", "out2", "out3"), set())):
        zone = "".join(f"{name}.kiln-street.net 300 A 203.0.113.{n}\n203.0.113.{n} 300 PTR {name}.kiln-street.net\n"
                       f"{name}.kiln-street.net 300 TXT \"v=spf1 a -all\"\n" for n, name in enumerate(names, 1))
        said = judged(zone, "".join(f"203.0.113.{n} {name}.kiln-street.net\n" for n, name in enumerate(names, 1)))
        equal({host["helo"].split(".")[0] for host in said["hosts"] if host["faults"]}, odd)


# ---- input, --since, polish

@test("input as people have it: byte order mark, header, quotes, semicolons, tabs, audit's own CSV")
def _():
    wanted = [("127.0.0.11", "localhost"), ("127.0.0.12", "mail2.kiln-street.net")]
    own = audit(None, "127.0.0.11 localhost\n127.0.0.12 mail2.kiln-street.net\n", "--csv")[1]
    for text in ("\ufeff127.0.0.11 localhost\r\n127.0.0.12 mail2.kiln-street.net\r\n",
                 "\ufeffIP;HELO;remark\n127.0.0.11;localhost;first\n127.0.0.12;mail2.kiln-street.net;\n",
                 '"address","helo"\n"127.0.0.11","localhost"\n"127.0.0.12","mail2.kiln-street.net"\n',
                 "hostname,ip address\nlocalhost,127.0.0.11\nmail2.kiln-street.net,127.0.0.12\n",
                 "address\thelo\n127.0.0.11\tlocalhost\n127.0.0.12\tmail2.kiln-street.net\t# second\n", own):
        said = json.loads(audit(None, text, "--json")[1])
        equal([(host["address"], host["helo"]) for host in said["hosts"]], wanted, repr(text))
    status, _, err = helod.heloctl("audit", "-c", CONF, text="nonsense here\n127.0.0.11 localhost\n")
    equal((status, "-:1: " in err), (65, True))


@test("one host in two spellings, or once without its name, is one host")
def _():
    said = json.loads(audit(None, "127.0.0.12 Mail2.Kiln-Street.net\n127.0.0.12\n127.0.0.12 mail2.kiln-street.net\n",
                            "--json")[1])
    equal([(host["address"], host["faults"]) for host in said["hosts"]], [("127.0.0.12", [])])


@test("--since: nothing when nothing changed; what is new, fixed and gone; exit 1 only for what became worse")
def _():
    before = folder / "before.json"
    pairs = "127.0.0.11 mail1.kiln-street.net\n127.0.0.12 localhost\n"
    before.write_text(audit(None, pairs, "--json")[1])
    equal(audit(None, pairs, "--since", before), (0, ""))
    status, out = audit(None, "127.0.0.11 mail1.kiln-street.net\n127.0.0.12 mail2.kiln-street.net\n", "--since", before)
    equal((status, out), (0, "127.0.0.12 localhost (no longer listed)\n"))
    worse = ZONE.replace("127.0.0.11 300 PTR mail1.kiln-street.net\n", "")
    status, out = audit(worse, pairs, "--since", before)
    equal(status, 1)
    equal(out, "127.0.0.11 mail1.kiln-street.net\n  ptr_missing        new: there is no reverse name\n")
    status, out = audit(None, pairs + "::1 localhost\n", "--since", before)
    contains(out, "::1 localhost (new)\n")
    equal(status, 1)
    healed = folder / "worse.json"
    healed.write_text(audit(worse, pairs, "--json")[1])
    equal(audit(None, pairs, "--since", healed), (0, "127.0.0.11 mail1.kiln-street.net\n  ptr_missing        fixed\n"))
    for text, wanted in (("{}", 65), (None, 66)):
        path = folder / "nosuch"
        if text:
            path = folder / "bad.json"
            path.write_text(text)
        equal(helod.heloctl("audit", "-c", CONF, "--since", path, text=pairs)[0], wanted)


def resident(path):
    """The exit status of an audit since this one, and the most memory that it used, in bytes."""
    with subprocess.Popen([helod.HELOCTL, "audit", "-c", str(CONF), "--since", str(path)], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        process.stdin.write(b"127.0.0.11 mail1.kiln-street.net\n")
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024


@test("--since: memory grows with the hosts of the earlier audit, not with the size of its file")
def _():
    begin, path = '{"hosts": [{"address": "127.0.0.11", "helo": "mail1.kiln-street.net", ', folder / "large.json"
    path.write_text(begin + '"faults": []}]}')
    status, small = resident(path)
    for open_, piece, close in (('"note": "', "x" * 1024, '"'), ("", '"helo": "%s", ' % ("y" * 1000), '"faults": []')):
        with path.open("w") as file:  # in pieces: the memory of this process counts as that of its children
            file.write(begin + open_)
            for _ in range(64 << 10):
                file.write(piece)
            file.write(close + "}]}")
        again, large = resident(path)
        equal(again, status)
        assert large < small + (16 << 20), f"{small} bytes, {large} for 64 MiB more"
    path.unlink()


@test("wrong uses: -J 10x; and no heading over nothing")
def _():
    for jobs in ("10x", "", "0", "-1", "2001"):
        equal(helod.heloctl("audit", "-c", CONF, "-J", jobs, text=PAIRS)[0], 64, jobs)
    out = audit(None, "127.0.0.12 mail2.kiln-street.net\n")[1]
    equal(out, "1 host, 0 wrong, 0 undecided\n")
    ugly = ('203.0.113.1 300 PTR mail1.kiln-street.net\nmail1.kiln-street.net 300 A 203.0.113.1\n203.0.113.1 300 PTR b.net\n'
            'mail1.kiln-street.net 300 TXT "v=spf1 a -all"\n')
    out = audit(ugly, "203.0.113.1 mail1.kiln-street.net\n")[1]
    contains(out, "ptr_many")
    assert "DNS records" not in out and "Settings" not in out, out


@test("help that cannot be written fails: exit 70; spf with a mail address says what to do instead")
def _():
    for words in (["--help"], ["help"], ["audit", "--help"], ["--version"]):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([helod.HELOCTL, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        equal(done.returncode, 70, words)
        contains(done.stderr, "could not be written")
    status, _, err = helod.heloctl("spf", "-c", CONF, "192.0.2.1", "user@kiln-street.net")
    equal(status, 64)
    contains(err, "is a mail address; give its domain, and the address with --sender")


run()
