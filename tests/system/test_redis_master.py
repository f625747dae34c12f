#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A list of plain servers in `redis`: helod uses the one whose ROLE is master and follows when that changes. What was noted
before is known after, and each change is logged once. Servers, sentinels and nodes that lie end a connection, not helod."""
import collections
import json
import re
import time

import redisserver
from helod import Helod, heloctl, scratch, wait_for
from proxy import Listener
from redisserver import Redis
from tap import cases, contains, equal, run, skip_all, test

if redisserver.PROGRAM is None:
    skip_all("no redis-server or valkey-server")

# A name of one label can never be verified and needs no DNS: what is marked is marked by the history.
POLICY = '''policy "default" { points { helo_not_fqdn = 1 helo_shared = 40 helo_mail_role = 0 } }'''
KNOWN = {"client_name": "c.kiln-street.net", "reverse_client_name": "c.kiln-street.net"}
LATE = 3.0  # the store's timeout, and what a busy machine may add
SWITCHED = "it is the master and is used from now on"


def status():
    return f'status {{ listen = {{ "unix:{scratch()}/status" }} }}\n'


def states(daemon):
    """How many servers are in each state, by the daemon's metrics."""
    stats = heloctl("stats", "-c", daemon.conf_path)[1]
    return dict(collections.Counter(re.findall(r'^helod_history_node{.*state="(.*)"} +1$', stats, re.M)))


def start(servers, options="", more="", **arguments):
    listed = ", ".join(f'"{server.inet}"' for server in servers)
    return Helod(f'history {{ store = "redis" redis = {{ {listed} }} redis_timeout = "500ms" {options} }}\n{more}{POLICY}',
                 **arguments)


def pair(*arguments):
    """A master and a replica that has its data."""
    master, replica = Redis(*arguments), Redis(*arguments)
    replica.ask("REPLICAOF", "127.0.0.1", master.port)
    wait_for(lambda: replica.ask("ROLE")[3] == "connected", what="the replica is connected")
    return master, replica


def is_known(daemon, name):
    return daemon.ask(helo=name, client="203.0.113.99", **KNOWN).startswith("PREPEND")


def greet(daemon, name):
    with daemon.connect() as connection:
        for i in range(25):
            connection.ask(helo=name, client=f"11.{i}.1.1", **KNOWN)


def wait_used(daemon):
    """Until the daemon has a store that it can write to."""
    name = f"probe-{time.monotonic_ns()}"
    wait_for(lambda: greet(daemon, name) or is_known(daemon, name), what="the store is used")


def wait_copied(master, replica):
    """Until the replica has what the master has."""
    wait_for(lambda: replica.ask("ROLE")[4] == master.ask("ROLE")[1], what="the replica has the master's data")


def said(daemon, part):
    return sum(part in line for line in daemon.log().splitlines())


def promote(master, replica):
    wait_copied(master, replica)
    replica.ask("REPLICAOF", "NO", "ONE")
    master.ask("REPLICAOF", "127.0.0.1", replica.port)


@cases([("first", lambda master, replica: (master, replica)), ("last", lambda master, replica: (replica, master))],
       name=lambda row: f"the master is {row[0]} in the list: it is found, and nothing is logged")
def _(_where, order):
    master, replica = pair()
    with start(order(master, replica)) as daemon:
        wait_used(daemon)
        equal(said(daemon, "history in redis"), 0, "messages")


@test("an admin promotes the replica: helod follows, knows what was noted before, and says so once")
def _():
    master, replica = pair()
    with start([master, replica]) as daemon:
        wait_used(daemon)
        greet(daemon, "mailhost")
        wait_for(lambda: is_known(daemon, "mailhost"), what="the greetings are noted")
        promote(master, replica)
        line = daemon.wait_log(SWITCHED)
        contains(line, replica.inet)
        wait_used(daemon)
        assert is_known(daemon, "mailhost")
        equal(said(daemon, SWITCHED), 1, "said")
        equal(said(daemon, "it refuses"), 0, "complaints")  # READONLY is a reason to look, not a failure


@cases([("killed", lambda server: server.stop()), ("frozen", lambda server: server.freeze())],
       name=lambda row: f"the master is {row[0]} and the replica promoted: requests are answered, and helod follows")
def _(_how, lose):
    master, replica = pair()
    with start([master, replica]) as daemon:
        wait_used(daemon)
        greet(daemon, "mailhost")
        wait_copied(master, replica)
        lose(master)
        wait_for(lambda: is_known(daemon, "other") or said(daemon, "requests are judged without it"), what="the loss")
        replica.ask("REPLICAOF", "NO", "ONE")
        contains(daemon.wait_log(SWITCHED), replica.inet)
        wait_used(daemon)
        assert is_known(daemon, "mailhost")
        equal(said(daemon, SWITCHED), 1, "said")
        equal(said(daemon, "requests are judged without it"), 1, "losses")


@test("a former master that returns as a master is not used, because helod has another one")
def _():
    master, replica = pair()
    with start([master, replica]) as daemon:
        wait_used(daemon)
        master.stop()
        replica.ask("REPLICAOF", "NO", "ONE")
        daemon.wait_log(SWITCHED)
        master.start()
        daemon.wait_log(f"{master.inet}: available again")
        wait_used(daemon)
        equal(master.ask("DBSIZE"), 0, "keys of the former master")
        equal(said(daemon, SWITCHED), 1, "said")


@test("replicas alone: it is said once that there is no master, and one that is promoted is used")
def _():
    master, replica = pair()
    master.stop()
    spare = Redis()
    spare.ask("REPLICAOF", "127.0.0.1", replica.port)
    with start([replica, spare], more=status()) as daemon:
        daemon.wait_log("no master was found, requests are judged without the history")
        wait_for(lambda: states(daemon) == {"standby": 2}, what="neither is shown as used")
        greet(daemon, "mailhost")
        assert not is_known(daemon, "mailhost")
        replica.ask("REPLICAOF", "NO", "ONE")
        contains(daemon.wait_log(SWITCHED), replica.inet)
        wait_used(daemon)
        equal(said(daemon, "no master was found"), 1, "said")


@test("two unrelated masters: the log says once which one is used, and stats show the other one")
def _():
    first, second = Redis(), Redis()
    with start([first, second], more=status()) as daemon:
        line = daemon.wait_log("it is a second master and is not used")
        used, other = (first, second) if second.inet in line.split(" it is ")[0] else (second, first)
        contains(line, f"in use is {used.inet}")
        wait_for(lambda: states(daemon) == {"second_master": 1, "used": 1}, what="stats show it, too")
        other.ask("REPLICAOF", "127.0.0.1", used.port)
        wait_for(lambda: states(daemon) == {"standby": 1, "used": 1}, what="the second one is a replica")
        equal(said(daemon, "second master"), 1, "said")


@test("sentinels that are listed without redis_sentinel: the log says what to set")
def _():
    sentinel = redisserver.Sentinel("main", Redis(), 1)
    with start([sentinel, Redis()]) as daemon:
        contains(daemon.wait_log("it is a sentinel"), "redis_sentinel")


@test("heloctl finds the master, shows and forgets; stats show the state of each server")
def _():
    master, replica = pair()
    status = f'}}\nstatus {{ listen = "unix:{scratch()}/status"'
    with start([replica, master], status) as daemon:
        wait_used(daemon)
        greet(daemon, "mailhost")
        wait_for(lambda: is_known(daemon, "mailhost"), what="the greetings are noted")
        _, shown, _ = heloctl("history", "-j", "-c", daemon.conf_path, "mailhost")
        assert json.loads(shown)["networks"]["count"] >= 25, shown
        contains(heloctl("forget", "-c", daemon.conf_path, "mailhost")[1], "forgotten")
        assert not is_known(daemon, "mailhost")
        wait_for(lambda: 'state="standby"' in heloctl("stats", "-c", daemon.conf_path)[1], what="a tick")
        stats = heloctl("stats", "-c", daemon.conf_path)[1]
        contains(stats, f'helod_history_node{{node="{master.inet}",state="used"}}')
        contains(stats, f'helod_history_node{{node="{replica.inet}",state="standby"}}')
        contains(stats, f'helod_history_node_latency_seconds{{node="{master.inet}"}}')


class Liar(Listener):
    """Answers the commands of each connection with what `answers` has for a word in them, for as long as it is asked.
    The first row that matches counts."""

    def __init__(self, *answers):
        self.answers, self.commands = answers, []
        super().__init__()

    def talk(self, near):
        while asked := near.recv(65536):
            # Commands of one login arrive together and are answered in their order.
            for command in asked.split(b"*")[1:]:
                self.commands.append(command)
                near.sendall(next(answer for word, answer in self.answers if word in command))


NOTHING = b"-ERR unknown command\r\n"
SUBSCRIBED = b"*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n"


@cases([("a number", b":1\r\n"), ("a text", b"$2\r\nhi\r\n"), ("nil", b"$-1\r\n"), ("an error", b"-ERR no\r\n"),
        ("an empty array", b"*0\r\n"), ("one element", b"*1\r\n$7\r\nmessage\r\n"),
        ("a number as channel", b"*3\r\n$7\r\nmessage\r\n:1\r\n$1\r\nx\r\n"),
        ("a number as kind", b"*3\r\n:1\r\n$14\r\n+switch-master\r\n$1\r\nx\r\n"),
        ("another channel", b"*3\r\n$7\r\nmessage\r\n$5\r\n+sdow\r\n$1\r\nx\r\n"),
        ("another subscription", b"*3\r\n$9\r\nsubscribe\r\n$5\r\n+sdow\r\n:2\r\n"),
        ("the end of the subscription", b"*3\r\n$11\r\nunsubscribe\r\n$14\r\n+switch-master\r\n$1\r\nx\r\n"),
        ("an array in a message", b"*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n*1\r\n:1\r\n"),
        ("a push message of RESP3", b">3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$1\r\nx\r\n")],
       name=lambda row: f"a sentinel that sends {row[0]} in place of a message ends the connection, not helod")
def _(_what, message):
    sentinel = Liar((b"PING", b"+PONG\r\n"), (b"SUBSCRIBE", SUBSCRIBED + message), (b"", NOTHING))
    with start([sentinel], "redis_sentinel = main") as daemon:
        wait_for(lambda: sentinel.connections >= 4, what="helod connects again")
        equal(daemon.process.poll(), None, "helod runs")
        assert not is_known(daemon, "mailhost")


@cases([("no array", b":1\r\n"), ("no port", b"*1\r\n$9\r\n127.0.0.1\r\n"),
        ("a port out of range", b"*2\r\n$9\r\n127.0.0.1\r\n$5\r\n65536\r\n"),
        ("a host of bytes", b"*2\r\n$4\r\n\x1b[1m\r\n$4\r\n6379\r\n"), ("nil", b"*-1\r\n")],
       name=lambda row: f"a sentinel that names {row[0]} as the master: that is logged once, and helod runs")
def _(_what, answer):
    sentinel = Liar((b"PING", b"+PONG\r\n"), (b"SUBSCRIBE", SUBSCRIBED), (b"SENTINEL", answer), (b"", NOTHING))
    with start([sentinel], "redis_sentinel = main") as daemon:
        contains(daemon.wait_log("it knows no such master"), "main")
        assert not is_known(daemon, "mailhost")
        equal(said(daemon, "it knows no such master"), 1, "said")


def peak_kib(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmPeak:"))


def row(first, last, host, port):
    return b"*3\r\n:%d\r\n:%d\r\n*2\r\n$%d\r\n%s\r\n:%d\r\n" % (first, last, len(host), host, port)


@test("a cluster of more nodes than helod connects to: the bound holds, and requests are answered")
def _():
    rows = [row(40 * i, 40 * i + 39, b"127.%d.%d.1" % (i // 200, i % 200), 1) for i in range(300)]
    node = Liar((b"PING", b"+PONG\r\n"), (b"CLUSTER", b"*%d\r\n" % len(rows) + b"".join(rows)), (b"", NOTHING))
    with start([node], f'}}\nstatus {{ listen = "unix:{scratch()}/status"') as daemon:
        greet(daemon, "mailhost")
        assert not is_known(daemon, "mailhost")
        wait_for(lambda: 'state="down"' in heloctl("stats", "-c", daemon.conf_path)[1], what="a tick")
        nodes = heloctl("stats", "-c", daemon.conf_path)[1].count("helod_history_node{")
        assert 100 < nodes <= 128, f"{nodes} nodes"


@cases([("rows that are none", b"*3\r\n:1\r\n*0\r\n$-1\r\n"),
        ("slots that do not exist", b"*1\r\n" + row(16384, 70000, b"127.0.0.1", 1))],
       name=lambda row: f"a server whose map of a cluster has only {row[0]} is used as a server without a cluster")
def _(_what, answer):
    node = Liar((b"PING", b"+PONG\r\n"), (b"CLUSTER", answer), (b"", NOTHING))
    with start([node]) as daemon:
        wait_for(lambda: is_known(daemon, "mailhost") or any(b"ZRANGE" in command for command in node.commands),
                 what="the server is asked for the records")


@test("a cluster whose map has endless rows: no memory is taken, requests are answered")
def _():
    answer = b"*16384\r\n" + (b"*16384\r\n" + b":1\r\n" * 16384) * 200
    node = Liar((b"PING", b"+PONG\r\n"), (b"CLUSTER", answer), (b"", NOTHING))
    with start([node]) as daemon:
        before = peak_kib(daemon)
        wait_for(lambda: node.connections >= 1 and not is_known(daemon, "mailhost"), what="helod has connected")
        time.sleep(1)
        assert not is_known(daemon, "mailhost")
        equal(daemon.process.poll(), None, "helod runs")
        assert peak_kib(daemon) - before < 150000, f"{peak_kib(daemon) - before} KiB more"


@test("a map with slots that two nodes have: one of them is away, and helod keeps its row and runs")
def _():
    node = Liar()
    rows = [row(0, 100, b"127.0.0.1", node.port), row(0, 100, b"127.0.0.1", 1),
            row(101, 16383, b"127.0.0.1", node.port)]
    node.answers = ((b"PING", b"+PONG\r\n"), (b"CLUSTER", b"*3\r\n" + b"".join(rows)), (b"ZADD", b":1\r\n"),
                    (b"ZRANGE", b"-MOVED 1 127.0.0.1:%d\r\n" % node.port), (b"ZCOUNT", b":1\r\n"), (b"", NOTHING))
    with start([node]) as daemon:
        for _ in range(20):
            assert not is_known(daemon, "mailhost")
            time.sleep(0.1)  # so that ticks come between the map and the redirections
        equal(daemon.process.poll(), None, "helod runs")


@test("a node that redirects every command to itself is asked a few times, and the request is answered")
def _():
    node = Liar()
    node.answers = ((b"PING", b"+PONG\r\n"), (b"CLUSTER", b"*1\r\n" + row(0, 16383, b"127.0.0.1", node.port)),
                    (b"ZADD", b":1\r\n"), (b"ZRANGE", b"-MOVED 1 127.0.0.1:%d\r\n" % node.port),
                    (b"ZCOUNT", b"-ASK 1 127.0.0.1:%d\r\n" % node.port), (b"ASKING", b"+OK\r\n"), (b"", NOTHING))
    with start([node]) as daemon:
        for _ in range(20):
            began = time.monotonic()
            assert not is_known(daemon, "mailhost")
            assert time.monotonic() - began < LATE, "late"
        equal(daemon.process.poll(), None, "helod runs")


run()
