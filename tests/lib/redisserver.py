# SPDX-License-Identifier: BSD-2-Clause
"""redisserver: a real Redis or Valkey server for a test.

    redis = Redis()
    Helod(f'history {{ store = "redis" redis = "{redis.inet}" }}')
"""
import shutil
import socket
import subprocess
import time

from helod import PATIENCE, free_port, scratch, wait_for
from tap import cleanup

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")  # None: there is none here


class Redis:
    """A private server on a port and a unix socket of its own, without persistence."""

    def __init__(self, *arguments):
        self.folder, self.port = scratch(), free_port()
        self.path = self.folder / "redis"
        self.arguments = arguments
        self.process = None
        self.start()
        cleanup(self.stop)

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", str(self.path), "--save", "",
             "--appendonly", "no", "--dir", str(self.folder), *self.arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.answers, what="redis-server")

    def answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(str(self.path)) == 0

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def command(self, *words):
        """The raw reply."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(str(self.path))
            parts = [str(word).encode() for word in words]
            s.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
            time.sleep(0.1)
            return s.recv(1 << 20)

    @property
    def inet(self):
        return f"inet:127.0.0.1:{self.port}"
