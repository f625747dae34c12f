#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""doc/postfix.md against a real Postfix: helod-postfix-setup applies, checks and takes back; postgrey gets the middle
band and nobody else; the README's and the document's restriction is the one that the script writes."""
import os
import re
import shutil
import subprocess
import time

import postfix
from helod import PATIENCE, TOP, Helod, free_port, scratch, wait_for
from tap import cases, cleanup, contains, equal, run, skip_all, test

if postfix.possible():
    skip_all(postfix.possible())

SETUP = TOP / "contrib/helod-postfix-setup"
daemon = Helod('exempt { clients = {} }\nlocal { names = { "mx.helod.example" } networks = {} }\n'
               'policy "slow" { threshold "slow" { score = 30 action = "restriction:throttle" } '
               'threshold "reject" { score = 100 action = "reject" } }\n'
               'policy "bye" { threshold "bye" { score = 30 action = "421 4.7.0 try again later" } }\n'
               'policy "later" { threshold "later" { score = 30 action = "450 4.7.1 try again later" } }\n'
               'policy "grey" { threshold "grey" { score = 30 action = "restriction:greylist" } '
               'threshold "reject" { score = 100 action = "reject" } }')
ADDRESS = f"inet:127.0.0.1:{daemon.port}"
grey_port = free_port()


def hooked(context):
    return {"smtpd_recipient_restrictions": "reject_unauth_destination, " + postfix.policy(ADDRESS, context)}


GREY = {"smtpd_restriction_classes": "greylist",
        "greylist": f"check_policy_service inet:127.0.0.1:{grey_port}",
        "smtpd_recipient_restrictions": "reject_unauth_destination, " + postfix.policy(ADDRESS, "grey")}
SLOW = {"smtpd_restriction_classes": "throttle", "throttle": "sleep 2",
        "smtpd_recipient_restrictions": "reject_unauth_destination, " + postfix.policy(ADDRESS, "slow")}
mx = postfix.Postfix({"tcp": {}, "grey": GREY, "slow": SLOW, "bye": hooked("bye"), "later": hooked("later")}, main={"mynetworks": "127.0.0.2/32"})


def setup(*words, stdin=subprocess.DEVNULL):
    done = subprocess.run(["/bin/sh", str(SETUP), *words, "-c", str(mx.etc)], stdin=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=PATIENCE,
                          env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin", "DEBIAN_FRONTEND": ""})
    return done.returncode, done.stdout


def reload_postfix():
    mx.command("/usr/sbin/postfix", "-c", str(mx.etc), "reload")


BEFORE = (mx.etc / "main.cf").read_text()


@test("without options it prints the commands and changes nothing")
def _():
    status, said = setup("--address", ADDRESS)
    equal(status, 0, said)
    contains(said, f"postconf -c {mx.etc} -e 'smtpd_helo_required = yes'")
    contains(said, f"postfix -c {mx.etc} reload")
    contains(said, f"permit_mynetworks, permit_sasl_authenticated, check_policy_service {{ {ADDRESS}, timeout=10s, "
                   "default_action=DUNNO }")
    equal((mx.etc / "main.cf").read_text(), BEFORE)


@test("an address that Postfix would not understand is refused")
def _():
    for address in ("127.0.0.1:10045", "inet:127.0.0.1", "unix:"):
        status, said = setup("--apply", "--address", address)
        equal(status, 1, said)
        contains(said, f"--address {address}: expected inet:ADDRESS:PORT or unix:PATH")
    equal((mx.etc / "main.cf").read_text(), BEFORE)


@test("what it writes is what README.md and doc/postfix.md say")
def _():
    said = re.sub(r"\s+", " ", setup("--address", "inet:127.0.0.1:10045")[1])
    for name in ("README.md", "doc/postfix.md"):
        text = re.sub(r"\s+", " ", (TOP / name).read_text())
        found = re.search(r"smtpd_helo_restrictions = (permit_mynetworks.*?default_action=DUNNO)", text)
        contains(said, found.group(1), name)


@test("before it is applied --check says that helod did not answer")
def _():
    status, said = setup("--check", f"127.0.0.1:{mx.port('tcp')}")
    equal(status, 1, said)
    contains(said, "smtpd_helo_restrictions does not name helod: run helod-postfix-setup --apply")


@test("--check where nobody listens says so")
def _():
    setup("--apply", "--address", ADDRESS)
    status, said = setup("--check", f"127.0.0.1:{free_port()}")
    equal(status, 1, said)
    contains(said, "no connection to 127.0.0.1:")
    equal(said.count("\n"), 3, said)
    setup("--revert")


@test("applied, twice even, a request through Postfix comes back with helod's id")
def _():
    for _ in range(2):
        status, said = setup("--apply", "--address", ADDRESS)
        equal(status, 0, said)
    text = (mx.etc / "main.cf").read_text()
    equal(text.count("check_policy_service"), 1)
    reload_postfix()

    def checked():
        status, said = setup("--check", f"127.0.0.1:{mx.port('tcp')}")
        return status == 0 and said
    said = wait_for(checked, what="helod's answer", step=1)
    contains(said, f"main.cf names helod at {ADDRESS}")
    contains(said, "helod answers there: action=550 5.5.2")
    assert daemon.decisions(), said


def restrict(old):
    """Another smtpd_helo_restrictions, as if nothing had been applied."""
    setup("--revert")
    subprocess.run(["/usr/sbin/postconf", "-c", str(mx.etc), "-e", f"smtpd_helo_restrictions = {old}"], check=True)


def restrictions():
    done = subprocess.run(["/usr/sbin/postconf", "-c", str(mx.etc), "-h", "smtpd_helo_restrictions"], check=True,
                          text=True, stdout=subprocess.PIPE)
    return done.stdout.strip()


def unrestrict():
    setup("--revert")
    subprocess.run(["/usr/sbin/postconf", "-c", str(mx.etc), "-X", "smtpd_helo_restrictions"], check=True)


def really_asked():
    """Postfix gets its new settings and asks helod."""
    reload_postfix()
    wait_for(lambda: setup("--check", f"127.0.0.1:{mx.port('tcp')}")[0] == 0, what="helod's answer", step=1)


@test("applied with a second address, that one takes the place of the first")
def _():
    restrict("reject_unauth_pipelining")
    equal(setup("--apply", "--address", "unix:helod/policy")[0], 1, "nobody answers there")
    status, said = setup("--apply", "--address", ADDRESS)
    equal(status, 0, said)
    equal(restrictions(), "permit_mynetworks, permit_sasl_authenticated, reject_unauth_pipelining, "
                          f"check_policy_service {{ {ADDRESS}, timeout=10s, default_action=DUNNO }}")
    restrict("reject_unauth_pipelining")
    setup("--apply", "--address", "inet:127.0.0.1:10045")
    equal(setup("--apply", "--address", ADDRESS)[0], 0)
    equal(restrictions().count("check_policy_service"), 1, restrictions())
    really_asked()
    unrestrict()


@test("it goes in front of a final permit, and out from behind one")
def _():
    ours = f"check_policy_service {{ {ADDRESS}, timeout=10s, default_action=DUNNO }}"
    for old in ("permit_mynetworks, permit_sasl_authenticated, reject_unauth_pipelining, permit",
                f"permit_mynetworks permit_sasl_authenticated reject_unauth_pipelining permit {ours}"):
        restrict(old)
        status, said = setup("--apply", "--address", ADDRESS)
        equal(status, 0, said)
        equal(restrictions(), "permit_mynetworks, permit_sasl_authenticated, reject_unauth_pipelining, "
                              f"{ours}, permit")
        really_asked()
        unrestrict()


@test("--check finds a check behind a final permit, and one too many")
def _():
    ours = f"check_policy_service inet:127.0.0.1:{daemon.port}"
    for old, wanted in ((f"permit, {ours.replace(str(daemon.port), '10045')}", "ends before helod's check"),
                        ("check_policy_service inet:localhost:10045, check_policy_service unix:helod/policy",
                         "names helod 2 times, expected once")):
        restrict(old)
        status, said = setup("--check", f"127.0.0.1:{mx.port('tcp')}")
        equal(status, 1, said)
        contains(said, wanted)
    unrestrict()


# How the documentation of Debian's packages policyd-weight and postfwd connects them: additions to main.cf and to
# master.cf, and how the note about them begins.
RECIPIENTS = "smtpd_recipient_restrictions = permit_mynetworks,\n  reject_unauth_destination,\n  "
OTHERS = [
    ("policyd-weight", RECIPIENTS + "check_policy_service inet:127.0.0.1:12525\n", "", "Note: main.cf uses policyd-weight."),
    ("policyd-weight of another host", RECIPIENTS + "check_policy_service inet:192.0.2.9:12525\n", "",
     "Note: main.cf uses policyd-weight."),
    ("policyd-weight from master.cf", RECIPIENTS + "check_policy_service unix:private/policy\n",
     "policy unix - n n - - spawn\n  user=nobody argv=/usr/bin/perl /usr/sbin/policyd-weight\n",
     "Note: main.cf uses policyd-weight."),
    ("postfwd", "127.0.0.1:10040_time_limit = 3600\n" + RECIPIENTS + "check_policy_service inet:127.0.0.1:10040\n", "",
     "Note: main.cf uses postfwd."),
    ("postfwd in a restriction class", "smtpd_restriction_classes = postfwdcheck\n"
     "postfwdcheck = check_policy_service inet:127.0.0.1:10040\n" + RECIPIENTS
     + "check_recipient_access hash:/etc/postfix/policy\n", "", "Note: main.cf uses postfwd."),
    ("postfwd 2, on helod's own port", RECIPIENTS + "check_policy_service inet:127.0.0.1:10045\n", "",
     "Note: main.cf names port 10045 in other lists, too: smtpd_recipient_restrictions\n"),
    ("neither", RECIPIENTS + "check_policy_service inet:127.0.0.1:10023\n", "", None),
]


@cases(OTHERS, lambda row: f"what to do about {row[0]}: said by print and by --apply, and its check is kept")
def _(_name, main, master, note):
    paths = {mx.etc / "main.cf": main, mx.etc / "master.cf": master}
    old = {path: path.read_text() for path in paths}
    for path, more in paths.items():
        path.write_text(old[path] + "\n" + more)
    try:
        for words in ((), ("--apply",)):
            status, said = setup(*words, "--address", ADDRESS)
            equal(status, 0, said)
            equal(said.count("Note: "), 1 if note else 0, said)
            contains(said, note or "")
        contains((mx.etc / "main.cf").read_text(), main)
        equal(setup("--revert")[0], 0)
    finally:
        for path, text in old.items():
            path.write_text(text)


@test("before a removal it warns while Postfix asks helod, with the commands that disconnect it")
def _():
    equal(setup("--before-removal"), (0, ""))
    restrict("reject_invalid_helo_hostname")
    setup("--apply", "--address", ADDRESS)
    said = setup("--before-removal")[1]
    contains(said, "WARNING: main.cf still names helod")
    contains(said, "postconf -e 'smtpd_helo_restrictions = reject_invalid_helo_hostname'")
    equal("[y/N]" in said, False, "nobody is there to answer")
    unrestrict()


@cases([("n", 1), ("", 1), ("y", 0)], lambda row: f"before a removal it asks who sits at a terminal; the answer is {row[0]!r}")
def _(answer, left):
    setup("--apply", "--address", ADDRESS)
    master, slave = os.openpty()
    os.write(master, answer.encode() + b"\n")
    status, said = setup("--before-removal", stdin=slave)
    os.close(slave)
    os.close(master)
    equal(status, 0, said)
    contains(said, "and reload Postfix? [y/N]")
    equal(restrictions().count("check_policy_service"), left, said)
    equal("postconf -X smtpd_helo_restrictions" in said, bool(left), said)
    setup("--revert")


@test("a restriction that stood there before is kept")
def _():
    setup("--revert")
    old = "smtpd_helo_restrictions = reject_invalid_helo_hostname"
    subprocess.run(["/usr/sbin/postconf", "-c", str(mx.etc), "-e", old], check=True)
    setup("--apply", "--address", ADDRESS)
    text = (mx.etc / "main.cf").read_text()
    contains(text, "permit_mynetworks, permit_sasl_authenticated, reject_invalid_helo_hostname, "
                   f"check_policy_service {{ {ADDRESS}")
    setup("--revert")
    contains((mx.etc / "main.cf").read_text(), "smtpd_helo_restrictions = reject_invalid_helo_hostname\n")
    subprocess.run(["/usr/sbin/postconf", "-c", str(mx.etc), "-X", "smtpd_helo_restrictions"], check=True)


@test("--revert puts main.cf back, setting by setting")
def _():
    setup("--apply", "--address", ADDRESS)
    equal(setup("--revert")[0], 0)

    def settings(text):
        return sorted(line for line in text.splitlines() if line.strip())
    equal(settings((mx.etc / "main.cf").read_text()), settings(BEFORE))
    equal(setup("--revert")[0], 1, "a second revert")


def session(listener, helo, address):
    smtp = postfix.Smtp(mx.port(listener))
    smtp.xclient(ADDR=address, NAME="mail.kiln-street.net", REVERSE_NAME="mail.kiln-street.net")
    smtp.ehlo(helo)
    smtp.command("MAIL FROM:<a@honest.org>")
    return smtp


@test("throttling by a restriction class: the middle band waits and is accepted, others do not wait")
def _():
    contains((TOP / "doc/postfix.md").read_text(), "    throttle = sleep 5\n")
    with session("slow", "printer", "198.51.100.21") as smtp:
        began = time.monotonic()
        equal(smtp.command("RCPT TO:<r1@test.example>")[0], 250)
        assert time.monotonic() - began >= 2, "it did not wait"
    equal(daemon.decision(helo="printer", policy="slow")["action"], "mark")
    with session("slow", "bad_name!", "198.51.100.22") as smtp:
        equal(smtp.command("RCPT TO:<r1@test.example>")[0], 550)


@test("421 ends the connection, 450 does not")
def _():
    contains((TOP / "doc/postfix.md").read_text(), "421 4.7.0 try again later")
    with session("later", "printer", "198.51.100.23") as smtp:
        for _ in range(2):
            equal(smtp.command("RCPT TO:<r1@test.example>")[0], 450)
    with session("bye", "printer", "198.51.100.24") as smtp:
        equal(smtp.command("RCPT TO:<r1@test.example>")[0], 421)
        equal(smtp.file.read(1), b"", "what comes after it")


@test("a real postgrey gets the middle band, and only it")
def _():
    if not shutil.which("postgrey", path=os.environ["PATH"] + ":/usr/sbin"):
        from tap import skip
        skip("postgrey is not installed")
    folder = scratch()
    shutil.chown(folder, "postgrey", "postgrey")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(["/usr/sbin/postgrey", f"--inet=127.0.0.1:{grey_port}", f"--dbdir={folder}",
                                    "--delay=300", "--greylist-text=greylisted for a moment"],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    cleanup(process.kill)
    import socket

    def up():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", grey_port)) == 0
    wait_for(up, what="postgrey listens")

    def offered(helo, address, **more):
        with postfix.Smtp(mx.port("grey")) as smtp:
            smtp.xclient(ADDR=address, **more)
            smtp.ehlo(helo)
            smtp.command("MAIL FROM:<a@honest.org>")
            return smtp.command("RCPT TO:<r1@test.example>")
    named = {"NAME": "mail.kiln-street.net", "REVERSE_NAME": "mail.kiln-street.net"}
    equal(offered("mail.kiln-street.net", "198.51.100.7", **named)[0], 250, "a clean greeting")
    code, text = offered("printer", "198.51.100.8")
    equal((code, "greylisted for a moment" in text), (450, True), text)
    code, text = offered("bad_name!", "198.51.100.9")
    equal((code, "greylisted" in text), (550, False), text)


run()
