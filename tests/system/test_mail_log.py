# SPDX-License-Identifier: BSD-2-Clause
"""report --mail-log on lines that the programs themselves wrote: Postfix that asks helod, rspamd, SpamAssassin's spamd
and amavis."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request

import devlog
import postfix
from helod import PATIENCE, Helod, decision_fields, free_port, heloctl, scratch, wait_for
from tap import cases, cleanup, equal, run, skip, test

STAMP = r"\S+ +\S+ \S+"  # in front of a line of Postfix's log
CONF = 'policy "default" { mode = "monitor" }\nexempt { clients = {} }\n'


def report(mail_log, log, conf):
    status, out, err = heloctl("report", "-c", conf, "-m", mail_log, "-j", log)
    equal(status, 0, err)
    return json.loads(out)


def listens(port, process, log):
    """Whether the program listens; it must not have ended."""
    assert process.poll() is None, log.read_text(errors="replace")
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def service(words, folder, port):
    """A program that stays in the foreground and listens on this port; it ends with its children."""
    with open(folder / "out", "wb") as out:
        process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   start_new_session=True)

    def stop():
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
    cleanup(stop)
    wait_for(lambda: listens(port, process, folder / "out"), what=f"{words[0]} listens")
    return stop


def dated_log(daemon, stamp):
    """The daemon's decisions as syslog would have dated them."""
    path = daemon.folder / "dated"
    path.write_text("".join(f"{stamp} mx helod[1]: {line[line.index('decision v=1'):]}\n"
                            for line in daemon.log().splitlines() if "decision v=1" in line))
    return path


def send(port, client, helo, sender, good, text="Subject: test\n\nbody\n"):
    with postfix.Smtp(port) as smtp:
        smtp.xclient(ADDR=client, NAME="[UNAVAILABLE]", REVERSE_NAME="[UNAVAILABLE]")
        smtp.ehlo(helo)
        smtp.must(250, f"MAIL FROM:<{sender}>")
        code, _ = smtp.command("RCPT TO:<r1@test.example>")
        equal(code == 250, good, f"{helo}: {code}")
        if good:
            smtp.data(text)


@test("Postfix's own lines: what it delivered, what another restriction refused, each beside its decision")
def _():
    if postfix.possible():
        skip(postfix.possible())
    with Helod(CONF) as daemon:
        (daemon.folder / "senders").write_text("bad@weft.net REJECT no\n")
        restrictions = (postfix.policy(f"inet:127.0.0.1:{daemon.port}") +
                        f", check_sender_access texthash:{daemon.folder}/senders")
        os.chmod(daemon.folder, 0o755)
        mx = postfix.Postfix({"tcp": {"smtpd_recipient_restrictions": restrictions}})
        send(mx.port("tcp"), "198.51.100.7", "localhost", "good@loom.net", True)
        send(mx.port("tcp"), "198.51.100.7", "localhost", "bad@weft.net", False)
        send(mx.port("tcp"), "198.51.100.8", "localhost", "bad@weft.net", False)
        mx.delivered("r1")
        mx.wait_log("status=sent")
        wait_for(lambda: len(daemon.decisions()) == 3, what="three decisions")
        wait_for(lambda: mx.log().count("NOQUEUE: reject: ") == 2, what="both refusals in Postfix's log")
        mail_log = daemon.folder / "mail.log"
        log = dated_log(daemon, re.match(STAMP, mx.wait_log("status=sent")).group(0))
        mail_log.write_text(mx.log())
        judged = daemon.decisions()[0]["judged"]
        got = report(mail_log, log, daemon.conf_path)["mail_log"]
        equal(got["messages"], 3)
        equal((got[judged]["delivered"], got[judged]["spam"]["Postfix"], got[judged]["unknown"]), (1, 2, 0), got)
        mx.stop()


def decided(number, judged):
    """A decision about a client whose identity is not proved, and the lines of Postfix that delivers its message."""
    stamp, client, queue = f"2026-11-2{number}T10:00:00Z mx", "198.51.100.7", f"4DAAA{number}"
    return (f'{stamp} helod[1]: decision v=1 id=AAAAAA{number} action=dunno judged={judged} score=66 threshold={judged} '
            f'policy=default mode=monitor client={client} rdns="" fcrdns=none helo=User proto=ESMTP sender=a@loom.net '
            f"instance=9.1.{number}.0 findings=helo_factory:66 dns=0/0ms cached=0 ms=0 reply=DUNNO\n",
            f"{stamp} postfix/smtpd[9]: {queue}: client=unknown[{client}]\n"
            f"{stamp} postfix/qmgr[8]: {queue}: from=<a@loom.net>, size=1, nrcpt=1 (queue active)\n"
            f"{stamp} postfix/local[7]: {queue}: to=<r1@test.example>, relay=local, delay=1, delays=1/0/0/0, dsn=2.0.0, "
            f"status=sent (delivered)\n")


@test("several mail logs count; what no filter judged does not look wrong; the worst outcome of a sender is shown")
def _():
    folder, days = scratch(), [decided(1, "mark"), decided(2, "defer"), decided(3, "mark")]
    log, conf = folder / "decisions", folder / "conf"
    log.write_text("".join(decision for decision, _ in days))
    conf.write_text(CONF)
    options = []
    for number, (_, lines) in enumerate(days[:2]):
        (folder / f"mail.log.{number}").write_text(lines)
        options += ["-m", folder / f"mail.log.{number}"]
    status, out, err = heloctl("report", "-c", conf, *options, "-j", log)
    equal(status, 0, err)
    got = json.loads(out)
    fates = got["mail_log"]
    equal([(fates[judged]["delivered"], fates[judged]["unknown"]) for judged in ("mark", "defer")], [(1, 1), (1, 0)])
    sender, = got["greetings"]
    equal((sender["judged"], sender["id"], sender["defer"], sender["looks_wrong"]), ("defer", "AAAAAA2", 1, False))
    assert "delivered" in sender["signs"], sender


@test("rspamd's own lines: its verdict reaches the decision by the queue id")
def _():
    if not shutil.which("rspamd"):
        skip("rspamd is not installed")
    folder, ports = scratch(), [free_port() for _ in range(2)]
    conf = folder / "rspamd.conf"
    conf.write_text(f'''options {{ filters = ""; pidfile = "{folder}/pid"; tempdir = "{folder}";
  dns {{ nameserver = ["127.0.0.1:{ports[1]}"]; }} }}
logging {{ type = "file"; filename = "{folder}/log"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{ports[0]}"; count = 1; }}
lua = "{folder}/bad.lua";
metric "default" {{ actions {{ reject = 15; "add header" = 6; }} }}
''')
    (folder / "bad.lua").write_text('''rspamd_config:register_symbol{name = "MADE_UP", score = 20.0,
  callback = function(task) return (task:get_header("X-Bad") or "") ~= "" end}
''')
    shape = re.search(r"(?s)log_format =<<EOD\n.*?\nEOD\n", open("/etc/rspamd/logging.inc", encoding="utf-8").read())
    conf.write_text(conf.read_text().replace(
        'level = "info"; }', 'level = "info";\n' + shape.group(0) + "}"))
    user = ["-u", "_rspamd", "-g", "_rspamd"] if os.geteuid() == 0 else ["-i"]
    if os.geteuid() == 0:
        shutil.chown(folder, "_rspamd")
        os.chmod(folder, 0o755)
    stop = service(["rspamd", "-f", "-c", conf, *user], folder, ports[0])
    for queue, extra in (("4DAAA1", "X-Bad: yes\n"), ("4DAAA2", "")):
        text = f"{extra}From: a@loom.net\nTo: r1@test.example\nMessage-Id: <{queue}@loom.net>\nSubject: x\n\nbody\n"
        request = urllib.request.Request(f"http://127.0.0.1:{ports[0]}/checkv2", data=text.encode(), method="POST",
                                         headers={"Queue-Id": queue, "IP": "198.51.100.7", "From": "a@loom.net"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            json.load(answer)
    wait_for(lambda: (folder / "log").read_text().count("rspamd_task_write_log: id:") == 2, what="two verdicts")
    lines = [line for line in (folder / "log").read_text().splitlines() if "rspamd_task_write_log: id:" in line]
    stop()
    accepted, decisions = [], []
    with Helod(CONF) as daemon:
        for number, queue in enumerate(("4DAAA1", "4DAAA2")):
            client = f"198.51.100.{number + 7}"
            daemon.ask(client=client, helo="localhost", sender="a@loom.net")
            accepted.append(f"2026-11-28T10:00:0{number}Z mx postfix/smtpd[9]: {queue}: client=unknown[{client}]")
        wait_for(lambda: len(daemon.decisions()) == 2, what="two decisions")
        for line in daemon.log().splitlines():
            if "decision v=1" in line:
                decisions.append("2026-11-28T10:00:00Z mx helod[1]: " + line[line.index("decision v=1"):])
        log, mail_log = folder / "decisions", folder / "mail.log"
        log.write_text("\n".join(decisions) + "\n")
        mail_log.write_text("\n".join(accepted + lines) + "\n")
        judged = daemon.decisions()[0]["judged"]
        got = report(mail_log, log, daemon.conf_path)["mail_log"]
        equal((got[judged]["spam"]["rspamd"], got[judged]["ham"]["rspamd"]), (1, 1), lines)


RULE = """util_rb_tld net example
header MADE_UP %s
score MADE_UP 20
use_bayes 0
"""
BAD, EVERY = "X-Bad =~ /yes/", "Subject =~ /x/"  # which mails a filter calls spam
MAILS = (("198.51.100.7", "X-Bad: yes\n", "bad1@loom.net"), ("198.51.100.8", "", "good1@loom.net"))


def message(extra, mid):
    return f"{extra}From: a@loom.net\nTo: r1@test.example\nMessage-Id: <{mid}>\nSubject: x\n\nbody\n"


def rules_folder(match):
    folder = scratch()
    (folder / "rules").mkdir()
    (folder / "rules/made_up.cf").write_text(RULE % match)
    (folder / "rules/check.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
    return folder


def spamd(syslog, match):
    """Starts it; -> the function that asks it about a message."""
    folder, port = rules_folder(match), free_port()
    service([*syslog.wrapper, "spamd", "--local", "--nouser-config", "--max-children=1", "--min-children=1",
             "--username=nobody", f"--listen=127.0.0.1:{port}", "--syslog=mail", f"--configpath={folder}/rules",
             f"--siteconfigpath={folder}/rules"], folder, port)

    def check(text):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(f"CHECK SPAMC/1.5\r\nContent-length: {len(text)}\r\n\r\n{text}".encode())
            connection.shutdown(socket.SHUT_WR)
            assert "EX_OK" in connection.makefile().read()
    return check


def amavis(syslog, back):
    """Starts it; what it lets pass goes to the port `back`. -> its own port"""
    folder, port = rules_folder(BAD), free_port()
    for part in ("home", "home/tmp", "home/db"):
        (folder / part).mkdir()
        shutil.chown(folder / part, "amavis", "amavis")
    (folder / "conf").write_text(f"""use strict;
$MYHOME = '{folder}/home'; $TEMPBASE = "$MYHOME/tmp"; $db_home = "$MYHOME/db"; $helpers_home = $MYHOME;
$daemon_user = $daemon_group = 'amavis'; $max_servers = 1; $enable_db = 0; $enable_zmq = 0;
$pid_file = "$MYHOME/pid"; $lock_file = "$MYHOME/lock"; $QUARANTINEDIR = undef;
$mydomain = 'test.example'; $myhostname = 'mx.test.example';
$inet_socket_bind = '127.0.0.1'; $inet_socket_port = {port};
$forward_method = 'smtp:[127.0.0.1]:{back}'; $notify_method = $forward_method;
$do_syslog = 1; $syslog_facility = 'mail'; $log_level = 0; $sa_local_tests_only = 1;
$sa_configpath = $sa_siteconfigpath = '{folder}/rules';
$sa_tag_level_deflt = -999; $sa_tag2_level_deflt = 6; $sa_kill_level_deflt = 12; $sa_dsn_cutoff_level = 0;
$final_spam_destiny = D_DISCARD; @bypass_virus_checks_maps = (1); @bypass_banned_checks_maps = (1);
$bypass_decode_parts = 1; $spam_quarantine_to = undef; @local_domains_maps = (1);
1;
""")
    service([*syslog.wrapper, "amavisd", "-c", folder / "conf", "foreground"], folder, port)
    return port


def survey(mail_log, daemon):
    """heloctl survey finds both mails in the log by their "permit" lines, and labels them by the filters' lines."""
    kept = daemon.folder / "surveyed"
    status, out, err = heloctl("survey", "-c", daemon.conf_path, "-o", "-j", "-l", kept, mail_log)
    equal(status, 0, err)
    got, decisions = json.loads(out), [decision_fields(line) for line in kept.read_text().splitlines()]
    equal([(one["client"], one["helo"], one["sender"]) for one in decisions],
          [(client, "localhost", "a@loom.net") for client, _, _ in MAILS])
    equal([got["survey"][name] for name in ("messages", "judged", "without_helo", "without_sender")], [2, 2, 0, 0])
    of, (own,) = got["summary"]["mail_log"], {one["judged"] for one in decisions}
    both = report(mail_log, kept, daemon.conf_path)["mail_log"]
    equal((of[own]["spam"], of[own]["ham"]), (both[own]["spam"], both[own]["ham"]))
    equal(sum(of[own]["spam"].values()) + sum(of[own]["ham"].values()), 2)


def filtered(filters, xforward=True):
    """Sends both mails through a Postfix that asks helod, and through the filters; amavis hands them back, with the
    first queue id only if `xforward`. -> what report's "mail_log" says of both, and the filters' lines"""
    with Helod(CONF) as daemon, devlog.Syslog() as syslog:
        ask = f"{postfix.policy(f'inet:127.0.0.1:{daemon.port}')}"
        options, back = {"smtpd_recipient_restrictions": f"{ask}, permit_auth_destination, reject",
                         "smtpd_log_access_permit_actions": "permit_auth_destination"}, {}
        if "amavis" in filters:
            back_port = free_port()
            options["content_filter"] = f"smtp:[127.0.0.1]:{amavis(syslog, back_port)}"
            back = {"back": {"address": f"127.0.0.1:{back_port}", "content_filter": "",
                             "smtpd_authorized_xforward_hosts": "127.0.0.0/8" if xforward else ""}}
        check = spamd(syslog, EVERY if back else BAD) if "spamd" in filters else None
        mx = postfix.Postfix({"tcp": options, **back}, main={"smtp_send_xforward_command": "yes"})
        for client, extra, mid in MAILS:
            send(mx.port("tcp"), client, "localhost", "a@loom.net", True, message(extra, mid))
            if check:
                check(message(extra, mid))
        mx.delivered("r1", 2 if not back else 1)
        lines = [line for words in filters.values() for line in syslog.wait(words, len(MAILS))]
        wait_for(lambda: mx.log().count("status=sent") >= 2 + len(back), what="the last delivery")
        wait_for(lambda: len(daemon.decisions()) == 2, what="two decisions")
        log, mail_log = dated_log(daemon, re.match(STAMP, mx.wait_log("status=sent")).group(0)), daemon.folder / "mail.log"
        mail_log.write_text(mx.log() + "\n".join(lines) + "\n")
        mx.stop()
        survey(mail_log, daemon)
        return report(mail_log, log, daemon.conf_path)["mail_log"][daemon.decisions()[0]["judged"]], lines


def need(*programs):
    if postfix.possible() or devlog.possible():
        skip(postfix.possible() or devlog.possible())
    for program in programs:
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
            skip(f"{program} is not installed")


@test("spamd's own lines: its verdict reaches the decision by the message id")
def _():
    need("spamd")
    got, lines = filtered({"spamd": "spamd: result: "})
    equal((got["spam"]["SpamAssassin"], got["ham"]["SpamAssassin"], got["delivered"]), (1, 1, 0), lines)


@cases([(True,), (False,)], name=lambda row: "amavis's own lines, and spamd's about mail that amavis handed back, " +
       ("with" if row[0] else "without") + " XFORWARD")
def _(xforward):
    need("amavisd", "spamd")
    got, lines = filtered({"amavis": ", Queue-ID: ", "spamd": "spamd: result: "}, xforward)
    equal((got["spam"]["amavis"], got["spam"]["SpamAssassin"]), (1, 1), lines)
    equal((sum(got["ham"].values()), got["unknown"]), (0, 0), lines)


run()
