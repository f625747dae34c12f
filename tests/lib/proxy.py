# SPDX-License-Identifier: BSD-2-Clause
"""proxy: hands bytes on, both ways, as a load balancer, a NAT or a long line does."""
import contextlib
import socket
import threading
import time

from tap import cleanup


class Proxy:
    """To a port of this machine; what its server says comes `delay` seconds late."""

    def __init__(self, port, delay=0):
        self.target, self.delay, self.connections = port, delay, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        cleanup(self.listener.close)

    def _serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            far = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

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
