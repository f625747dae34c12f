# SPDX-License-Identifier: BSD-2-Clause
"""rig: the programs that a benchmark runs: helod, the null servers, a DNS server, a syslog that forgets, peers.

Everything listens on loopback on free ports, in a folder of its own, and ends with the rig.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import helod as daemon
import load

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("top_builddir") or TOP / "build") / "tests/bench"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "shm", "pts")


RESOLVER = "198.51.100.53"  # an address for documentation: nobody else's here


def private_machine(argv):
    """Where it may, starts the program again with a /dev, a network and a resolver of its own: whatever is logged comes
    to a reader that throws it away, and nothing that a server looks up leaves the machine."""
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
              f"umount -l {folder}; rmdir {folder}; "  # nothing that is mounted there is ever removed
              f"{{ echo 512 >/proc/sys/net/unix/max_dgram_qlen; }} 2>/dev/null || :; "  # as systemd sets it
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
        """Does it answer now?"""
        with contextlib.suppress(OSError):
            with connected(self.place) as s:
                s.sendall(daemon.question(helo="mail.kiln-street.net", client_name="mail.kiln-street.net"))
                return s.recv(1024).startswith(b"action=")
        return False


def memory_folder():
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Rig:
    def __init__(self):
        # In memory: what is measured is programs, not disks.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="helod-bench-", dir=memory_folder()))
        self.processes = []
        self.has_syslog = False
        self.resolver = ""  # the address of what /etc/resolv.conf names, when that is ours
        self.folder.chmod(0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            self.end(process)
        shutil.rmtree(self.folder, True)

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
        """The reader of the log, and the resolver, where the machine is private; else whoever takes what is logged."""
        if os.environ.get("BENCH_PRIVATE"):
            self.start(PROGRAMS / "logsink", "/dev/log")
            daemon.wait_for(lambda: os.path.exists("/dev/log"), what="syslog")
            self.resolver = RESOLVER
            self.start(PROGRAMS / "dnslag", "-d", 0.1, f"inet:{RESOLVER}:53")
        self.has_syslog = os.path.exists("/dev/log")

    def place(self, unix):
        return f"unix:{self.folder}/socket-{len(self.processes)}" if unix else f"inet:127.0.0.1:{daemon.free_port()}"

    def null(self, program, unix=False, line=0):
        """With `line` it logs a line of so many bytes for each question."""
        place = self.place(unix)
        process = self.start(PROGRAMS / program, *(["-l", line] if line else []), place)
        return self.ready(Server(f"{program} and a line" if line else program, place, [process.pid]))

    @staticmethod
    def ready(server, seconds=20):
        daemon.wait_for(server.answers, seconds, f"{server.name} answers", 0.005)
        return server

    def dns(self, milliseconds, lost=0.0):
        return Dns(self, milliseconds, lost)

    def helod(self, name, dns, sections="", logs=True, unix=False):
        """A daemon with further sections of its policy file; its log goes to syslog, if there is one."""
        place, number = self.place(unix), len(self.processes)
        policy, pid_file = self.folder / f"{number}.conf", self.folder / f"{number}.pid"
        policy.write_text(f'server {{ listen = {{ "{place}" }} pid_file = "{pid_file}" '
                          f'log_dunno = {"yes" if logs else "no"} max_connections = 20000 client_rate = 0 }}\n'
                          f'dns {{ servers = {{ "127.0.0.1:{dns.port}" }} {dns.options} }}\n{sections}\n')
        foreground = not self.has_syslog
        process = self.start(daemon.HELOD, *(["-f"] if foreground else []), "-c", policy)
        if not foreground:
            assert process.wait(20) == 0, f"{name} does not start"
            pid = int(pid_file.read_text())
            self.processes.append(Forked(pid))
        else:
            pid = process.pid
        made = self.ready(Server(name, place, [pid]))
        made.policy = policy
        return made


class Forked:
    """A daemon that has left us, with the few methods of a Popen that the rig uses."""

    def __init__(self, pid):
        self.pid = pid

    def poll(self):
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def terminate(self):
        os.kill(self.pid, signal.SIGTERM)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def wait(self, seconds=5.0):
        end = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("helod", seconds)
            time.sleep(0.01)


class Dns:
    def __init__(self, rig, milliseconds, lost):
        self.port = daemon.free_port()
        self.counters = rig.folder / f"dns-{self.port}"
        self.options = ""
        rig.start(PROGRAMS / "dnslag", "-d", milliseconds, "-l", lost, "-s", self.counters,
                  f"inet:127.0.0.1:{self.port}")
        daemon.wait_for(lambda: self.counters.exists() and self.counters.stat().st_size == 16, what="dnslag")

    def questions(self):
        return struct.unpack("QQ", self.counters.read_bytes())[0]
