#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults under load: 200 connections send requests while a fault comes and goes. Each request gets exactly one right
reply, in time: an honest host is never rejected, and a client that greets with our name always is."""
import fcntl
import os
import resource
import shutil
import signal
import struct
import subprocess
import termios
import threading
import time
import urllib.request

import load
import trouble
from helod import HELOD, PATIENCE, free_port, request, replace_file, scratch, wait_for
from tap import Skip, cases, cleanup, contains, equal, run, test

IS_LONG = trouble.SCALE >= 1

# The resolver

@test("a healthy resolver: the load itself")
def _():
    with trouble.Dns() as dns, trouble.Daemon(dns) as daemon:
        tally = trouble.under(daemon, lambda: trouble.pause(1))
        trouble.check_and_note(tally, "nothing: the load itself", "once")
        assert len(dns.questions()) > trouble.ENOUGH, "the load causes DNS queries"


FAULTS = [
    ("servfail", "answers SERVFAIL"), ("refused", "answers REFUSED"), ("garbage=100", "answers garbage"),
    ("wrongid", "answers with another id"), ("wrongid+good", "is spoofed: a wrong id before each answer"),
    ("wrongsrc", "answers from another port"), ("wrongq", "answers another question"),
    ("trunc=20", "cuts its answers short"), ("tcall", "truncates over UDP and TCP"),
    ("tcdrop", "truncates, and drops TCP"), ("manyans=1000", "gives 1,000 records"),
    ("slow=100", "is slow by 100 ms"), ("slow=1000", "is slow by 1 s"), ("slow=10000", "is slow by 10 s"),
    ("drop", "answers nothing"), ("ptrloop", "answers with compression loops"),
]


@cases(FAULTS, name=lambda row: f"resolver {row[1]}", limit=600)
def _(fault, what):
    with trouble.Dns() as dns, trouble.Daemon(dns) as daemon:
        def act():
            dns.break_with(fault)
            trouble.pause(1)
            if fault == "servfail":
                daemon.wait_log("DNS points are suspended")
            dns.break_with(None)
        trouble.check_and_note(trouble.under(daemon, act), f"resolver {what}", "once")
        equal(daemon.stop(), 0, "exit status")


@test("resolver says NXDOMAIN to everything: no honest host is rejected", limit=600)
def _():
    # helod cannot know that the resolver lies, but no rule about missing records rejects by itself.
    kinds = [(load.honest, load.NOT_REJECTED), (load.forged, load.REJECTED)]
    with trouble.Dns() as dns, trouble.Daemon(dns) as daemon:
        def act():
            dns.break_with("nxdomain")
            trouble.pause(1)
            dns.break_with(None)
        trouble.check_and_note(trouble.under(daemon, act, kinds=kinds), "resolver answers NXDOMAIN to everything", "once")


@test("resolver killed, started again; frozen, thawed", limit=600)
def _():
    with trouble.Dns() as dns, trouble.Daemon(dns) as daemon:
        def act():
            dns.stop()
            trouble.pause(0.5)
            dns.start()
            trouble.pause(0.3)
            dns.signal(signal.SIGSTOP)
            trouble.pause(0.5)
            dns.signal(signal.SIGCONT)
        trouble.check_and_note(trouble.under(daemon, act), "resolver killed, restarted, frozen, thawed", "once each")


@test("the guard: helod suspends a failing resolver, says so once, and (in make reliability) trusts it again",
      limit=600)
def _():
    suspect = {"client": "198.51.100.9", "helo": "gone.kiln-street.net"}
    port = free_port()
    with trouble.Dns() as dns, trouble.Daemon(dns, conf=f'status {{ listen = {{ "inet:127.0.0.1:{port}" }} }}') as daemon:
        def suspended():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as page:
                return b"\nhelod_dns_suspended 1\n" in page.read()

        usual = daemon.ask(**suspect)
        contains(usual, "has no reverse name")
        before, meanwhile = [], []

        def calm():
            dns.forget()
            time.sleep(0.5)
            return len(dns.questions()) < len(before) / 16

        def act():
            dns.forget()
            time.sleep(2)
            before.extend(dns.questions())
            dns.break_with("servfail")
            daemon.wait_log("DNS points are suspended")
            equal(suspended(), True, "the gauge")
            wait_for(calm, what="lookups in flight have ended")
            dns.forget()
            time.sleep(2)
            meanwhile.extend(dns.questions())
            dns.break_with(None)
            if IS_LONG:
                daemon.wait_log("DNS points count again")
                equal(suspended(), False, "the gauge")
        tally = trouble.under(daemon, act)
        assert len(meanwhile) < len(before) / 4, f"{len(before)} lookups before, {len(meanwhile)} while suspended"
        equal(daemon.log().count("points are suspended"), 1, "said")
        if IS_LONG:
            contains(daemon.ask(**suspect), "has no reverse name")
            equal(daemon.log().count("points count again"), 1, "said")
    trouble.check_and_note(tally, "the guard: DNS points suspended, and counted again", "once")


# Signals, reload, restart

@test("SIGHUP every 100 ms, with good and bad files", limit=600)
def _():
    with trouble.Dns() as dns, trouble.Daemon(dns) as daemon:
        good = daemon.conf_path.read_text()
        texts = [good, good + 'policy "default" { points { helo_not_fqdn = 61 } }\n', good + "server {\n",
                 "\0\xff" * 100, good + 'exempt { files = { "/helod-absent" } }\n']
        sent = 0

        def act():
            nonlocal sent
            end = time.monotonic() + 2 * trouble.SCALE
            while time.monotonic() < end:
                replace_file(daemon.conf_path, texts[sent % len(texts)])
                daemon.signal(signal.SIGHUP)
                sent += 1
                time.sleep(0.1)
        trouble.check_and_note(trouble.under(daemon, act), "SIGHUP every 100 ms, good and bad files in turn", f"{sent} times")
        contains(daemon.log(), "reload done")
        contains(daemon.log(), "reload failed")


@test("SIGTERM with requests in flight: helod answers them before it ends")
def _():
    with trouble.Dns() as dns:
        dns.break_with("slow=400")
        with trouble.Daemon(dns) as daemon:
            waiting = [daemon.connect() for _ in range(100)]
            for n, connection in enumerate(waiting):
                connection.send(request(**load.honest(n)))
            wait_for(lambda: len(dns.questions()) >= 20, what="requests in flight")
            daemon.signal(signal.SIGTERM)
            answers = [connection.answer() for connection in waiting]
            equal(daemon.process.wait(PATIENCE), 0, "exit status")
            daemon.process = None
            equal(answers, ["DUNNO"] * 100)
            contains(daemon.log(), "requests in flight")
    trouble.note_row("SIGTERM with 100 requests in flight", "once", result="100 of 100 answered")


@cases([("kill -9", signal.SIGKILL, None), ("SIGTERM", signal.SIGTERM, None), ("binary upgrade", signal.SIGTERM, "copy"),
        ("abort", signal.SIGABRT, None)],
       name=lambda row: f"socket activation: {row[0]} and restart under load, no connection is refused", limit=600)
def _(what, how, program):
    with trouble.Dns() as dns, trouble.Activated(dns) as daemon:
        if program:
            daemon.program = str(scratch() / "helod")
            shutil.copy2(HELOD, daemon.program)
        wait_for(lambda: "is ready" in daemon.log(), what="ready")
        ends = []

        def act():
            for _ in range(max(3, int(3 * trouble.SCALE))):
                ends.append(daemon.again(how))
                trouble.pause(0.3)
        # A request may use up the deadline of the helod that ends, and then that of the next one.
        tally = trouble.under(daemon, act, deadline=2 * trouble.DEADLINE)
        trouble.check_and_note(tally, f"{what} and restart, the socket held by the service manager", f"{len(ends)} times", retried=True)
        equal(tally.refused, 0, "connections refused")
        if how == signal.SIGTERM:
            equal(ends, [0] * len(ends), "exit status")


# Descriptors, memory, clock, log

@test("EMFILE: the limit of open files falls below what is open, and rises again", limit=600)
def _():
    with trouble.Dns() as dns, trouble.Daemon(dns) as daemon:
        pid = daemon.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        late = []

        def visit(n):
            began = time.monotonic()
            equal(daemon.ask(**load.honest(n)), "DUNNO")
            late.append(time.monotonic() - began)

        def act():
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (20, before[1]))
            threads = [threading.Thread(target=visit, args=(n,)) for n in range(20)]
            for thread in threads:
                thread.start()
            trouble.pause(1)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
            for thread in threads:
                thread.join(PATIENCE)
            equal(len(late), 20, "replies to those who connected meanwhile")
        trouble.check_and_note(trouble.under(daemon, act), "EMFILE: no descriptor for DNS, files or new connections", "once")
        contains(daemon.log(), "cannot accept a connection")
        equal(daemon.ask(**load.honest(7)), "DUNNO")


def with_shim():
    if trouble.sanitized():
        raise Skip("a sanitizer build has its own allocator")
    assert trouble.SHIM.exists(), trouble.SHIM
    return trouble.Shim()


def survives(daemon, shim, n, **fields):
    """The n-th allocation from now fails. -> (action, whether it did fail)"""
    shim.set(shim.COUNTDOWN, n)
    for _ in range(3):
        try:
            action = daemon.ask(**fields)
            break
        except ConnectionError:
            action = None
    left = shim.get(shim.COUNTDOWN)
    shim.set(shim.COUNTDOWN, 0)
    assert daemon.process.poll() is None, f"allocation {n}: helod ended with {daemon.process.returncode}"
    return action, left == 0


@test("ENOMEM: each allocation of a request that waits for DNS fails in turn", limit=600)
def _():
    shim = with_shim()
    with trouble.Dns(ttl=3600) as dns, trouble.Daemon(dns, env=shim.env) as daemon:
        n = 0
        while True:
            n += 1
            action, failed = survives(daemon, shim, n, **load.honest(n))
            equal(action, "DUNNO", f"allocation {n}")
            action, _ = survives(daemon, shim, n, **load.forged(n))
            assert action == "DUNNO" or action.startswith("5"), f"allocation {n}: {action}"
            if not failed:
                break
        assert n > 20, f"only {n} allocations"
        equal(daemon.ask(**load.honest(1999)), "DUNNO")
        assert daemon.ask(**load.forged(1999)).startswith("5")
        equal(daemon.stop(), 0, "exit status")
    trouble.note_row("ENOMEM: each allocation during a request", f"{n - 1} allocations, one after another",
                 result="each request answered, none rejected for it")


@test("ENOMEM: allocations of a reload fail in turn; the old policy or the new one is in force, whole", limit=600)
def _():
    shim = with_shim()
    exempt = scratch() / "exempt"
    exempt.write_text("".join(f"client 10.9.{i >> 8}.{i & 255} # {i}\nhelo .n{i}.example\n" for i in range(3000)))
    with trouble.Dns(ttl=3600) as dns, trouble.Daemon(dns, f'exempt {{ files = {{ "{exempt}" }} }}\n', env=shim.env) as daemon:
        before = shim.get(shim.ALLOCATIONS)
        daemon.reload()
        daemon.wait_log("policy 2 is in force")
        total = shim.get(shim.ALLOCATIONS) - before
        step = max(1, int(total / (150 * trouble.SCALE)))
        tried = 0
        for n in [*range(1, min(total, 60)), *range(60, total, step)]:
            lines = daemon.log().count("reload ")
            shim.set(shim.COUNTDOWN, n)
            daemon.reload()
            wait_for(lambda: daemon.process.poll() is not None or daemon.log().count("reload ") > lines, what=f"reload {n}")
            shim.set(shim.COUNTDOWN, 0)
            equal(daemon.process.poll(), None, f"allocation {n}: helod ended")
            tried += 1
        equal(daemon.ask(**load.honest(5)), "DUNNO")
        assert daemon.ask(**load.forged(5)).startswith("5")
    trouble.note_row("ENOMEM: allocations during a reload", f"{tried} of {total}", result="helod continued to serve each time")


@test("ENOMEM: every 50th allocation fails under load", limit=600)
def _():
    shim = with_shim()
    with trouble.Dns() as dns, trouble.Daemon(dns, env=shim.env) as daemon:
        failed = 0

        def act():
            nonlocal failed
            end = time.monotonic() + trouble.SCALE
            while time.monotonic() < end:
                if shim.get(shim.COUNTDOWN) <= 0:
                    shim.set(shim.COUNTDOWN, 50)
                    failed += 1
                time.sleep(0.001)
            shim.set(shim.COUNTDOWN, 0)
        tally = trouble.under(daemon, act, kinds=load.KINDS_OR_DUNNO)
        trouble.check_and_note(tally, "ENOMEM now and then under load", f"{failed} allocations", retried=True)


@test("the wall clock jumps by a second, a day, ten years, forward and back", limit=600)
def _():
    shim = with_shim()
    jumps = [1, -1, 3600, -3600, 86400, -86400, 315360000, -315360000, 0]
    with trouble.Dns() as dns, trouble.Daemon(dns, env=shim.env) as daemon:
        def act():
            for jump in jumps:
                shim.set(shim.CLOCK, jump)
                trouble.pause(0.2)
        trouble.check_and_note(trouble.under(daemon, act), "the wall clock jumps, up to ten years", f"{len(jumps)} jumps")
        years = {line[:4] for line in daemon.log().splitlines()}
        assert len(years) >= 3, f"the daemon saw the jumps: {years}"


class Unread(trouble.Daemon):
    """Its stderr is a pipe that nobody reads."""

    def start(self, seconds=PATIENCE):
        self.ends = os.pipe()
        self.process = subprocess.Popen([HELOD, "-f", "-c", str(self.conf_path)], stdin=subprocess.DEVNULL,
                                        stderr=self.ends[1], start_new_session=True)
        cleanup(self.stop)
        wait_for(self._up, seconds, "helod answers")

    def unread(self):
        """How many bytes are in the pipe."""
        return struct.unpack("i", fcntl.ioctl(self.ends[0], termios.FIONREAD, bytes(4)))[0]

    def said(self):
        """Everything in the pipe."""
        os.set_blocking(self.ends[0], False)
        return os.read(self.ends[0], 1 << 20).decode()


@test("a log that nobody reads: stderr is a full pipe", limit=600)
def _():
    with trouble.Dns() as dns, Unread(dns) as daemon:
        def act():
            wait_for(lambda: daemon.unread() > 32768, what="the pipe is full")
            trouble.pause(1)
        trouble.check_and_note(trouble.under(daemon, act), "stderr is a full pipe", "once")
        daemon.said()
        daemon.ask(**load.forged(1))
        contains(daemon.said(), "log lines were lost")

run()
