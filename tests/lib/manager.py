# SPDX-License-Identifier: BSD-2-Clause
"""manager: the service manager's side of sd_notify."""
import os
import socket

from helod import PATIENCE, scratch


class Manager:
    """The socket that NOTIFY_SOCKET is to name."""

    def __init__(self):
        self.path = str(scratch() / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self.socket.settimeout(PATIENCE)

    def hear(self, what, without="WATCHDOG=1"):
        """The next datagram, as a dict, which must begin with `what`."""
        while True:
            text = self.socket.recv(4096).decode()
            if text != without or what == without:
                assert text.startswith(what), f"{text!r}, wanted {what!r}"
                return dict(line.split("=", 1) for line in text.splitlines())
