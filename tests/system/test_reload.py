#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A reload of 100,000 exemptions, while requests arrive: the old policy answers until the new one is complete."""
import os
import signal
import socket
import subprocess
import threading
import time

from helod import HELOCTL, PATIENCE, Connection, Helod, helod, heloctl, request, scratch, wait_for
from manager import Manager
from tap import cases, contains, equal, run, skip, test

ENTRIES = 100_000
RULES = 'policy "default" { points { helo_not_fqdn = 100 } }\n'  # whoever greets with one word, unless exempt
ALWAYS, LATER, NEVER = "198.51.100.1", "198.51.100.2", "198.51.100.3"


def exemptions(path, *clients, entries=ENTRIES, bad=None):
    """A new file under this name."""
    lines = [f"client 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255} until=2099-12-31 # {i}" if i % 2 else
             f"rdns .host{i}.partner{i % 997}.example" for i in range(entries)]
    if bad is not None:
        lines[bad] = "client 10.0.0.0/99"
    new = path.with_suffix(".new")
    new.write_text("\n".join([*lines, *(f"client {client}" for client in clients), ""]))
    new.rename(path)


def daemon_with(path, **more):
    return Helod(RULES + f'exempt {{ files = {{ "{path}" }} }}\n', **more)


def kind(answer):
    """An exemption by reverse name may still hold while the PTR lookup is unanswered: then 450 takes the place of 550."""
    return "refused" if answer[:3] in ("450", "550") else answer


def times(daemon, what):
    return daemon.log().count(what)


class Asking:
    """Clients who ask all the time. Their answers, in order."""

    def __init__(self, daemon, clients):
        self.daemon, self.done, self.wrong = daemon, threading.Event(), []
        self.answers = {client: [] for client in clients}
        self.threads = [threading.Thread(target=self.ask, args=(client,)) for client in clients]

    def ask(self, client):
        try:
            with self.daemon.connect() as connection:
                while not self.done.is_set():
                    self.answers[client].append(kind(connection.ask(client=client, helo="word")))
        except Exception as error:
            self.wrong.append(f"{client}: {error!r}")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_for(lambda: all(len(answers) > 5 for answers in self.answers.values()), what="first answers")
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()

    def more(self):
        """Until each has had some more answers."""
        had = {client: len(answers) for client, answers in self.answers.items()}
        wait_for(lambda: self.wrong or all(len(self.answers[client]) > n + 5 for client, n in had.items()),
                 what="more answers")


@test("every request is answered by the old policy or the new one, and by none after the new one by the old")
def _():
    path = scratch() / "exempt"
    exemptions(path, ALWAYS)
    with daemon_with(path) as daemon, Asking(daemon, (ALWAYS, LATER, NEVER)) as asking:
        exemptions(path, ALWAYS, LATER)
        daemon.reload()
        daemon.wait_log("policy 2 is in force")
        asking.more()
    equal(asking.wrong, [])
    equal(set(asking.answers[ALWAYS]), {"DUNNO"})
    equal(set(asking.answers[NEVER]), {"refused"})
    changed = asking.answers[LATER].index("DUNNO")
    equal(set(asking.answers[LATER][:changed]), {"refused"}, "before")
    equal(set(asking.answers[LATER][changed:]), {"DUNNO"}, "after")


@test("a wrong line in the middle: told with its place, and the old policy stays")
def _():
    path = scratch() / "exempt"
    exemptions(path, ALWAYS)
    with daemon_with(path) as daemon, Asking(daemon, (ALWAYS, LATER)) as asking:
        exemptions(path, LATER, bad=ENTRIES // 2)
        daemon.reload()
        daemon.wait_log("reload failed: policy 1 stays in force")
        asking.more()
        contains(daemon.log(), f'{path}:{ENTRIES // 2 + 1}: "10.0.0.0/99" is not a network')
        exemptions(path, ALWAYS)
        daemon.reload()
        daemon.wait_log("policy 2 is in force")
    equal(asking.wrong, [])
    equal([set(answers) for answers in asking.answers.values()], [{"DUNNO"}, {"refused"}])


@test("SIGHUP again while it is read: what the file holds then is in force at last")
def _():
    path = scratch() / "exempt"
    for _ in range(20):
        exemptions(path, NEVER)
        manager = Manager()
        with daemon_with(path, env={"NOTIFY_SOCKET": manager.path}) as daemon:
            manager.hear("READY=1")
            daemon.reload()
            manager.hear("RELOADING=1")
            exemptions(path, ALWAYS, entries=10)  # the one that is read is still open
            for _ in range(5):
                daemon.reload()
            in_time = times(daemon, "reload done") == 0
            wait_for(lambda d=daemon: times(d, "reload done") >= 2, what="the second reload")
            equal(daemon.ask(client=ALWAYS, helo="word"), "DUNNO")
            equal(kind(daemon.ask(client=NEVER, helo="word")), "refused")
            if in_time:
                time.sleep(0.3)
                # One more where helod sees the last signal when the second reload has begun.
                assert times(daemon, "reload done") in (2, 3), f"{times(daemon, 'reload done')} reloads for six wishes"
                return
    raise AssertionError("never in time")


@test("heloctl reload waits for the result, whoever else has asked")
def _():
    folder = scratch()
    path, control = folder / "exempt", folder / "control"
    exemptions(path, ALWAYS)
    with daemon_with(path) as daemon:
        daemon.write(f'status {{ listen = {{ "unix:{control}" }} }}\n{RULES}exempt {{ files = {{ "{path}" }} }}\n')
        daemon.reload()
        daemon.wait_log("policy 2 is in force")
        exemptions(path, ALWAYS, LATER)
        running = [subprocess.Popen([HELOCTL, "reload", "-s", f"unix:{control}"], stdout=subprocess.PIPE, text=True)
                   for _ in range(3)]
        for process in running:
            out, _ = process.communicate(timeout=PATIENCE)
            equal(process.returncode, 0)
            contains(out, "in force")
        equal(daemon.ask(client=LATER, helo="word"), "DUNNO")
        exemptions(path, bad=ENTRIES - 1)
        status, _, err = heloctl("reload", "-s", f"unix:{control}")
        equal(status, 1)
        contains(err, "the running policy stays active")
        equal(daemon.ask(client=LATER, helo="word"), "DUNNO")


@cases([
    ("exempt file", 'exempt {{ files = {{ "{}" }} }}', "client 192.0.2.1", "is a pipe"),
    ("token file", 'names {{ token_files = {{ "{}" }} }}', "# none", "is a pipe"),
    ("public suffix list", 'names {{ psl_file = "{}" }}', "com", "is a pipe"),
], lambda row: f"a pipe in the place of the {row[0]}, which nobody writes to: told, and no request waits for it")
def _(_, section, text, told):
    path = scratch() / "file"
    path.write_text(text + "\n")
    with Helod(RULES + section.format(path) + "\n") as daemon:
        path.unlink()
        os.mkfifo(path)
        daemon.reload()
        daemon.wait_log("reload failed: policy 1 stays in force")
        contains(daemon.log(), told)
        equal(kind(daemon.ask(client=NEVER, helo="word")), "refused")


@test("a pipe in the place of the policy file, which nobody writes to: told, and no request waits for it")
def _():
    with Helod(RULES) as daemon:
        daemon.conf_path.unlink()
        os.mkfifo(daemon.conf_path)
        daemon.reload()
        contains(daemon.wait_log("is a pipe"), f"{daemon.conf_path}: is a pipe, expected a file")
        daemon.wait_log("reload failed: policy 1 stays in force")
        equal(kind(daemon.ask(client=NEVER, helo="word")), "refused")


@test("a pipe in the place of the log file, which nobody reads: told in the old file, and no request waits for it")
def _():
    path, old = scratch() / "log", scratch() / "old"
    with Helod(RULES + f'log {{ to = "file" file = "{path}" }}\n') as daemon:
        equal(kind(daemon.ask(client=NEVER, helo="word")), "refused")
        path.rename(old)
        os.mkfifo(path)
        daemon.signal(signal.SIGUSR1)
        wait_for(lambda: "cannot reopen the log file" in old.read_text(), what="complaint")
        equal(kind(daemon.ask(client=NEVER, helo="word")), "refused")


@test("SIGTERM during a reload: the reload is finished, whoever waits for it gets its result, and helod ends well")
def _():
    folder = scratch()
    path, control = folder / "exempt", folder / "control"
    exemptions(path, ALWAYS)
    daemon = Helod(f'status {{ listen = {{ "unix:{control}" }} }}\n{RULES}exempt {{ files = {{ "{path}" }} }}\n')
    with daemon:
        exemptions(path, ALWAYS, LATER, entries=4 * ENTRIES)
        waiting = subprocess.Popen([HELOCTL, "reload", "-s", f"unix:{control}"], stdout=subprocess.PIPE, text=True)
        status = f"/proc/{daemon.process.pid}/stat"
        before = int(open(status).read().split()[13])
        wait_for(lambda: int(open(status).read().split()[13]) > before, what="helod works on it")
        daemon.signal(signal.SIGTERM)
        equal(daemon.process.wait(PATIENCE), 0)
        out, _ = waiting.communicate(timeout=PATIENCE)
        equal(waiting.returncode, 0)
        contains(out, "in force")


@test("another address on the same port: taken over by a reload; when that fails, the old one listens again")
def _():
    control, taken = scratch() / "control", socket.create_server(("127.0.0.1", 0))
    busy = f"inet:127.0.0.1:{taken.getsockname()[1]}"
    status = f'status {{ listen = {{ "unix:{control}" }} }}\n'
    with Helod(status) as daemon:
        def asks(address):
            with Connection((address, daemon.port)) as connection:
                return connection.ask(sasl_username="alice")

        def reload(*listen):
            daemon.listen = listen
            daemon.write(status)
            return heloctl("reload", "-s", f"unix:{control}")

        equal(asks("127.0.0.1"), "DUNNO")
        for address in ("0.0.0.0", "127.0.0.1", "0.0.0.0"):
            done, _, err = reload(f"inet:{address}:{daemon.port}", busy)
            equal(done, 1)
            contains(daemon.log(), f"{busy}: Address already in use")
            equal(asks("127.0.0.1"), "DUNNO", "the old socket, after a failed reload")
            done, _, err = reload(f"inet:{address}:{daemon.port}")
            equal(done, 0, err)
            equal(asks("127.0.0.1"), "DUNNO", "the new socket")
        equal(asks("127.0.0.3"), "DUNNO", "every address")


@test("a helod that is stopping reads no policy file and opens no socket any more")
def _():
    control = scratch() / "control"
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    with Helod(f'status {{ listen = {{ "unix:{control}" }} }}\n', server='deadline = "5s"',
               resolver="127.0.0.1:%d" % silent.getsockname()[1]) as daemon, daemon.connect() as connection:
        connection.send(request(helo="mail.kiln-street.net"))
        daemon.signal(signal.SIGTERM)
        daemon.wait_log("stopping on signal")
        status, _, err = heloctl("reload", "-s", f"unix:{control}")
        assert status >= 64, status
        contains(err, "helod is stopping")
        assert not daemon.path.exists(), "listens again"
        equal(kind(connection.answer()), "DUNNO")
        equal(daemon.process.wait(PATIENCE), 0)


def in_force(daemon):
    return times(daemon, "reload done")


@test("an empty file, or one of comments alone, is refused while the policy in force sets something")
def _():
    with Helod('policy "default" { mode = "monitor" }\n') as daemon:
        for n, text in enumerate(("", "# nothing yet\n"), 1):
            daemon.conf_path.write_text(text)
            daemon.reload()
            wait_for(lambda n=n: times(daemon, "reload failed: policy 1 stays in force") == n, what="the refusal")
        contains(daemon.log(), f"{daemon.conf_path} sets nothing, unlike the running policy")
        equal(daemon.ask(helo="bad_name!"), "DUNNO")
        daemon.reload('policy "default" { mode = "soft" }\n')
        daemon.wait_log("policy 2 is in force")


@test("a file that somebody writes to while it is read is refused")
def _():
    folder, stop = scratch(), threading.Event()
    path = folder / "helod.conf"
    head = "".join(f"# {i:060}\n" for i in range(15000))
    path.write_text(head)

    def write():
        with open(path, "r+b", buffering=0) as file:
            while not stop.is_set():
                os.pwrite(file.fileno(), b"#", 0)
    thread = threading.Thread(target=write)
    thread.start()
    try:
        done = wait_for(lambda: next(filter(lambda said: said[0], [helod("-t", "-q", "-c", path)]), None), what="it")
    finally:
        stop.set()
        thread.join()
    equal(done[0], 1)
    contains(done[2], f"{path}: was written to while it was read")


@test("a reload that begins to enforce, or drops more than half of the exemptions, is a warning that says so")
def _():
    path = scratch() / "exempt"
    rules = 'policy "default" { mode = "%s" }\nexempt { clients = {} files = { "' + str(path) + '" } }\n'
    exemptions(path, entries=10)
    with Helod(rules % "monitor") as daemon:
        exemptions(path, entries=6)
        daemon.reload()
        daemon.wait_log("policy 2 is in force")
        equal(times(daemon, "exemptions are gone"), 0)
        exemptions(path, entries=2)
        daemon.reload(rules % "enforce")
        daemon.wait_log("policy 3 is in force")
        contains(daemon.log(), 'reload: policy "default" now enforces what it only logged before')
        contains(daemon.log(), "reload: more than half of the exemptions are gone: 2 of 6 are left")


@cases((("a TLS that this hiredis does not have", 'history { store = "redis" redis_tls = yes redis = "unix:/nowhere" }',
         "history.redis_tls: "),
        ("a socket group that does not exist", 'status { socket_group = "no-such-group" }',
         'socket_group: no such group: "no-such-group"')))
def _(_name, conf, wanted):
    with Helod(RULES) as daemon:
        daemon.reload(RULES + conf)
        daemon.wait_log("reload failed: policy 1 stays in force")
        contains(daemon.log(), wanted)
        equal(kind(daemon.ask(helo="word")), "refused")
        status, _, said = helod("-t", "-c", daemon.conf_path)
        equal(status, 1, said)
        contains(said, wanted)


@test("heloctl reload --pid: over the status socket where there is one, else by a signal")
def _():
    place = scratch() / "status"
    with Helod(RULES + f'status {{ listen = {{ "unix:{place}" }} }}\n') as daemon:
        words = ("reload", "--pid", daemon.process.pid, "-c", daemon.conf_path)
        equal(heloctl(*words)[:2], (0, "the new policy file is in force\n"))
        equal(in_force(daemon), 1)
        daemon.write(RULES)
        status, said, _ = heloctl(*words)
        equal((status, said), (0, f"sent SIGHUP to process {daemon.process.pid}; the log shows the result\n"))
        wait_for(lambda: in_force(daemon) == 2, what="the reload")
        equal(heloctl("reload", "--pid", "none", "-c", daemon.conf_path)[0], 64)


@test("helod -t as root names each file that helod's user cannot read")
def _():
    if os.geteuid() != 0:
        skip("not root")
    folder = scratch()
    path, exempt = folder / "helod.conf", folder / "exempt"
    exempt.write_text("client 192.0.2.1\n")
    path.write_text(f'server {{ user = "nobody" }}\nexempt {{ files = {{ "{exempt}" }} }}\n')
    equal(helod("-t", "-q", "-c", path), (0, "", ""))
    exempt.chmod(0o600)
    status, out, said = helod("-t", "-q", "-c", path)
    equal((status, out), (0, ""), said)
    equal(said, f"warning: {path}: user nobody cannot read {exempt}: Permission denied\n")


run()
