# SPDX-License-Identifier: BSD-2-Clause
"""sharing: several helods that share their history, and what must hold for them whatever happens to the store.

    site = Site(cluster.list, cluster)    # two helods that know some names, under load
    cluster.owner(site.keys[0]).stop()
    site.check()                          # nothing was lost, late or rejected, and both still know the names
"""
import re
import threading
import time

from helod import PATIENCE, Connection, Helod, wait_for
from stalls import EVERY, Stalls
from tap import equal, note

LATE = 3.0  # seconds: the store's timeout and helod's own work, without what a busy machine adds
# A name of one label can never be verified and needs no DNS: what is marked is marked by the history.
POLICY = '''policy "default" { points { helo_not_fqdn = 1 helo_shared = 40 helo_mail_role = 0 } }'''
KNOWN = {"client_name": "c.kiln-street.net", "reverse_client_name": "c.kiln-street.net"}


def shared(where, options="", **more):
    """A daemon with the store; `where` is a place or a list of them."""
    where = where if where.startswith("{") else f'"{where}"'
    patient = "" if "redis_timeout" in options else 'redis_timeout = "500ms"'  # a busy machine is not a slow server
    return Helod(f'history {{ store = "redis" redis = {where} {patient} {options} }}\n{POLICY}', **more)


def is_known(daemon, name, client="203.0.113.99"):
    """Whether the history marks the name."""
    return daemon.ask(helo=name, client=client, **KNOWN).startswith("PREPEND")


def greet_from(daemon, name, networks):
    with daemon.connect() as connection:
        for i in networks:
            connection.ask(helo=name, client=f"11.{i}.1.1", **KNOWN)


def wait_used(daemon):
    """Until the daemon has its store."""
    name = f"probe-{time.monotonic_ns()}"
    wait_for(lambda: greet_from(daemon, name, range(25)) or is_known(daemon, name), what="the store is used")


def times_said(daemon, part):
    return sum(part in line for line in daemon.log().splitlines())


class Load:
    """Requests on several connections, one after the other on each, until stopped. Every one is counted and timed. None
    is of a client that deserves a mark, so every answer must be DUNNO."""

    def __init__(self, daemon, connections=6):
        self.daemon, self.times, self.errors, self.running = daemon, [], [], True
        self.stalls = Stalls(daemon.process.pid)
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()
        self.threads = [threading.Thread(target=self.ask, args=(n,), daemon=True) for n in range(connections)]
        for thread in self.threads:
            thread.start()

    def watch(self):
        while self.running:
            time.sleep(EVERY / 2)
            self.stalls.turn(EVERY / 2)

    def ask(self, number):
        try:
            with Connection(("127.0.0.1", self.daemon.port)) as connection:
                count = 0
                while self.running:
                    count += 1
                    began = time.monotonic()
                    answer = connection.ask(helo=f"host-{number}-{count % 50}", client=f"12.{number}.{count % 200}.7",
                                            **KNOWN)
                    took = time.monotonic() - began
                    self.times.append(took - min(took, self.stalls.since(began)) if took > LATE / 2 else took)
                    if answer != "DUNNO":
                        self.errors.append(answer)
                    time.sleep(0.002)
        except Exception as error:  # is the test's own failure, told in check()
            self.errors.append(repr(error))

    def check(self):
        wait_for(lambda: self.errors or len(self.times) > 50, what="enough requests")
        self.running = False
        for thread in self.threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self.threads), "a request was never answered"
        equal(self.errors, [], "lost requests, and answers that are not DUNNO")
        slowest = max(self.times)
        note(f"{len(self.times)} requests, the slowest took {slowest * 1000:.1f} ms")
        assert slowest < LATE, f"a request took {slowest:.3f} s"


class Site:
    """Two helods that share a store and know the same names, under load."""

    def __init__(self, where, options="", names=12, **more):
        self.daemons = [shared(where, options, **more) for _ in range(2)]
        for daemon in self.daemons:
            wait_used(daemon)
        self.names = [f"laptop-{i}" for i in range(names)]
        self.keys = [f"helod:h2:{{{name}}}" for name in self.names]
        for i, name in enumerate(self.names):
            greet_from(self.daemons[i % 2], name, range(25))
        self.wait_known()
        self.loads = [Load(daemon, 3) for daemon in self.daemons]

    def wait_known(self, names=None):
        """Until both know the names. It greets with them from one more network."""
        for daemon in self.daemons:
            for name in names or self.names:
                wait_for(lambda daemon=daemon, name=name: is_known(daemon, name), what=f"{name} is known")

    def wait_log(self, part):
        for daemon in self.daemons:
            wait_for(lambda daemon=daemon: part in daemon.log(), what=part)

    def said(self, pattern):
        """How often each daemon has logged it about the store."""
        return [len(re.findall(f"history in redis[^\n]*{pattern}", daemon.log())) for daemon in self.daemons]

    def check(self):
        """Whatever has happened, it is over."""
        self.wait_known()
        for load in self.loads:
            load.check()
        for daemon in self.daemons:
            for line in daemon.log().splitlines():
                if "history in redis" in line:
                    note(line)
            equal(daemon.stop(), 0, "exit status")
