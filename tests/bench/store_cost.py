#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""store_cost.py: what a greeting costs the shared store: commands and processor time of a real server, as it counts
them itself (INFO commandstats, INFO cpu).

It runs a helod with a redis-server on loopback for each kind of client and prints a table. A greeting may take at most
two reading commands and four that note it, besides the tidying of one in 16. HELOD names another helod to measure,
HELOD_COST_ONLY=1 prints without judging, and HELOD_COST_COUNT says how many greetings.
"""
import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import redisserver  # noqa: E402
import tap  # noqa: E402
from helod import Connection, Helod, wait_for  # noqa: E402

COUNT = int(os.environ.get("HELOD_COST_COUNT", "2000"))
CONNECTIONS = 8
JUDGES = not os.environ.get("HELOD_COST_ONLY")
READING = {"hmget", "zcount", "zrange", "zrangebyscore", "zrevrange", "zscore"}
TIDYING = {"zrem", "zremrangebyrank"}
OTHERS = {"info", "config|resetstat", "ping", "memory|usage", "dbsize"}
# A name of one label is never verified and needs no DNS.
POLICY = 'policy "default" { points { helo_not_fqdn = 1 helo_shared = 40 helo_mail_role = 0 } }'
REVERSE = {"client_name": "c.kiln-street.net", "reverse_client_name": "c.kiln-street.net"}

# What greeting number i is: the client and its name.
KINDS = {
    "new client, new name": lambda i: (f"{11 + i // 62500 % 80}.{i // 250 % 250}.{i % 250}.1", f"host-{i}"),
    "new client, a name that many use": lambda i: (f"{11 + i % 80}.{i // 80 % 250}.{i // 20000}.1", "laptop"),
    "known client, one of its 20 names": lambda i: (f"12.1.{i % 50}.1", f"host-{i % 50}-{i // 50 % 20}"),
    "client with a new name each time": lambda i: (f"12.1.{i % 50}.1", f"host-{i}"),
    "verified, known": lambda i: (f"12.1.{i % 50}.1", "c.kiln-street.net"),
}


def greet(daemon, greeting, numbers):
    with Connection(("127.0.0.1", daemon.port)) as connection:
        for i in numbers:
            client, name = greeting(i)
            connection.ask(client=client, helo=name, **REVERSE)


def greet_all(daemon, greeting):
    threads = [threading.Thread(target=greet, args=(daemon, greeting, range(n, COUNT, CONNECTIONS)))
               for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def calls(redis):
    """Of each command: how often it ran, and for how many microseconds."""
    out = {}
    for name, value in redis.info("commandstats").items():
        fields = dict(field.split("=") for field in value.split(","))
        out[name.removeprefix("cmdstat_")] = int(fields["calls"]), int(fields["usec"])
    return {name: row for name, row in out.items() if name not in OTHERS}


def processor(redis):
    """Seconds of the server's main thread, which runs the commands; it takes some without any."""
    cpu = redis.info("cpu")
    return sum(float(cpu.get(f"used_cpu_{kind}_main_thread", cpu[f"used_cpu_{kind}"])) for kind in ("user", "sys"))


def settle(redis):
    """Until all that is under way has run."""
    last = []

    def is_quiet():
        last.append(sum(row[0] for row in calls(redis).values()))
        time.sleep(0.3)
        return len(last) > 1 and last[-1] == last[-2]
    wait_for(is_quiet, what="the server is quiet")


def measure(greeting):
    redis = redisserver.Redis()
    with Helod(f'history {{ store = "redis" redis = "{redis.inet}" redis_timeout = "2s" }}\n{POLICY}') as daemon:
        wait_for(lambda: daemon.ask(client="192.0.2.9", helo="begin", **REVERSE) and redis.ask("DBSIZE"),
                 what="the store is used")
        settle(redis)
        idle, began = processor(redis), time.monotonic()
        time.sleep(2)
        idle = (processor(redis) - idle) / (time.monotonic() - began)
        redis.ask("CONFIG", "RESETSTAT")
        before, began = processor(redis), time.monotonic()
        greet_all(daemon, greeting)
        took = time.monotonic() - began
        settle(redis)
        used = processor(redis) - before - idle * (time.monotonic() - began)
        rows = calls(redis)
    memory, keys = int(redis.info("memory")["used_memory"]), redis.ask("DBSIZE")
    redis.stop()
    return rows, used, took, memory, keys


def per_greeting(rows, names):
    return sum(row[0] for name, row in rows.items() if name in names) / COUNT


for kind, how in KINDS.items():
    @tap.test(kind)
    def _(kind=kind, how=how):
        if redisserver.PROGRAM is None:
            tap.skip("no redis-server or valkey-server")
        rows, used, took, memory, keys = measure(how)
        reading, tidying = per_greeting(rows, READING), per_greeting(rows, TIDYING)
        noting = per_greeting(rows, set(rows) - READING - TIDYING)
        inside = sum(row[1] for row in rows.values()) / COUNT
        tap.note(f"{COUNT} greetings, {COUNT / took:.0f} a second: {reading:.2f} reading commands, {noting:.2f} noting, "
                 f"{tidying:.3f} tidying; {used * 1e6 / COUNT:.1f} µs of the server for each, {inside:.1f} µs of them in "
                 f"commands; {keys} keys, {memory >> 20} MB")
        tap.note(", ".join(f"{name} {row[0] / COUNT:.2f} ({row[1] / max(row[0], 1):.2f} µs)"
                           for name, row in sorted(rows.items())))
        if JUDGES:
            assert reading <= 2 + 1 / 8, reading  # a sixteenth reads the record that it tidies
            assert noting <= 4, noting
            assert tidying <= 1 / 8, tidying


tap.run()
