# SPDX-License-Identifier: BSD-2-Clause
"""nameserver: DNS servers for tests. FaultDns is tests/lib/faultdns.py (zone text, every fault), Nsd a real server.

    with FaultDns("mail.kiln-street.net 300 A 203.0.113.5\\n203.0.113.5 300 PTR mail.kiln-street.net") as dns:
        daemon = Helod(resolver=dns.address)
        dns.questions()      # [("ptr", "5.113.0.203.in-addr.arpa"), …] as the server saw them
"""
import os
import pathlib
import signal
import subprocess
import sys

import helod
import tap


class Server:
    """A program that serves until it is told to stop. `wrapper` goes in front of it (a network namespace)."""

    def __init__(self, host, port, wrapper):
        self.host, self.wrapper = host, list(wrapper)
        self.port = port or helod.free_port()
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.folder = helod.scratch()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def spawn(self, command, **options):
        self.process = subprocess.Popen([*self.wrapper, *command], stdin=subprocess.DEVNULL, start_new_session=True,
                                        **options)
        tap.cleanup(self.stop)

    def stop(self, how=signal.SIGKILL):
        process, self.process = self.process, None
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGCONT)
            os.killpg(process.pid, how)
            process.wait(helod.PATIENCE)
        if process is not None and process.stdout:
            process.stdout.close()

    def signal(self, which):
        os.killpg(self.process.pid, which)


class FaultDns(Server):
    def __init__(self, zone="", host="127.0.0.1", port=None, wrapper=(), start=True):
        super().__init__(host, port, wrapper)
        self.log_path = self.folder / "questions"
        self.zone_path = self.folder / "zone"
        self.zone_path.write_text(zone)
        if start:
            self.start()

    def start(self):
        program = pathlib.Path(__file__).with_name("faultdns.py")
        self.spawn([sys.executable, str(program), "-a", self.host, "-p", str(self.port), "-z", str(self.zone_path),
                    "-l", str(self.log_path)], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("ready"), f"faultdns did not start: {line!r}"

    def questions(self):
        """What was asked so far: (type, name), in lower case, UDP and TCP alike."""
        lines = self.log_path.read_text().splitlines() if self.log_path.exists() else []
        return [(fields[3].lower(), fields[2].rstrip(".")) for fields in map(str.split, lines) if len(fields) > 3]

    def forget(self):
        """Empties the log of questions."""
        os.truncate(self.log_path, 0)


class Nsd(Server):
    """NSD with the given zones: a dict of zone name to zone text (records only; SOA and NS are put in front)."""

    def __init__(self, zones, host="127.0.0.1", port=None, wrapper=()):
        super().__init__(host, port, wrapper)
        conf = [f'server:\n server-count: 1\n ip-address: {host}\n port: {self.port}\n username: ""\n rrl-ratelimit: 0\n'
                f' zonesdir: "{self.folder}"\n zonelistfile: "{self.folder}/zone.list"\n database: ""\n'
                f' xfrdfile: "{self.folder}/xfrd"\n xfrdir: "{self.folder}"\n pidfile: "{self.folder}/pid"\n'
                f' logfile: "{self.folder}/log"\n'
                'remote-control:\n control-enable: no\n']
        for name, text in zones.items():
            (self.folder / name).write_text(f"$ORIGIN {name}.\n$TTL 300\n@ SOA ns.invalid. root.invalid. 1 3600 600 86400 60\n"
                                            f"@ NS ns.invalid.\n{text}\n")
            conf.append(f'zone:\n name: "{name}"\n zonefile: "{name}"\n')
        (self.folder / "nsd.conf").write_text("".join(conf))
        self.start()

    def start(self):
        self.spawn(["nsd", "-d", "-c", str(self.folder / "nsd.conf")])
        helod.wait_for(self._up, what="nsd serves")

    def _up(self):
        log = self.folder / "log"
        assert self.process.poll() is None, "nsd ended: " + (log.read_text() if log.exists() else "no log")
        return log.exists() and "nsd started" in log.read_text()
