# SPDX-License-Identifier: BSD-2-Clause
"""trouble: a daemon with its own name server, shim and service manager, and the table of what was done to it.

RELIABILITY_SCALE stretches every wait (0.3 in `make check`); RELIABILITY_TABLE names a file for the rows of the table.
"""
import json
import mmap
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

import helod
import load
import nameserver
import tap

SCALE = float(os.environ.get("RELIABILITY_SCALE", "0.3"))
DEADLINE = 2.0
SERVER = f' deadline = "{DEADLINE:.0f}s"\n client_rate = 0\n max_connections = 400\n'
DNS = ' timeout = "250ms"\n tries = 2\n ttl_failure = "0s"\n ttl_min = "0s"\n'
EVERYTHING = ("*.net", "*.in-addr.arpa", "*.ip6.arpa")
BUILD = pathlib.Path(os.environ.get("top_builddir", "."))
SHIM = BUILD / "tests/reliability/shim.so"


def pause(seconds):
    time.sleep(seconds * SCALE)


def sanitized():
    with open(helod.HELOD, "rb") as program:
        return b"__asan_init" in program.read()


def resident_kib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def may_count_descriptors():
    """helod forbids others to read its memory, and the kernel then hides its descriptors, too."""
    return os.geteuid() == 0


def descriptors(pid):
    if not may_count_descriptors():
        tap.skip("only root may count helod's descriptors")
    return len(os.listdir(f"/proc/{pid}/fd"))


def open_files(pid):
    """The files that the process has open: paths, and "socket:[INODE]". For root only."""
    found = []
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(os.readlink(link))
        except FileNotFoundError:
            pass  # closed since
    return found


def known_sockets(pid, *tables):
    """The sockets of the process's network, as open_files() calls them. The inode's column differs between tables."""
    return {f"socket:[{line.split()[6 if name == 'unix' else 9]}]" for name in tables
            for line in pathlib.Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]}


def udp_sockets(pid):
    """How many sockets lookups use: c-ares before 1.20 has one for each server, later versions one for each lookup."""
    known = known_sockets(pid, "udp", "udp6")
    return sum(file in known for file in open_files(pid))


def lasting_descriptors(pid):
    """How many descriptors are not for lookups. A lookup's socket may be gone before the tables are read, so the others
    are counted."""
    files = open_files(pid)
    lasting = known_sockets(pid, "tcp", "tcp6", "unix")
    return sum(file in lasting or not file.startswith("socket:") for file in files)


class Dns(nameserver.FaultDns):
    """The load's zone, and one fault for all names that can be changed while the server runs."""

    def __init__(self, ttl=1, **where):
        super().__init__(load.zone(ttl), **where)
        self.good = self.zone_path.read_text()

    def break_with(self, fault):
        faults = "".join(f"{name} fault {fault}\n" for name in EVERYTHING) if fault else ""
        helod.replace_file(self.zone_path, self.good + faults)
        self.signal(signal.SIGHUP)
        assert self.process.stdout.readline().strip() == "reloaded"


class Daemon(helod.Helod):
    def __init__(self, dns=None, conf="", server="", **more):
        super().__init__(conf, server=SERVER + server, dns=DNS, resolver=dns.address if dns else None, **more)


class Activated(Daemon):
    """A daemon whose listening socket is held by a service manager, so that a new one can take over at once."""

    def __init__(self, dns=None, **more):
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(1024)
        self.program = helod.HELOD
        super().__init__(dns, start=False, **more)
        self.port = self.listener.getsockname()[1]
        self.start()

    def start(self, seconds=helod.PATIENCE):
        self.process = self.spawn()
        tap.cleanup(self.stop)

    def spawn(self):
        with open(self.log_path, "ab") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -f -c "$1"', self.program,
                 str(self.conf_path)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                close_fds=False, preexec_fn=self.pass_on)

    def pass_on(self):
        """In the child: the socket as descriptor 3, kept over exec. SIGTERM is held until helod takes it, as again() may
        send it before the program is even loaded, when it would end the shell in front of it or the dynamic linker."""
        os.dup2(self.listener.fileno(), 3)
        os.set_inheritable(3, True)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def again(self, how):
        """Ends it with the signal `how` and starts the next one at once."""
        self.process.send_signal(how)
        status = self.process.wait(helod.PATIENCE)
        self.process = self.spawn()
        return status


class Shim:
    """What the daemon's allocations and its wall clock do; see shim.c."""
    COUNTDOWN, ALLOCATIONS, CLOCK = 0, 8, 16

    def __init__(self):
        self.path = helod.scratch() / "shim"
        self.path.write_bytes(bytes(4096))
        self.file = open(self.path, "r+b")
        self.page = mmap.mmap(self.file.fileno(), 4096)
        self.env = {"LD_PRELOAD": str(SHIM), "HELOD_SHIM": str(self.path)}

    def get(self, at):
        return struct.unpack_from("q", self.page, at)[0]

    def set(self, at, value):
        struct.pack_into("q", self.page, at, value)


ENOUGH = 50  # requests on which a row may rest


def under(daemon, act, connections=200, kinds=None, rate=600.0, where=None, deadline=DEADLINE):
    """Load before, while and after `act`. -> its tally. On a busy machine the load lasts until requests were sent."""
    with load.Load(where or daemon.port, connections, rate, deadline, kinds) as running:
        def sent(count):
            helod.wait_for(lambda: running.tally.asked >= count, what=f"{count} requests are sent")

        pause(0.5)
        sent(ENOUGH // 2)
        act()
        pause(0.5)
        sent(ENOUGH)
    return running.tally


def note_row(what, how_often, tally=None, result=""):
    """A row of the table in doc/reliability.md."""
    row = {"what": what, "how": how_often, "result": result}
    if tally:
        row.update(requests=tally.asked, answered=tally.answered, lost=tally.lost, twice=tally.twice,
                   wrong=tally.wrong, late=tally.late, retried=tally.retried,
                   slowest=round(tally.slowest, 2))
    tap.note(json.dumps(row))
    path = os.environ.get("RELIABILITY_TABLE")
    if path:
        with open(path, "a") as table:
            table.write(json.dumps(row) + "\n")


def check_and_note(tally, what, how_often, retried=False):
    """The row, and the promise: every request gets one right reply in time."""
    note_row(what, how_often, tally)
    assert tally.asked >= ENOUGH, f"only {tally.asked} requests were sent"
    assert not tally.faults(), tally.faults()
    tap.equal(tally.answered, tally.asked, "replies")
    if not retried:
        tap.equal(tally.retried, 0, "requests sent again")
