# SPDX-License-Identifier: BSD-2-Clause
"""week: seven days of made-up greetings with known truth, judged by the real daemon in monitor mode, with the mail log
of the same messages and a folder of the mail that got in.

    with Week() as week:
        week.log, week.mail_log, week.folder     # files
        week.rows                                # what was sent: kind, truth ("ham", "spam"), what became of it

The daemon judges in seconds what a site sees in a week: the times of its lines, and what depends on this machine (ids,
times that answers took), are replaced by fixed ones afterwards, so that the same week comes out each time.
"""
import datetime
import random
import re

import helod
import nameserver

FIRST = datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc)
SECONDS = 7 * 86400
CONF = """
policy "default" {
    mode = "monitor"
    shadow = "candidate"
    threshold "mark" { score = 30  action = "prepend" }
    threshold "defer" { score = 70  action = "defer" }
    threshold "reject" { score = 100  action = "reject" }
    points { %s }
}
policy "candidate" {
    points { %s }
    threshold "reject" { score = 60  action = "reject" }
}
history { store = "none" }
"""
# The week's own points, so that another calibration of the defaults is not another week.
POINTS = """helo_factory = 86  rdns_missing = 34  helo_localhost = 41  helo_private_tld = 33  helo_not_fqdn = 37
        helo_bare_ip = 79  helo_literal_mismatch = 72  helo_dynamic = 71  rdns_dynamic = 23  helo_generic = 52
        nothing_proved = 0  nothing_proved_no_host = 0"""
# Every lookup gets its answer, however slow the machine: a decision without one would be another decision.
SERVER = ' deadline = "60s"\n instances = 1000\n client_rate = 0\n'
DNS = ' timeout = "5s"\n tries = 3\n guard = 0\n cache = 200000\n'
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PARTNER = "203.0.113.200"
EXEMPT = '\nexempt { rdns = { "mx.partner-loom.org" } }\n'
PARTNER_HELO = "WIN-3T0K8V5Q1LM"
# kind: how many, truth, what becomes of a message in the mail log
KINDS = {
    "honest": (2400, "ham", "delivered"),
    "partner": (70, "ham", "delivered"),  # an Exchange server that greets with its factory name
    "factory": (700, "spam", "rspamd"),   # a bot that greets with such a name
    "localhost": (420, "spam", "rspamd"),
    "dynamic": (280, "spam", "rspamd"),
    "address": (140, "spam", "postfix"),
    "stray": (350, "spam", "rspamd"),     # a bot with an internal name: just below a deferral
    "quiet": (42, "spam", "unknown"),     # a bot whose mail the log says nothing about
}


def zone():
    lines = []
    for i in range(40):
        lines.append(f"mail.kiln-street{i}.net 3600 A 203.0.113.{i + 1}\n203.0.113.{i + 1} 3600 PTR mail.kiln-street{i}.net")
        lines.append(f'mail.kiln-street{i}.net 3600 TXT "v=spf1 a -all"')
    lines.append(f"mx.partner-loom.org 3600 A {PARTNER}\n{PARTNER} 3600 PTR mx.partner-loom.org")
    for i in range(1, 255):
        pool = f"pool-203-0-115-{i}.dyn.weft.net"
        lines.append(f"203.0.115.{i} 3600 PTR {pool}\n{pool} 3600 A 203.0.115.{i}")
    return "\n".join(lines) + "\n"


def greeting(kind, i):
    """(client, HELO, sender, reverse name or None) of the i-th message of a kind."""
    bot = f"198.51.{100 if i % 2 else 101}.{i % 250 + 1}"
    if kind == "honest":
        n = i % 40
        return f"203.0.113.{n + 1}", f"mail.kiln-street{n}.net", f"user{i}@kiln-street{n}.net", f"mail.kiln-street{n}.net"
    if kind == "partner":
        return PARTNER, PARTNER_HELO, f"orders{i % 5}@partner-loom.org", "mx.partner-loom.org"
    if kind == "factory":
        return bot, ("ylmf-pc", "WIN-8R5B4E2C9D1")[i % 2], f"win{i}@spam-weft.net", None
    if kind == "localhost":
        return bot, "localhost", f"x{i}@spam-loom.net", None
    if kind == "dynamic":
        name = f"pool-203-0-115-{i % 250 + 1}.dyn.weft.net"
        return f"203.0.115.{i % 250 + 1}", name, f"y{i}@spam-loom.net", name
    if kind == "address":
        return bot, "203.0.114.77", f"z{i}@spam-loom.net", None
    if kind == "stray":
        return bot, f"lamp{i % 90}.corp", f"s{i}@far-loom.net", None
    return bot, f"host{i}", f"q{i}@quiet-weft.net", None


class Week:
    def __init__(self):
        self.folder = helod.scratch()
        self.log, self.mail_log = self.folder / "helod.log", self.folder / "mail.log"
        self.mail = self.folder / "Maildir"
        self.rows = self._rows()
        self.dns = nameserver.FaultDns(zone())
        self.daemon = None
        try:
            self.daemon = helod.Helod(CONF % (POINTS, POINTS), server=SERVER, dns=DNS, resolver=self.dns.address)
            self.conf = self.daemon.conf_path
            self._ask()
        except BaseException:
            self.stop()
            raise
        self._write_mail_log()
        self._write_folder()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.daemon:
            self.daemon.stop()
        self.dns.stop()

    @staticmethod
    def _rows():
        """Every message in the order of time. Bots work at night as well, people by day."""
        chance = random.Random(17)
        rows = []
        for kind, (count, truth, fate) in KINDS.items():
            for i in range(count):
                second = chance.randrange(SECONDS)
                if truth == "ham":
                    second = second // 86400 * 86400 + 7 * 3600 + second % (12 * 3600)
                client, helo, sender, name = greeting(kind, i)
                rows.append({"kind": kind, "truth": truth, "fate": fate, "client": client, "helo": helo,
                             "sender": sender, "name": name, "time": FIRST + datetime.timedelta(seconds=second)})
        rows.sort(key=lambda row: (row["time"], row["client"], row["helo"], row["sender"]))
        for number, row in enumerate(rows):
            row["id"] = "".join(DIGITS[(number * 7919 + 131) >> shift & 31] for shift in (15, 10, 5, 0)).rjust(7, "A")
            row["pid"] = 1000 + number % 400
            row["instance"] = f"{row['pid']:x}.{int(row['time'].timestamp()):x}.{number:x}.0"
            row["queue"] = f"4D{number:06X}"
        return rows

    def _ask(self):
        """All of it over one connection; then the lines with the week's times and fixed ids."""
        with self.daemon.connect(unix=True, seconds=helod.PATIENCE) as connection:
            for row in self.rows:
                connection.ask(client=row["client"], helo=row["helo"], sender=row["sender"], instance=row["instance"])
        by_instance = {}
        wanted = len(self.rows)
        helod.wait_for(lambda: self.daemon.log().count("decision v=1") >= wanted, what="a line for each decision")
        for line in self.daemon.log().splitlines():
            if "decision v=1" in line:
                by_instance[helod.decision_fields(line)["instance"]] = line[line.index("decision v=1"):]
        with open(self.log, "w", encoding="ascii") as out:
            for row in self.rows:
                line = by_instance[row["instance"]]
                line = re.sub(r" id=\w+", f" id={row['id']}", line, count=1)
                line = re.sub(r" dns=\d+/\d+ms cached=\d+ ms=\d+", " dns=2/12ms cached=1 ms=13", line, count=1)
                row["decision"] = helod.decision_fields(line)
                out.write(f"{row['time']:%Y-%m-%dT%H:%M:%SZ} mx helod[812]: {line}\n")

    def _write_mail_log(self):
        lines = []
        for row in self.rows:
            at, name = f"{row['time'] + datetime.timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ} mx ", row["name"] or "unknown"
            smtpd, client = f"postfix/smtpd[{row['pid']}]: ", f"{name}[{row['client']}]"
            queue, mid = row["queue"], f"<{row['queue']}@{row['sender'].partition('@')[2]}>"
            tail = f"from=<{row['sender']}> to=<r1@test.example> proto=ESMTP helo=<{row['helo']}>"
            rspamd = (f"rspamd[77]: <{queue.lower()}>; task; rspamd_task_write_log: id: {mid}, qid: <{queue}>, "
                      f"ip: {row['client']}, from: <{row['sender']}>, (default: ")
            accepted = [smtpd + f"{queue}: client={client}", f"postfix/cleanup[55]: {queue}: message-id={mid}"]
            if row["fate"] == "delivered":
                lines += [at + text for text in accepted + [
                    rspamd + "F (no action): [0.10/15.00] [R_SPF_ALLOW(-0.20){+a;}]), len: 900",
                    f"postfix/qmgr[44]: {queue}: from=<{row['sender']}>, size=900, nrcpt=1 (queue active)",
                    f"postfix/virtual[66]: {queue}: to=<r1@test.example>, relay=virtual, delay=0.2, dsn=2.0.0, "
                    "status=sent (delivered to maildir)"]]
            elif row["fate"] == "rspamd":
                lines += [at + text for text in accepted + [
                    rspamd + "T (reject): [18.20/15.00] [RBL_X(5.00){x;}]), len: 900",
                    f"postfix/cleanup[55]: {queue}: milter-reject: END-OF-MESSAGE from {client}: 5.7.1 Spam message "
                    f"rejected; {tail}"]]
            elif row["fate"] == "postfix":
                lines.append(at + smtpd + f"NOQUEUE: reject: RCPT from {client}: 554 5.7.1 Service unavailable; Client host "
                             f"[{row['client']}] blocked using zen.example; {tail}")
        self.mail_log.write_text("\n".join(lines) + "\n")

    def _write_folder(self):
        """The ham of the week, and some of the spam, in Junk and in what Outlook calls it."""
        spam = 0
        for part in ("cur", ".Junk/cur", ".Junk E-mail/cur"):
            (self.mail / part).mkdir(parents=True)
        for row in self.rows:
            spam += row["truth"] == "spam"
            if row["truth"] == "spam" and spam % 5:
                continue
            folder = self.mail / ("cur" if row["truth"] == "ham" else ".Junk E-mail/cur" if spam % 10 else ".Junk/cur")
            (folder / f"{row['queue']}:2,S").write_text(
                f"Return-Path: <{row['sender']}>\n"
                f"Received: from {row['helo']} ({row['name'] or 'unknown'} [{row['client']}])\n"
                f"\tby mx.helod.example (Postfix) with ESMTP id {row['queue']}\n"
                f"\tfor <r1@test.example>; {row['time']:%a, %d %b %Y %H:%M:%S} +0000 (UTC)\n"
                f"Subject: made up\n\nbody\n")
