# SPDX-License-Identifier: BSD-2-Clause
"""helod: starts the built daemon for a test, sends it requests as Postfix 3.7 would, reads what it logs.

    with Helod('policy "default" { points { helo_not_fqdn = 100 } }') as daemon:
        equal(daemon.ask(helo="localhost"), "550 5.5.2 ...")
        line = daemon.decisions()[-1]          # a dict of the decision line's fields

The programs are those that HELOD and HELOCTL name, else the ones under build/. The daemon runs in the foreground as the
current user, on a free port and on a unix socket in a folder of its own, with nothing shared between two of them.
"""
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
HELOD = os.environ.get("HELOD") or str(TOP / "build/helod")
HELOCTL = os.environ.get("HELOCTL") or str(TOP / "build/heloctl")

# What Postfix 3.7 sends, all of it, in its order. A request for RCPT with the default smtpd_delay_reject=yes.
ATTRIBUTES = {
    "request": "smtpd_access_policy",
    "protocol_state": "RCPT",
    "protocol_name": "ESMTP",
    "client_address": "203.0.113.5",
    "client_name": "unknown",
    "client_port": "40125",
    "reverse_client_name": "unknown",
    "server_address": "192.0.2.25",
    "server_port": "25",
    "helo_name": "mail.kiln-street.net",
    "sender": "sender@kiln-street.net",
    "recipient": "user@example.net",
    "recipient_count": "0",
    "queue_id": "",
    "instance": "",
    "size": "0",
    "etrn_domain": "",
    "stress": "",
    "sasl_method": "",
    "sasl_username": "",
    "sasl_sender": "",
    "ccert_subject": "",
    "ccert_issuer": "",
    "ccert_fingerprint": "",
    "ccert_pubkey_fingerprint": "",
    "encryption_protocol": "",
    "encryption_cipher": "",
    "encryption_keysize": "0",
    "policy_context": "",
}
# Answered at once, DUNNO.
SKIPPED = {"sasl_username": "alice", "instance": ""}
# Short names for what nearly every test sets.
SHORT = {"client": "client_address", "helo": "helo_name", "state": "protocol_state", "context": "policy_context"}

PATIENCE = 120.0  # seconds that a busy machine is given for what must come

_instance = random.SystemRandom().randrange(0x1000, 0xffff)
_ports = []


def free_port():
    """A port between the one that helod uses as shipped, which a test of the shipped file may need, and those that the
    system gives to outgoing connections, so that nobody takes it before we do. It is free over TCP and UDP, and no other
    test gets it until this one ends: an abstract socket with the port in its name marks it as taken."""
    for _ in range(200):
        port = random.SystemRandom().randrange(10046, 32000)
        mine = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            mine.bind(f"\0helod-test-port-{port}")
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as s:
                    s.bind(("127.0.0.1", port))
        except OSError:
            mine.close()
            continue
        _ports.append(mine)
        return port
    raise RuntimeError("no free port")


def wait_for(condition, seconds=PATIENCE, what="condition", step=0.02):
    """The first true value of condition(), or AssertionError. How long that may take is what no test shows with it."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not after {seconds} s"
        time.sleep(step)


def raise_descriptors(count):
    """Lets this process, and those that it starts, open `count` files, as far as the machine allows; returns how many.
    A login's usual limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
    return max(soft, min(count, hard))


def replace_file(path, text):
    """Writes a file in one step: a daemon that reads it meanwhile gets the old text or the new one, never half."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.rename(path)


def scratch(prefix="helod-test-"):
    """A new folder that other users may enter (Postfix must), removed at the end of the test file."""
    import tap  # not needed by who only sends requests
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=os.environ.get("SCRATCH", "/tmp")))
    folder.chmod(0o755)
    tap.cleanup(shutil.rmtree, folder, True)
    return folder


def request(**attributes):
    """The bytes of one request. Short names are taken; an attribute given as None is left out; others are added."""
    global _instance
    values = dict(ATTRIBUTES)
    values.update({SHORT.get(name, name): value for name, value in attributes.items()})
    if "instance" not in attributes:
        _instance += 1
        values["instance"] = f"{_instance:x}.{int(time.time()):x}.0.0"
    lines = [f"{name}={value}" for name, value in values.items() if value is not None]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "surrogateescape")


class Connection:
    """One connection of a Postfix smtpd: requests one after the other."""

    def __init__(self, address, seconds=PATIENCE):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(seconds)
        self.socket.connect(address if isinstance(address, tuple) else str(address))
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def answer(self):
        """The action of the next answer; ConnectionError when the daemon hangs up instead."""
        while b"\n\n" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError(f"closed after {self.buffer!r}")
            self.buffer += data
        whole, self.buffer = self.buffer.split(b"\n\n", 1)
        text = whole.decode("utf-8", "surrogateescape")
        assert text.startswith("action=") and "\n" not in text, f"not an answer: {text!r}"
        return text[len("action="):]

    def ask(self, **attributes):
        self.send(request(**attributes))
        return self.answer()

    def closed(self):
        """Waits for the daemon to hang up; whatever it says before that is returned."""
        data = b""
        while True:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return data
            if not more:
                return data
            data += more


_FIELD = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|\S*)')


def decision_fields(line):
    """A decision line as a dict, in its order; findings as a dict of rule to points. None where there is none."""
    at = line.find("decision v=")
    if at < 0:
        return None
    fields = {}
    for name, value in _FIELD.findall(line[at + len("decision "):]):
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        fields[name] = value
    found = [item.rpartition(":") for item in fields.get("findings", "").split(",") if item not in ("", "-")]
    fields["findings"] = {rule: int(points) for rule, _, points in found}
    return fields


class Adopted:
    """A daemon that went into the background, with the methods of a Popen that tests use."""

    def __init__(self, pid):
        self.pid, self.returncode = pid, None

    def poll(self):
        try:
            with open(f"/proc/{self.pid}/stat") as stat:
                ended = stat.read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            ended = True
        self.returncode = 0 if ended else None
        return self.returncode

    def wait(self, seconds=PATIENCE):
        wait_for(lambda: self.poll() is not None, seconds, "helod ends")
        return self.returncode

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)


class Helod:
    """A running daemon. `server` and `dns` are further lines of these sections. With `background` helod starts as from an
    init script and logs to /dev/log."""

    def __init__(self, conf="", server="", dns="", resolver=None, listen=None, arguments=(), wrapper=(), env=None,
                 start=True, background=False):
        self.folder = scratch()
        self.port = free_port()
        self.path = self.folder / "policy"
        self.listen = listen or [f"inet:127.0.0.1:{self.port}", f"unix:{self.path}"]
        self.resolver = resolver or "127.0.0.1:1"  # nothing answers there
        self.pid_file = self.folder / "pid" if background else None
        self.server, self.dns = server + (f'\n pid_file = "{self.pid_file}"\n' if background else ""), dns
        self.arguments, self.wrapper, self.env = list(arguments), list(wrapper), env or {}
        self.conf_path = self.folder / "helod.conf"
        self.log_path = self.folder / "log"
        self.process = None
        self.log_mark = 0  # characters of the log that wait_log() skips
        self.write(conf)
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def write(self, conf):
        """The policy file. Sections that would share something with another daemon are set apart unless given."""
        listen = ", ".join(f'"{address}"' for address in self.listen)
        mode = "" if "socket_mode" in self.server else ' socket_mode = "0666"\n'
        parts = [f'server {{\n listen = {{ {listen} }}\n user = ""\n{mode}{self.server}\n}}',
                 f'dns {{\n servers = {{ "{self.resolver}" }}\n{self.dns}\n}}']
        for section, text in (("history", 'store = "none"'), ("status", "listen = {}"),
                              ("local", 'names = { "mx.helod.example" }')):
            if not re.search(rf"^\s*{section}\s*{{", conf, re.M):
                parts.append(f"{section} {{ {text} }}")
        replace_file(self.conf_path, "\n".join(parts + [conf, ""]))

    def start(self, seconds=PATIENCE):
        import tap
        environment = {**os.environ, **self.env}
        command = [*self.wrapper, HELOD, *([] if self.pid_file else ["-f"]), "-c", str(self.conf_path), *self.arguments]
        with open(self.log_path, "ab") as log:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "env": environment}
            if self.pid_file:
                subprocess.run(command, check=True, timeout=seconds, **options)
                self.process = Adopted(int(self.pid_file.read_text()))
            else:
                self.process = subprocess.Popen(command, start_new_session=True, **options)
        tap.cleanup(self.stop)
        wait_for(self._up, seconds, "helod answers")

    def _up(self):
        assert self.process.poll() is None, f"helod ended with {self.process.returncode}:\n{self.log()}"
        if f"unix:{self.path}" in self.listen:  # opened after the TCP port
            probe, address = socket.socket(socket.AF_UNIX), str(self.path)
        else:
            probe, address = socket.socket(socket.AF_INET), ("127.0.0.1", self.port)
        with probe:
            return probe.connect_ex(address) == 0

    def stop(self, how=signal.SIGTERM, seconds=PATIENCE):
        """Ends it and returns its exit status."""
        process, self.process = self.process, None
        if process is None:
            return None
        if process.poll() is None:
            os.kill(process.pid, how)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"helod did not end on signal {how}") from None

    def signal(self, which):
        """Sends a signal. wait_log() then finds only lines that are written from now on: the log may have the same words
        already, from the signal before."""
        self.log_mark = len(self.log())
        os.kill(self.process.pid, which)

    def reload(self, conf=None):
        """SIGHUP, with a new policy file where one is given."""
        if conf is not None:
            self.write(conf)
        self.signal(signal.SIGHUP)

    def connect(self, unix=False, seconds=PATIENCE):
        return Connection(self.path if unix else ("127.0.0.1", self.port), seconds)

    def ask(self, unix=False, **attributes):
        """One request on a connection of its own; returns the action."""
        with self.connect(unix) as connection:
            return connection.ask(**attributes)

    def log(self):
        return self.log_path.read_text(errors="surrogateescape") if self.log_path.exists() else ""

    def wait_log(self, part, seconds=PATIENCE):
        """The first log line with this part since the last signal."""
        return wait_for(lambda: next((line for line in self.log()[self.log_mark:].splitlines() if part in line), None),
                        seconds, f"log line with {part!r}")

    def decisions(self, **wanted):
        """The decision lines so far, as dicts, of which every given field is as wanted: decisions(helo="x.example")."""
        lines = [decision_fields(line) for line in self.log().splitlines()]
        return [line for line in lines if line and all(line.get(name) == value for name, value in wanted.items())]

    def decision(self, seconds=PATIENCE, **wanted):
        """The last such decision line, waited for."""
        return wait_for(lambda: self.decisions(**wanted), seconds, f"decision with {wanted}")[-1]


def heloctl(*arguments, text=None, seconds=PATIENCE):
    """Runs heloctl; returns (exit status, stdout, stderr)."""
    done = subprocess.run([HELOCTL, *map(str, arguments)], input=text, stdin=None if text is not None else
                          subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, errors="replace",
                          check=False)
    return done.returncode, done.stdout, done.stderr


def helod(*arguments, **more):
    """Runs helod to its end: (exit status, stdout, stderr)."""
    done = subprocess.run([HELOD, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def policy(folder, text):
    """A policy file with this text."""
    path = folder / "helod.conf"
    path.write_text(text)
    return path


def status_of(pid):
    """/proc/PID/status, as a dict."""
    return dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in line)
