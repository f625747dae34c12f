#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bootstrap.sh on other people's machines: without apt, under sudo, with a mail server that is in the way, in a folder
that nothing can be built in; and it leaves nothing behind.

It runs in a small tree of its own (sourcetree.py). apt-get, dpkg-query and systemctl are scripts that note what was
asked of them; /etc/systemd, /usr/sbin, /run and /srv are empty ones of this test's own, so that the machine stays as it is."""
import os
import pathlib
import pwd
import re
import signal
import subprocess

import netns
import sourcetree
from helod import PATIENCE, free_port, scratch, wait_for
from tap import cases, cleanup, contains, equal, run, skip, skip_all, test

if not netns.possible():
    skip_all("this machine: not root, no /etc of our own")

NOBODY = pwd.getpwnam("nobody")
PRIVATE = """
mount -t tmpfs none /usr/sbin
mount -t tmpfs none /etc/systemd/system
mount -t tmpfs none /run
mount -t tmpfs none /srv
exec "$@"
"""
APT = """
echo "apt-get $*" >>"{folder}/asked"
case "$*" in
*--print-uris*)
    for word; do case $word in postfix) mail=yes ;; esac; done
    [ -z "${{mail:-}}" ] || [ ! -e "{folder}/exim" ] ||
        printf 'The following packages will be REMOVED:\\n  exim4-base exim4-daemon-light\\n'
    printf 'The following NEW packages will be installed:\\n  nsd\\nNeed to get 12.3 MB of archives.\\n'
    printf 'After this operation, 45.6 MB of additional disk space will be used.\\n' ;;
*--simulate*) ;;
*)
    [ -x /usr/sbin/policy-rc.d ] && echo "services are held" >>"{folder}/asked"
    touch "{folder}/installed"
    mkdir -p /etc/systemd/system/multi-user.target.wants
    ln -s /dev/null /etc/systemd/system/multi-user.target.wants/nsd.service
    ln -s /dev/null /etc/systemd/system/multi-user.target.wants/surprise.timer ;;
esac
"""


class Machine:
    """A tree, and the commands that are in front of the real ones."""

    def __init__(self, name="tree", owner=None):
        self.folder = scratch()
        self.programs, self.home = self.folder / "bin", self.folder / "home"
        self.programs.mkdir()
        self.home.mkdir()
        self.tree = sourcetree.make(self.folder / name, self.programs)
        if owner:
            subprocess.run(["chown", "-R", f"{owner.pw_uid}:{owner.pw_gid}", str(self.tree)], check=True)

    def program(self, name, text):
        sourcetree.program(self.programs / name, text)

    def without_packages(self):
        """Nothing is installed yet, and apt-get is ours."""
        self.program("dpkg-query", f"[ ! -e '{self.folder}/installed' ] || echo 'ii '\n")
        self.program("apt-get", APT.format(folder=self.folder))
        self.program("systemctl", f"""echo "systemctl $*" >>'{self.folder}/asked'
case $2 in disable) rm -f /etc/systemd/system/*.wants/"$3" ;; esac
""")

    def asked(self):
        path = self.folder / "asked"
        return path.read_text() if path.exists() else ""

    def environment(self, path=None, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "CI"))}
        return {**kept, "HOME": str(self.home), **more, "PATH": path or f"{self.programs}:{os.environ['PATH']}"}

    def run(self, command, path=None, user=None, **more):
        """bootstrap.sh with these words: (exit status, all that was printed)."""
        words = ["unshare", "-m", "sh", "-ec", PRIVATE, "sh"] if user is None else \
            ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        done = subprocess.run([*words, "sh", "./bootstrap.sh", *command.split()], cwd=self.tree,
                              env=self.environment(path, **more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False, timeout=PATIENCE)
        return done.returncode, done.stdout


def start(machine, command, output, **more):
    """bootstrap.sh in a session of its own, as in a terminal; what is left of it ends with the test."""
    process = subprocess.Popen(["sh", "./bootstrap.sh", *command.split()], cwd=machine.tree, env=machine.environment(**more),
                               start_new_session=True, stdin=subprocess.DEVNULL, stdout=output,
                               stderr=subprocess.STDOUT, text=True)
    cleanup(lambda: process.returncode is not None or os.killpg(process.pid, signal.SIGKILL))
    return process


# Packages

@test("it says first what it installs and how large that is; what the packages enable is disabled again")
def _():
    machine = Machine()
    machine.without_packages()
    status, said = machine.run("check")
    equal(status, 0, said)
    first, size, disk = said.splitlines()[:3]
    assert first.startswith("Installing with apt: gcc libc6-dev make ") and " postfix " in first, first
    assert "chromium" not in first and "clang" not in first, first
    equal((size, disk), ("Need to get 12.3 MB of archives.",
                         "After this operation, 45.6 MB of additional disk space will be used."))
    contains(machine.asked(), "services are held")
    for unit in ("nsd.service", "surprise.timer"):
        contains(machine.asked(), f"systemctl --quiet disable {unit}\n")


@test("check --all installs more than check; CI=true means --all")
def _():
    def wanted(command, **more):
        machine = Machine()
        machine.without_packages()
        status, said = machine.run(command, **more)
        equal(status, 0, said)
        return set(said.splitlines()[0].partition(": ")[2].split())
    light, whole, ci = wanted("check"), wanted("check --all"), wanted("check", CI="true")
    assert light < whole, light - whole
    assert {"clang", "valgrind", "chromium", "rspamd", "lintian", "systemd-container"} <= whole - light, whole - light
    equal(ci, whole)


@test("another mail server that is installed is named, and nothing is changed")
def _():
    machine = Machine()
    machine.without_packages()
    (machine.folder / "exim").touch()
    status, said = machine.run("check")
    equal(status, 1, said)
    contains(said, "postfix cannot be installed beside exim4-base exim4-daemon-light")
    assert not (machine.folder / "installed").exists(), machine.asked()


@test("an unknown word after check is refused")
def _():
    status, said = Machine().run("check --everything")
    equal((status, said), (1, "bootstrap.sh: check takes --all or nothing, not --everything\n"))


# Without apt

def without_apt(machine, manager=None):
    """A PATH with every command of this machine but those of Debian and pkg-config."""
    hidden = {"apt-get", "dpkg-query", "pkg-config", "pkgconf", "dnf", "apk", "pacman", "pkg"}
    folder = machine.folder / "elsewhere"
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for path in pathlib.Path(place).iterdir():
            if path.name not in hidden and not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
    if manager:
        sourcetree.program(folder / manager, "exit 99\n")
    return folder


@cases([("dnf", "dnf install", "c-ares-devel", "hiredis-devel"), ("apk", "apk add", "c-ares-dev", "hiredis-dev"),
        ("pacman", "pacman -S", "c-ares", "hiredis"), ("pkg", "pkg install", "c-ares", "hiredis"),
        (None, "install, with your package manager:", "libcares", "hiredis")],
       name=lambda row: f"without apt, with {row[0] or 'no package manager'}: it names what is missing, else it builds")
def _(manager, install, cares, optional):
    machine = Machine()
    path = without_apt(machine, manager)
    known = path / "pkg-config"
    status, said = machine.run("build", path=str(path))
    equal(status, 1, said)
    lines = said.splitlines()
    equal(len(lines), 2, said)
    assert lines[0].startswith("note: ") and f"{install} " in lines[0] and f" {optional}" in lines[0], said
    assert lines[1].startswith(f"bootstrap.sh: something that helod needs is missing: {install} "), said
    equal("musl-fts" in lines[1], manager == "apk", said)
    assert cares in lines[1].split() and "make" not in lines[1].split() and "-" not in lines[1].split(), said
    sourcetree.program(known, "case $2 in hiredis) exit 1 ;; esac\n")
    status, said = machine.run("build", path=str(path))
    equal(status, 0, said)
    contains(said.splitlines()[0], f"{install} {optional}")
    assert (machine.tree / "build/helod").exists()


# Running it

def run_and_stop(machine):
    """bootstrap.sh run until helod is ready, and then Control-C: all that was printed."""
    said = machine.folder / "said"
    with open(said, "w", encoding="utf-8") as output:
        process = start(machine, "run", output)
    wait_for(lambda: process.poll() is not None or "Control-C ends it" in said.read_text(), what="helod is ready")
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    equal(process.wait(PATIENCE), 0, said.read_text())
    return said.read_text()


@test("run, as root: helod becomes another user; a policy that was edited is kept, another one follows conf/helod.conf")
def _():
    machine = Machine()
    source, made = machine.tree / "conf/helod.conf", machine.tree / "build/helod.conf"
    listen = f'server {{ listen = {{ "inet:127.0.0.1:{free_port()}" }} }}\n'
    source.write_text(listen)
    said = run_and_stop(machine)
    assert made.read_text().startswith(listen), made.read_text()
    contains(made.read_text(), f'server {{ user = "{os.environ.get("SUDO_USER", "nobody")}" }}\n')
    contains(said, "check -c build/helod.conf ")
    source.write_text(listen + "# changed\n")
    run_and_stop(machine)
    contains(made.read_text(), "# changed")
    edited = made.read_text() + "# edited\n"
    made.write_text(edited)
    contains(run_and_stop(machine), "note: build/helod.conf was edited, so helod uses it as it is")
    equal(made.read_text(), edited)


# The folder

def owners(tree):
    return {os.lstat(os.path.join(where, name)).st_uid
            for where, folders, files in os.walk(tree) for name in folders + files}


@test("what root builds in a user's folder is the user's, who then builds on")
def _():
    machine = Machine(owner=NOBODY)
    status, said = machine.run("build")
    equal(status, 0, said)
    assert (machine.tree / "build/helod").exists()
    equal(owners(machine.tree), {NOBODY.pw_uid})
    status, said = machine.run("check")
    equal(status, 0, said)
    equal(owners(machine.tree), {NOBODY.pw_uid})
    status, said = machine.run("build", user=NOBODY)
    equal(status, 0, said)


@test("a folder that cannot be written to, and one that make cannot work in, each in one line")
def _():
    status, said = Machine().run("build", user=NOBODY)
    equal((status, said.count("\n")), (1, 1), said)
    contains(said, "this folder cannot be written to")
    status, said = Machine("my tree").run("build")
    equal((status, said.count("\n")), (1, 1), said)
    contains(said, "/my tree; move this tree elsewhere")


@test("it needs no git")
def _():
    machine = Machine()
    machine.program("git", f"echo git >>'{machine.folder}/asked'; exit 1\n")
    status, said = machine.run("check --all")
    equal((status, machine.asked()), (0, ""), said)


# The report

@cases([("did not end in its time", "touch tests/unit/slow.log", "no end in the suite's time"),
        ("never ran", "", "never ran")],
       name=lambda row: f"a test that {row[0]} is named, and fails the check")
def _(_what, leave, why):
    status, said = Machine().run("check", MORE="tests/unit/slow", LEAVE=leave)
    equal(status, 1, said)
    contains(said, f"---- gcc: tests/unit/slow\n{why}\n")
    contains(said, "1 passed, 1 failed\n")


def beside():
    """Skips the test where check --all does not look at another release."""
    if not pathlib.Path("/etc/debian_version").read_text(encoding="ascii").startswith("12."):
        skip("this machine: check --all looks at Debian 13 only on Debian 12")


@cases([("passes", 0, 0, ""), ("fails", 1, 1, "Debian 13 beside all that                   FAILED after "),
        ("cannot be made here", 77, 0, "skipped: distro: tests/distro.sh: # SKIP why not\n")],
       name=lambda row: f"check --all: another release {row[0]}")
def _(_what, exits, wanted, named):
    beside()
    machine = Machine()
    sourcetree.program(machine.tree / "tests/distro.sh", f"echo why not; exit {exits}\n")
    status, said = machine.run("check --all")
    equal(status, wanted, said)
    contains(said, named)
    contains(said, f"5 passed, {wanted} failed\n")


# Nothing is left behind

@test("Control-C ends the tests, and what they made goes with it")
def _():
    machine = Machine()
    mark = machine.tree / "mark"
    leave = f'echo "$TMPDIR $$" >{mark}.new; mv {mark}.new {mark}; exec sleep 1000'
    process = start(machine, "check", subprocess.PIPE, LEAVE=leave)
    wait_for(mark.exists, what="the test runs")
    folder, pid = mark.read_text().split()
    assert os.path.exists(folder)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=PATIENCE)
    equal(process.returncode, 130, said)
    assert not os.path.exists(folder), f"{folder} is left"
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), what="the test's process is gone")


@test("Control-C also ends the other release of check --all")
def _():
    beside()
    machine = Machine()
    mark = machine.tree / "mark"
    sourcetree.program(machine.tree / "tests/distro.sh", f"trap 'kill $!; touch {mark}.ended; exit 130' TERM\nsleep 1000 &\n"
                                                            f"echo $$ >{mark}.new; mv {mark}.new {mark}; wait\n")
    leave = f"case $PWD in */asan) until [ -e {mark} ]; do sleep 0.1; done; touch {mark}.both; exec sleep 1000 ;; esac"
    process = start(machine, "check --all", subprocess.PIPE, LEAVE=leave)
    wait_for(pathlib.Path(f"{mark}.both").exists, what="both run")
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=PATIENCE)
    equal(process.returncode, 130, said)
    assert pathlib.Path(f"{mark}.ended").exists(), "the other release has not ended first"


@cases([("a file in the temporary folder", 'touch "$TMPDIR/left"', "/left"),
        ("a unit that is enabled", "cd /etc/systemd/system && mkdir -p x.wants && ln -s /dev/null x.wants/left.service",
         "enabled: left.service"),
        *[(f"a file in {folder}", f"mkdir {folder}/helod-left", f"{folder}/helod-left\n")
          for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/srv")],
        ("a process", 'cd "$TMPDIR/home" && cp /bin/sleep left && { "$PWD/left" 1000 >/dev/null 2>&1 & }',
         "home/left 1000")],
       name=lambda row: f"a test that leaves {row[0]} behind fails")
def _(_what, leave, named):
    machine = Machine()
    if named.startswith("enabled"):
        machine.program("systemctl", "")
    status, said = machine.run("check", LEAVE=leave)
    for pid in re.findall(r"(\d+) /tmp/helod-check\.\w+/home/left 1000", said):
        os.kill(int(pid), 9)
    equal(status, 1, said)
    contains(said, "nothing is left behind")
    contains(said, named)
    contains(said, "1 passed, 1 failed\n")
    for folder in ("/tmp/helod-left", "/var/tmp/helod-left", "/dev/shm/helod-left"):
        assert not os.path.exists(folder), f"{folder} is left"


@test("each test has /tmp, /var/tmp and /dev/shm for itself, but sees the source tree and TMPDIR")
def _():
    machine = Machine()
    (machine.folder / "mine").touch()
    status, said = machine.run("check", LEAVE=f'test ! -e "{machine.folder}/mine" && test -d "$TMPDIR/home" && '
                               f'touch "{machine.tree}/build/touched"')
    equal(status, 0, said)
    assert (machine.tree / "build/touched").exists()


run()
