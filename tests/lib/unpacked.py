# SPDX-License-Identifier: BSD-2-Clause
"""unpacked: programs of packages that cannot be installed beside Postfix, from a folder where they were only unpacked:

    tests/lib/unpack-packages.sh build/unpacked exim4-daemon-light opensmtpd

    exim = Unpacked("exim4")          # skips the test where it is absent
    exim.run("-C", conf, "-bV")

HELOD_UNPACKED names another folder. Each runs in a mount namespace of its own in which the users that its package would
have created exist, so it needs root; nothing of the machine is changed.
"""
import os
import pathlib
import shutil
import subprocess

import helod
import tap

FOLDER = pathlib.Path(os.environ.get("HELOD_UNPACKED") or helod.TOP / "build/unpacked")
USERS = ("Debian-exim", "opensmtpd", "opensmtpq")


class Unpacked:
    def __init__(self, program):
        self.program = next((path for path in (FOLDER / "usr/sbin" / program, FOLDER / "usr/bin" / program)
                             if path.exists()), None)
        if not self.program and shutil.which(program, path="/usr/sbin:/usr/bin"):
            self.program = shutil.which(program, path="/usr/sbin:/usr/bin")
        if not self.program:
            tap.skip(f"{program} is not there: tests/lib/unpack-packages.sh unpacks it")
        if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
            tap.skip(f"this machine: {program} needs root and mount namespaces")
        folder = helod.scratch()
        commands = []
        for path, line in (("passwd", "{0}:x:{1}:{1}::/:/bin/false\n"), ("group", "{0}:x:{1}:\n")):
            text = pathlib.Path("/etc", path).read_text()
            text += "".join(line.format(user, 4321 + n) for n, user in enumerate(USERS) if f"\n{user}:" not in text)
            (folder / path).write_text(text)
            (folder / path).chmod(0o644)
            commands.append(f"mount --bind {folder / path} /etc/{path}")
        # Exim is setuid and runs itself again, so LD_LIBRARY_PATH would not reach it; the linker's cache does.
        libraries = [str(path) for path in (FOLDER / "usr/lib").glob("*-linux-*")]
        subprocess.run(["/sbin/ldconfig", "-X", "-C", str(folder / "ld.so.cache"), *libraries], check=True,
                       stderr=subprocess.DEVNULL)
        commands.append(f"mount --bind {folder / 'ld.so.cache'} /etc/ld.so.cache")
        self.wrapper = ["unshare", "-m", "sh", "-ec", "; ".join([*commands, 'exec "$@"']), "sh"]

    def run(self, *arguments, text=None):
        """-> (exit status, what it printed on both streams)"""
        done = subprocess.run([*self.wrapper, str(self.program), *map(str, arguments)], input=text or "", text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout
