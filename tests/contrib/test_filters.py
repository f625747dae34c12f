#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""contrib with the programs it is for: Prometheus, Grafana's dashboard, SpamAssassin, rspamd, Sieve, AppArmor."""
import json
import os
import re
import shutil
import socket
import subprocess
import urllib.request

from helod import PATIENCE, TOP, Helod, free_port, scratch, wait_for
from tap import cases, cleanup, contains, equal, run, skip, test

CONTRIB = TOP / "contrib"
FOLDER = scratch()
SBIN = os.environ["PATH"] + ":/usr/sbin:/sbin"


def need(program):
    if not shutil.which(program, path=SBIN):
        skip(f"{program} is not installed")


def called(*words, text=None, **more):
    done = subprocess.run([str(word) for word in words], input=text, stdin=None if text is not None else
                          subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=PATIENCE, env={**os.environ, "PATH": SBIN, **more.pop("env", {})}, **more)
    return done.returncode, done.stdout


def headers():
    """What helod itself prepends to a clean and to a bad greeting."""
    conf = ('policy "default" { header = "score" header_always = yes\n threshold "mark" { score = 30 action = "prepend" }\n}'
            ' exempt { clients = {} }')
    with Helod(conf) as daemon:
        clean = daemon.ask(client_name="mail.kiln-street.net", client="198.51.100.7")
        bad = daemon.ask(helo="bad_name!", client="198.51.100.8")
    assert clean.startswith("PREPEND ") and bad.startswith("PREPEND "), (clean, bad)
    return clean[8:], bad[8:]


CLEAN, BAD = headers()
contains(BAD, "X-HELO-Score: at least ")  # decided before everything was looked up
WHOLE = BAD.replace(": at least ", ": ")


def message(*lines):
    return "\n".join((*lines, "From: a@honest.org", "To: b@helod.example", "Subject: hello",
                      "Message-Id: <1@honest.org>", "Date: Sun, 22 Nov 2026 03:00:00 +0000", "", "body", ""))


MESSAGES = (("bad", message(WHOLE), True), ("bad, and decided early", message(BAD), True),
            ("clean", message(CLEAN), False), ("none", message(), False),
            ("forged below ours", message(CLEAN, BAD), False))


@test("promtool checks the alert rules, and they fire when they should and not else")
def _():
    need("promtool")
    rules = CONTRIB / "prometheus/helod.rules.yml"
    status, said = called("promtool", "check", "rules", rules)
    equal(status, 0, said)
    case = FOLDER / "rules.test.yml"
    case.write_text((TOP / "tests/contrib/helod.rules.test.yml").read_text().replace("RULES", str(rules)))
    status, said = called("promtool", "test", "rules", case)
    equal(status, 0, said)


@test("dashboard and rules name only metrics and labels that helod has")
def _():
    port = free_port()
    with Helod(f'status {{ listen = {{ "inet:127.0.0.1:{port}" }} }}'):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
            exposed = answer.read().decode()
    dashboard = json.loads((CONTRIB / "grafana/helod.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) >= 10, queries
    text = "\n".join(queries) + (CONTRIB / "prometheus/helod.rules.yml").read_text()
    names = set(re.findall(r"\bhelod_[a-z_]+", text))
    missing = [name for name in names if not re.search(rf"^{name}[ {{]", exposed, re.M)]
    equal(missing, [])
    for label, value in re.findall(r'\b(outcome|reason|result)!?="([a-z_]+)"', text):
        contains(exposed, f'{label}="{value}"')


@cases(MESSAGES, lambda row: f"SpamAssassin: {row[0]}")
def _(_name, text, hit):
    need("spamassassin")
    rules = FOLDER / "sa"
    if not rules.exists():
        rules.mkdir()
        shutil.copy(CONTRIB / "spamassassin/helod.cf", rules)
        (rules / "init.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
        (rules / "tld.cf").write_text("util_rb_tld org example\nadd_header all Tests _TESTS_\n")
        (rules / "prefs").touch()
    status, said = called("spamassassin", "--lint", "--siteconfigpath", rules, "--configpath", rules, "--local")
    equal(status, 0, said)
    _, said = called("spamassassin", "--test-mode", "--local", "--siteconfigpath", rules, "--configpath", rules,
                     "--prefspath", rules / "prefs", text=text, env={"HOME": str(FOLDER)})
    equal("HELOD_HIGH" in said, hit, said)


@cases(MESSAGES, lambda row: f"Sieve: {row[0]}")
def _(_name, text, hit):
    need("sieve-test")
    script, mail = FOLDER / "helod.sieve", FOLDER / "mail"
    shutil.copy(CONTRIB / "sieve/helod.sieve", script)
    mail.write_text(text)
    conf = FOLDER / "dovecot.conf"
    _, version = called("dovecot", "--version")
    # Dovecot 2.4 reads only a file that begins with the version it was written for, and has new names for the rest.
    if version.startswith("2.3"):
        place = f"mail_location = maildir:{FOLDER}/none\n"
    else:
        place = f"mail_driver = maildir\nmail_path = {FOLDER}/none\n"
        release = version.split()[0].partition("-")[0]
        conf.write_text(f"dovecot_config_version = {release}\ndovecot_storage_version = {release}\n")
    with conf.open("a") as out:
        out.write(f"mail_uid = nobody\nmail_gid = nogroup\nfirst_valid_uid = 0\n{place}mail_home = {FOLDER}\n")
    status, said = called("sieve-test", "-c", conf, script, mail)
    equal(status, 0, said)
    equal("Junk" in said, hit, said)


@test("rspamd scores what helod marked, and only that")
def _():
    need("rspamd")
    ports = [free_port() for _ in range(2)]
    (FOLDER / "rspamd").mkdir()
    conf = FOLDER / "rspamd/rspamd.conf"
    conf.write_text(f'''options {{ filters = ""; pidfile = "{FOLDER}/rspamd/pid"; tempdir = "{FOLDER}/rspamd";
  dns {{ nameserver = ["127.0.0.1:{ports[1]}"]; }} }}
logging {{ type = "file"; filename = "{FOLDER}/rspamd/log"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{ports[0]}"; count = 1; }}
lua = "{CONTRIB}/rspamd/helod.lua";
metric "default" {{ actions {{ reject = 100; "add header" = 50; }} }}
''')
    user = ["-u", "_rspamd", "-g", "_rspamd"] if os.geteuid() == 0 else ["-i"]
    shutil.chown(FOLDER / "rspamd", "_rspamd") if os.geteuid() == 0 else None
    with open(FOLDER / "rspamd/out", "wb") as log:
        process = subprocess.Popen(["rspamd", "-f", "-c", str(conf), *user], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, start_new_session=True)
    cleanup(process.kill)

    def up():
        assert process.poll() is None, (FOLDER / "rspamd/out").read_text() + (FOLDER / "rspamd/log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", ports[0])) == 0
    wait_for(up, what="rspamd listens")
    for name, text, hit in MESSAGES:
        request = urllib.request.Request(f"http://127.0.0.1:{ports[0]}/checkv2", data=text.encode(), method="POST")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            symbols = json.load(answer)["symbols"]
        equal("HELOD_SCORE" in symbols, hit, name)
    process.terminate()
    process.wait(PATIENCE)


@test("apparmor_parser reads the profile")
def _():
    need("apparmor_parser")
    status, said = called("apparmor_parser", "--skip-kernel-load", "--skip-cache", "--warn=all",
                          CONTRIB / "apparmor/usr.sbin.helod")
    equal(status, 0, said)


run()
