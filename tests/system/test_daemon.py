#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon as a process: its sockets, signals, reload, limits, privileges, the service manager, the command line."""
import grp
import os
import pathlib
import pwd
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

from helod import HELOD, PATIENCE, Connection, Helod, free_port, question, scratch, wait_for
from manager import Manager
from tap import Skip, contains, equal, run, test

SKIPPED = {"sasl_username": "alice", "instance": ""}
AS_ROOT = os.geteuid() == 0


def helod(*arguments, **more):
    """Runs helod to its end: (exit status, stdout, stderr)."""
    done = subprocess.run([HELOD, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def policy(folder, text):
    path = folder / "helod.conf"
    path.write_text(text)
    return path


def fails(daemon, part):
    """It does not come up, and says why."""
    done = subprocess.run([HELOD, "-f", "-c", str(daemon.conf_path)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    equal(done.returncode, 1, "exit status")
    contains(done.stderr, part, "stderr")


# The command line

@test("-t prints the policy in effect, and it reads back to the same")
def _():
    folder = scratch()
    status, first, errors = helod("-t", "-c", policy(folder, 'policy "default" { points { helo_not_fqdn = 61 } }'))
    equal((status, errors), (0, ""))
    contains(first, "helo_not_fqdn = 61")
    status, again, _ = helod("-t", "-c", policy(folder, first))
    equal((status, again), (0, first))


@test("-t tells every error with its line, and exits 1")
def _():
    path = policy(scratch(), 'server { max_conections = 5 }\n\npolicy "default" { mode = "hard" }\n')
    status, out, errors = helod("-t", "-c", path)
    equal((status, out), (1, ""))
    contains(errors, f"{path}:1: ")
    contains(errors, "max_connections")
    contains(errors, f"{path}:3: ")


@test("-t: a policy file that is not there is an error")
def _():
    status, _, errors = helod("-t", "-c", "/nonexistent/helod.conf")
    equal(status, 1)
    contains(errors, "/nonexistent/helod.conf")


@test("-V names every library")
def _():
    status, out, _ = helod("-V")
    equal(status, 0)
    for pattern in (r"^helod \d", r"^c-ares 1\.\d", r"^libevent 2\.\d", r"^libconfuse \d",
                    r"^libpsl \d.*, data of \d{4}-\d\d-\d\d$"):
        assert re.search(pattern, out, re.M), f"{pattern} not in {out!r}"


@test("-h and --help print the options to stdout, and are no mistake")
def _():
    for option in ("-h", "--help"):
        status, out, errors = helod(option)
        equal((status, errors), (0, ""))
        contains(out, "usage: helod")
        contains(out, "check the policy file")


@test("-t tells a user or group that does not exist, with its line")
def _():
    for option in ("user", "group"):
        path = policy(scratch(), f'# one\nserver {{\n  {option} = "no-such-one"\n}}\n')
        status, out, errors = helod("-t", "-c", path)
        equal((status, out), (1, ""))
        contains(errors, f'{path}:3: {option}: no such {option}: "no-such-one"')
    equal(helod("-t", "-c", policy(scratch(), 'server { user = "root" group = "root" }\n'))[0], 0)


@test("an unknown option and a stray argument are a usage error, 64")
def _():
    for arguments in (("-x",), ("start",), ("-c",)):
        status, _, errors = helod(*arguments)
        equal(status, 64)
        contains(errors, "usage: helod")


@test("a broken policy file keeps it from starting, with the reason on stderr")
def _():
    path = policy(scratch(), "server { listen = {\n")
    status, _, errors = helod("-f", "-c", path)
    equal(status, 1)
    contains(errors, str(path))


# Sockets

@test("a unix socket has its mode, owner and group")
def _():
    with Helod(server='socket_mode = "0640"') as daemon:
        st = os.stat(daemon.path)
        assert stat.S_ISSOCK(st.st_mode)
        equal(oct(stat.S_IMODE(st.st_mode)), "0o640")
    if not AS_ROOT:
        return
    user, group = pwd.getpwnam("nobody"), grp.getgrnam("mail")
    with Helod(server='socket_owner = "nobody"\nsocket_group = "mail"') as daemon:
        st = os.stat(daemon.path)
        equal((st.st_uid, st.st_gid), (user.pw_uid, group.gr_gid))


@test("a unix socket is never open to the wrong ones, not even while it is made")
def _():
    # A watcher looks at the mode as often as it can while helod makes the socket again and again.
    folder = scratch()
    path, seen, done = folder / "policy", set(), threading.Event()

    def watch():
        while not done.is_set():
            try:
                seen.add(oct(stat.S_IMODE(os.lstat(path).st_mode)))
            except FileNotFoundError:
                pass

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(5):
            with Helod(listen=[f"unix:{path}"], server='socket_mode = "0600"', start=False) as daemon:
                daemon.path = path
                daemon.start()
    finally:
        done.set()
        watcher.join()
    contains(seen, "0o600")
    assert seen <= {"0o0", "0o600"}, seen


@test("a stale socket is replaced, the socket is removed at the end")
def _():
    folder = scratch()
    path = folder / "policy"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    with Helod(listen=[f"unix:{path}"], start=False) as daemon:
        daemon.path = path
        daemon.start()
        equal(daemon.ask(unix=True, **SKIPPED), "DUNNO")
    assert not path.exists()


@test("a foreign file in its place is left alone, and helod does not start")
def _():
    folder = scratch()
    for kind in ("file", "folder", "link"):
        path = folder / kind
        target = folder / "target"
        target.write_text("precious")
        if kind == "file":
            path.write_text("precious")
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(target)
        daemon = Helod(listen=[f"unix:{path}"], start=False)
        fails(daemon, str(path))
        assert path.is_symlink() if kind == "link" else path.exists()
        equal(target.read_text(), "precious")
        if kind == "file":
            equal(path.read_text(), "precious")


@test("a socket that another process listens on is left alone")
def _():
    with Helod() as daemon:
        other = Helod(listen=[f"unix:{daemon.path}"], start=False)
        fails(other, "another process listens")
        other = Helod(listen=[f"inet:127.0.0.1:{daemon.port}"], start=False)
        fails(other, "in use")
        equal(daemon.ask(unix=True, **SKIPPED), "DUNNO")


@test("a file put in the socket's place meanwhile is not removed at the end")
def _():
    with Helod() as daemon:
        os.unlink(daemon.path)
        daemon.path.write_text("precious")
        daemon.stop()
        equal(daemon.path.read_text(), "precious")


@test("IPv6")
def _():
    port = free_port()
    daemon = Helod(listen=[f"inet:[::1]:{port}"], start=False)
    s = socket.socket(socket.AF_INET6)
    try:
        s.bind(("::1", 0))
    except OSError as error:
        raise Skip(f"no IPv6 here: {error}") from None
    finally:
        s.close()
    with daemon:
        daemon._up = lambda: "is ready" in daemon.log()  # the harness itself knows IPv4 only
        daemon.start()
        with socket.create_connection(("::1", port)) as c:
            c.sendall(question(**SKIPPED))
            equal(c.recv(100), b"action=DUNNO\n\n")


# Socket activation, service manager

def activated(sockets, conf_path, **environment):
    """Starts helod with these sockets as descriptors 3 and up."""
    def pass_on():
        for number, s in enumerate(sockets, 3):
            os.dup2(s.fileno(), number + 100)
        for number in range(3, 3 + len(sockets)):
            os.dup2(number + 100, number)
            os.close(number + 100)

    code = ('import os, sys; os.environ["LISTEN_PID"] = str(os.getpid()); os.execv(sys.argv[1], sys.argv[1:])')
    return subprocess.Popen(["/usr/bin/python3", "-c", code, HELOD, "-f", "-c", str(conf_path)],
                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, close_fds=False, preexec_fn=pass_on,
                            env={**os.environ, "LISTEN_FDS": str(len(sockets)), **environment}, text=True)


@test("LISTEN_FDS: passed sockets are served, and outlive us")
def _():
    folder = scratch()
    tcp, unix = socket.socket(), socket.socket(socket.AF_UNIX)
    tcp.bind(("127.0.0.1", 0))
    unix.bind(str(folder / "socket"))
    for s in (tcp, unix):
        s.listen(10)
    conf = policy(folder, 'server { listen = { "unix:%s/unused" } user = "" }\ndns { servers = { "127.0.0.1:1" } }'
                  % folder)
    for _ in range(2):
        with Connection(tcp.getsockname()) as early:  # before it runs: waits in the queue of the held socket
            early.send(question(**SKIPPED))
            process = activated((tcp, unix), conf)
            try:
                equal(early.answer(), "DUNNO")
                with Connection(folder / "socket") as c:
                    equal(c.ask(**SKIPPED), "DUNNO")
                assert not (folder / "unused").exists()
            finally:
                process.terminate()
                process.communicate()
            equal(process.returncode, 0)
            assert (folder / "socket").exists(), "a socket that is not ours was removed"


@test("LISTEN_FDS: what is no listening socket is refused")
def _():
    conf = policy(scratch(), "")
    datagram, plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
    for s in (datagram, plain):
        process = activated((s,), conf)
        _, errors = process.communicate(timeout=PATIENCE)
        equal(process.returncode, 1)
        contains(errors, "no listening stream socket")


@test("LISTEN_FDS for another process is not for us")
def _():
    with Helod(env={"LISTEN_FDS": "5", "LISTEN_PID": "1"}) as daemon:
        equal(daemon.ask(**SKIPPED), "DUNNO")


@test("sd_notify: ready, watchdog, reloading, stopping")
def _():
    manager = Manager()
    with Helod(env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "2000000"}) as daemon:
        ready = manager.hear("READY=1")
        equal(ready["MAINPID"], str(daemon.process.pid))
        contains(ready["STATUS"], "policy 1")
        begin = time.monotonic()
        for _ in range(3):
            manager.hear("WATCHDOG=1")
        assert time.monotonic() - begin < 3 * 2, "slower than the watchdog"
        daemon.reload()
        reloading = manager.hear("RELOADING=1")
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert 0 <= now - int(reloading["MONOTONIC_USEC"]) < 5_000_000
        contains(manager.hear("READY=1")["STATUS"], "policy 2")
        daemon.stop()
        manager.hear("STOPPING=1")


@test("a watchdog that is not for us is not fed")
def _():
    manager = Manager()
    with Helod(env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}):
        manager.hear("READY=1")
        manager.socket.settimeout(1)
        try:
            heard = manager.socket.recv(100)
        except TimeoutError:
            heard = None
        equal(heard, None)


# Reload

@test("SIGHUP: a good file counts at once, and what changed is logged")
def _():
    with Helod('policy "default" { points { helo_not_fqdn = 0 } }') as daemon, daemon.connect() as c:
        daemon.reload('policy "default" { points { helo_not_fqdn = 71 } }')
        daemon.wait_log("policy 2 is in force")
        contains(daemon.wait_log("reload: "), "helo_not_fqdn 0 -> 71")
        c.ask(helo="word")  # on the connection from before
        equal(daemon.decision(helo="word")["findings"].get("helo_not_fqdn"), 71)


@test("SIGHUP: a bad file changes nothing, and every error is logged")
def _():
    with Helod() as daemon, daemon.connect() as c:
        good = daemon.conf_path.read_text()
        daemon.conf_path.write_text(good + 'policy "default" { mode = "hard" }\nnonsense = 5\n')
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("policy 1 stays in force")
        contains(daemon.log(), "nonsense")
        contains(daemon.log(), "hard")
        equal(c.ask(**SKIPPED), "DUNNO")
        daemon.conf_path.unlink()
        daemon.signal(signal.SIGHUP)
        wait_for(lambda: daemon.log().count("policy 1 stays in force") == 2, what="the second refusal")
        daemon.conf_path.write_text(good)
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("policy 2 is in force")


@test("SIGHUP: sockets are added and removed, a socket that cannot be had refuses the whole file")
def _():
    with Helod() as daemon:
        port, second = daemon.port, free_port()
        taken = socket.socket()
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        daemon.listen = [f"unix:{daemon.path}", f"inet:127.0.0.1:{second}",
                         f"inet:127.0.0.1:{taken.getsockname()[1]}"]
        daemon.reload("")
        daemon.wait_log("policy 1 stays in force")
        equal(daemon.ask(**SKIPPED), "DUNNO")
        equal(socket.socket().connect_ex(("127.0.0.1", second)), 111, "a socket of the refused file")
        daemon.listen.pop()
        daemon.reload("")
        daemon.wait_log("policy 2 is in force")
        daemon.port = second
        equal(daemon.ask(**SKIPPED), "DUNNO")
        equal(daemon.ask(unix=True, **SKIPPED), "DUNNO")
        equal(socket.socket().connect_ex(("127.0.0.1", port)), 111, "a socket that is not listed any more")


@test("SIGHUP under load, with good and bad files: no connection is lost, no answer is missing")
def _():
    with Helod() as daemon:
        good = daemon.conf_path.read_text()
        wrong, done = [], threading.Event()

        def asks(attributes):
            try:
                with daemon.connect() as c:
                    while not done.is_set():
                        c.ask(**attributes)
            except Exception as error:
                wrong.append(repr(error))

        loads = [threading.Thread(target=asks, args=(a,))
                 for a in (SKIPPED, {"helo": "mail.client.example"}, {"helo": "x"}, {"helo": "other.example"})]
        for load in loads:
            load.start()
        for n in range(40):
            daemon.conf_path.write_text(good + ("" if n % 2 else "nonsense"))
            daemon.signal(signal.SIGHUP)
            time.sleep(0.03)
        daemon.conf_path.write_text(good)
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("reload done")
        done.set()
        for load in loads:
            load.join()
        equal(wrong, [])


# The end

def silent_server():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    return s


@test("SIGTERM: what is in flight is answered, then exit 0 within the deadline")
def _():
    silent = silent_server()
    daemon = Helod(server='deadline = "3s"', resolver=f"127.0.0.1:{silent.getsockname()[1]}")
    with daemon.connect() as waiting, daemon.connect() as idle:
        waiting.send(question(helo="mail.client.example"))
        time.sleep(0.2)
        begin = time.monotonic()
        equal(daemon.stop(), 0, "exit status")
        took = time.monotonic() - begin
        assert 0.5 < took < 20, f"{took:.2f} s"
        answer = waiting.answer()
        assert answer == "DUNNO" or answer.startswith("PREPEND "), answer
        equal(idle.closed(), b"")
    silent.close()


@test("SIGTERM: who has connected and asked already is answered")
def _():
    for _ in range(5):
        daemon = Helod()
        os.kill(daemon.process.pid, signal.SIGSTOP)
        with daemon.connect() as c:
            c.send(question(**SKIPPED))
            os.kill(daemon.process.pid, signal.SIGTERM)
            os.kill(daemon.process.pid, signal.SIGCONT)
            equal(c.answer(), "DUNNO")
            equal(daemon.stop(), 0)


@test("SIGTERM: an idle daemon ends at once")
def _():
    daemon = Helod()
    begin = time.monotonic()
    equal(daemon.stop(), 0)
    took = time.monotonic() - begin
    assert took < 4, f"{took:.2f} s"


@test("SIGINT ends it as SIGTERM does")
def _():
    equal(Helod().stop(signal.SIGINT), 0)


@test("signals that come while it starts are neither lost nor deadly")
def _():
    folder = scratch()
    conf = policy(folder, 'server { listen = { "unix:%s/policy" } }' % folder)
    for wait in range(20):
        with open(folder / f"log{wait}", "w+") as log:
            process = subprocess.Popen([HELOD, "-f", "-c", str(conf)], stdin=subprocess.DEVNULL, stderr=log)
            # From the first instruction of ours on: then SIGHUP is blocked.
            wait_for(lambda: int(status_of(process.pid)["SigBlk"], 16) & 1 or "is ready" in open(log.name).read(),
                     step=0.0001)
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            equal(process.wait(PATIENCE), 0, "exit status")
            contains(open(log.name).read(), "stopped")


# Limits

@test("past max_connections others wait, and are served when one leaves")
def _():
    with Helod(server="max_connections = 3") as daemon:
        wait_for(lambda: daemon.ask(**SKIPPED) == "DUNNO")
        time.sleep(0.1)
        three = [daemon.connect() for _ in range(3)]
        for c in three:
            equal(c.ask(**SKIPPED), "DUNNO")
        fourth = daemon.connect(seconds=0.5)
        fourth.send(question(**SKIPPED))
        try:
            answer = fourth.answer()
        except TimeoutError:
            answer = "waits"
        equal(answer, "waits")
        daemon.wait_log("max_connections (3) reached")
        three.pop().close()
        fourth.socket.settimeout(PATIENCE)
        equal(fourth.answer(), "DUNNO")
        for c in (*three, fourth):
            c.close()


@test("without descriptors it neither spins nor dies, and goes on when there are some")
def _():
    with Helod(server="max_connections = 100", wrapper=["/bin/sh", "-c", 'exec "$@"', "sh"]) as daemon:
        pid = daemon.process.pid
        daemon.wait_log("is ready")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (30, 30))  # behind its back
        clients = [daemon.connect() for _ in range(60)]
        daemon.wait_log("cannot accept a connection")

        def cpu():
            fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before = cpu()
        time.sleep(2)
        assert cpu() - before < 0.5, f"{cpu() - before:.2f} s of CPU in 2 s"
        equal(clients[0].ask(**SKIPPED), "DUNNO")
        for c in clients[:50]:
            c.close()
        clients[55].socket.settimeout(PATIENCE)
        equal(clients[55].ask(**SKIPPED), "DUNNO")
        equal(daemon.log().count("cannot accept a connection"), 1)
        for c in clients[50:]:
            c.close()


@test("the limit of open files is raised for max_connections")
def _():
    with Helod(server="max_connections = 300", wrapper=["/bin/sh", "-c", 'ulimit -Sn 64; exec "$@"', "sh"]) as daemon:
        clients = [daemon.connect() for _ in range(200)]
        for c in clients:
            equal(c.ask(**SKIPPED), "DUNNO")
            c.close()


@test("a limit of open files that cannot be raised lowers max_connections, and says so")
def _():
    if AS_ROOT:
        wrapper = ["setpriv", "--bounding-set", "-sys_resource", "--inh-caps", "-sys_resource", "/bin/sh", "-c",
                   'ulimit -Sn 640; ulimit -Hn 640; exec "$@"', "sh"]
        if shutil.which("setpriv") is None:
            raise Skip("no setpriv")
    else:
        wrapper = ["/bin/sh", "-c", 'ulimit -Sn 640; ulimit -Hn 640; exec "$@"', "sh"]
    with Helod(server="max_connections = 1000", wrapper=wrapper) as daemon:
        daemon.wait_log("too low for max_connections = 1000")
        equal(daemon.ask(**SKIPPED), "DUNNO")


@test("past client_rate questions of one network a minute, only local rules run")
def _():
    silent = silent_server()
    left = 60 - time.clock_gettime(time.CLOCK_MONOTONIC) % 60
    if left < 20:
        time.sleep(left)  # counted by the minute: not over its end
    with Helod(server='client_rate = 5\ndeadline = "1s"',
               resolver=f"127.0.0.1:{silent.getsockname()[1]}") as daemon, daemon.connect() as c:
        times = []
        for n in range(8):
            begin = time.monotonic()
            c.ask(client=f"198.51.100.{n}", helo=f"h{n}.client.example")
            times.append(time.monotonic() - begin)
        assert min(times[:5]) > 0.8 and max(times[5:]) < 0.7, times
    silent.close()


# Privileges and background

def status_of(pid):
    return dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in line)


@test("root becomes the user, for good")
def _():
    if not AS_ROOT:
        raise Skip("not root")
    nobody, mail = pwd.getpwnam("nobody"), grp.getgrnam("mail")
    daemon = Helod(start=False)
    daemon.conf_path.write_text(daemon.conf_path.read_text().replace('user = ""', 'user = "nobody"\ngroup = "mail"'))
    with daemon:
        daemon.start()
        daemon.wait_log("is ready")
        fields = status_of(daemon.process.pid)
        equal(fields["Uid"].split(), [str(nobody.pw_uid)] * 4)
        equal(fields["Gid"].split(), [str(mail.gr_gid)] * 4)
        assert set(fields["Groups"].split()) <= {str(mail.gr_gid)}, fields["Groups"]
        equal(fields["NoNewPrivs"], "1")
        for which in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            equal(int(fields[which], 16), 0, which)
        equal(os.stat(daemon.path).st_uid, nobody.pw_uid)
        equal(daemon.ask(unix=True, **SKIPPED), "DUNNO")
        assert "running as root" not in daemon.log()


def built_with(what):
    """True when config.h of the build says so; a sanitizer build has no filter."""
    config = pathlib.Path(HELOD).resolve().parents[1] / "config.h"
    return config.exists() and f"#define {what} 1" in config.read_text()


@test("behind the system call filter, and without it where the policy file says so")
def _():
    with open(HELOD, "rb") as program:
        sanitized = b"__asan_init" in program.read()
    if not built_with("HAVE_SECCOMP") or sanitized:
        raise Skip("this build has no filter")
    for switch, mode in (("yes", "2"), ("no", "0")):
        with Helod(server=f"seccomp = {switch}") as daemon:
            daemon.wait_log("is ready")
            fields = status_of(daemon.process.pid)
            equal(fields["Seccomp"], mode)
            equal(fields["NoNewPrivs"], "1")
            equal(daemon.ask(**SKIPPED), "DUNNO")


@test("a policy, exempt or token file that others may write is refused, at start and on reload")
def _():
    for section, name, text in (("exempt", "files", ""), ("names", "token_files", ""), ("names", "psl_file", "net\n")):
        folder = scratch()
        path = folder / "more"
        path.write_text(text)
        path.chmod(0o666)
        value = f'"{path}"' if name == "psl_file" else f'{{ "{path}" }}'
        daemon = Helod(f"{section} {{ {name} = {value} }}", start=False)
        fails(daemon, "may write it")
        path.chmod(0o644)
        with daemon:
            daemon.start()
            path.chmod(0o646)
            daemon.reload()
            contains(daemon.wait_log("may write it"), str(path))
            daemon.wait_log("reload failed: policy 1 stays in force")
    daemon = Helod(start=False)
    daemon.conf_path.chmod(0o666)
    fails(daemon, "may write it")


@test("a user that does not exist keeps it from starting")
def _():
    if not AS_ROOT:
        raise Skip("not root")
    daemon = Helod(start=False)
    daemon.conf_path.write_text(daemon.conf_path.read_text().replace('user = ""', 'user = "no-such-user"'))
    fails(daemon, f'{daemon.conf_path}:3: user: no such user: "no-such-user"')


@test("who is not root stays who he is")
def _():
    if not AS_ROOT:
        raise Skip("not root: every other test shows it")
    daemon = Helod(wrapper=["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"], start=False)
    daemon.conf_path.write_text(daemon.conf_path.read_text().replace('user = ""', 'user = "mail"'))
    daemon.conf_path.chmod(0o644)
    os.chown(daemon.folder, pwd.getpwnam("nobody").pw_uid, -1)
    with daemon:
        daemon.start()
        daemon.wait_log("is ready")
        equal(status_of(daemon.process.pid)["Uid"].split()[1], str(pwd.getpwnam("nobody").pw_uid))
        equal(daemon.ask(**SKIPPED), "DUNNO")


def in_background(daemon, conf=None, **more):
    """Starts it without -f; when this returns it serves. Gives the process id from the PID file."""
    path = daemon.folder / "pid"
    daemon.server += f'\npid_file = "{path}"'
    daemon.write("")
    status, _, errors = helod("-c", conf or daemon.conf_path, **more)
    equal(status, 0, f"exit status of the parent ({errors})")
    return int(path.read_text())


def gone(pid):
    """Nobody reaps it for us: a zombie is gone too."""
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@test("without -f it forks; the parent ends when the child serves; the PID file comes and goes")
def _():
    daemon = Helod(start=False)
    pid = in_background(daemon)
    try:
        equal(daemon.ask(**SKIPPED), "DUNNO")
        st = os.stat(daemon.folder / "pid")
        equal(oct(stat.S_IMODE(st.st_mode)), "0o644")
        equal(os.getsid(pid), pid, "its session")
        equal({os.readlink(f"/proc/{pid}/fd/{n}") for n in range(3)}, {"/dev/null"})
        status, _, errors = helod("-c", daemon.conf_path)
        equal(status, 1, "exit status of a second one")
        contains(errors, "pid: exists")
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: gone(pid), what="its end")
    assert not (daemon.folder / "pid").exists()


@test("in the background a reload finds the policy file that was named from here, and the PID file goes all the same")
def _():
    daemon = Helod(start=False)
    pid = in_background(daemon, daemon.conf_path.name, cwd=daemon.folder,
                        env={**os.environ, "MALLOC_PERTURB_": "165"})  # what is freed is written over at once
    try:
        daemon.write('policy "default" { help_url = "https://help.kiln-street.net/" }')
        os.kill(pid, signal.SIGHUP)
        wait_for(lambda: "help.kiln-street.net" in daemon.ask(helo="bad name", client="203.0.113.9"), 20, "reload")
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: gone(pid), what="its end")
    assert not (daemon.folder / "pid").exists()


@test("a PID file of a process that is gone is replaced, a link is not followed")
def _():
    daemon = Helod(start=False)
    dead = subprocess.Popen(["true"])
    dead.wait()
    (daemon.folder / "pid").write_text(f"{dead.pid}\n")
    pid = in_background(daemon)
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: gone(pid), what="its end")
    target = daemon.folder / "precious"
    target.write_text("precious")
    (daemon.folder / "pid").symlink_to(target)
    status, _, errors = helod("-c", daemon.conf_path)
    equal(status, 1)
    contains(errors, "pid")
    equal(target.read_text(), "precious")


@test("without -f, who started it learns that it did not come up")
def _():
    with Helod() as other:
        daemon = Helod(listen=[f"inet:127.0.0.1:{other.port}"], start=False)
        status, _, errors = helod("-c", daemon.conf_path)
        equal(status, 1)
        contains(errors, "in use")


# What it says

@test("SIGUSR1 logs the counters")
def _():
    with Helod() as daemon:
        daemon.ask(**SKIPPED)
        daemon.signal(signal.SIGUSR1)
        daemon.wait_log('stats: helod_skipped_total{reason="authenticated"} 1')


@test("how often each exemption counted is known by its line, over a reload that moves it")
def _():
    exempt = 'exempt { clients = { "198.51.100.0/24" } }\n'
    with Helod(exempt) as daemon, daemon.connect() as c:
        for n in range(3):
            equal(c.ask(client=f"198.51.100.{n}", helo="bad name"), "DUNNO")
        daemon.reload('exempt { clients = { "192.0.2.0/24", "198.51.100.0/24" } }\n')
        daemon.wait_log("policy 2 is in force")
        equal(c.ask(client="198.51.100.9", helo="bad name"), "DUNNO")
        equal(c.ask(client="192.0.2.9", helo="bad name"), "DUNNO")
        daemon.signal(signal.SIGUSR1)
        contains(daemon.wait_log("198.51.100.0/24: "), "4 hits")
        contains(daemon.wait_log("192.0.2.0/24: "), "1 hits")
        contains(daemon.wait_log('helod_exempted_total{kind="client"}'), " 5")


@test("a Postfix that asks at HELO is told so, once")
def _():
    with Helod() as daemon, daemon.connect() as c:
        for _ in range(60):
            c.ask(state="EHLO", instance="", sasl_username="x")
        equal(daemon.log().count("smtpd_delay_reject"), 1)


@test("a resolver that fails is noticed, said once, and not waited for meanwhile")
def _():
    refusing = silent_server()
    done, heard = threading.Event(), []

    def refuse():
        refusing.settimeout(0.2)
        while not done.is_set():
            try:
                data, peer = refusing.recvfrom(2000)
            except TimeoutError:
                continue
            heard.append(data)
            refusing.sendto(data[:2] + b"\x81\x82" + data[4:12] + data[12:], peer)

    thread = threading.Thread(target=refuse)
    thread.start()
    try:
        with Helod(resolver=f"127.0.0.1:{refusing.getsockname()[1]}",
                   dns='timeout = "100ms"\ntries = 1') as daemon, daemon.connect() as c:
            for n in range(40):
                c.ask(helo=f"h{n}.client.example", client=f"198.51.{n}.1")
            daemon.wait_log("DNS points are suspended")
            begin, before = time.monotonic(), len(heard)
            for n in range(20):
                answer = c.ask(helo=f"g{n}.client.example", client=f"198.51.{n}.2")
                assert not answer.startswith(("4", "5")), answer
            # One question a second is let through, to see whether the resolver is well again.
            asked, probes = len(heard) - before, 2 + int(time.monotonic() - begin)
            assert asked <= 10 * probes, f"{asked} look-ups while suspended"
            time.sleep(1.5)
            equal(daemon.log().count("DNS points are suspended"), 1)
    finally:
        done.set()
        thread.join()
        refusing.close()


run()
