# SPDX-License-Identifier: BSD-2-Clause
"""servers: the programs that a benchmark compares: helod, null servers, peers; and the DNS server and the syslog reader
beside them.

Everything listens on loopback on free ports, and ends with the Rig.
"""
import contextlib
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile

import helod as daemon
import load

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("top_builddir") or TOP / "build") / "tests/bench"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "shm", "pts")


RESOLVER = "198.51.100.53"  # an address for documentation, so nobody here has it


def private_machine(argv):
    """As root, starts the program again with its own /dev, network and resolver. A reader discards what servers log, and
    no lookup leaves the machine."""
    if os.geteuid() != 0 or os.environ.get("BENCH_PRIVATE") or not shutil.which("ip"):
        return
    if not shutil.which("unshare") or subprocess.run(["unshare", "-m", "-n", "true"], check=False).returncode != 0:
        return
    folder = tempfile.mkdtemp(prefix="helod-bench-dev-")
    binds = "".join(f"[ ! -e /dev/{d} ] || {{ [ -d /dev/{d} ] && mkdir {folder}/{d} || : >{folder}/{d}; "
                    f"mount --bind /dev/{d} {folder}/{d}; }}; " for d in DEVICES)
    script = (f"set -e; mount -t tmpfs bench {folder}; {binds} "
              f"ln -s /proc/self/fd {folder}/fd; echo nameserver {RESOLVER} >{folder}/resolv.conf; "
              f"mount --bind {folder}/resolv.conf /etc/resolv.conf; mount --rbind {folder} /dev; "
              f"umount -l {folder}; rmdir {folder}; "  # the folder is empty: nothing mounted is removed
              f"{{ echo 512 >/proc/sys/net/unix/max_dgram_qlen; }} 2>/dev/null || :; "  # as systemd does
              f"ip link set lo up; ip addr add {RESOLVER}/32 dev lo; exec \"$@\"")
    os.environ["BENCH_PRIVATE"] = "1"
    os.execvp("unshare", ["unshare", "-m", "-n", "sh", "-c", script, "sh", *argv])


def connected(place):
    if place.startswith("unix:"):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        s.connect(place[5:])
        return s
    host, port = place[5:].rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=5)


class Server:
    """One program under load."""

    def __init__(self, name, place, pids):
        self.name, self.place, self.pids = name, place, pids

    def load(self, *arguments):
        return load.measure(self.place, self.pids, *arguments)

    def rss_kb(self):
        return sum(int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4 for pid in self.pids)

    def answers(self):
        """Whether it answers now."""
        with contextlib.suppress(OSError):
            with connected(self.place) as s:
                s.sendall(daemon.request(helo="mail.kiln-street.net", client_name="mail.kiln-street.net"))
                return s.recv(1024).startswith(b"action=")
        return False


class Rig:
    def __init__(self):
        if os.access("/dev/shm", os.W_OK):  # we measure programs, not disks
            os.environ.setdefault("SCRATCH", "/dev/shm")
        self.folder = daemon.scratch("helod-bench-")
        self.processes = []
        self.has_syslog = False
        self.resolver = ""  # the address in /etc/resolv.conf, if that is our DNS server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            self.end(process)

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, *command, **keywords):
        keywords.setdefault("stderr", subprocess.DEVNULL)
        process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, **keywords)
        self.processes.append(process)
        return process

    def surroundings(self):
        """Starts the syslog reader and the resolver if the machine is private. Otherwise the usual ones are used."""
        if os.environ.get("BENCH_PRIVATE"):
            self.start(PROGRAMS / "logsink", "/dev/log")
            daemon.wait_for(lambda: os.path.exists("/dev/log"), what="syslog")
            self.resolver = RESOLVER
            self.start(PROGRAMS / "dnslag", "-d", 0.1, f"inet:{RESOLVER}:53")
        self.has_syslog = os.path.exists("/dev/log")

    def place(self, unix):
        return f"unix:{self.folder}/socket-{len(self.processes)}" if unix else f"inet:127.0.0.1:{daemon.free_port()}"

    def null(self, program, unix=False, line=0):
        """With `line`, it logs a line of that many bytes for each request."""
        place = self.place(unix)
        process = self.start(PROGRAMS / program, *(["-l", line] if line else []), place)
        return self.ready(Server(f"{program} -l" if line else program, place, [process.pid]))

    @staticmethod
    def ready(server, seconds=20):
        daemon.wait_for(server.answers, seconds, f"{server.name} answers", 0.005)
        return server

    def dns(self, milliseconds, lost=0.0):
        return Dns(self, milliseconds, lost)

    def helod(self, name, dns, sections="", logs=True, unix=False):
        """A daemon with further sections of its policy file. It logs to syslog, if there is one."""
        options = f'log_dunno = {"yes" if logs else "no"}\n max_connections = 20000\n client_rate = 0\n'
        if "history {" not in sections:
            sections += '\nhistory { store = "memory" }'
        made = daemon.Helod(sections, server=options, dns=dns.options, resolver=f"127.0.0.1:{dns.port}",
                            background=self.has_syslog)
        place = f"unix:{made.path}" if unix else f"inet:127.0.0.1:{made.port}"
        return self.ready(Server(name, place, [made.process.pid]))


class Dns:
    def __init__(self, rig, milliseconds, lost):
        self.port = daemon.free_port()
        self.counters = rig.folder / f"dns-{self.port}"
        self.options = ""
        rig.start(PROGRAMS / "dnslag", "-d", milliseconds, "-l", lost, "-s", self.counters,
                  f"inet:127.0.0.1:{self.port}")
        daemon.wait_for(lambda: self.counters.exists() and self.counters.stat().st_size == 16, what="dnslag")

    def queries(self):
        return struct.unpack("QQ", self.counters.read_bytes())[0]
