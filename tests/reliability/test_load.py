#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The load generator tells whose fault a late answer is: helod's, or that of the machine under both."""
import os
import signal
import subprocess
import time

import load
import rig
import stalls
from helod import wait_for
from tap import cases, cleanup, equal, run, skip, test

DEADLINE = 0.2
STOP = load.GRACE + 2.0


@cases([("helod", lambda daemon: daemon.process.pid, True), ("the load generator", lambda _: os.getpid(), False)],
       name=lambda row: f"an answer is late when {row[0]} was stopped: {'yes' if row[2] else 'no'}")
def _(_name, whom, is_late):
    with rig.Dns() as dns, rig.Daemon(dns) as daemon:
        dns.break_with("slow=100")  # so that some question always waits
        with load.Load(daemon.port, 50, 300.0, DEADLINE, pid=daemon.process.pid) as running:
            wait_for(lambda: running.tally.answered > 10, what="answers")
            stopper = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.2; kill -STOP {whom(daemon)}; sleep {STOP}; "
                                        f"kill -CONT {whom(daemon)}"])
            stopper.wait()
            time.sleep(0.5)
        tally = running.tally
        equal(tally.answered, tally.asked, "answers")
        assert tally.slowest > STOP - 0.5, f"no question met the stop: {tally.slowest:.2f} s"
        equal(tally.late > 0, is_late, "late")


def spin(processor):
    return subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"],
                            preexec_fn=lambda: os.sched_setaffinity(0, {processor}), start_new_session=True)


def end(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@test("what waits for a processor is told from what sleeps or is stopped")
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
