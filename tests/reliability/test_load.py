#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The load generator notices every kind of fault, and whose fault a late reply is: helod's, or the machine's."""
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import threading
import time

import load
import stalls
import trouble
from helod import PATIENCE, free_port, wait_for
from tap import cases, cleanup, equal, run, skip, test

DEADLINE = 0.2
STOP = load.GRACE + 2.0


@cases([("helod", lambda daemon, _: daemon.process.pid, True),
        ("the load generator", lambda _, running: running.process.pid, False)],
       name=lambda row: f"a reply is late when {row[0]} was stopped: {'yes' if row[2] else 'no'}")
def _(_name, whom, is_late):
    with trouble.Dns() as dns, trouble.Daemon(dns) as daemon:
        dns.break_with("slow=100")  # so that some request always waits
        with load.Load(daemon.port, 50, 300.0, DEADLINE, pid=daemon.process.pid) as running:
            wait_for(lambda: running.tally.answered > 10, what="replies")
            stopper = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.2; kill -STOP {whom(daemon, running)}; sleep {STOP}; "
                                        f"kill -CONT {whom(daemon, running)}"])
            stopper.wait()
            time.sleep(0.5)
        tally = running.tally
        equal(tally.answered, tally.asked, "replies")
        assert tally.slowest > STOP - 0.5, f"no request met the stop: {tally.slowest:.2f} s"
        equal(tally.late > 0, is_late, "late")


def serve(listener, behave):
    """A policy server whose n-th reply is what behave(n) returns; without one it hangs up."""
    counter = itertools.count()

    def handle(connection):
        with connection, contextlib.suppress(OSError):
            while connection.recv(65536):  # a request arrives whole on loopback
                reply = behave(next(counter))
                if not reply:
                    return
                connection.sendall(reply)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


RIGHT = b"action=DUNNO\n\n"


@cases([("wrong", b"action=550 5.7.1 no\n\n"), ("wrong", b"action=DUNNO2\n\n"), ("wrong", b"DUNNO\n\n"),
        ("twice", RIGHT + RIGHT), ("twice", RIGHT + b"x"), ("retried", b"")],
       name=lambda row: f"one reply {row[1]!r} among right ones is counted as {row[0]}")
def _(counter, reply):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        serve(listener, lambda n: reply if n == 7 else RIGHT)
        with load.Load(listener.getsockname()[1], 5, 300.0, kinds=[(load.honest, load.MILD)]) as running:
            wait_for(lambda: running.tally.answered > 20, what="replies")
    counts = {name: getattr(running.tally, name) for name in ("wrong", "twice", "retried", "lost", "late")}
    equal(counts, {**dict.fromkeys(counts, 0), counter: 1})
    equal(running.tally.answered, running.tally.asked, "replies")
    equal(bool(running.tally.faults()), counter != "retried", "is a fault")


@test("requests without a reply are lost, until the reply comes; nobody listening is refused")
def _():
    release = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        port = listener.getsockname()[1]
        serve(listener, lambda n: release.wait(PATIENCE) and RIGHT)
        with load.Load(port, 5, 300.0, kinds=[(load.honest, load.MILD)]) as running:
            wait_for(lambda: running.tally.lost == 5, what="requests on all connections")
            equal(running.tally.answered, 0, "replies")
            release.set()
        equal((running.tally.lost, running.tally.answered), (0, running.tally.asked))
    with load.Load(free_port(), 5, 300.0) as running:
        wait_for(lambda: running.tally.refused > 5, what="further attempts")
    equal(running.tally.asked, 0, "requests")


def spin(processor):
    return subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"],
                            preexec_fn=lambda: os.sched_setaffinity(0, {processor}), start_new_session=True)


def end(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@test("a process that waits for a processor is distinguished from one that sleeps or is stopped")
def _():
    if not os.path.exists("/proc/self/schedstat"):
        skip("this machine's kernel does not count it")
    processor = min(os.sched_getaffinity(0))
    starved = [spin(processor) for _ in range(4)]
    asleep, stopped = subprocess.Popen(["sleep", "1000"], start_new_session=True), spin(processor)
    for process in [*starved, asleep, stopped]:
        cleanup(end, process)
    os.kill(stopped.pid, signal.SIGSTOP)
    time.sleep(0.2)
    before = {process: stalls.waited_for_processor(process.pid) for process in [*starved, asleep, stopped]}
    wait_for(lambda: all(stalls.waited_for_processor(p.pid) - before[p] > 0.5 for p in starved), what="they wait")
    for process in (asleep, stopped):
        waited = stalls.waited_for_processor(process.pid) - before[process]
        assert waited < 0.1, f"{waited:.2f} s"


run()
