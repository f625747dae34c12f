#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The history in real processes: helods that share a real redis-server, which is killed, frozen, slowed down and comes
back under load; a helod with a memory store that is killed under load and started again."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import redisserver
from helod import PATIENCE, Helod, free_port, heloctl, scratch, wait_for
from proxy import Listener, Proxy
from redisserver import Redis
from sharing import KNOWN, POLICY, Load, greet_from, is_known, shared, times_said, wait_used
from stalls import Watch
from tap import cases, contains, equal, note, run, skip_all, test

if redisserver.PROGRAM is None:
    skip_all("no redis-server or valkey-server")


@cases([("TCP", lambda r: r.inet, ""), ("a unix socket", lambda r: f"unix:{r.path}", ""),
        ("hashed keys", lambda r: r.inet, 'hashed = yes hash_key = "pepper"')],
       name=lambda row: f"two helods see each other's greetings: {row[0]}")
def _(_name, where, options):
    redis = Redis()
    with shared(where(redis), options) as one, shared(where(redis), options) as two:
        wait_used(one)
        wait_used(two)
        greet_from(one, "mailhost", range(12))
        assert not is_known(two, "mailhost"), "known too early"
        greet_from(two, "mailhost", range(12, 24))
        wait_for(lambda: is_known(one, "mailhost", "203.0.113.98"), what="one knows what two saw")
        wait_for(lambda: is_known(two, "mailhost", "203.0.113.97"), what="two knows what one saw")
        keys = redis.command("KEYS", "*")
        equal(b"mailhost" in keys or b"11.3.1.1" in keys, options == "", "readable keys")
        equal(times_said(one, "history in redis"), 0, "complaints")


@test("every key expires with the window")
def _():
    redis = Redis()
    with shared(redis.inet) as one:
        wait_used(one)
        one.ask(helo="mailhost", client="11.1.1.1", **KNOWN)
        keys = [k for k in redis.command("KEYS", "*").split(b"\r\n") if k.startswith(b"helod:")]
        assert len(keys) > 10
        for key in keys:
            ttl = int(redis.command("TTL", key.decode())[1:])
            assert 0 < ttl <= 7 * 86400, f"{key}: {ttl}"


@test("a record of the older form is not read")
def _():
    redis = Redis()
    now = int(time.time())
    for network in range(30):
        redis.ask("ZADD", "helod:h:{mailhost}", now, f"10.{network}.0.0/16")
    redis.ask("ZADD", "helod:c:{192.0.2.7}:n", now, "mailhost")
    redis.ask("HSET", "helod:c:{192.0.2.7}:t", "first", now, "last", now)
    with shared(redis.inet) as one:
        wait_used(one)
        assert not is_known(one, "mailhost")
        equal(heloctl("history", "-c", one.conf_path, "192.0.2.7")[1], "network 192.0.2.7: nothing is known\n")


def calls(redis):
    """How often the server ran each command that helod sends."""
    stats = redis.info("commandstats")
    return {name.removeprefix("cmdstat_"): int(re.match(r"calls=(\d+)", value)[1]) for name, value in stats.items()}


@cases([("unverified", "host-{}", {"zadd": 2, "expire": 2}),
        ("verified", "c.kiln-street.net", {"zadd": 1, "zincrby": 1, "expire": 1})],
       name=lambda row: f"a greeting costs the store two reading commands and at most four others: {row[0]}")
def _(_what, name, each):
    redis, count = Redis(), 320
    with shared(redis.inet) as one:
        wait_used(one)
        one.ask(helo="settled", client="11.9.9.9", **KNOWN)
        wait_for(lambda: redis.ask("TTL", "helod:h2:{settled}") > 0, what="all before is noted")
        redis.ask("CONFIG", "RESETSTAT")
        with one.connect() as connection:
            for i in range(count):
                connection.ask(helo=name.format(i), client=f"12.{i % 250}.{i // 250}.1", **KNOWN)
        expected = count * sum(each.values())
        wait_for(lambda: sum(calls(redis).get(command, 0) for command in each) >= expected, what="all is noted")
        done = calls(redis)
        note(f"{count} greetings: {done}")
        for command, times in each.items():
            equal(done[command], count * times, command)
        tidied = count // 4  # a sixteenth, by chance
        assert done.get("zcount", 0) <= count + 20, "the name's record, and every five seconds the policy's"
        assert done.get("zrangebyscore", 0) <= count
        assert done.get("zrange", 0) <= tidied
        assert done.get("zrem", 0) + done.get("zremrangebyrank", 0) <= tidied
        known = {"zcount", "zrange", "zrangebyscore", "zrem", "zremrangebyrank", "info", "ping", "config|resetstat", *each}
        equal(set(done) - known, set(), "other commands")


@test("the records stay within their bounds")
def _():
    redis = Redis()
    with shared(redis.inet) as one:
        wait_used(one)
        with one.connect() as connection:
            for i in range(2000):
                connection.ask(helo=f"host-{i}", client="11.1.1.1", **KNOWN)
                connection.ask(helo="mailhost", client=f"{20 + i // 200}.{i % 200}.1.1", **KNOWN)
        wait_for(lambda: redis.ask("ZSCORE", "helod:h2:{mailhost}", "a29.199.0.0/16"), what="the last one is noted")
        # One in 32 notes of a record tidies it, by chance: 800 without that have a chance of one in 10^11.
        names = sum(member.startswith("n") for member in redis.ask("ZRANGE", "helod:c2:{11.1.1.1}", 0, -1))
        assert 64 <= names <= 64 + 800, names
        networks = redis.ask("ZCARD", "helod:h2:{mailhost}")
        assert 128 <= networks <= 128 + 800, networks
        note(f"{names} names, {networks} networks")


@test("misfits are counted by day, until a verified greeting")
def _():
    redis, network = Redis(), "helod:c2:{11.1.1.1}"

    def misfits():
        out = json.loads(heloctl("history", "-j", "-c", one.conf_path, "11.1.1.1")[1])
        return out["misfits"], out["misfit_days"]

    with shared(redis.inet) as one:
        wait_used(one)
        one.ask(helo="mailhost", client="11.1.1.1", **KNOWN)
        wait_for(lambda: redis.ask("ZCARD", network), what="the greeting is noted")
        now = int(time.time())
        for days in range(1, 10):
            redis.ask("ZADD", network, "LT", days * 86400 - now, f"m{now // 60 - days * 1440}")
        equal(misfits(), (7, 7))
        one.ask(helo="c.kiln-street.net", client="11.1.1.1", **KNOWN)
        wait_for(lambda: redis.ask("ZSCORE", network, "r"), what="the verified greeting is noted")
        equal(misfits(), (0, 0))


def said_rarely(one):
    """Once; again where a busy machine made a server slow that is none."""
    said = times_said(one, "unavailable, requests are judged without it")
    assert 1 <= said <= 3, f"said {said} times"


@test("the server is killed under load: nothing is lost or late, it is said once, and it heals")
def _():
    redis = Redis()
    with shared(redis.inet) as one:
        wait_used(one)
        load = Load(one)
        time.sleep(1.5)
        redis.stop()
        time.sleep(2.5)
        redis.start()
        one.wait_log("available again")
        time.sleep(1)
        load.check()
        said_rarely(one)
        wait_used(one)


@test("the server is frozen under load: nothing is lost or late, it is said once, and it heals")
def _():
    redis = Redis()
    with shared(redis.inet) as one:
        wait_used(one)
        load = Load(one)
        time.sleep(1.5)
        redis.process.send_signal(signal.SIGSTOP)
        one.wait_log("unavailable, requests are judged without it")
        time.sleep(3)
        redis.process.send_signal(signal.SIGCONT)
        one.wait_log("redis at " + redis.inet + ": available again")
        time.sleep(1)
        load.check()
        said_rarely(one)
        wait_used(one)


@test("a store that is not there at start is found later")
def _():
    redis = Redis()
    redis.stop()
    with shared(redis.inet) as one:
        assert not is_known(one, "mailhost")
        one.wait_log("unavailable, requests are judged without it")
        redis.start()
        one.wait_log("redis at " + redis.inet + ": available again")
        wait_used(one)


@test("a store whose name has no address: every request is answered, and it is told what to write instead")
def _():
    with shared("inet:redis.nowhere.invalid:6379") as one:
        line = one.wait_log("history in redis at inet:redis.nowhere.invalid:6379: not used until helod is restarted")
        contains(line, "an address in place of the name needs no DNS: ")
        equal(one.ask(helo="mailhost", **KNOWN), "DUNNO")
        took = []
        for _attempt in range(5):  # at its quickest: the machine may do other things meanwhile
            begun = time.monotonic()
            status, _, err = heloctl("history", "-c", one.conf_path, "11.7.1.1")
            equal(status, 70, err)
            took.append(time.monotonic() - begun)
        assert min(took) < 2, "heloctl waits for what cannot come"


@test("another server in a reload waits for a restart, and that is said")
def _():
    redis = Redis()
    with shared(redis.inet) as one:
        wait_used(one)
        one.reload('history { store = "redis" redis = "inet:redis.nowhere.invalid:6379" }\n' + POLICY)
        contains(one.wait_log("needs a restart"), "history: redis ")
        wait_used(one)


@test("a server that becomes slow delays nothing past its timeout and is left alone, although it answers")
def _():
    redis = Redis()
    proxy = Proxy(redis.port)
    with shared(f"inet:127.0.0.1:{proxy.port}") as one:
        wait_used(one)
        load = Load(one, 3)
        time.sleep(0.5)
        proxy.delay = 0.75  # more than the timeout, less than what connecting may take
        one.wait_log("unavailable, requests are judged without it")
        time.sleep(1)
        tried, well = proxy.connections, times_said(one, ": available again")
        wait_for(lambda: proxy.connections >= tried + 2, what="it is tried again")
        load.check()
        equal(times_said(one, ": available again"), well, "believed to be available again")
        proxy.delay = 0
        wait_used(one)


def login_answer(commands):
    """What a server without a cluster answers while helod connects. Empty if that is over."""
    if b"PING" not in commands:
        return b""
    return (b"-ERR This instance has cluster support disabled\r\n" if b"CLUSTER" in commands else b"") + b"+PONG\r\n"


class MadServer(Listener):
    """Well at first; answers the first request with what `madness` gives, for as long as it is listened to."""

    def __init__(self, madness):
        self.madness, self.sent = madness, 0
        super().__init__()

    def talk(self, near):
        while answer := login_answer(near.recv(4096)):
            near.sendall(answer)
        for part in self.madness():
            near.sendall(part)
            self.sent += len(part)
        near.recv(4096)


def announced():
    yield b"*50000000\r\n" + b":1\r\n" * 10


def endless():
    yield b"$500000000\r\n"
    for _ in range(5000):
        yield bytes(100000)


def silent():
    yield b""


class Unasked(Listener):
    """Answers the login and adds what nobody asked for, on every connection."""

    def __init__(self, more):
        self.more = more
        super().__init__()

    def talk(self, near):
        near.sendall(login_answer(near.recv(4096)))
        near.sendall(login_answer(near.recv(4096)) + self.more)
        near.recv(4096)


@cases([("three more PONG", b"+PONG\r\n" * 3), ("a number", b":1\r\n"), ("nil", b"$-1\r\n"),
        ("a text", b"$2\r\nhi\r\n"), ("an error", b"-ERR no\r\n"),
        ("an array", b"*2\r\n:1\r\n:2\r\n"), ("an empty array", b"*0\r\n"),
        ("an array that does not end", b"*2\r\n:1\r\n"), ("a push message of RESP3", b">2\r\n+message\r\n+hi\r\n"),
        ("a double of RESP3", b",1.5\r\n"), ("a map of RESP3", b"%1\r\n+a\r\n:1\r\n")],
       name=lambda row: f"a server that sends {row[0]} and was not asked ends the connection, not helod")
def _(_name, more):
    server = Unasked(more)
    with shared(f"inet:127.0.0.1:{server.port}", 'redis_timeout = "1s"') as one:
        wait_for(lambda: server.connections >= 2, what="helod connects again")
        equal(one.process.poll(), None, "helod runs")
        assert not is_known(one, "mailhost")
        one.wait_log("unavailable, requests are judged without it")


@test("a server that is well until it is asked is tried less and less often")
def _():
    server = MadServer(silent)
    with shared(f"inet:127.0.0.1:{server.port}", 'redis_timeout = "50ms"') as one:
        began = time.monotonic()
        while time.monotonic() - began < 6:
            is_known(one, "mailhost")
        said = times_said(one, "unavailable, requests are judged without it")
        assert 2 <= said <= 6, f"said {said} times in six seconds"


def peak_kib(daemon):
    with open(f"/proc/{daemon.process.pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmPeak:"))


@cases([("announces fifty million elements", announced, "unavailable, requests are judged without it"),
        ("never ends its reply", endless, "a reply exceeds all bounds")],
       name=lambda row: f"a server that {row[0]} takes no memory and delays nobody")
def _(_name, madness, said):
    server = MadServer(madness)
    with shared(f"inet:127.0.0.1:{server.port}", 'redis_timeout = "2s"') as one:
        before = peak_kib(one)
        with Watch(one.process.pid) as watch:
            while said not in one.log():
                assert not is_known(one, "mailhost")
        assert watch.seconds < 6, "believed for too long"
        assert peak_kib(one) - before < 50000, f"{before} to {peak_kib(one)} KiB"
        assert server.sent < 50000000, f"{server.sent} bytes were listened to"


@cases([("a password", ["--requirepass", "sesame"], 'redis_password = "sesame"', True),
        ("a user and a password", ["--user", "helod", "on", ">sesame", "~*", "+@all"],
         'redis_user = "helod" redis_password = "sesame"', True),
        ("a wrong password", ["--requirepass", "sesame"], 'redis_password = "barley"', False),
        ("no password where one is needed", ["--requirepass", "sesame"], "", False)],
       name=lambda row: f"{row[0]} {'opens' if row[3] else 'does not open'} the store")
def _(_name, arguments, options, opens):
    redis = Redis(*arguments)
    with shared(redis.inet, options) as one:
        if opens:
            wait_used(one)
        else:
            line = one.wait_log("unavailable, requests are judged without it")
            assert "sesame" not in line and "barley" not in one.log()
            assert not is_known(one, "mailhost")


def remembering(file):
    return Helod(f'history {{ store = "memory" file = "{file}" snapshot = "1s" }}\n{POLICY}')


@test("kill -9 under load: what was saved is known again, and nothing of the load hurts it")
def _():
    file = scratch() / "history"
    one = remembering(file)
    greet_from(one, "mailhost", range(80))
    assert is_known(one, "mailhost")
    wait_for(file.exists, what="a snapshot")
    for _round in range(3):
        load = Load(one, 4)
        time.sleep(1.7)
        before = file.stat().st_mtime_ns
        one.process.send_signal(signal.SIGKILL)
        one.process.wait()
        load.running = False
        assert time.time_ns() - before < 20e9, "the snapshot is too old"
        one.process = None
        one.start()
        assert is_known(one, "mailhost", "203.0.113.96"), "forgotten"
        equal(times_said(one, "cannot be used"), 0, "snapshots that were set aside")
    equal(one.stop(), 0, "exit status")
    assert os.path.getsize(file) > 1000


@test("a snapshot is written at exit, and a damaged one is set aside")
def _():
    file = scratch() / "history"
    one = Helod(f'history {{ store = "memory" file = "{file}" snapshot = "1d" }}\n{POLICY}')
    greet_from(one, "mailhost", range(80))
    one.stop()
    whole = file.read_bytes()
    one.start()
    assert is_known(one, "mailhost")
    one.stop()
    file.write_bytes(whole[:len(whole) // 2])
    one.start()
    one.wait_log("the snapshot cannot be used")
    assert not is_known(one, "mailhost")
    equal(file.with_name("history.unusable").read_bytes(), whole[:len(whole) // 2], "set aside")
    one.stop()
    assert file.exists(), "no new snapshot"


@test("a history that cannot be saved is reported at start, helod runs, and it reports when it can save again")
def _():
    folder = scratch() / "missing"
    one = remembering(folder / "history")
    one.wait_log(f"history {folder}/history: the snapshot cannot be created: No such file or directory")
    greet_from(one, "mailhost", range(3))
    folder.mkdir()
    one.wait_log("snapshots are written again")
    folder.joinpath("history").unlink()
    folder.rmdir()
    greet_from(one, "mailhost", range(3, 6))
    wait_for(lambda: times_said(one, "the snapshot cannot be created") == 2, what="a second report")
    one.stop()
    equal(times_said(one, "the snapshot cannot be created"), 3, "reports, the last one at exit")


def memory_with_control():
    folder = scratch()
    return Helod(f'''history {{ store = "memory" file = "{folder}/history" snapshot = "1d" }}
status {{ listen = {{ "unix:{folder}/control" }} }}
{POLICY}''')


@cases([("memory", memory_with_control), ("redis", lambda: shared(Redis().inet))],
       name=lambda row: f"heloctl shows and forgets, and checks with the history: {row[0]}")
def _(kind, start):
    with start() as one:
        if kind == "redis":
            wait_used(one)
        greet_from(one, "mailhost", range(60))
        conf = ["-c", one.conf_path]
        status, out, err = heloctl("history", *conf, "mailhost")
        equal(status, 0, err)
        contains(out, "came unverified from:")
        status, out, err = heloctl("history", "-j", *conf, "11.7.1.1")
        equal(status, 0, err)
        data = json.loads(out)
        equal((data["network"], data["known"]), ("11.7.1.1", True))
        contains([item["name"] for item in data["names"]["seen"]], "mailhost")
        if kind == "redis":
            contains(heloctl("check", *conf, "203.0.113.4", "mailhost")[1], "this name from 60 networks")
        equal(heloctl("forget", *conf, "MailHost")[:2], (0, "name mailhost: forgotten\n"))
        equal(heloctl("forget", *conf, "11.7.1.1")[:2], (0, "network 11.7.1.1: forgotten\n"))
        equal(heloctl("history", *conf, "11.7.1.1")[1], "network 11.7.1.1: nothing is known\n")
        assert not is_known(one, "mailhost"), "still known"
        assert heloctl("history", *conf, "no name")[0] >= 64
        longest = "mailhost." + "a" * 60 + ("." + "b" * 60) * 3
        equal(heloctl("history", *conf, longest)[:2], (0, f"name {longest}: nothing is known\n"))


@test("without a daemon heloctl reads the snapshot, and cannot forget")
def _():
    one = memory_with_control()
    greet_from(one, "mailhost", range(60))
    one.stop()
    conf = ["-c", one.conf_path]
    status, out, err = heloctl("history", *conf, "11.7.1.1")
    equal(status, 0, err)
    contains(out, "unverified names: 1\n  mailhost")
    contains(err, "snapshot")
    contains(heloctl("check", *conf, "11.7.1.1", "mailhost")[1], "0 unverified domains and 1 names of this client")
    contains(heloctl("forget", *conf, "11.7.1.1")[2], "does not answer")


@test("a daemon that does not answer holds up no heloctl: it reads the snapshot")
def _():
    one = memory_with_control()
    one.stop()
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(re.search(r'unix:([^"]*/control)', one.conf_path.read_text())[1])
        mute.listen(5)
        begun = time.monotonic()
        status, out, err = heloctl("history", "-c", one.conf_path, "11.7.1.1")
        equal((status, out), (0, "network 11.7.1.1: nothing is known\n"), err)
        contains(err, "this is from its snapshot")
        assert 8 < time.monotonic() - begun < PATIENCE


run()
