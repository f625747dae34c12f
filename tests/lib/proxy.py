# SPDX-License-Identifier: BSD-2-Clause
"""proxy: servers that a test puts in the place of a real one, or between helod and a real one."""
import contextlib
import socket
import threading
import time

from tap import cleanup


class Listener:
    """A server on a port of this machine: talk() has each connection, in a thread of its own."""

    def __init__(self):
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.inet = f"inet:127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()
        cleanup(self.listener.close)

    def _serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(near,), daemon=True).start()

    def _talk(self, near):
        with near, contextlib.suppress(OSError):
            self.talk(near)


class Proxy(Listener):
    """To a port of this machine; what its server says comes `delay` seconds late."""

    def __init__(self, port, delay=0):
        self.target, self.delay = port, delay
        super().__init__()

    def talk(self, near):
        with socket.create_connection(("127.0.0.1", self.target)) as far:
            back = threading.Thread(target=self._carry, args=(far, near, True), daemon=True)
            back.start()
            self._carry(near, far, False)
            back.join()

    def _carry(self, source, sink, is_server):
        try:
            while data := source.recv(65536):
                if is_server:
                    time.sleep(self.delay)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
