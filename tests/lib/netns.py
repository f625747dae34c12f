# SPDX-License-Identifier: BSD-2-Clause
"""netns: two network namespaces joined by a wire, so that a test has real addresses of its own.

    wire = Wire({"client": ["203.0.113.5/24", "2001:db8::5/64"], "server": ["203.0.113.25/24"]}, resolver="203.0.113.53")
    subprocess.run([*wire.inside("client"), "ip", "addr"])

Inside, /etc/resolv.conf names `resolver` alone; nothing outside the namespaces changes.
"""
import os
import subprocess
import time

import helod
import tap


def possible():
    """Whether this machine lets us make network namespaces."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "-n", "-m", "true"], stderr=subprocess.DEVNULL,
                                                check=False).returncode == 0


class Wire:
    def __init__(self, ends, resolver):
        assert len(ends) == 2
        self.names = {end: f"helod-{os.getpid()}-{end}" for end in ends}
        self.resolv_conf = helod.scratch() / "resolv.conf"
        self.resolv_conf.write_text(f"nameserver {resolver}\noptions timeout:1 attempts:2\n")
        tap.cleanup(self.remove)
        first, second = self.names.values()
        for name in self.names.values():
            self._ip("netns", "add", name)
        self._ip("link", "add", "wire", "netns", first, "type", "veth", "peer", "name", "wire", "netns", second)
        for end, addresses in ends.items():
            # Duplicate address detection would hold an IPv6 address back for a second.
            subprocess.run([*self.inside(end), "sysctl", "-qw", "net.ipv6.conf.wire.accept_dad=0"], check=True)
            for device in ("lo", "wire"):
                self._ip("-n", self.names[end], "link", "set", device, "up")
            for address in addresses:
                nodad = ["nodad"] if ":" in address else []
                self._ip("-n", self.names[end], "addr", "add", address, "dev", "wire", *nodad)

    @staticmethod
    def _ip(*arguments):
        subprocess.run(["ip", *arguments], check=True)

    def inside(self, end):
        """The words to put in front of a command."""
        return ["ip", "netns", "exec", self.names[end], "unshare", "-m", "sh", "-ec",
                f'mount --bind "{self.resolv_conf}" /etc/resolv.conf; exec "$@"', "sh"]

    def _pids(self, name):
        done = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False)
        return [int(pid) for pid in done.stdout.split()]

    def remove(self):
        """Ends what still runs in the namespaces, and only that, and removes them."""
        for how in (15, 9):
            left = [pid for name in self.names.values() for pid in self._pids(name)]
            for pid in left:
                try:
                    os.kill(pid, how)
                except ProcessLookupError:
                    pass
            if left:
                time.sleep(0.5)
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)
