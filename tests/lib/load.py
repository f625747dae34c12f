# SPDX-License-Identifier: BSD-2-Clause
"""load: runs the load generator, tests/bench/load.c, which sends requests as many Postfix smtpd processes would.

    result = measure("inet:127.0.0.1:10045", [pid], "-c", 100, "-t", 2)    # how fast the server is: a dict of its figures

    with Load(daemon.port) as load:        # whether every request gets one right reply, whatever happens meanwhile
        ...do something terrible...
    load.tally      # asked, answered, late, wrong, twice, retried, refused, lost, slowest

In a Load, a request is answered when exactly one reply came. The reply is right when it is one that its greeting may get
whatever DNS does, and late when it came after the deadline, a grace, and the time that the machine took (stalls.py). As
Postfix does, a request whose connection breaks is sent again on a new one, and counted as retried.
"""
import collections
import dataclasses
import json
import os
import pathlib
import queue
import select
import subprocess
import threading

import helod
from stalls import EVERY, Stalls

PROGRAM = pathlib.Path(os.environ.get("top_builddir") or helod.TOP / "build") / "tests/bench/load"
HOSTS = 2000       # each in a network of its own, so that no rate limit applies
GRACE = 3.0        # seconds that a loaded machine may add to the deadline, beside what is measured
EXAMPLES = 3       # faults of which a failed test shows the details
OURS = "mx.helod.example"


def measure(place, pids, *arguments):
    """One run of the generator with these arguments. The processor time and memory are those of `pids`."""
    command = [str(PROGRAM), "-p", ",".join(map(str, pids)), *map(str, arguments), place]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout) if done.stdout else {"answers": 0, "failed": 1}


def address(n):
    return f"60.{n // 250}.{n % 250}.25"


def name(n):
    """Counted from 1, as people do: mail0 is the name of throw-away mailers (helo_stock_name), which counts whatever
    DNS says."""
    return f"mail{n + 1}.kiln-street.net"


def zone(ttl=1, hosts=HOSTS):
    """DNS in which every host of the load is correct."""
    lines = [f"kiln-street.net 60 MX 10 {name(0)}"]
    for n in range(hosts):
        lines += [f"{name(n)} {ttl} A {address(n)}", f"{address(n)} {ttl} PTR {name(n)}"]
    return "\n".join(lines) + "\n"


def honest(n):
    return {"client": address(n), "helo": name(n)}


def forged(n):
    """A client that greets with our own name: rejected, whatever DNS does."""
    return {"client": address(n), "helo": OURS}


# Rows (greeting, the actions that are right); one of the rows is chosen for each request.
MILD, NOT_REJECTED, REJECTED = "DUNNO,PREPEND", "DUNNO,PREPEND,4", "5"
KINDS = [(honest, MILD)] * 4 + [(forged, REJECTED)]
# Where our own trouble may have replaced a verdict.
KINDS_OR_DUNNO = [(honest, MILD), (forged, REJECTED + ",DUNNO")]


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
    p99: float = 0.0
    examples: list = dataclasses.field(default_factory=list)

    def faults(self):
        """What must never happen, in words; "" if nothing did."""
        found = [f"{name}: {getattr(self, name)}" for name in ("late", "wrong", "twice", "lost") if getattr(self, name)]
        return ", ".join(found + [str(example) for example in self.examples[:EXAMPLES]] if found else [])


class Load(threading.Thread):
    """`rate` is in requests per second. With `pid`, time that this process waited for a processor is no lateness."""

    def __init__(self, where, connections=200, rate=600.0, deadline=2.0, kinds=None, pid=None):
        super().__init__(daemon=True)
        self.stalls, self.deadline, self.late = Stalls(pid), deadline, 0
        self.examples, self.replies = collections.deque(maxlen=EXAMPLES), queue.Queue()
        self.final = self.process = None
        self.table = helod.scratch() / "greetings.tsv"
        rows = [f"{kind(n)['client']}\t-\t{kind(n)['helo']}\t{want}\n" for kind, want in kinds or KINDS
                for n in range(HOSTS)]
        self.table.write_text("ip\trdns\thelo\twant\n" + "".join(rows))
        place = f"inet:127.0.0.1:{where}" if isinstance(where, int) else f"unix:{where}"
        self.command = [str(PROGRAM), "-c", str(connections), "-r", str(rate), "-C", str(deadline + GRACE), "-o", "random",
                        "-f", str(self.table), place]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.start()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(3 * helod.PATIENCE)
        self.join()
        self.process.stdout.close()
        assert self.process.returncode == 0, f"the load generator ended with {self.process.returncode}"
        self.final = self.replies.get_nowait()

    def say(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def set_rate(self, rate):
        self.say(f"rate {rate}")

    @property
    def tally(self):
        """The figures so far, or at the end."""
        if self.final:
            return self.final
        self.say("tally")
        return self.replies.get(timeout=helod.PATIENCE)

    def run(self):
        """Reads what the generator prints as soon as it does, because stalls are remembered only for minutes."""
        output, rest = self.process.stdout.fileno(), b""
        while True:
            self.stalls.look()
            if not select.select([output], [], [], EVERY)[0]:
                continue
            data = os.read(output, 65536)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for event in map(json.loads, lines):
                if "answers" in event:
                    self.replies.put(self.tally_of(event))
                else:
                    self.on_fault(event)

    def on_fault(self, event):
        if event["fault"] == "slow":
            event["machine"] = round(self.stalls.since(event["sent"]), 2)
            if event["took"] <= self.deadline + GRACE + event["own"] + event["machine"]:
                return
            self.late += 1
        self.examples.append(event)

    def tally_of(self, event):
        return Tally(asked=event["sent"], answered=event["answers"], lost=event["unanswered"], late=self.late,
                     slowest=event["max_us"] / 1e6, p99=event["p99_us"] / 1e6, examples=list(self.examples),
                     **{name: event[name] for name in ("wrong", "twice", "retried", "refused")})
