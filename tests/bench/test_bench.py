#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmark says is so: its targets, its peers, and whose processor time it counts."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import helod as daemon
import peers
import servers
from report import Report, neighbours
from tap import equal, run, test


class Quiet(Report):
    """Keeps its tables to itself."""

    def table(self, title, head, rows):
        self.tables[title] = {"head": head, "rows": rows}


@test("a ratio is that of neighbours, and the median of them decides")
def _():
    ours = [{"per_second": n} for n in (50, 900, 60)]
    base = [{"per_second": n} for n in (100, 1000, 100)]  # somebody else was busy in the first and the last
    equal(neighbours(ours, base, "per_second"), [0.5, 0.9, 0.6])
    report = Quiet()
    equal(report.target("rate", [0.5, 0.9, 0.6], 0.6, True), "0.60")
    equal(report.target("rate", [0.5, 0.9, 0.6], 0.7, True), "0.60 (missed)")
    equal(report.target("memory", 9, 8, unit=" MB"), "9.00 (missed)")
    equal([row[-1] for row in report.targets], ["met", "missed", "missed"])
    equal(report.targets[2], ["memory", "9.00 MB", "", "at most 8 MB", "missed"])


@test("--json has the machine, every table and how many targets are missed")
def _():
    with tempfile.NamedTemporaryFile() as out:
        report = Quiet()
        report.target("idle", 9, 8)
        report.end({"cores": 2}, out.name)
        kept = json.load(out)
    equal(sorted(kept), ["machine", "missed", "tables"])
    equal((kept["missed"], kept["machine"]["cores"], len(kept["tables"]["Targets: 0 of 1 met"]["rows"])), (1, 2, 1))


@test("--peer names a row or goes to all; a peer that is not installed says so")
def _():
    equal([(peer.name, peer.row) for peer in peers.Peer.told("other@dns=/bin/other -p {port}")], [("other", "dns")])
    equal([peer.row for peer in peers.Peer.told("other=/bin/other")], list(peers.ROWS))
    for wrong in ("other", "other@tuesday=/bin/other"):
        try:
            peers.Peer.told(wrong)
        except argparse.ArgumentTypeError:
            continue
        raise AssertionError(f"{wrong} is taken")
    equal(peers.Peer("absent", "local", "absent", "no-such-program", "{program}", "").start(None), "not installed")


@test("a spawned program has the connection for its standard input and output, a process for each")
def _():
    port = daemon.free_port()
    program = "while read -r line; do [ -n \"$line\" ] || printf 'action=DUNNO %s\\n\\n' $$; done"
    relay = subprocess.Popen([sys.executable, peers.__file__, str(port), "/bin/sh", "-c", program])
    try:
        server = servers.Server("spawned", f"inet:127.0.0.1:{port}", [f"{relay.pid}+"])
        daemon.wait_for(server.answers, what="an answer")
        result = server.load("-c", 3, "-q", 30, "-t", 20)
        equal((result["answers"], result["failed"]), (30, 0))
    finally:
        relay.kill()
        relay.wait()


@test("PID+ counts what was forked too, PID alone does not")
def _():
    null = subprocess.Popen([servers.PROGRAMS / "null_epoll", f"inet:127.0.0.1:{(port := daemon.free_port())}"])
    busy = subprocess.Popen(["/bin/sh", "-c", "(while :; do :; done) & echo $!; wait"], stdout=subprocess.PIPE, text=True)
    child = int(busy.stdout.readline())
    try:
        server = servers.Server("null", f"inet:127.0.0.1:{port}", [f"{busy.pid}+"])
        daemon.wait_for(server.answers, what="an answer")
        with_child = server.load("-c", 1, "-r", 100, "-t", 2)["cpu_us"]
        server.pids = [busy.pid]
        equal((with_child > 0, server.load("-c", 1, "-r", 100, "-t", 1)["cpu_us"]), (True, 0))
    finally:
        os.kill(child, 9)
        for process in (busy, null):
            process.kill()
            process.wait()


run()
