# SPDX-License-Identifier: BSD-2-Clause
"""peers: other policy servers, as Debian packages them, each told to do what it can of the row that it is in.

A peer runs in namespaces of its own for its processes and mounts, which end with it. It looks up at the benchmark's
DNS server, which is the one that /etc/resolv.conf names here. The SPF services speak over standard input; spawned()
gives them the connection for it, one process each, as Postfix's spawn(8) does.
"""
import argparse
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys

if __name__ != "__main__":
    import helod as daemon
    import servers

# What helod's rules of the HELO alone have in common with them: literal, no dot, our name, the client's, a number's.
POSTFWD_RULES = r"""
id=OWN; helo_name=~^(localhost|mx\.example\.net|example\.net)$; action=REJECT not your name
id=LITERAL; helo_name=~^\[?[0-9.]+\]?$; action=REJECT no address
id=NODOT; helo_name=~^[^.]+$; action=REJECT no name
id=ACCESS; client_name=~(dsl|dyn|dial|pool|ppp|cable|[0-9]+[.-][0-9]+[.-][0-9]+)\.; action=score(2)
id=VERIFIED; client_name==$$helo_name; action=DUNNO
"""
POSTFWD_DNS = POSTFWD_RULES + r"""
id=UNKNOWN; helo_address=!!(0.0.0.0/0); action=score(2)
"""
# No lists of addresses: helod asks none either. As many children as there are connections.
POLICYD_WEIGHT = """
$BIND_ADDRESS = '127.0.0.1'; $TCP_PORT = {port}; $USER = 'nobody'; $GROUP = 'nogroup';
$LOCKPATH = '{folder}/'; $SPATH = '{folder}/cache.sock'; $PIDFILE = '{folder}/pid';
@dnsbl_score = (); @rhsbl_score = (); $MAX_PROC = 200; $MIN_PROC = 20; $CHILDIDLE = 240; $NS = '{resolver}';
1;
"""
# The HELO alone, like helod; a decision for each message.
POLICYD_SPF = """
debugLevel = 1
TestOnly = 1
HELO_reject = Fail
Mail_From_reject = No_Check
PermError_reject = False
TempError_Defer = False
skip_addresses = 127.0.0.0/8,::1
"""
POSTFWD = "{program} -d -i 127.0.0.1 -p {port} -u nobody -g nogroup --pidfile {folder}/pid -f {config} "
CACHED = "-c 600 --cacheid client_address,client_name,helo_name"
PACKAGED = (
    # name, row, package, program, its command, its configuration
    ("postgrey", "local", "postgrey", "postgrey",
     "{program} --inet=127.0.0.1:{port} --dbdir={folder} --user=nobody --group=nogroup", ""),
    ("postfwd, request cache", "local", "postfwd", "postfwd1", POSTFWD + CACHED, POSTFWD_RULES),
    ("postfwd, no cache", "local", "postfwd", "postfwd1", POSTFWD + "-c 0 -n", POSTFWD_RULES),
    ("postfwd, request cache", "cached", "postfwd", "postfwd1", POSTFWD + CACHED, POSTFWD_DNS),
    ("policyd-weight, its cache", "cached", "policyd-weight", "policyd-weight", "{program} -D -f {config} start",
     POLICYD_WEIGHT),
    ("policyd-weight", "dns", "policyd-weight", "policyd-weight", "{program} -D -f {config} start", POLICYD_WEIGHT),
    ("postfwd, HELO's address", "dns", "postfwd", "postfwd1", POSTFWD + "-c 0", POSTFWD_DNS),
    ("policyd-spf, spawned", "dns", "postfix-policyd-spf-python", "policyd-spf",
     "{python} {spawn} {port} {program} {config}", POLICYD_SPF),
    ("policyd-spf-perl, spawned", "dns", "postfix-policyd-spf-perl", "postfix-policyd-spf-perl",
     "{python} {spawn} {port} {program}", ""),
)
# Whatever it forks, and whatever user it becomes, ends with the first process there.
ALONE = ("unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child", "sh", "-c", '"$@"; exec sleep infinity', "sh")
ROWS = ("local", "cached", "dns")


class Peer:
    """One row of the table, or one that --peer NAME[@ROW]=COMMAND adds."""

    def __init__(self, name, row, _package, program, command, config):
        self.name, self.row, self.command, self.config = name, row, command, config
        self.program = program and shutil.which(program, path="/usr/sbin:/usr/bin")
        self.warm = 2.5 if "{spawn}" in command else 0.5  # an interpreter starts for each connection
        self.here = self.program is not None or not program

    @staticmethod
    def told(text):
        """[Peer, …] of an option's text."""
        name, equals, command = text.partition("=")
        name, _, row = name.partition("@")
        if not equals or (row and row not in ROWS):
            raise argparse.ArgumentTypeError(f"{text}: not NAME=COMMAND, NAME@{'|'.join(ROWS)}=COMMAND")
        return [Peer(name, r, "", "", command, "") for r in ([row] if row else ROWS)]

    def start(self, rig):
        """The Server, or why it is not there."""
        if not self.here:
            return "not installed"
        if not rig.resolver:
            return "needs a machine of its own, so root and unshare(1)"
        port, folder = daemon.free_port(), rig.folder / f"peer-{len(rig.processes)}"
        folder.mkdir()
        shutil.chown(folder, "nobody", "nogroup")
        words = {"port": port, "folder": folder, "config": folder / "peer.conf", "program": self.program,
                 "resolver": rig.resolver, "python": sys.executable, "spawn": __file__}
        text = self.config
        for word, value in words.items():
            text = text.replace("{" + word + "}", str(value))
        words["config"].write_text(text)
        command = [part.format(**words) for part in shlex.split(self.command)]
        process = rig.start(*ALONE, *command, stdin=subprocess.DEVNULL, cwd=folder)
        process.terminate = process.kill  # unshare(1) takes its namespaces along when it is killed
        try:
            server = rig.ready(servers.Server(self.name, f"inet:127.0.0.1:{port}", [f"{process.pid}+"]), 10)
            server.end = lambda: rig.end(process)
            return server
        except AssertionError:
            process.kill()
            return "installed, but does not answer"


def versions():
    """What Debian says of those that are here."""
    names = sorted({columns[2] for columns in PACKAGED})
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\n", *names],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return [line[4:] for line in done.stdout.splitlines() if line.startswith("ii")]


def spawned(port, command):
    """A process for each connection, which is its standard input and output; never ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.create_server(("127.0.0.1", port), backlog=1024) as listener:
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.dup2(connection.fileno(), 0)
                os.dup2(connection.fileno(), 1)
                os.execv(command[0], command)
            connection.close()


if __name__ == "__main__":
    spawned(int(sys.argv[1]), sys.argv[2:])
