#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How the daemon comes to be: its sockets or the service manager's, the user that it becomes, the background."""
import grp
import os
import pathlib
import pwd
import signal
import socket
import stat
import subprocess
import threading
import time

from helod import (HELOD, PATIENCE, SKIPPED, Connection, Helod, free_port, helod, policy, request, scratch, status_of,
                   wait_for)
from manager import Manager
from stalls import Watch
from tap import Skip, cases, contains, equal, run, test

AS_ROOT = os.geteuid() == 0


def fails(daemon, part):
    """It does not come up, and says why."""
    done = subprocess.run([HELOD, "-f", "-c", str(daemon.conf_path)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    equal(done.returncode, 1, "exit status")
    contains(done.stderr, part, "stderr")


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
        raise Skip(f"this machine has no IPv6: {error}") from None
    finally:
        s.close()
    with daemon:
        daemon._up = lambda: "is ready" in daemon.log()  # the harness itself knows IPv4 only
        daemon.start()
        with socket.create_connection(("::1", port)) as c:
            c.sendall(request(**SKIPPED))
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
            early.send(request(**SKIPPED))
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
        contains(errors, "is not a listening stream socket")


@cases([("3abc",), ("-1",), ("65",), ("",), (" 1",), ("1 ",), ("0x1",), ("99999999999999999999",)],
       name=lambda row: f"LISTEN_FDS={row[0]!r}: refused")
def _(count):
    with socket.create_server(("127.0.0.1", 0)) as held:
        process = activated((held,), policy(scratch(), ""), LISTEN_FDS=count)
        _, errors = process.communicate(timeout=PATIENCE)
    equal(process.returncode, 1)
    contains(errors, f"LISTEN_FDS={count}: expected a number up to 64")


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
        with Watch(daemon.process.pid) as watch:
            for _ in range(3):
                manager.hear("WATCHDOG=1")
        assert watch.seconds < 3 * 2, "slower than the watchdog"
        daemon.reload()
        reloading = manager.hear("RELOADING=1")
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert 0 <= now - int(reloading["MONOTONIC_USEC"]) < PATIENCE * 1e6
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


# Privileges and background

@test("root becomes the user, for good")
def _():
    if not AS_ROOT:
        raise Skip("this machine: not root")
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


def has_filter():
    """Whether this build has a system call filter: config.h says so, and a sanitizer build has none."""
    config = pathlib.Path(HELOD).resolve().with_name("config.h")
    with open(HELOD, "rb") as program:
        return "#define HAVE_SECCOMP 1" in config.read_text() and b"__asan_init" not in program.read()


@test("behind the system call filter where the build has one, else with a warning; without it where the policy says so")
def _():
    for switch, mode in (("yes", "2" if has_filter() else "0"), ("no", "0")):
        with Helod(server=f"seccomp = {switch}") as daemon:
            daemon.wait_log("is ready")
            fields = status_of(daemon.process.pid)
            equal(fields["Seccomp"], mode)
            equal(fields["NoNewPrivs"], "1")
            equal(daemon.ask(**SKIPPED), "DUNNO")
            equal("warning: no system call filter: " in daemon.log(), switch == "yes" and mode == "0", "a warning")


@test("a policy, exempt or token file that others may write is refused, at start and on reload")
def _():
    for section, name, text in (("exempt", "files", ""), ("names", "token_files", ""), ("names", "psl_file", "net\n")):
        folder = scratch()
        path = folder / "more"
        path.write_text(text)
        path.chmod(0o666)
        value = f'"{path}"' if name == "psl_file" else f'{{ "{path}" }}'
        daemon = Helod(f"{section} {{ {name} = {value} }}", start=False)
        fails(daemon, "may write to it")
        path.chmod(0o644)
        with daemon:
            daemon.start()
            path.chmod(0o646)
            daemon.reload()
            contains(daemon.wait_log("may write to it"), str(path))
            daemon.wait_log("reload failed: policy 1 stays in force")
    daemon = Helod(start=False)
    daemon.conf_path.chmod(0o666)
    fails(daemon, "may write to it")


@test("a user that does not exist keeps it from starting")
def _():
    if not AS_ROOT:
        raise Skip("this machine: not root")
    daemon = Helod(start=False)
    daemon.conf_path.write_text(daemon.conf_path.read_text().replace('user = ""', 'user = "no-such-user"'))
    fails(daemon, f'{daemon.conf_path}:3: user: no such user: "no-such-user"')


@test("who is not root stays who he is")
def _():
    if not AS_ROOT:
        raise Skip("this machine: not root, every other test shows it")
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
        if os.geteuid() == 0:  # the kernel hides a protected process's descriptors from its own user
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


run()
