#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""heloctl exempt: changes the exempt file of a running helod, which then answers by it."""
import re

from helod import Helod, heloctl, scratch
from tap import contains, equal, run, test

folder = scratch()
path = folder / "exempt"
path.write_text("# exemptions of this site\nhelo mail.partner.example # since ever")  # no line end
daemon = Helod('policy "default" { points { helo_not_fqdn = 100 } }\n'
               f'exempt {{ clients = {{}} files = {{ "{path}" }} }}\nstatus {{ listen = {{ "unix:{folder}/status" }} }}\n')


def exempt(*words):
    return heloctl("exempt", "-c", daemon.conf_path, *words)


@test("add: the line says who, when, why and until, the daemon reloads, and the client is exempt")
def _():
    equal(daemon.ask(client="198.51.100.1", helo="word")[:3], "550")
    status, out, err = exempt("-w", "their printer", "-u", "2099-12-31", "add", "client", "198.51.100.1")
    equal(status, 0, err)
    contains(out, f"{path}: added client 198.51.100.1")
    contains(out, "the new policy file is in force")
    equal(daemon.ask(client="198.51.100.1", helo="word"), "DUNNO")
    lines = path.read_text().splitlines()
    equal(lines[:2], ["# exemptions of this site", "helo mail.partner.example # since ever"])
    assert re.fullmatch(r"client 198\.51\.100\.1 until=2099-12-31 # their printer \(\S+, \d{4}-\d\d-\d\d\)", lines[2]), lines
    equal(len(lines), 3)


@test("add again: the line is replaced; the mode of the file stays")
def _():
    path.chmod(0o640)
    equal(exempt("-w", "still", "add", "client", "198.51.100.1")[0], 0)
    text = path.read_text()
    equal((text.count("198.51.100.1"), "still (" in text, path.stat().st_mode & 0o777), (1, True, 0o640))


@test("add creates the file that the policy file names; without it helod does not load the policy file")
def _():
    first, conf = folder / "first", folder / "first.conf"
    conf.write_text(f'exempt {{ files = {{ "{first}" }} }}\nstatus {{ listen = {{}} }}\n')
    status, _, err = heloctl("exempt", "-c", conf, "list")
    equal(status, 78)
    contains(err, f"{first}: No such file or directory (an empty file will do; heloctl exempt add creates it)")
    status, out, err = heloctl("exempt", "-c", conf, "-w", "the first", "add", "helo", "mail.first.example")
    equal(status, 0, err)
    contains(out, f"{first}: added helo mail.first.example")
    contains(heloctl("exempt", "-c", conf, "list")[1], "mail.first.example # the first")
    equal(first.stat().st_mode & 0o777, 0o644)


@test("list: every exemption with its reason and place")
def _():
    status, out, _ = exempt("list")
    equal(status, 0)
    contains(out, f"helo   mail.partner.example # since ever  [{path}:2]")
    contains(out, f"[{path}:3]")


@test("explain of an exempt greeting says how to judge it again, not how to exempt it")
def _():
    daemon.ask(client="198.51.100.1", helo="explained")
    found = daemon.decision(helo="explained")
    (folder / "log").write_text(daemon.log())
    _, out, err = heloctl("explain", "-c", daemon.conf_path, "-o", found["id"], folder / "log")
    contains(out, "heloctl exempt list", err)
    assert "heloctl exempt add" not in out, out


@test("what the policy file would not accept changes nothing")
def _():
    before = path.read_text()
    for words in (("-w", "x", "add", "client", "198.51.100.0/99"), ("-w", "x", "add", "sender", "a.example")):
        status, _, err = exempt(*words)
        equal(status, 65, err)
        contains(err, "nothing was changed")
        equal(path.read_text(), before)
    for words in (("add", "client", "198.51.100.2"), ("-w", "x", "-u", "soon", "add", "client", "198.51.100.2"),
                  ("add", "client"), ("grant", "client", "198.51.100.2"), ("list", "client", "198.51.100.2")):
        equal(exempt(*words)[0], 64, str(words))
    equal(path.read_text(), before)


@test("add refuses what exempts nobody or everybody, with the remedy, and a date that is over")
def _():
    before = path.read_text()
    for kind, name, part in (("helo", "WIN-3T0K8V5Q1LM", "DNS cannot confirm a name of one label: exempt the client by its "
                                                         "address (client ADDRESS); nothing was changed"),
                             ("helo", "192.0.2.1", "an address is no host name"),
                             ("helo", "[192.0.2.1]", "is an address literal"),
                             ("rdns", "192.0.2.1", "an address is no host name"),
                             ("client", "0.0.0.0/0", 'exempts everybody: to let all mail pass, set mode = "monitor"'),
                             ("client", "::/0", "exempts everybody")):
        status, out, err = exempt("-w", "x", "add", kind, name)
        equal((status, out), (65, ""), err)
        contains(err, part)
    status, out, err = exempt("-w", "x", "-u", "2026-01-01", "add", "client", "198.51.100.9")
    equal((status, out), (64, ""), err)
    contains(err, "--until 2026-01-01 is in the past")
    equal(path.read_text(), before)


@test("add: an entry that is odd is added, with one warning")
def _():
    status, out, err = exempt("-w", "the lab", "add", "helo", "mail.corp")
    equal(status, 0, err)
    contains(out, "added helo mail.corp")
    equal(err.count("warning: "), 1, err)
    contains(err, f'warning: {path}:4: "mail.corp" is not looked up in DNS')
    equal(exempt("remove", "helo", "mail.corp")[::2], (0, ""))


@test("without a unix status socket, add says why helod has not reloaded")
def _():
    conf = folder / "inet.conf"
    conf.write_text(f'exempt {{ files = {{ "{folder}/inet" }} }}\nstatus {{ listen = {{ "inet:127.0.0.1:1" }} }}\n')
    status, out, err = heloctl("exempt", "-c", conf, "-w", "x", "add", "client", "198.51.100.1")
    equal(status, 0, err)
    contains(out, f"{conf} names no unix socket in status {{ listen }}, and helod reloads only over one: reload it yourself")


@test("remove: the line goes and the client is judged again; a line that is not there is reported")
def _():
    equal(exempt("remove", "client", "198.51.100.1")[0], 0)
    equal(daemon.ask(client="198.51.100.1", helo="word")[:3], "550")
    equal(path.read_text(), "# exemptions of this site\nhelo mail.partner.example # since ever\n")
    status, _, err = exempt("remove", "client", "198.51.100.1")
    equal(status, 1, err)
    contains(err, 'has no line "client 198.51.100.1"')


@test("without a helod that runs the file is changed, and it says that a reload is left to do")
def _():
    daemon.stop()
    status, out, err = exempt("-w", "later", "add", "rdns", ".partner.example")
    equal(status, 0, err)
    contains(out, "reload it")
    contains(path.read_text(), "rdns .partner.example # later (")


run()
