# SPDX-License-Identifier: BSD-2-Clause
"""load: many Postfix smtpd processes at once, which count what becomes of every question.

    with Load(daemon.port, seconds=2.0) as load:
        ...do something terrible...
    load.tally      # asked, answered, late, wrong, twice, retried, lost

A question is answered when exactly one answer came, and right when the answer is one that its greeting may get whatever
the DNS does. It is late past the deadline, a grace, and what the machine took meanwhile (stalls.py). As Postfix does, a question whose connection breaks is asked again on a new one, and counted as retried.
"""
import collections
import dataclasses
import errno
import heapq
import itertools
import random
import selectors
import socket
import threading
import time

from helod import PATIENCE, question
from stalls import Stalls

HOSTS = 2000       # each in a network of its own, so that the rate limit by network stays out of it
GRACE = 3.0        # seconds that a loaded machine may add to the deadline beside what is measured
UNIT = 1e-5        # seconds
OURS = "mx.helod.example"


def address(n):
    return f"60.{n // 250}.{n % 250}.25"


def zone(ttl=1, hosts=HOSTS):
    """DNS in which every host of the load is in order."""
    lines = ["kiln-street.net 60 MX 10 mail0.kiln-street.net"]
    for n in range(hosts):
        lines += [f"mail{n}.kiln-street.net {ttl} A {address(n)}", f"{address(n)} {ttl} PTR mail{n}.kiln-street.net"]
    return "\n".join(lines) + "\n"


def honest(n):
    return {"client": address(n), "helo": f"mail{n}.kiln-street.net"}


def forged(n):
    """Somebody who calls himself by our own name: rejected, whatever the DNS does."""
    return {"client": address(n), "helo": OURS}


def is_mild(action):
    return action == "DUNNO" or action.startswith("PREPEND ")


def is_rejected(action):
    return action.startswith("5")


KINDS = [(honest, is_mild)] * 4 + [(forged, is_rejected)]
# Where our own trouble may have stood in for a verdict.
KINDS_OR_DUNNO = [(honest, is_mild), (forged, lambda action: is_rejected(action) or action == "DUNNO")]


@dataclasses.dataclass
class Tally:
    asked: int = 0
    answered: int = 0
    late: int = 0
    wrong: int = 0
    twice: int = 0
    retried: int = 0
    refused: int = 0
    lost: int = 0
    slowest: float = 0.0
    times: collections.Counter = dataclasses.field(default_factory=collections.Counter)  # in units of UNIT
    examples: list = dataclasses.field(default_factory=list)

    def took(self, seconds):
        self.answered += 1
        self.slowest = max(self.slowest, seconds)
        self.times[int(seconds / UNIT)] += 1

    def percentile(self, percent):
        left = self.answered * percent / 100
        for time_taken, count in sorted(self.times.items()):
            left -= count
            if left < 0:
                return time_taken * UNIT
        return self.slowest

    def faults(self):
        """What may never be, in words; "" when all is well."""
        found = [f"{name}: {getattr(self, name)}" for name in ("late", "wrong", "twice", "lost") if getattr(self, name)]
        return ", ".join(found + [str(example) for example in self.examples[:3]] if found else [])


class Smtpd:
    """One connection, and the question that waits on it."""

    def __init__(self):
        self.socket = None
        self.question = None  # bytes, allowed, asked at
        self.buffer = b""


class Load(threading.Thread):
    """`rate` is in questions a second, and may be changed while it runs. With `pid`, what the machine took from that
    process is no lateness of its own."""

    def __init__(self, where, connections=200, rate=600.0, deadline=2.0, kinds=None, pid=None):
        super().__init__(daemon=True)
        self.where = ("127.0.0.1", where) if isinstance(where, int) else str(where)
        self.rate, self.deadline, self.kinds = rate, deadline, kinds or KINDS
        self.random = random.Random()
        self.tally = Tally()
        self.stalls = Stalls(pid)
        self.selector = selectors.DefaultSelector()
        self.smtpds = [Smtpd() for _ in range(connections)]
        self.idle = list(self.smtpds)
        self.later = []  # (when, number, smtpd): to connect again
        self.numbers = itertools.count()
        self.over = threading.Event()
        self.crash = None

    def __enter__(self):
        for smtpd in self.smtpds:
            self.connect(smtpd)
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()
        for smtpd in self.smtpds:
            if smtpd.socket:
                smtpd.socket.close()
        self.selector.close()
        if self.crash:
            raise self.crash

    def connect(self, smtpd):
        family = socket.AF_INET if isinstance(self.where, tuple) else socket.AF_UNIX
        smtpd.socket = socket.socket(family, socket.SOCK_STREAM)
        smtpd.socket.settimeout(self.deadline + 10)
        try:
            smtpd.socket.connect(self.where)
        except OSError as error:
            smtpd.socket.close()
            smtpd.socket = None
            if error.errno not in (errno.ECONNREFUSED, errno.ENOENT, errno.EAGAIN):
                raise
            self.tally.refused += 1
            heapq.heappush(self.later, (time.monotonic() + 0.2, next(self.numbers), smtpd))
            return
        smtpd.socket.setblocking(False)
        smtpd.buffer = b""
        self.selector.register(smtpd.socket, selectors.EVENT_READ, smtpd)
        if smtpd.question:
            self.send(smtpd)

    def send(self, smtpd):
        try:
            smtpd.socket.sendall(smtpd.question[0])
        except OSError:
            self.broken(smtpd)

    def ask(self, smtpd):
        kind, allowed = self.random.choice(self.kinds)
        fields = kind(self.random.randrange(HOSTS))
        smtpd.question = (question(**fields), allowed, time.monotonic(), fields)
        self.tally.asked += 1
        self.send(smtpd)

    def broken(self, smtpd):
        self.selector.unregister(smtpd.socket)
        smtpd.socket.close()
        smtpd.socket = None
        if smtpd.question:
            self.tally.retried += 1
        self.connect(smtpd)

    def answered(self, smtpd, data):
        tally, asked = self.tally, smtpd.question
        if asked is None:
            tally.twice += 1
            tally.examples.append(data)
            return
        smtpd.buffer += data
        if b"\n\n" not in smtpd.buffer:
            return
        answer, rest = smtpd.buffer.split(b"\n\n", 1)
        seconds = time.monotonic() - asked[2]
        action = answer.decode("latin-1").removeprefix("action=")
        tally.took(seconds)
        tally.twice += bool(rest)
        if seconds > self.deadline + GRACE and seconds > self.deadline + GRACE + self.stalls.since(asked[2]):
            tally.late += 1
            tally.examples.append((asked[3], round(seconds, 2), round(self.stalls.since(asked[2]), 2)))
        if not answer.startswith(b"action=") or not asked[1](action):
            tally.wrong += 1
            tally.examples.append((asked[3], action))
        smtpd.buffer, smtpd.question = b"", None
        self.idle.append(smtpd)

    def read(self, smtpd):
        try:
            data = smtpd.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.answered(smtpd, data)
        else:
            self.broken(smtpd)

    def turn(self, wait):
        ready = self.selector.select(wait)
        self.stalls.turn(wait)
        for key, _ in ready:
            if key.data.socket is key.fileobj:
                self.read(key.data)
        while self.later and self.later[0][0] <= time.monotonic():
            self.connect(heapq.heappop(self.later)[2])

    def run(self):
        try:
            self.work()
        except BaseException as error:  # told to who started us
            self.crash = error

    def work(self):
        due = time.monotonic()
        while not self.over.is_set():
            now = time.monotonic()
            if now - due > 1:
                due = now  # we ourselves were held up: no burst for it
            while due <= now and self.idle:
                smtpd = self.idle.pop(self.random.randrange(len(self.idle)))
                if smtpd.socket:
                    self.ask(smtpd)
                    due += 1 / self.rate
                else:
                    self.idle.append(smtpd)
                    break
            self.turn(min(0.02, max(0.0, due - now)))
        end = time.monotonic() + PATIENCE
        while any(smtpd.question for smtpd in self.smtpds) and time.monotonic() < end:
            self.turn(0.05)
        self.turn(0.05)  # an answer too many would come now
        self.tally.lost = sum(1 for smtpd in self.smtpds if smtpd.question)
