#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Soak: half load with a random fault now and then. At the end the daemon uses no more memory and descriptors.

RELIABILITY_SOAK is its length in seconds: 3600 in `make reliability`, SHORT in `make check`. Half load is half of what helod
answers when 200 connections send requests without a pause, measured at the start. With RELIABILITY_RATE, a lower rate, only every
WAVE-th fault meets half load: this leaves the machine to others.
"""
import os
import random
import signal
import time

import load
import trouble
from helod import wait_for
from load import Load
from tap import note, run, test

SHORT = 8
SECONDS = float(os.environ.get("RELIABILITY_SOAK", SHORT))
RATE = float(os.environ.get("RELIABILITY_RATE", "0"))  # requests per second; 0: half load throughout
WAVE = 10
HALF_MAX = 20000  # more would only fill the disk with decision lines
UNLIMITED = 1e9
IS_LONG = SECONDS >= 60
QUIET = 2.0 if IS_LONG else 1.0  # seconds without a fault before a measurement
# Of memory, from the end of the first quarter to the end. By then a long soak has filled all tables, and only the
# allocator still varies. A short soak still fills tables, which may take 10 MiB.
GROWTH_KIB = 2048 if IS_LONG else 12288
GROWTH_FILES = 20  # of descriptors other than UDP sockets: lookups over TCP, connections that come and go
AT_REST = 2  # UDP sockets without load: c-ares may keep one for its server, and a reload begins with another
FAULTS = ["servfail", "slow=100", "slow=3000", "drop", "garbage=60", "wrongid+good", "trunc=20", "nodata", "tcall", "ptrloop"]
# DNS decides whether records are missing, so an honest host may be deferred for it, but never rejected.
KINDS = [(load.honest, load.NOT_REJECTED)] * 4 + [(load.forged, load.REJECTED)]


class Faults:
    """One fault after another; each is over when the next begins."""

    def __init__(self, dns, daemon):
        self.dns, self.daemon, self.count = dns, daemon, 0
        self.rng = random.Random()

    def resolver_lies(self):
        self.dns.break_with(self.rng.choice(FAULTS))
        time.sleep(1)
        self.dns.break_with(None)

    def resolver_gone(self):
        self.dns.stop()
        time.sleep(0.5)
        self.dns.start()

    def resolver_frozen(self):
        self.dns.signal(signal.SIGSTOP)
        time.sleep(0.5)
        self.dns.signal(signal.SIGCONT)

    def reload(self):
        self.daemon.reload(self.rng.choice(["", 'policy "default" { points { helo_not_fqdn = 61 } }', "server {\n"]))

    def hang_up(self):
        for _ in range(20):
            with self.daemon.connect() as c:
                c.send(b"request=smtpd_access_policy\nhelo_name=x")

    def next(self):
        self.count += 1
        self.rng.choice([self.resolver_lies, self.resolver_gone, self.resolver_frozen, self.reload, self.hang_up])()
        for log in (self.dns.log_path, self.daemon.log_path):  # or an hour's would fill the disk
            os.truncate(log, 0)
        time.sleep(0.3)


def half_load(daemon):
    """In requests per second."""
    with Load(daemon.port, 200, UNLIMITED, trouble.DEADLINE, KINDS, daemon.process.pid) as running:
        began = time.monotonic()
        time.sleep(QUIET)
        answered, seconds = running.tally.answered, time.monotonic() - began
    assert not running.tally.faults(), running.tally.faults()
    return min(answered / seconds / 2, HALF_MAX)


def measure(daemon, faults):
    """Memory and descriptors while nothing is wrong; only root can count descriptors, for others there are none."""
    faults.dns.break_with(None)
    daemon.reload("")
    time.sleep(QUIET)
    # The load continues, so lookups are in flight; their sockets do not count.
    pid = daemon.process.pid
    return trouble.resident_kib(pid), trouble.lasting_descriptors(pid) if trouble.may_count_descriptors() else 0


@test("soak: nothing lost, memory and descriptors flat", limit=int(SECONDS * 2 + 120))
def _():
    with trouble.Dns() as dns, trouble.Daemon(dns, conf="") as daemon:
        faults, marks = Faults(dns, daemon), []
        half = half_load(daemon)
        rate = min(RATE or half, half)
        began = time.monotonic()
        with Load(daemon.port, 200, rate, trouble.DEADLINE, KINDS, daemon.process.pid) as running:
            for quarter in range(1, 5):
                while time.monotonic() - began < SECONDS * quarter / 4:
                    running.set_rate(half if faults.count % WAVE == 0 else rate)
                    faults.next()
                running.set_rate(rate)
                marks.append(measure(daemon, faults))
        memory, files = zip(*marks)
        load_text = f"half load, {half:,.0f} requests per second" if rate == half else \
            f"{rate:,.0f} requests per second, in one of {WAVE} faults half load, {half:,.0f}"
        note(f"KiB {memory}, descriptors {files}; {load_text}; for {running.stalls.whole():.1f} s not on a processor")
        # A sanitizer keeps what is freed for a while.
        assert trouble.sanitized() or memory[-1] - memory[0] <= GROWTH_KIB, f"memory grows: {memory} KiB"
        if trouble.may_count_descriptors():
            assert max(files) - min(files) <= GROWTH_FILES, f"descriptors: {files}"
            wait_for(lambda: trouble.udp_sockets(daemon.process.pid) <= AT_REST, what="the sockets of lookups are closed")
        else:
            note("descriptors were not counted: only root may")
        trouble.note_row(f"soak of {SECONDS:.0f} s with random faults; {load_text}", f"{faults.count} faults", running.tally,
                     f"memory {memory[0]} to {memory[-1]} KiB, descriptors {files[0]} to {files[-1]}")
        assert not running.tally.faults(), running.tally.faults()
        assert running.tally.answered == running.tally.asked


run()
