# SPDX-License-Identifier: BSD-2-Clause
"""redisserver: real Redis or Valkey servers for a test: one, a cluster, or a master with replicas and sentinels.

    redis = Redis()
    Helod(f'history {{ store = "redis" redis = "{redis.inet}" }}')
    redis.ask("ZCARD", "helod:h2:{laptop}")       # 3

    cluster = Cluster()                           # three masters with a replica each
    cluster.owner("helod:h2:{laptop}").stop()     # its replica takes over
    trio = Sentinels()                            # a master with two replicas, and three sentinels
    trio.master().freeze()

The program is the one that REDIS_SERVER names, else redis-server or valkey-server.
"""
import os
import shutil
import signal
import socket
import subprocess
import time

from helod import PATIENCE, free_port, scratch, wait_for
from tap import cleanup

# None: this machine has neither.
PROGRAM = shutil.which(os.environ.get("REDIS_SERVER") or "redis-server") or shutil.which("valkey-server")
SLOTS = 16384
NODE_TIMEOUT_MS = 3000  # after which the others consider a node lost
FAILOVER_TIMEOUT = 5  # seconds, the server's own, for a promotion by the admin


class Refused(Exception):
    """The server answered with an error."""


def _read_reply(stream):
    line = stream.readline()
    if not line:
        raise ConnectionError("the server closed the connection")
    assert line.endswith(b"\r\n"), f"the server closed the connection: {line}"
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise Refused(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"+":
        return rest.decode()
    if kind == b"$":
        return None if rest == b"-1" else stream.read(int(rest) + 2)[:-2].decode()
    assert kind == b"*", line
    return [_read_reply(stream) for _ in range(int(rest))]


def _wait_until(condition, what):
    """Servers refuse what they do not know yet, and a sentinel that changes a server's role ends its connections."""
    def holds():
        try:
            return condition()
        except (Refused, ConnectionError):
            return False
    wait_for(holds, what=what)


class Authority:
    """A certificate authority of the test, and a server's certificate and key in files."""

    def __init__(self, name="trusted"):
        self.folder, self.name = scratch(), name
        self.path = self.folder / "authority.pem"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
                      "authority.key", "-out", "authority.pem")

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def _has_expired(self):
        """By the clock that OpenSSL reads; 0 seconds from its last moment it is still valid."""
        return subprocess.run(["openssl", "x509", "-in", "certificate", "-noout", "-checkend", "-1"], cwd=self.folder,
                              stdout=subprocess.DEVNULL, check=False).returncode != 0

    def certify(self, names, days=2):
        """A certificate for the names (0 days: it has expired), as a server's arguments."""
        (self.folder / "names").write_text(f"subjectAltName={names}")
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=redis", "-keyout", "key", "-out", "request")
        self._openssl("x509", "-req", "-in", "request", "-CA", "authority.pem", "-CAkey", "authority.key",
                      "-CAcreateserial", "-days", str(days), "-extfile", "names", "-out", "certificate")
        if days == 0:
            wait_for(self._has_expired, what="the certificate has expired")
        return ["--tls-cert-file", str(self.folder / "certificate"), "--tls-key-file", str(self.folder / "key"),
                "--tls-auth-clients", "no"]

    def redis(self, names, days=2):
        """A server with such a certificate, and its TLS port."""
        port = free_port()
        return Redis("--tls-port", str(port), *self.certify(names, days)), port


class Redis:
    """A private server on a port and a unix socket of its own, without persistence unless the arguments ask for it.
    `password`: of the user that clients are by default."""

    def __init__(self, *arguments, port=None, password=""):
        self.folder, self.port, self.password = scratch(), port or free_port(), password
        self.path = self.folder / "redis"
        self.arguments = arguments
        self.process = None
        self.frozen = False
        self.start()
        cleanup(self.stop)

    def start(self):
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [PROGRAM, *self.file(), "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", str(self.path),
             "--dir", str(self.folder), *self.kind(), *self.arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        wait_for(self.answers, what="redis-server")

    def file(self):
        """The configuration file, which comes first."""
        return []

    def kind(self):
        return ["--save", "", "--appendonly", "no"]

    def answers(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(str(self.path)) == 0

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        """Kills it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.frozen = False

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        self.frozen = False

    def runs(self):
        return self.process is not None and not self.frozen

    def ask(self, *words):
        """The reply: a text, a number, None, or a list of these."""
        return self.ask_all([words])[0]

    def ask_all(self, commands):
        """The replies to several commands over one connection."""
        if self.password:
            commands = [("AUTH", self.password), *commands]
        out = []
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(str(self.path))
            with s.makefile("rb") as stream:
                for words in commands:
                    parts = [str(word).encode() for word in words]
                    s.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
                    out.append(_read_reply(stream))
        return out[1:] if self.password else out

    def info(self, section):
        """The section's lines as a dict."""
        return dict(line.split(":", 1) for line in self.ask("INFO", section).splitlines() if ":" in line)

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


def _guarded(password, authority):
    """The arguments of servers that know each other: each wants the password, and speaks TLS only, where asked for."""
    out = ["--requirepass", password, "--masterauth", password] if password else []
    if authority is not None:
        out += [*authority.certify("IP:127.0.0.1"), "--tls-ca-cert-file", str(authority.path),
                "--tls-replication", "yes"]
    return out


class _Guarded(Redis):
    """Speaks TLS alone if there is an authority. Remembers what it has when it is killed and started again."""

    def __init__(self, *arguments, password="", authority=None):
        port = free_port()
        self.tls = ["--port", "0", "--tls-port", str(port)] if authority is not None else []
        super().__init__(*_guarded(password, authority), *arguments, *self.tls, port=port, password=password)

    def kind(self):
        return ["--save", "", "--appendonly", "yes", "--appendfsync", "no", "--repl-diskless-sync-delay", "0"]


class Node(_Guarded):
    """One server of a cluster."""

    def __init__(self, *arguments, **options):
        self.bus = free_port()
        tls = ["--tls-cluster", "yes"] if options.get("authority") is not None else []
        super().__init__("--cluster-enabled", "yes", "--cluster-port", str(self.bus), "--cluster-node-timeout",
                         str(NODE_TIMEOUT_MS), "--cluster-require-full-coverage", "no", *tls, *arguments, **options)
        self.id = self.ask("CLUSTER", "MYID")

    def is_master(self):
        return self.ask("ROLE")[0] == "master"

    def own_slots(self):
        return {slot for first, last, master, *_ in self.ask("CLUSTER", "SLOTS") if master[2] == self.id
                for slot in range(first, last + 1)}

    def state(self):
        return dict(line.split(":", 1) for line in self.ask("CLUSTER", "INFO").splitlines())


class _Group:
    """Servers that belong together. Those of the test before are no longer needed."""
    _last = None

    def __init__(self):
        if _Group._last is not None:
            _Group._last.stop()
        _Group._last = self

    def all(self):
        raise NotImplementedError

    def stop(self):
        for server in self.all():
            server.stop()


class Cluster(_Group):
    """Three masters with a third of the slots each, and a replica of each. `arguments` are for every node."""

    def __init__(self, *arguments, password="", authority=None, masters=3):
        super().__init__()
        self.nodes = [Node(*arguments, password=password, authority=authority) for _ in range(2 * masters)]
        first = self.nodes[0]
        for number, node in enumerate(self.nodes):
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if number < masters:
                node.ask("CLUSTER", "ADDSLOTSRANGE", number * SLOTS // masters, (number + 1) * SLOTS // masters - 1)
            if node is not first:
                node.ask("CLUSTER", "MEET", "127.0.0.1", first.port, first.bus)
        wait_for(lambda: all(node.state()["cluster_known_nodes"] == str(2 * masters) for node in self.nodes),
                 what="the nodes know each other")
        for number, node in enumerate(self.nodes[masters:]):
            _wait_until(lambda node=node, number=number:
                        node.ask("CLUSTER", "REPLICATE", self.nodes[number].id) == "OK", "a replica follows")
        self.wait_whole()

    @property
    def list(self):
        """All nodes, as the setting `redis`."""
        return "{ " + ", ".join(f'"{node.inet}"' for node in self.nodes) + " }"

    def all(self):
        return self.nodes

    def running(self):
        return [node for node in self.nodes if node.runs()]

    def wait_whole(self):
        """Until all that run agree on who owns which slot and has which replicas, all owners run, and every replica has its
        master's data."""
        _wait_until(self._is_whole, "the cluster is whole")

    def _is_whole(self):
        running = self.running()
        ids = {node.id for node in running}
        rows = []
        for node in running:
            if node.state()["cluster_state"] != "ok" or node.state()["cluster_slots_ok"] != str(SLOTS):
                return False
            role = node.ask("ROLE")
            if role[0] == "slave" and role[3] != "connected":
                return False
            slots = node.ask("CLUSTER", "SLOTS")
            rows.append(sorted((row[0], row[1], row[2][2]) for row in slots))
            if not ids <= {server[2] for row in slots for server in row[2:]}:
                return False  # it does not know a replica yet
        return all(row == rows[0] for row in rows) and all(owner in ids for _, _, owner in rows[0])

    def slot(self, key):
        return self.running()[0].ask("CLUSTER", "KEYSLOT", key)

    def owner(self, key):
        """The master that has the key's slot, whether it runs or not, by the word of one that runs."""
        slot = self.slot(key)
        for first, last, master, *_replicas in self.running()[-1].ask("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.id == master[2])
        raise AssertionError(f"slot {slot} has no owner")

    def masters(self):
        return [node for node in self.running() if node.is_master()]

    def replica_of(self, master):
        """One that runs."""
        return next(node for node in self.running()
                    if node is not master and node.ask("ROLE")[0] == "slave" and node.ask("ROLE")[2] == master.port)

    def wait_synced(self):
        """Until the replicas have what the masters have now."""
        for master in self.masters():
            have = int(master.info("replication")["master_repl_offset"])
            replica = self.replica_of(master)
            wait_for(lambda replica=replica, have=have: int(replica.info("replication")["slave_repl_offset"]) >= have,
                     what="the replica has all")

    def promote(self, replica):
        """As an admin does it for maintenance: both run, and nothing is lost."""
        asked = 0

        def is_done():
            nonlocal asked
            if replica.is_master():
                return True
            if time.monotonic() - asked > 2 * FAILOVER_TIMEOUT:  # a busy machine may be too slow for the first attempt
                replica.ask("CLUSTER", "FAILOVER")
                asked = time.monotonic()
            return False
        wait_for(is_done, what="the replica is master")

    def reshard(self, source, target, count, between=lambda: None, among=()):
        """Moves so many slots with their keys, as redis-cli does, `among` them these. Calls `between` when the keys have
        been moved and the slots have not: who asks the source for such a key is sent to the target."""
        slots = [*among, *sorted(source.own_slots() - set(among))][:count]
        target.ask_all([("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id) for slot in slots])
        source.ask_all([("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id) for slot in slots])
        for slot in slots:
            self._move_keys(source, target, slot)
        between()
        for slot in slots:
            self._move_keys(source, target, slot)
        for node in [target, source, *(n for n in self.masters() if n not in (source, target))]:
            node.ask_all([("CLUSTER", "SETSLOT", slot, "NODE", target.id) for slot in slots])
        return slots

    @staticmethod
    def _move_keys(source, target, slot):
        while True:
            keys = source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100)
            if not keys:
                return
            auth = ["AUTH", target.password] if target.password else []
            source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, int(PATIENCE * 1000), *auth, "KEYS", *keys)


class Sentinel(Redis):
    """One sentinel. It writes into its configuration file what it learns."""

    def __init__(self, name, master, quorum, password="", authority=None):
        self.name = name
        lines = [f"sentinel monitor {name} 127.0.0.1 {master.port} {quorum}",
                 f"sentinel down-after-milliseconds {name} {NODE_TIMEOUT_MS}",
                 f"sentinel failover-timeout {name} {4 * NODE_TIMEOUT_MS}"]
        if password:
            lines += [f"sentinel auth-pass {name} {password}", f'requirepass "{password}"',
                      f"sentinel sentinel-pass {password}"]
        port, tls = free_port(), []
        if authority is not None:
            tls = [*_guarded("", authority), "--port", "0", "--tls-port", str(port)]
        self.configuration = scratch() / "sentinel.conf"
        self.configuration.write_text("\n".join(lines) + "\n")
        super().__init__("--sentinel", *tls, port=port, password=password)

    def file(self):
        return [str(self.configuration)]

    def kind(self):
        return []


class Sentinels(_Group):
    """A master with two replicas, and three sentinels of which two must agree."""

    def __init__(self, *arguments, name="history", password="", authority=None):
        super().__init__()
        self.name = name
        self.servers = [_Guarded(*arguments, password=password, authority=authority) for _ in range(3)]
        for server in self.servers[1:]:
            server.ask("REPLICAOF", "127.0.0.1", self.servers[0].port)
        self.sentinels = [Sentinel(name, self.servers[0], 2, password, authority) for _ in range(3)]
        self.wait_whole()

    def all(self):
        return self.servers + self.sentinels

    @property
    def list(self):
        """The sentinels, as the setting `redis`."""
        return "{ " + ", ".join(f'"{sentinel.inet}"' for sentinel in self.sentinels) + " }"

    @property
    def plain_list(self):
        """The servers, for a helod that finds the master by itself."""
        return "{ " + ", ".join(f'"{server.inet}"' for server in self.servers) + " }"

    def master_port(self, sentinel=None):
        sentinel = sentinel or next(s for s in self.sentinels if s.runs())
        return int(sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.name)[1])

    def master(self):
        """By the word of a sentinel that runs."""
        port = self.master_port()
        return next(server for server in self.servers if server.port == port)

    def wait_whole(self):
        """Until all sentinels that run agree on a master that runs, know each other and the replicas, and these have
        its data."""
        _wait_until(self._is_whole, "the trio is whole")

    def _is_whole(self):
        sentinels = [s for s in self.sentinels if s.runs()]
        if len({self.master_port(s) for s in sentinels}) != 1 or not self.master().runs():
            return False
        running = [s for s in self.servers if s.runs()]
        master = self.master()
        roles = {server: server.ask("ROLE") for server in running}
        if roles[master][0] != "master":
            return False
        for server in running:
            if server is not master and (roles[server][0] != "slave" or roles[server][2] != master.port or
                                         roles[server][3] != "connected"):
                return False
        return all(s.ask("SENTINEL", "CKQUORUM", self.name).startswith("OK") and
                   len(s.ask("SENTINEL", "REPLICAS", self.name)) == len(self.servers) - 1 for s in sentinels)

    def wait_synced(self):
        """Until the replicas have what the master has now."""
        have = int(self.master().info("replication")["master_repl_offset"])
        for server in self.servers:
            if server is not self.master():
                wait_for(lambda server=server: int(server.info("replication")["slave_repl_offset"]) >= have,
                         what="the replica has all")

    def promote(self):
        """As an admin does it for maintenance. Returns the new master."""
        before = self.master_port()
        sentinel = next(s for s in self.sentinels if s.runs())

        def is_done():
            master = sentinel.ask("SENTINEL", "MASTER", self.name)
            if self.master_port() != before:
                return True
            if "failover_in_progress" not in master[master.index("flags") + 1]:
                sentinel.ask("SENTINEL", "FAILOVER", self.name)  # it may give up, and then has to be asked again
            return False
        _wait_until(is_done, "another master")
        return self.master()
