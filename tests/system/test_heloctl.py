#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""heloctl check and rules against a name server: what they print, exit statuses, JSON, DNS trouble, foreign bytes."""
import json
import subprocess

import helod
import nameserver
from tap import cases, contains, equal, run, test

ZONE = r"""
mail.honest.org 60 A 192.0.2.1
192.0.2.1 60 PTR mail.honest.org
many.honest.org 60 A 192.0.2.2
192.0.2.2 60 PTR www.honest.org
192.0.2.2 60 PTR many.honest.org
www.honest.org 60 A 192.0.2.2
192.0.2.3 fault servfail
slow.honest.org fault drop
elsewhere.honest.org 60 A 198.51.100.9
192.0.2.4 60 PTR host4.other.net
host4.other.net 60 A 192.0.2.4
v6.honest.org 60 AAAA 2001:db8::25
2001:db8::25 60 PTR v6.honest.org
"""
dns = nameserver.FaultDns(ZONE)
scratch = helod.scratch()
conf = scratch / "helod.conf"
conf.write_text('''
server { deadline = "3s" }
dns { servers = { "%s" } timeout = "1s" }
local { names = { "mx.our.org" } }
policy "default" {
    threshold "mark" { score = 30 action = "prepend" }
    threshold "defer" { score = 70 action = "defer" }
    threshold "reject" { score = 100 action = "reject" }
    points { helo_not_fqdn = 60 rdns_missing = 40 helo_localhost = 80 }
}
policy "quiet" { mode = "monitor" }
''' % dns.address)


def check(*arguments):
    """Exit status, stdout, stderr."""
    return helod.heloctl("check", "-c", conf, *arguments)


@cases([
    ("a sound greeting: 0, dunno", 0, "192.0.2.1", "mail.honest.org", "verdict            dunno"),
    ("no reverse name: 1, mark", 1, "192.0.2.99", "elsewhere.honest.org", "verdict            mark"),
    ("one label and no reverse name: 2 or 3", (2, 3), "192.0.2.99", "mailhost7", "helo_not_fqdn"),
    ("our own name: 3, reject", 3, "192.0.2.99", "mx.our.org", "verdict            reject"),
    ("bytes that no name has: 3, reject", 3, "192.0.2.99", "a?b.org", "550 5.5.2"),
    ("IPv6", 0, "2001:db8::25", "v6.honest.org", "AAAA  v6.honest.org"),
    ("one of several reverse names", 0, "192.0.2.2", "many.honest.org", "many.honest.org (confirmed)"),
], name=lambda row: "check: " + row[0])
def _(_, status, address, helo, line):
    got, out, _ = check(address, helo)
    assert got in (status if isinstance(status, tuple) else (status,)), (got, out)
    contains(out, line)


@test("check: every lookup is shown with its answer")
def _():
    _, out, _ = check("192.0.2.2", "many.honest.org")
    contains(out, "PTR   2.2.0.192.in-addr.arpa  ->  ")
    contains(out, "www.honest.org many.honest.org")
    contains(out, "A     many.honest.org  ->  192.0.2.2")


@test("check: what was asked is what the name server was asked")
def _():
    before = len(dns.questions())
    _, out, _ = check("192.0.2.4", "elsewhere.honest.org", "--json")
    equal({(l["type"].lower(), l["name"]) for l in json.loads(out)["lookups"]}, set(dns.questions()[before:]))


@test("check: DNS trouble is named, and is no finding")
def _():
    status, out, _ = check("192.0.2.3", "slow.honest.org")
    equal(status, 75, "a status of its own: no lookup was answered")
    contains(out, "temperror")
    contains(out, "DNS                no lookup was answered")
    equal(json.loads(check("192.0.2.3", "slow.honest.org", "-j")[1])["dns_down"], True)
    assert "rdns_missing" not in out and "helo_unresolvable" not in out, out


@test("check: without a sender nothing that depends on it is judged, and it says so; '' and <> are a bounce")
def _():
    greeting = ("192.0.2.4", "elsewhere.honest.org")
    _, out, _ = check(*greeting)
    contains(out, "no sender given")
    scores = {sender: json.loads(check(*greeting, "-j", *sender)[1]) for sender in ((), ("-s", ""), ("-s", "<>"))}
    equal((scores[()]["sender"], scores[("-s", "")]["sender"]), (None, ""))
    rules = {sender: {f["rule"] for f in got["findings"]} for sender, got in scores.items()}
    equal(rules[("-s", "")], rules[("-s", "<>")])
    _, out, _ = check(*greeting, "-s", "someone@far.example")
    contains(out, "MAIL FROM:<someone@far.example>")
    # A sender of an unrelated domain is a finding; one that is not given is none.
    got = json.loads(check(*greeting, "-j", "-s", "someone@far.example")[1])
    assert "sender_other_domain" in {f["rule"] for f in got["findings"]}, got
    assert "sender_other_domain" not in rules[()], rules


@test("check: the exemption that applied is named, with its place")
def _():
    exempt = scratch / "exempt.conf"
    exempt.write_text(conf.read_text() + 'exempt {\n    clients = { "192.0.2.99" }\n}\n')
    line = exempt.read_text().splitlines().index('    clients = { "192.0.2.99" }') + 1
    status, out, err = helod.heloctl("check", "-c", exempt, "192.0.2.99", "mx.our.org")
    equal(status, 0, err)
    contains(out, f"not judged: exempt by client 192.0.2.99 ({exempt}:{line})")
    got = json.loads(helod.heloctl("check", "-c", exempt, "-j", "192.0.2.99", "mx.our.org")[1])
    equal((got["skip"], got["exemption"]), ("exempt", "192.0.2.99"))


@test("check: the advice tells the sender what to publish")
def _():
    _, out, _ = check("192.0.2.99", "elsewhere.honest.org")
    contains(out, "to fix             your address 192.0.2.99 has no reverse name")


@test("check, rules, survey: a policy that the file lacks is an error that names the nearest one")
def _():
    for name, said in (("quite", 'has no policy "quite": did you mean "quiet"?'), ("zzz", 'has no policy "zzz"\n')):
        for words in (["check", "192.0.2.99", "mx.our.org"], ["rules"], ["survey", "--offline", "/dev/null"]):
            status, out, err = helod.heloctl(words[0], "-c", conf, "-p", name, *words[1:])
            equal((status, out), (64, ""), words[0])
            contains(err, said)
    equal(check("-p", "default", "192.0.2.2", "mail.honest.org")[0] < 64, True)


@test("check: the reply is the daemon's, under the policy that is asked for")
def _():
    status, out, _ = check("-p", "quiet", "192.0.2.99", "mx.our.org")
    equal(status, 3)
    contains(out, "mode               monitor, which makes it dunno")
    contains(out, "reply to Postfix   action=DUNNO")


@test("check: JSON has findings that add up, evidence and the reply")
def _():
    status, out, _ = check("192.0.2.99", "mailhost7", "--json", "--sender", "a@b.example")
    got = json.loads(out)
    assert status in (2, 3), status
    equal(got["client"], "192.0.2.99")
    equal(got["evidence"]["reverse"], "absent")
    equal(got["score"], sum(f["points"] for f in got["findings"]))
    assert {"helo_not_fqdn", "rdns_missing"} <= {f["rule"] for f in got["findings"]}, got
    assert got["reply"].startswith("action=4") or got["reply"].startswith("action=5"), got["reply"]


@test("check: hostile bytes stay text on the terminal and in JSON")
def _():
    hostile = "a\x1b[31m\"<script>\r\n%s.example"
    _, out, _ = check("192.0.2.99", hostile)
    assert not any(ord(c) < 32 and c != "\n" for c in out), out
    _, out, _ = check("192.0.2.99", hostile, "--json")
    equal(json.loads(out)["helo"], hostile)


@cases([
    ("no such verb", ["rulez"], 64, 'did you mean "rules"'),
    ("no verb like it", ["interpret"], 64, "heloctl --help lists them"),
    ("help about no such verb", ["help", "rulez"], 64, 'did you mean "rules"'),
    ("an unknown option is the verb's", ["rules", "--nope"], 64, "heloctl rules: "),
    ("no such policy, and no file", ["check", "-p", "zzz", "192.0.2.1", "x.example"], 64, 'has no policy "zzz"\n'),
    ("no log", ["report", "/helod-absent/log"], 66, "/helod-absent/log: cannot be read: No such file"),
    ("a folder for a log", ["replay", "/"], 66, "/: cannot be read: Is a directory"),
    ("a log without a decision", ["tune", "/dev/null"], 0, "no decision line in /dev/null"),
    ("no helod", ["stats", "-s", "unix:/helod-absent/status"], 70, "No such file or directory: is helod running?\n"),
    ("no helod at that port", ["stats", "-s", "inet:127.0.0.1:9"], 70, "Connection refused: is helod running?\n"),
    ("no address", ["check", "example", "mail.honest.org"], 64, "not an IPv4 or IPv6 address"),
    ("one argument", ["check", "192.0.2.1"], 64, "usage: heloctl check"),
    ("unknown option", ["check", "--nope", "192.0.2.1", "x.example"], 64, "usage: heloctl check"),
    ("a policy file that is not there", ["check", "-c", "/helod-absent/x", "192.0.2.1", "x.example"], 78, "/helod-absent/x"),
], name=lambda row: "use: " + row[0])
def _(_, arguments, status, text):
    got, _, err = helod.heloctl(*arguments)
    equal(got, status)
    contains(err, text)


@cases([("survey", "-o"), ("report",), ("tune",), ("replay",), ("explain", "7QK2M9A")],
       name=lambda row: f"{row[0]}: of a file that is not there it prints the error alone, and no empty result")
def _(*words):
    for more in ((), ("-j",)):
        if more and words[0] == "explain":
            continue
        status, out, err = helod.heloctl(*words, *more, "/helod-absent/x")
        equal((status, out, err.count("\n")), (66, "", 1), err)
        contains(err, "/helod-absent/x: cannot be read: No such file")


@test("report, survey: that a page cannot be written is said before the work, and a file that was there stays")
def _():
    folder = helod.scratch()
    log, page = folder / "some-log", folder / "some-page"
    log.write_text("a line\n")
    page.write_text("old")
    for words in (["report"], ["survey", "-o"]):
        status, out, err = helod.heloctl(*words, "-w", "/helod-absent/page.html", log)
        equal((status, out), (70, ""))
        equal(err, f"heloctl {words[0]}: /helod-absent/page.html: cannot be written: No such file or directory\n")
        equal(helod.heloctl(*words, "-w", page, "/helod-absent/x")[0], 66)
        equal(page.read_text(), "old")
        equal(helod.heloctl(*words, "-w", folder / "new-page", "/helod-absent/x")[0], 66)
        assert not (folder / "new-page").exists()


@test("rules: every rule once, with the points of the policy")
def _():
    status, out, _ = helod.heloctl("rules", "-c", conf, "--json")
    equal(status, 0)
    rows = json.loads(out)
    names = [row["rule"] for row in rows]
    equal(len(names), len(set(names)))
    points = {row["rule"]: row["points"] for row in rows}
    equal((points["helo_not_fqdn"], points["rdns_missing"]), (60, 40))
    status, text, _ = helod.heloctl("rules", "-c", conf)
    assert all("  %s " % name in text for name in names)


@test("help: each verb tells its options and exit statuses")
def _():
    status, out, _ = helod.heloctl("--help")
    equal(status, 0)
    equal(helod.heloctl("-h"), (0, out, ""))
    for verb in [line.split()[0] for line in out.splitlines() if line.startswith("  ")]:
        status, text, _ = helod.heloctl(verb, "--help")
        equal(status, 0)
        contains(text, "exit status: ")
        equal(helod.heloctl(verb, "-h"), (0, text, ""))
        equal(helod.heloctl("help", verb), (0, text, ""))
        assert "\n\n\n" not in text, verb


@test("a full disk is told, and the exit status is no verdict")
def _():
    for arguments in (["rules"], ["check", "-c", conf, "192.0.2.99", "elsewhere.honest.org"], ["report", "/dev/null"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([helod.HELOCTL, *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=helod.PATIENCE, check=False)
        equal(done.returncode, 70, arguments)
        contains(done.stderr, "the output could not be written: No space left")


run()
