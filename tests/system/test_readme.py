#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What README.md prints works as printed: each command, each piece of configuration and its decision line are taken
from the file. What stands there and is not known here fails, so that a new command brings its row along.

bootstrap.sh runs in a copy, where the packages count as installed and configure makes a tree of the built programs:
the suite itself cannot be built and run once more by one of its tests."""
import os
import re
import shutil
import signal
import subprocess

import helod
import nameserver
import netns
import sourcetree
from tap import cleanup, contains, equal, run, skip, test

README = (helod.TOP / "README.md").read_text()
PROGRAMS = r"(?:\./|build/)?(?:bootstrap\.sh|autoreconf|helod|heloctl|postfix|postconf|make|sudo apt-get)"
# How an indented block begins, by what it is.
KINDS = {"command": PROGRAMS + " ", "main.cf": r"smtpd_\w+ =", "policy": r"policy \"", "decision": "decision v=1 "}
ELSEWHERE = {  # command: where it is run as printed
    "heloctl survey ~/Maildir": "test_first_week.py",
    'heloctl exempt add client 192.0.2.25 -w "their new gateway"': "test_exempt.py",
    "heloctl explain": "with its argument further down",
    "build/heloctl stats -c build/helod.conf": "with ./bootstrap.sh run",
    "heloctl audit": "test_audit.py", "heloctl probe": "test_probe.py", "heloctl spf": "tests/spf/heloctl_spf.py",
    "autoreconf -fi && ./configure && make && make check && make install": "bootstrap.sh check, step by step",
    "postfix reload": "test_postfix.py",
    "sudo apt-get build-dep ./ && dpkg-buildpackage -us -uc -b && sudo apt-get install ../helod_*.deb":
        "tests/contrib/test_package.sh, with the packages of the build and the network left out",
}


def blocks(text=README):
    """The indented blocks, without the indent."""
    return [re.sub(r"(?m)^    ", "", block).strip("\n") for block in re.findall(r"(?m)(?:^    .*\n)+", text)]


def of_kind(kind, text=README):
    return [block for block in blocks(text) if re.match(KINDS[kind], block)]


def commands(text=README):
    """Every command line, of the blocks and of the running text."""
    lines = [line for block in of_kind("command", text) for line in block.splitlines()]
    inline = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)]
    lines += [code for code in inline if re.match(PROGRAMS + " ", code)]
    return list(dict.fromkeys(line.split("  #")[0].strip() for line in lines))


folder = helod.scratch()
programs = folder / "bin"
programs.mkdir()
for name, path in (("helod", helod.HELOD), ("heloctl", helod.HELOCTL)):
    (programs / name).symlink_to(path)
decision = " ".join(line.strip() for line in of_kind("decision")[0].splitlines())
(folder / "log").write_text(f"Nov 22 04:00:00 mx helod[1]: {decision}\n")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "CI"))}
ENVIRONMENT["PATH"] = f"{programs}:{ENVIRONMENT['PATH']}"
ENVIRONMENT["HOME"] = str(helod.scratch())  # bootstrap.sh check looks there for what its tests leave


def shell(command, more=""):
    """Runs the printed words, in the scratch folder: (exit status, all that was said)."""
    done = subprocess.run(["sh", "-c", command + more], cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return done.returncode, done.stdout


def check_greeting(command):
    with nameserver.FaultDns("") as dns:
        (folder / "helod.conf").write_text(f'dns {{ servers = {{ "{dns.address}" }} }}\n')
        status, said = shell(command)
    equal(status, 3, said)
    fields = helod.decision_fields(decision)
    contains(said, f"{fields['action']}, score {fields['score']} ")
    for rule, points in fields["findings"].items():
        assert re.search(rf"(?m)^  {rule} +{points} ", said), f"no {rule}:{points} in {said}"


def check_file(command):
    (folder / "FILE").write_text(of_kind("policy")[0] + "\n")
    status, said = shell(command)
    equal(status, 0, said)
    contains(said, 'mode = "monitor"')


def read_log(command):
    status, said = shell(command, " log")
    equal(status, 0, said)
    contains(said, "near misses")


def replay_log(command):
    (folder / "FILE").write_text("")
    status, said = shell(command, " log")
    equal(status, 0, said)
    contains(said, "1 of 1 decisions are the same")


def explain_decision(command):
    number = helod.decision_fields(decision)["id"]
    status, said = shell(command.replace("ID", number), " --offline log")
    equal(status, 0, said)
    contains(said, f"decision {number}")


def check_by_hand(command):
    status, said = shell(f"cd {copy()} && ./bootstrap.sh build >build.log && {command}")
    assert status in (0, 1, 2, 3, 75), said  # 75: no lookup was answered here
    contains(said, "helo_localhost")


def list_rules(command):
    status, said = shell(command)
    equal(status, 0, said)
    for rule in helod.decision_fields(decision)["findings"]:
        contains(said, rule)


def copy():
    if not netns.possible():
        skip("this machine: not root, no network of our own")
    return sourcetree.make(folder / "tree", programs)


def bootstrap(command):
    tree = copy()
    words = command.split()
    # bootstrap.sh check looks for what its tests leave. In /run of its own it does not see what other tests create now.
    status, said = shell(f"cd {tree} && unshare -m sh -ec 'mount -t tmpfs none /run; exec \"$@\"' sh {command}")
    equal(status, 0, said)
    assert os.access(tree / "build" / ("gcc" if words[1] == "check" else "") / "heloctl", os.X_OK), said
    if words[1] == "check":  # one suite, or four and the soak
        equal(re.search(r"(\d+) passed, (\d+) failed\n\Z", said).groups(), ("5" if "--all" in words else "1", "0"), said)
        equal("left out: soak: " in said, "--all" not in words, said)


def bootstrap_run(command):
    log = folder / "run.log"
    with open(log, "wb") as out:
        daemon = subprocess.Popen(["unshare", "-n", "sh", "-c", f"ip link set lo up; cd {copy()}; exec {command}"],
                                  env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    cleanup(daemon.kill)
    request = helod.request(helo="bad_name!", client="203.0.113.77").decode()
    code = ("import socket; s = socket.create_connection(('127.0.0.1', 10045), 120);"
            f"s.sendall({request!r}.encode()); print(s.recv(999).decode())")

    def answer():
        assert daemon.poll() is None, log.read_text()
        done = subprocess.run(["nsenter", "-t", str(daemon.pid), "-n", "/usr/bin/python3", "-c", code],
                              capture_output=True, text=True, check=False)
        return done.stdout
    contains(helod.wait_for(answer, what="helod answers", step=0.2), "action=5")
    for verb, part in (("stats", "helod_requests_total"), ("reload", "the new policy file is in force")):
        stats = f"build/heloctl {verb} -c build/helod.conf"
        contains(log.read_text(), stats, "the next commands")
        contains(shell(f"cd {folder}/tree && {stats}")[1], part)
    daemon.send_signal(signal.SIGINT)
    equal(daemon.wait(helod.PATIENCE), 0, log.read_text())
    for line in of_kind("main.cf")[0].splitlines():
        contains(log.read_text(), line.strip(), "what it prints for main.cf")


KNOWN = {
    "./bootstrap.sh run": bootstrap_run,
    "./bootstrap.sh check": bootstrap,
    "./bootstrap.sh check --all": bootstrap,
    "./bootstrap.sh build": bootstrap,
    "heloctl check -c helod.conf 203.0.113.9 User": check_greeting,
    "build/heloctl check -c conf/helod.conf 192.0.2.1 localhost.localdomain": check_by_hand,
    "heloctl explain ID": explain_decision,
    "heloctl rules": list_rules,
    "heloctl report": read_log,
    "heloctl tune": read_log,
    "heloctl replay -c FILE": replay_log,
    "helod -t -c FILE": check_file,
}


@test("every block of the README is of a kind that is tested")
def _():
    unknown = [block for block in blocks() if not any(re.match(start, block) for start in KINDS.values())]
    equal(unknown, [])
    equal([kind for kind in KINDS if not of_kind(kind)], [], "kinds that are no longer there")


@test("every command of the README is known here, and no other")
def _():
    equal(sorted(commands()), sorted([*KNOWN, *ELSEWHERE]))


@test("a command that is not known would be found")
def _():
    more = README + "\nand `heloctl\nnew` or\n\n    helod --new   # says why\n"
    equal(set(commands(more)) - set(commands()), {"heloctl new", "helod --new"})


for _command in commands():
    if _command in KNOWN:
        test(_command)(lambda command=_command: KNOWN[command](command))


@test("Postfix reads the lines for main.cf, and knows each name")
def _():
    if not shutil.which("postconf"):
        skip("postfix is not installed")
    (folder / "main.cf").write_text("compatibility_level = 3.6\n" + of_kind("main.cf")[0] + "\n")
    (folder / "master.cf").write_text("")
    status, said = shell(f"postconf -c {folder} -n smtpd_helo_required smtpd_helo_restrictions")
    equal(status, 0, said)
    contains(said, "default_action=DUNNO")
    assert "warning" not in said and "unused" not in said, said


run()
