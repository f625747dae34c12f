#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Where the decisions go, and that the programs that read logs can: the journal, JSON lines, logrotate, fail2ban,
rsyslog, lnav, grok. Each with the real program, on lines of a real helod."""
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

from helod import PATIENCE, TOP, Helod, decision_fields, free_port, scratch, wait_for
from tap import cleanup, contains, equal, run, skip, test

CONTRIB = TOP / "contrib"
FORGED = 'x action=reject client=192.0.2.66 " id=A client=192.0.2.67 \\" client=192.0.2.68'
FOLDER = scratch()
REJECTED = {"helo": "bad_name!", "client": "203.0.113.77"}


def need(program):
    if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
        skip(f"{program} is not installed")


def called(*words, **more):
    """Runs a program to its end; (status, output)."""
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=PATIENCE, **more)
    return done.returncode, done.stdout


def syslog_lines():
    """Two rejections, the second of a hostile name, and a mail that passed, as a syslog file of today has them."""
    with Helod() as daemon:
        daemon.ask(**REJECTED)
        daemon.ask(helo=FORGED, client="203.0.113.78", client_name="mail.ok.example")
        daemon.ask(client="203.0.113.79", client_name="mail.kiln-street.net")
        lines = [line.partition("decision v=")[2] for line in daemon.log().splitlines() if "decision v=" in line]
    stamp = time.strftime("%b %e %H:%M:%S")
    return "".join(f"{stamp} mx helod[77]: decision v={line}\n" for line in lines)


@test("JSON lines: every field of the decision line, hostile bytes only as text")
def _():
    path = FOLDER / "fields.json"
    daemon = Helod(f'log {{ to = "file" file = "{path}" }}')
    daemon.ask(**REJECTED)
    daemon.ask(helo=FORGED, client="203.0.113.78")
    daemon.stop()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    decisions = [line for line in lines if "action" in line]
    equal([row["helo"] for row in decisions], ["bad_name!", FORGED])
    first = decisions[0]
    equal((first["action"], first["client"], first["v"], type(first["score"])), ("reject", "203.0.113.77", 1, int))
    contains(first["findings"], "helo_bad_syntax:")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["time"]) for line in lines), lines
    assert any("stopping" in line.get("message", "") and line["level"] == "info" for line in lines), lines
    equal(path.stat().st_mode & 0o027, 0, "what others may do with it")


@test("logrotate moves the JSON file, helod opens it anew, no line is lost")
def _():
    need("logrotate")
    path = FOLDER / "rotated" / "helod.json"
    path.parent.mkdir()
    daemon = Helod(f'log {{ to = "file" file = "{path}" }}')
    text = (CONTRIB / "logrotate/helod").read_text()
    contains(text, "systemctl kill --signal=USR1 helod.service")
    text = text.replace("/var/log/helod/helod.json", str(path)).replace("su helod helod", "")
    text = text.replace("systemctl kill --signal=USR1 helod.service", f"kill -USR1 {daemon.process.pid}")
    rule = FOLDER / "rotate.conf"
    rule.write_text(text)
    rule.chmod(0o644)
    for i in range(20):
        daemon.ask(helo=f"n{i}")
        if i in (6, 13):
            status, said = called("logrotate", "--force", "--state", FOLDER / "state", rule)
            equal((status, said), (0, ""))
            wait_for(lambda: path.exists(), what="the new file")
    daemon.stop()
    names = []
    for part in ("helod.json.2.gz", "helod.json.1", "helod.json"):
        raw = (path.parent / part).read_bytes()
        rows = [json.loads(line) for line in
                (subprocess.run(["gzip", "-dc"], input=raw, stdout=subprocess.PIPE, check=True).stdout
                 if part.endswith(".gz") else raw).splitlines()]
        found = [row["helo"] for row in rows if "helo" in row]
        assert found, f"{part} has no decision"
        names += found
    equal(names, [f"n{i}" for i in range(20)])


@test("a log file that cannot be opened is said, and the log goes on where it was")
def _():
    path = scratch() / "nowhere" / "helod.json"
    with Helod('log { to = "file" file = "%s" }' % path) as daemon:
        contains(daemon.wait_log(str(path)), "No such file")
        daemon.ask(helo="still-logged")
        daemon.decision(helo="still-logged")


def read_native(data):
    """Fields of a datagram of the journal's native protocol."""
    fields = {}
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = struct.unpack("<Q", data[:8])[0]
            value, data = data[8:8 + size], data[8 + size + 1:]
        fields[name.decode()] = value.decode()
    return fields


def journal_at(place):
    """A helod to which the folder `place` is the journal's, in a mount namespace of its own."""
    for folder in ("/run/systemd", "/run/systemd/journal"):
        if not os.path.exists(folder):
            os.mkdir(folder)
            cleanup(os.rmdir, folder)
    script = 'mount --bind "$0" /run/systemd/journal && exec "$@"'
    return Helod('log { to = "journal" }',
                 wrapper=["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(place)])


@test("the journal gets each decision with its fields, in the native protocol")
def _():
    if os.geteuid() != 0:
        skip("this machine: not root, no mount namespace")
    place = scratch()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(place / "socket"))
        journal.settimeout(PATIENCE)
        daemon = journal_at(place)
        daemon.ask(**REJECTED)
        daemon.ask(helo=FORGED, client="203.0.113.78")
        seen = []
        while len(seen) < 2:
            fields = read_native(journal.recv(65536))
            if "HELOD_ACTION" in fields:
                seen.append(fields)
        daemon.stop()
    equal([fields["HELOD_HELO"] for fields in seen], ["bad_name!", FORGED])
    first = seen[0]
    equal((first["HELOD_ACTION"], first["HELOD_CLIENT"]), ("reject", "203.0.113.77"))
    equal((first["PRIORITY"], first["SYSLOG_FACILITY"], first["SYSLOG_IDENTIFIER"]), ("6", "2", "helod"))
    assert first["MESSAGE"].startswith("decision v=1 "), first
    logged = decision_fields(first["MESSAGE"])
    equal({name[6:].lower() for name in first if name.startswith("HELOD_")}, set(logged))
    equal(int(first["HELOD_SCORE"]), int(logged["score"]))


@test("a real journald stores them: journalctl finds decisions by field")
def _():
    journald = "/lib/systemd/systemd-journald"
    if not os.path.exists(journald):
        skip("systemd-journald is not installed")
    if not os.path.exists("/etc/machine-id") or os.path.getsize("/etc/machine-id") == 0:
        skip("this machine: no machine-id")
    if os.geteuid() != 0:
        skip("this machine: not root")
    name = f"helodtest{os.getpid()}"
    place = f"/run/systemd/journal.{name}"
    os.makedirs("/run/systemd", exist_ok=True)
    with open("/etc/machine-id", encoding="ascii") as file:
        stored = f"log/journal/{file.read().strip()}.{name}"
    for folder in (place, f"/run/{stored}", f"/var/{stored}"):
        cleanup(shutil.rmtree, folder, True)
    os.makedirs(place, exist_ok=True)
    with open(FOLDER / "journald", "wb") as log:
        process = subprocess.Popen([journald, name], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    cleanup(process.kill)
    wait_for(lambda: os.path.exists(place + "/socket") or process.poll() is not None, what="journald")
    if process.poll() is not None:
        skip("this machine: journald does not run here: " + (FOLDER / "journald").read_text()[:200])
    with journal_at(place) as daemon:
        daemon.ask(**REJECTED)
        daemon.ask(helo="localhost", client="203.0.113.79")

    def found():
        _, said = called("journalctl", f"--namespace={name}", "--output=json", "--quiet", "HELOD_CLIENT=203.0.113.77")
        return [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    rows = wait_for(found, what="the decision in the journal", step=0.3)
    equal([(row["HELOD_HELO"], row["HELOD_ACTION"], row["SYSLOG_IDENTIFIER"]) for row in rows],
          [("bad_name!", "reject", "helod")])
    process.terminate()
    process.wait(PATIENCE)


@test("fail2ban finds the client of a rejection and nobody that a HELO name pretends")
def _():
    need("fail2ban-regex")
    log = FOLDER / "mail.log"
    log.write_text(syslog_lines())
    equal([" action=reject " in line for line in log.read_text().splitlines()], [True, True, False], "the lines")
    filters = FOLDER / "filter.d"
    filters.mkdir()
    for source in (CONTRIB / "fail2ban/helod.conf", "/etc/fail2ban/filter.d/common.conf"):
        shutil.copy(source, filters)
    status, said = called("fail2ban-regex", "--out", "ip", log, filters / "helod.conf")
    equal((status, said.split()), (0, ["203.0.113.77", "203.0.113.78"]))


@test("rsyslog puts helod's lines into their own file, and only those; logrotate moves it and loses no line")
def _():
    need("rsyslogd")
    need("logrotate")
    place = scratch()
    rule = (CONTRIB / "rsyslog/30-helod.conf").read_text().replace("/var/log/helod.log", f"{place}/helod.log")
    (place / "rsyslog.conf").write_text(f'''module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{place}/socket" CreatePath="on")
global(workDirectory="{place}")
{rule}
*.* action(type="omfile" file="{place}/rest.log")
''')
    status, said = called("rsyslogd", "-N1", "-f", place / "rsyslog.conf")
    equal(status, 0, said)
    process = subprocess.Popen(["rsyslogd", "-n", "-f", str(place / "rsyslog.conf"), "-i", str(place / "pid")],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cleanup(process.kill)
    wait_for(lambda: (place / "socket").exists(), what="rsyslogd listens")
    line = syslog_lines().splitlines()[0].partition("]: ")[2]
    called("logger", "--socket", place / "socket", "--tag", "helod", "--priority", "mail.info", line)
    called("logger", "--socket", place / "socket", "--tag", "other", "--priority", "mail.info", "something else")
    wait_for(lambda: (place / "rest.log").exists() and (place / "helod.log").exists() and
             line in (place / "helod.log").read_text(), what="both files")
    equal((place / "helod.log").stat().st_mode & 0o027, 0, "what others may do with it")
    text = (CONTRIB / "logrotate/helod-rsyslog").read_text()
    contains(text, "systemctl kill --signal=HUP rsyslog.service")
    text = text.replace("/var/log/helod.log", f"{place}/helod.log")
    rotate = place / "rotate.conf"
    rotate.write_text(text.replace("systemctl kill --signal=HUP rsyslog.service", f"kill -HUP {process.pid}"))
    rotate.chmod(0o644)
    status, said = called("logrotate", "--force", "--state", place / "state", rotate)
    equal((status, said), (0, ""))

    def later():
        called("logger", "--socket", place / "socket", "--tag", "helod", "--priority", "mail.info", "after the rotation")
        return (place / "helod.log").exists()
    wait_for(later, what="the new file")
    process.terminate()
    process.wait(PATIENCE)
    contains((place / "helod.log.1").read_text(), line)
    contains((place / "helod.log").read_text(), "after the rotation")
    assert "decision" not in (place / "rest.log").read_text(), "a decision in the other file"
    assert "something else" not in (place / "helod.log").read_text(), "another line in ours"


@test("lnav reads the JSON lines by field")
def _():
    need("lnav")
    path, home = FOLDER / "lnav.json", FOLDER / "home"
    formats = home / ".config/lnav/formats/helod"
    formats.mkdir(parents=True)
    shutil.copy(CONTRIB / "lnav/helod.json", formats)
    daemon = Helod(f'log {{ to = "file" file = "{path}" }}')
    daemon.ask(**REJECTED)
    daemon.ask(helo="localhost", client="203.0.113.79")
    daemon.stop()
    status, said = called("lnav", "-n", "-c", ";SELECT client, helo, score FROM helod_json WHERE action = 'reject'",
                          "-c", ":write-csv-to -", path, env={**os.environ, "HOME": str(home), "TERM": "xterm",
                                                             "XDG_CONFIG_HOME": str(home / ".config")})
    equal(status, 0, said)
    rows = [line for line in said.splitlines() if line.startswith("203.0.113.")]
    assert rows and rows[0].startswith("203.0.113.77,bad_name!,"), said


@test("grok takes a decision line apart")
def _():
    need("grok")
    log = FOLDER / "grok.log"
    log.write_text(syslog_lines())
    (FOLDER / "grok.conf").write_text(f'''program {{
  load-patterns: "/usr/share/grok/patterns/base"
  load-patterns: "{CONTRIB}/grok/helod"
  exec "cat {log}"
  match {{ pattern: "%{{HELOD_DECISION}}" reaction: "%{{@JSON}}" }}
}}
''')
    status, said = called("grok", "-f", FOLDER / "grok.conf")
    rows = [json.loads(line) for line in said.splitlines()]
    equal(status, 0, said)
    equal([row["NOTSPACE:client"] for row in rows], ["203.0.113.77", "203.0.113.78", "203.0.113.79"])
    equal([row["WORD:action"] for row in rows][0], "reject")
    contains(rows[1]["HELOD_VALUE:helo"], "client=192.0.2.67")
    contains(rows[0]["HELOD_VALUE:findings"], "helo_bad_syntax:")


run()
