# SPDX-License-Identifier: BSD-2-Clause
"""report --mail-log on lines that the programs themselves wrote: Postfix that asks helod, and rspamd."""
import json
import os
import re
import shutil
import socket
import subprocess
import urllib.request

import postfix
from helod import PATIENCE, Helod, free_port, heloctl, scratch, wait_for
from tap import cleanup, equal, run, skip, test

CONF = 'policy "default" { mode = "monitor" }\nexempt { clients = {} }\n'


def report(mail_log, log, conf):
    status, out, err = heloctl("report", "-c", conf, "-m", mail_log, "-j", log)
    equal(status, 0, err)
    return json.loads(out)


def send(port, client, helo, sender, good):
    with postfix.Smtp(port) as smtp:
        smtp.xclient(ADDR=client, NAME="[UNAVAILABLE]", REVERSE_NAME="[UNAVAILABLE]")
        smtp.ehlo(helo)
        smtp.must(250, f"MAIL FROM:<{sender}>")
        code, _ = smtp.command("RCPT TO:<r1@test.example>")
        equal(code == 250, good, f"{helo}: {code}")
        if good:
            smtp.data()


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
        log, mail_log = daemon.folder / "dated", daemon.folder / "mail.log"
        stamp = re.match(r"\S+ +\S+ \S+", mx.wait_log("status=sent")).group(0)
        log.write_text("".join(f"{stamp} mx helod[1]: {line[line.index('decision v=1'):]}\n"
                               for line in daemon.log().splitlines() if "decision v=1" in line))
        mail_log.write_text(mx.log())
        judged = daemon.decisions()[0]["judged"]
        got = report(mail_log, log, daemon.conf_path)["mail_log"]
        equal(got["messages"], 3)
        equal((got[judged]["delivered"], got[judged]["spam"]["Postfix"], got[judged]["unknown"]), (1, 2, 0), got)
        mx.stop()


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
    with open(folder / "out", "wb") as out:
        process = subprocess.Popen(["rspamd", "-f", "-c", str(conf), *user], stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=out, start_new_session=True)
    cleanup(process.kill)

    def up():
        assert process.poll() is None, (folder / "out").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", ports[0])) == 0
    wait_for(up, what="rspamd listens")
    for queue, extra in (("4DAAA1", "X-Bad: yes\n"), ("4DAAA2", "")):
        text = f"{extra}From: a@loom.net\nTo: r1@test.example\nMessage-Id: <{queue}@loom.net>\nSubject: x\n\nbody\n"
        request = urllib.request.Request(f"http://127.0.0.1:{ports[0]}/checkv2", data=text.encode(), method="POST",
                                         headers={"Queue-Id": queue, "IP": "198.51.100.7", "From": "a@loom.net"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            json.load(answer)
    wait_for(lambda: (folder / "log").read_text().count("rspamd_task_write_log: id:") == 2, what="two verdicts")
    lines = [line for line in (folder / "log").read_text().splitlines() if "rspamd_task_write_log: id:" in line]
    process.terminate()
    process.wait(PATIENCE)
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


run()
