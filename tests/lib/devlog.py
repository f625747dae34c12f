# SPDX-License-Identifier: BSD-2-Clause
"""devlog: a /dev of its own for a program, in which /dev/log leads to a socket of the test. It needs root.

    with Syslog() as syslog:
        subprocess.Popen([*syslog.wrapper, "spamd", "--syslog=mail"])
        syslog.wait("spamd: result: ")       # the lines, as a syslog daemon would receive them
"""
import os
import socket
import subprocess
import threading

import helod
import tap

DEVICES = ("null", "zero", "random", "urandom", "shm")


def possible():
    """Why a program cannot have a /dev of its own here, or None."""
    if os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode == 0:
        return None
    return "this machine: needs root and mount namespaces"


def wrapper(folder, log):
    """The words to put in front of a command. `folder` must be empty; `log` is the socket's path."""
    dev = folder / "dev"
    dev.mkdir(exist_ok=True)
    binds = "".join(f"[ ! -e /dev/{d} ] || {{ [ -d /dev/{d} ] && mkdir {dev}/{d} || : >{dev}/{d}; "
                    f"mount --bind /dev/{d} {dev}/{d}; }}; " for d in DEVICES)
    script = f"mount -t tmpfs dev {dev}; {binds} ln -s {log} {dev}/log; mount --rbind {dev} /dev; "
    return ["unshare", "-m", "sh", "-ec", script + 'exec "$@"', "sh"]


class Syslog:
    def __init__(self):
        folder = helod.scratch()
        folder.chmod(0o755)
        self.lines, path = [], folder / "log"
        self.wrapper = wrapper(folder, path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        tap.cleanup(self.close)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self):
        while data := self.socket.recv(65536):
            self.lines.append(data.decode(errors="replace").rstrip("\0\n"))

    def wait(self, part, count=1):
        """The lines with this part, once there are so many."""
        found = []

        def there():
            found[:] = [line for line in list(self.lines) if part in line]
            return len(found) >= count
        helod.wait_for(there, what=f"{count} lines with {part!r}; got {self.lines[-5:]}")
        return found

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
