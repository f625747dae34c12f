#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon's lines on /dev/log: their form, and a reader that does not read, goes away, comes back.

helod runs in the background, as it does when it logs to syslog, with a /dev of its own in which log leads to a socket of
ours."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import devlog
from helod import Connection, HELOD, PATIENCE, decision_fields, free_port, scratch, wait_for
from tap import cleanup, contains, equal, run, skip, skip_all, test

LINE = re.compile(r"<(\d+)>((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 123]\d \d\d:\d\d:\d\d) helod\[(\d+)\]: "
                  r"([\x20-\x7e]*)", re.ASCII)
LOST = re.compile(r"warning: (\d+) log lines were lost")


class Background:
    """A daemon that has left us."""

    def __init__(self):
        self.folder, self.port = scratch(), free_port()
        self.log, self.pid_file = self.folder / "log", self.folder / "pid"

    def start(self):
        conf = self.folder / "helod.conf"
        conf.write_text(f'server {{ listen = {{ "inet:127.0.0.1:{self.port}" }} pid_file = "{self.pid_file}" }}\n'
                        'dns { servers = { "127.0.0.1:1" } }\nhistory { store = "none" }\nstatus { listen = {} }\n')
        done = subprocess.run([*devlog.wrapper(self.folder, self.log), HELOD, "-c", str(conf)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False)
        equal(done.returncode, 0, done.stderr)
        cleanup(self.stop)
        return int(self.pid_file.read_text())

    def stop(self):
        if self.pid_file.exists():
            os.kill(int(self.pid_file.read_text()), signal.SIGTERM)
            wait_for(lambda: not self.pid_file.exists(), what="the end")

    def ask(self, times):
        with Connection(("127.0.0.1", self.port)) as connection:
            for _ in range(times):
                equal(connection.ask(client_name="mail.kiln-street.net"), "DUNNO")


class Reader:
    """Syslog's end of the socket, which reads when it is told to."""

    def __init__(self, path):
        self.path = str(path)
        self.open()

    def open(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def close(self):
        os.unlink(self.path)
        self.socket.close()

    def read(self):
        """What is there, as (priority, pid, text); every line is one datagram of the form."""
        lines = []
        while True:
            try:
                data = self.socket.recv(4096, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return lines
            match = LINE.fullmatch(data.decode("latin-1"))
            assert match, f"no syslog line: {data!r}"
            lines.append((int(match[1]), int(match[3]), match[4]))


def tally(lines):
    """(decisions, lines that are told to be lost)"""
    return (sum(text.startswith("decision v=1 ") for _, _, text in lines),
            sum(int(LOST.fullmatch(text)[1]) for _, _, text in lines if LOST.fullmatch(text)))


def until_told(daemon, reader, asked, seen):
    """Asks on until every decision has been read, or is told to be lost."""
    decisions, lost = seen

    def complete():
        nonlocal asked, decisions, lost
        daemon.ask(1)
        asked += 1
        more = tally(reader.read())
        decisions, lost = decisions + more[0], lost + more[1]
        return decisions + lost >= asked  # a warning may be among the lost
    wait_for(complete, what="every line read or told of", step=0.1)
    return lost


@test("each line is one datagram as RFC 3164 has it, with facility, name and process id")
def _():
    daemon = Background()
    reader = Reader(daemon.log)
    pid = daemon.start()
    reader.read()
    daemon.ask(3)
    lines = reader.read()
    equal([(priority, number) for priority, number, _ in lines], [(22, pid)] * 3)  # mail.info
    fields = decision_fields(lines[0][2])
    equal((fields["client"], fields["helo"], fields["action"]), ("203.0.113.5", "mail.kiln-street.net", "dunno"))


@test("a reader that does not read delays no answer, and what it missed is told")
def _():
    daemon = Background()
    reader = Reader(daemon.log)
    daemon.start()
    reader.read()
    daemon.ask(2000)  # more than any queue holds; a write that waits would wait for ever
    seen = tally(reader.read())
    assert 0 < seen[0] < 2000, f"{seen[0]} lines were taken"
    lost = until_told(daemon, reader, 2000, seen)
    assert lost >= 2000 - seen[0], f"{lost} are told to be lost, {2000 - seen[0]} are"


@test("a reader that goes away and comes back delays no answer, and what it missed is told")
def _():
    daemon = Background()
    reader = Reader(daemon.log)
    daemon.start()
    reader.read()
    reader.close()
    daemon.ask(300)
    reader.open()
    assert until_told(daemon, reader, 300, (0, 0)) >= 300
    reader.close()
    reader.open()  # a restart between two requests costs no line
    daemon.ask(1)
    equal(tally(reader.read()), (1, 0))


@test("it starts where there is no syslog, and is heard when there is")
def _():
    daemon = Background()
    daemon.start()
    daemon.ask(50)
    reader = Reader(daemon.log)
    wait_for(lambda: daemon.ask(1) or tally(reader.read())[0], what="a decision", step=0.1)


@test("rsyslogd reads it")
def _():
    program = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
    if not pathlib.Path(program).exists():
        skip("rsyslogd is not installed")
    daemon = Background()
    place = daemon.folder
    (place / "rsyslog.conf").write_text(f'''module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{daemon.log}" CreatePath="on")
global(workDirectory="{place}")
template(name="parts" type="string" string="%syslogfacility-text%.%syslogseverity-text% %programname% %procid%%msg%\\n")
*.* action(type="omfile" file="{place}/read.log" template="parts")
''')
    process = subprocess.Popen([program, "-n", "-f", str(place / "rsyslog.conf"), "-i", str(place / "rsyslog.pid")],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cleanup(process.wait)
    cleanup(process.kill)
    wait_for(daemon.log.exists, what="rsyslogd listens")
    pid = daemon.start()
    daemon.ask(1)
    wait_for(lambda: "decision" in ((place / "read.log").exists() and (place / "read.log").read_text() or ""), 20,
             "the decision")
    contains((place / "read.log").read_text(), f"mail.info helod {pid} decision v=1 id=")


if devlog.possible():
    skip_all(devlog.possible())
run()
