#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What helod depends on fails under load: the syslog daemon, resolv.conf, Redis, the disk. Each request gets exactly one
right reply, in time. The daemon has its own mount namespace, so nothing of this machine is changed."""
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import load
import netns
import redisserver
import trouble
from helod import replace_file, scratch, wait_for
from tap import cleanup, equal, note, run, skip, skip_all, test

if not netns.possible():
    skip_all("this machine makes no namespaces for us")


def prepared(*steps):
    """The start of a command line: a mount namespace in which the steps have been done."""
    return ["unshare", "-m", "sh", "-ec", "\n".join([*steps, 'exec "$@"']), "sh"]


# The syslog daemon

class Background(trouble.Daemon):
    """Logs to the /dev/log that the test has made."""

    def __init__(self, dns, folder):
        nodes = " ".join(("null", "zero", "full", "random", "urandom"))
        for node in nodes.split():
            (folder / node).touch()
        super().__init__(dns, background=True, wrapper=prepared(
            f'for node in {nodes}; do mount --bind /dev/$node "{folder}/$node"; done', f'mount --rbind "{folder}" /dev'))


class Syslogd:
    """Reads a socket and writes what arrives to a file."""
    PROGRAM = """
import socket, sys
source = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
source.bind(sys.argv[1])
with open(sys.argv[2], "ab", 0) as out:
    print("ready", flush=True)
    while True:
        out.write(source.recv(65536) + b"\\n")
"""

    def __init__(self):
        self.folder = scratch()
        self.path, self.lines_path = self.folder / "log", scratch() / "lines"
        self.start()
        cleanup(self.stop)

    def start(self):
        """The new socket replaces an old one."""
        new = self.folder / "log.new"
        self.process = subprocess.Popen([sys.executable, "-c", self.PROGRAM, str(new), str(self.lines_path)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
        self.process.stdout.readline()
        new.rename(self.path)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def lines(self):
        return self.lines_path.read_text().splitlines()

    def lost(self):
        """How many lines helod has reported as lost."""
        return sum(int(n) for n in re.findall(r"warning: (\d+) log lines were lost", self.lines_path.read_text()))

    def wait_line(self, daemon):
        """Waits until the line of a new request arrives."""
        helo = f"probe-{time.monotonic_ns()}.kiln-street.net"

        def arrived():
            daemon.ask(helo=helo)
            return helo in self.lines_path.read_text()
        wait_for(arrived, what="a line of the log", step=0.2)


@test("the syslog daemon is stopped and its queue full: no request waits, and lost lines are counted", limit=600)
def _():
    with trouble.Dns() as dns:
        syslogd = Syslogd()
        with Background(dns, syslogd.folder) as daemon:
            def act():
                syslogd.process.send_signal(signal.SIGSTOP)
                trouble.pause(1)
                with open("/proc/sys/net/unix/max_dgram_qlen") as most, daemon.connect() as c:
                    for _ in range(2 * int(most.read())):  # more lines than the queue takes
                        c.ask()
                syslogd.process.send_signal(signal.SIGCONT)
            tally = trouble.under(daemon, act)

            def accounted():
                daemon.ask()  # helod reports lost lines with the next line, once a second
                got = sum(" decision v=" in line for line in syslogd.lines())
                return (got, syslogd.lost()) if got + syslogd.lost() > tally.answered else None
            got, lost = wait_for(accounted, what="every line has arrived or is reported as lost", step=0.3)
            note(f"{got} decisions in the log, {lost} lines lost")
            assert lost > 0, "nothing was lost: the queue was never full"
    trouble.check_and_note(tally, "syslog daemon frozen, its queue full", "once")


@test("the syslog daemon is killed, its socket is gone, and a new one comes", limit=600)
def _():
    with trouble.Dns() as dns:
        syslogd = Syslogd()
        with Background(dns, syslogd.folder) as daemon:
            def act():
                syslogd.stop()
                trouble.pause(0.5)
                syslogd.path.unlink()
                trouble.pause(0.5)
                syslogd.start()
                trouble.pause(0.5)
                syslogd.stop()
                syslogd.start()
            tally = trouble.under(daemon, act)
            syslogd.wait_line(daemon)
            wait_for(lambda: daemon.ask() and syslogd.lost() > 0, what="lost lines are reported", step=0.3)
    trouble.check_and_note(tally, "syslog daemon killed, its socket unlinked, a new one; replaced", "once each")


# resolv.conf

class OnResolvConf(trouble.Daemon):
    """Uses the servers of /etc/resolv.conf, in the network of the name servers."""

    def __init__(self, network, etc):
        for name in ("hosts", "nsswitch.conf", "ld.so.cache"):
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", etc / name)
        super().__init__(wrapper=["nsenter", "-t", str(network), "-n", *prepared(f'mount --bind "{etc}" /etc')])

    def write(self, conf):
        super().write(conf)
        text = self.conf_path.read_text()
        assert f'servers = {{ "{self.resolver}" }}' in text
        self.conf_path.write_text(text.replace(f'servers = {{ "{self.resolver}" }}', "servers = {}"))


@test("resolv.conf is replaced: by another server, nothing, garbage, an address without a server", limit=600)
def _():
    etc = scratch()
    path = etc / "resolv.conf"
    path.write_text("nameserver 127.0.0.2\n")
    network = ["unshare", "-n", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh"]
    with trouble.Dns(host="127.0.0.2", port=53, wrapper=network) as first, \
            trouble.Dns(host="127.0.0.3", port=53, wrapper=["nsenter", "-t", str(first.process.pid), "-n"]) as second, \
            OnResolvConf(first.process.pid, etc) as daemon:
        def turns_to(dns, number):
            replace_file(path, f"nameserver 127.0.0.{number}\n")
            dns.forget()
            wait_for(dns.questions, what="queries to the new server")

        def act():
            turns_to(second, 3)
            trouble.pause(1)
            first.forget()
            trouble.pause(0.5)
            equal(first.questions(), [], "queries to the old server")
            path.unlink()
            trouble.pause(1)
            for text in ("", "\0\xff" * 500, "nameserver kiln\nnameserver\n", "nameserver 127.0.0.9\n"):
                replace_file(path, text)
                time.sleep(2.5)  # it looks every two seconds
            turns_to(first, 2)
        tally = trouble.under(daemon, act, where=daemon.path)
        second.forget()
        equal(daemon.ask(unix=True, **load.honest(7)), "DUNNO")
        equal(second.questions(), [], "queries to the old server")
    trouble.check_and_note(tally, "resolv.conf replaced: another server, gone, empty, garbage, no server there", "once each")


# Redis

def with_redis(dns, redis):
    return trouble.Daemon(dns, conf=f'history {{ store = "redis" redis = "{redis.inet}" }}')


@test("Redis is killed, started again, frozen and thawed", limit=600)
def _():
    if redisserver.PROGRAM is None:
        skip("no redis-server or valkey-server")
    redis = redisserver.Redis()
    with trouble.Dns() as dns, with_redis(dns, redis) as daemon:
        def is_said_last(text):
            """The count does not matter: on a busy machine a server may seem too slow at any time."""
            said = [line for line in daemon.log().splitlines() if f"{redis.inet}: " in line]
            return said and text in said[-1]

        def skipped():
            wait_for(lambda: is_said_last("unavailable, requests are judged without it"), what="the store is skipped")

        def back():
            wait_for(lambda: is_said_last("available again") and not is_said_last("unavailable"), what="the store is used again")

        def act():
            wait_for(lambda: b":0" not in redis.command("DBSIZE"), what="helod writes to Redis")
            redis.stop()
            skipped()
            trouble.pause(0.5)
            redis.start()
            back()
            trouble.pause(0.5)
            redis.process.send_signal(signal.SIGSTOP)
            skipped()
            trouble.pause(0.5)
            redis.process.send_signal(signal.SIGCONT)
            back()
            trouble.pause(0.5)
        tally = trouble.under(daemon, act)
        assert b":0" not in redis.command("DBSIZE"), "nothing was written after"
    trouble.check_and_note(tally, "Redis killed, restarted, frozen, thawed", "once each")


# The disk

class OnDisk(trouble.Daemon):
    """The snapshot is on a file system of its own."""

    def __init__(self, dns, state, size):
        self.file = state / "history"
        super().__init__(dns, conf=f'history {{ store = "memory" file = "{self.file}" snapshot = "1s" }}',
                         wrapper=prepared(f'mount -t tmpfs -o size={size} snapshots "{state}"'))

    def remount(self, options):
        """Tries until nobody is writing there."""
        def done():
            return subprocess.run(["nsenter", "-t", str(self.process.pid), "-m", "-r", "mount", "-o", f"remount,{options}",
                                   str(self.file.parent)], stderr=subprocess.DEVNULL, check=False).returncode == 0
        wait_for(done, what=f"remount {options}")

    def seen(self):
        """The snapshot as the daemon sees it."""
        path = f"/proc/{self.process.pid}/root{self.file}"
        return os.stat(path) if os.path.exists(path) else None

    def wait_said(self, text, count):
        wait_for(lambda: self.log().count(text) >= count, what=f"{text!r} {count} times")


@test("the disk of the snapshot is full, then read-only, then writable again", limit=600)
def _():
    state = scratch()
    with trouble.Dns() as dns, OnDisk(dns, state, "16k") as daemon:
        def act():
            daemon.wait_said("the snapshot cannot be written: No space left on device", 1)
            trouble.pause(1)
            daemon.remount("size=64m")
            daemon.wait_said("snapshots are written again", 1)
            before = daemon.seen().st_mtime_ns
            daemon.remount("ro")
            daemon.wait_said("the snapshot cannot be created: Read-only file system", 1)
            trouble.pause(1)
            whole = daemon.seen()
            assert whole.st_size > 16384 and whole.st_mtime_ns >= before, "the last good snapshot is there"
            daemon.remount("rw")
            daemon.wait_said("snapshots are written again", 2)
        tally = trouble.under(daemon, act)
        equal(daemon.log().count("the snapshot cannot"), 2, "reported once each")
    trouble.check_and_note(tally, "disk of the snapshot full, read-only, recovered", "once each")


run()
