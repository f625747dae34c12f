# SPDX-License-Identifier: BSD-2-Clause
"""The first week: monitor mode for seven days with known truth; then every tool is asked whom helod would refuse, and
must name the right senders, counts and ids. doc/first-week.md is run command by command, its output compared."""
import gzip
import json
import os
import pathlib
import re
import shlex
import sys

import week as made_up
from helod import TOP, decision_fields, heloctl, scratch
from tap import contains, equal, note, run, test

DOC = pathlib.Path(TOP) / "doc/first-week.md"
REFUSED = ("defer", "reject")
UPDATE = sys.argv[1:] == ["--update"]  # prints what the document has to show
os.environ["TZ"] = "UTC"

week = made_up.Week()
rows, conf, log, mail_log = week.rows, week.conf, week.log, week.mail_log
folder = scratch()


def ctl(*arguments, status=0):
    got, out, err = heloctl(*arguments)
    equal(got, status, err)
    return out


def judged(**wanted):
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def refused(of):
    return [row for row in of if row["decision"]["judged"] in REFUSED]


@test("the week shows something: the partner is refused beside the bots, honest mail is not")
def _():
    note({kind: {row["decision"]["judged"] for row in judged(kind=kind)} for kind in made_up.KINDS})
    equal(refused(judged(kind="honest")), [])
    equal(len(refused(judged(kind="partner"))), 70)
    assert len(refused(judged(truth="spam"))) > 700
    equal({row["decision"]["action"] for row in rows}, {"dunno"}, "monitor mode")


@test("report leads with the partner, who looks wrong, and counts what enforcing would refuse")
def _():
    got = json.loads(ctl("report", "-c", conf, "-m", mail_log, "-j", log))
    for outcome in ("dunno", "mark", "defer", "reject"):
        equal(got["states"][outcome], sum(row["decision"]["judged"] == outcome for row in rows), outcome)
    first = got["greetings"][0]
    equal((first["client"], first["helo"], first["looks_wrong"]), (made_up.PARTNER, made_up.PARTNER_HELO, True))
    equal(first["defer"] + first["reject"], 70)
    contains([row["id"] for row in judged(kind="partner")], first["id"])
    contains(first["signs"], "sent ham")
    equal([row["client"] for row in got["greetings"] if row["looks_wrong"]], [made_up.PARTNER])
    out = ctl("report", "-c", conf, "-m", mail_log, log)
    lines = out[out.index("would-be refusals"):].splitlines()
    contains(lines[2], made_up.PARTNER)
    contains(lines[3], f"id {first['id']}  looks wrong: ")
    equal([line for line in out.splitlines() if len(line) > 100], [], "over 100 columns")


@test("the mail log says what became of every decision, by program")
def _():
    got = json.loads(ctl("report", "-c", conf, "-m", mail_log, "-j", log))["mail_log"]
    for outcome in ("dunno", "mark", "defer", "reject"):
        of = [row for row in rows if row["decision"]["judged"] == outcome]
        counts = {fate: sum(row["fate"] == fate for row in of) for fate in ("delivered", "rspamd", "postfix", "unknown")}
        equal(got[outcome]["ham"]["rspamd"], counts["delivered"], f"{outcome}: ham")
        equal(got[outcome]["spam"]["rspamd"], counts["rspamd"], f"{outcome}: spam by rspamd")
        equal(got[outcome]["spam"]["Postfix"], counts["postfix"], f"{outcome}: refused by Postfix")
        equal(got[outcome]["unknown"], counts["unknown"], f"{outcome}: nothing")


@test("a refusal by helod itself is no label")
def _():
    row = judged(kind="factory")[0]
    own, line = folder / "own.log", f"{row['time']:%Y-%m-%dT%H:%M:%SZ} mx postfix/smtpd[{row['pid']}]: NOQUEUE: reject: "
    line += (f"RCPT from unknown[{row['client']}]: 550 5.7.1 <r1@test.example>: Recipient address rejected: no [id %s]; "
             f"from=<{row['sender']}> to=<r1@test.example> proto=ESMTP helo=<{row['helo']}>\n")
    one = folder / "one.log"
    one.write_text(next(text for text in log.read_text().splitlines(keepends=True) if f" id={row['id']} " in text))
    own.write_text(line.replace("Recipient address rejected", "Helo command rejected") % row["id"])
    got = json.loads(ctl("report", "-c", conf, "-m", own, "-j", one))["mail_log"][row["decision"]["judged"]]
    equal(got["unknown"], 1)
    own.write_text(line.replace("Recipient address rejected", "Helo command rejected") % "AAAAAAA")
    got = json.loads(ctl("report", "-c", conf, "-m", own, "-j", one))["mail_log"][row["decision"]["judged"]]
    equal(got["spam"]["Postfix"], 1)


@test("the shadow policy is compared")
def _():
    got = json.loads(ctl("report", "-c", conf, "-j", log))["shadow"]
    more = [row for row in rows if row["decision"]["shadow_action"] in REFUSED and row["decision"]["judged"] not in REFUSED]
    contains(ctl("report", "-c", conf, log), f"would refuse or defer {len(more)} more and let ")
    for judged_as in ("dunno", "mark", "defer", "reject"):
        equal(got["table"][judged_as]["reject"],
              sum((row["decision"]["judged"], row["decision"]["shadow_action"]) == (judged_as, "reject") for row in rows))


@test("tune by the mail log suggests what spares the partner and still refuses the bots")
def _():
    got = json.loads(ctl("tune", "-c", conf, "-m", mail_log, "-j", log))["suggestion"]
    note(got["changes"])
    equal(got["by_labels"], True)
    before, after = got["before"], got["after"]
    equal(sum(before["ham"][outcome] for outcome in REFUSED), 70)
    equal(sum(before["spam"][outcome] for outcome in REFUSED),
          len([row for row in refused(judged(truth="spam")) if row["fate"] != "unknown"]))
    if got["changes"]:
        cost = [sum(of["ham"][o] * w for o, w in (("reject", 20), ("defer", 5))) - sum(of["spam"][o] for o in REFUSED)
                for of in (before, after)]
        assert cost[1] < cost[0], got
        contains(ctl("tune", "-c", conf, "-m", mail_log, log), got["policy"])


@test("replay shows what enforcing refuses, and that an exemption lets the partner in")
def _():
    enforce, spared = folder / "enforce.conf", folder / "spared.conf"
    enforce.write_text(conf.read_text().replace('mode = "monitor"', 'mode = "enforce"'))
    got = json.loads(heloctl("replay", "-c", enforce, "-o", conf, "-j", log)[1])
    would = [row for row in rows if row["decision"]["judged"] != "dunno"]
    equal((got["changed"], got["answered_otherwise"]), (0, len(would)))
    equal(got["reasons"], [{"reason": "mode monitor -> enforce", "count": len(would)}])
    spared.write_text(conf.read_text() + made_up.EXEMPT)
    got = json.loads(heloctl("replay", "-c", spared, "-o", conf, "-j", log)[1])
    equal(sum(got["table"][outcome]["skipped"] for outcome in REFUSED), 70)
    equal(got["reasons"], [{"reason": "exemption", "count": 70}])


@test("explain finds a decision by its id, says why in words, and how to let the sender in")
def _():
    row = judged(kind="partner")[0]
    out = ctl("explain", "-c", conf, "-o", row["id"], log)
    for text in (made_up.PARTNER, made_up.PARTNER_HELO, "mx.partner-loom.org (confirmed)", row["sender"], "DUNNO",
                 f"with {row['decision']['score']} points", "helo_factory", "to let this sender in"):
        contains(out, text)
    passed = next(row for row in rows if row["decision"]["judged"] == "dunno")
    out = ctl("explain", "-c", conf, "-o", passed["id"], log)
    contains(out, "to keep it out")
    assert "to let this sender in" not in out, out
    out = ctl("explain", "-c", conf, row["id"], log)
    contains(out, "what DNS says now")
    contains(out, "PTR")
    status, _, err = heloctl("explain", "-c", conf, "-o", "ZZZZZZZ", log)
    equal(status, 1)
    contains(err, f"no decision ZZZZZZZ among the {len(rows)} decisions in {log}")
    equal(heloctl("explain", "-c", conf, "-o", "no;id", log)[0], 64)


@test("explain finds the id in whatever a sender quotes")
def _():
    found = judged(kind="partner")[0]["id"]
    spoken = found.lower().replace("0", "o").replace("1", "l")
    bounce = (f"mx.example.net said: 450 4.7.1 <WIN-3T0K8V5Q1LM>: Helo command rejected: your HELO id BADBAD1 is odd "
              f"[id\n    {found}] (in reply to RCPT TO command, id 4BCDEF7)")
    for words in ([found], [found.lower()], [spoken], [f"[id {found}]"], [f"id={found}"], [f"id {found}."], [f"ID: {found}"],
                  [f"({found})"], [f" {found}\n"], ["[id", f"{found}]"], ["id", found], [bounce]):
        contains(ctl("explain", "-c", conf, "-o", *words, log), f"decision {found} of ", str(words))
    for words in ([found[:6]], [found + "A"], ["id"], ["[id", "no"], ["the paid 7QK2M9A"], [""]):
        status, _, err = heloctl("explain", "-c", conf, "-o", *words, log)
        equal(status, 64, f"{words}: {err}")
        contains(err, "expected seven letters and digits")


@test("explain -c FILE prints the command that changes this FILE")
def _():
    odd = folder / "it's a policy.conf"
    odd.write_text(conf.read_text())
    found = judged(kind="partner")[0]["id"]
    for path in (conf, odd):
        out = ctl("explain", "-c", path, "-o", found, log)
        line = next(line for line in out.splitlines() if line.startswith("  heloctl exempt"))
        equal(shlex.split(line),
              ["heloctl", "exempt", "-c", str(path), "add", "rdns", "mx.partner-loom.org", "--why", "..."])


@test("without a log, explain and report read the file in which log.to lets helod log")
def _():
    own = folder / "own.conf"
    own.write_text(conf.read_text() + f'log {{ to = "file" file = "{log}" }}\n')
    contains(ctl("explain", "-c", own, "-o", judged(kind="partner")[0]["id"]), made_up.PARTNER_HELO)
    equal(ctl("report", "-c", own), ctl("report", "-c", conf, log))


@test("survey of the mail log judges what was refused there, and labels it by what the filters said")
def _():
    got = json.loads(ctl("survey", "-c", conf, "-o", "-j", "-l", folder / "by-log", mail_log))
    named = [row for row in rows if row["fate"] in ("rspamd", "postfix")]
    delivered = [row for row in rows if row["fate"] == "delivered"]
    equal([got["survey"][name] for name in ("messages", "judged", "without_helo")],
          [len(named) + len(delivered), len(named), len(delivered)])
    lines = map(decision_fields, (folder / "by-log").read_text().splitlines())
    equal(sorted((line["client"], line["helo"], line["sender"]) for line in lines),
          sorted((row["client"], row["helo"], row["sender"]) for row in named))
    equal(sum(sum(of["spam"].values()) for of in got["summary"]["mail_log"].values() if isinstance(of, dict)), len(named))
    equal(sum(got["summary"]["labels"]["spam"]["scores"]), len(named))


@test("survey with the points that helod ships: no honest mail of the week is refused, most of the spam is not let through", 120)
def _():
    shipped, kept = folder / "shipped.conf", folder / "shipped.log"
    shipped.write_text(f'dns {{ servers = {{ "{week.dns.address}" }} timeout = "5s" tries = 3 }}\nhistory {{ store = "none" }}\n')
    ctl("survey", "-c", shipped, "-l", kept, "-r", "1000", "-j", week.mail)
    status, out, err = heloctl("check", "-c", shipped, "-j", "198.51.100.9", "nowhere.loom-nowhere.net")
    got = json.loads(out)
    equal({"nothing_proved_nowhere", "rdns_missing"} - {finding["rule"] for finding in got["findings"]}, set(), err)
    equal((status, got["reply"].count("PTR record")), (2 if got["judged"] == "defer" else 3, 1), got["reply"])
    by_queue, reached = {row["queue"]: row for row in rows}, {"ham": [], "spam": []}
    for line in map(decision_fields, kept.read_text().splitlines()):
        row = by_queue[line["instance"].rpartition("/")[2].partition(":")[0]]
        if row["kind"] == "honest":
            equal(line["judged"], "dunno", row["helo"])
        reached[row["truth"]].append(line["judged"])
    assert sum(judged != "dunno" for judged in reached["spam"]) * 2 > len(reached["spam"]), reached["spam"]


@test("survey of the mail that got in names the partner as well, offline and by DNS", 120)
def _():
    mails = list(week.mail.rglob("4D*"))
    spam = [path for path in mails if ".Junk" in str(path)]
    for options in (("-o",), ()):
        got = json.loads(ctl("survey", "-c", conf, "-j", "-r", "1000", *options, week.mail))
        equal((got["survey"]["messages"], got["survey"]["judged"]), (len(mails), len(mails)))
        labels = got["summary"]["labels"]
        equal(sum(labels["spam"][state] for state in ("dunno", "mark", "defer", "reject")), len(spam))
        first = got["summary"]["greetings"][0]
        equal((first["client"], first["defer"] + first["reject"], first["looks_wrong"]), (made_up.PARTNER, 70, True))
        equal((got["summary"]["dns"]["temperror"], got["summary"]["dns"]["unasked"] > 0), (0, bool(options)))
    kept = folder / "survey.log"
    ctl("survey", "-c", conf, "-l", kept, "-r", "1000", week.mail)
    fields = {line["instance"]: line for line in map(decision_fields, kept.read_text().splitlines())}
    equal(len(fields), len(mails))
    by_queue = {row["queue"]: row for row in rows}
    for path, line in fields.items():
        row = by_queue[path.rpartition("/")[2].partition(":")[0]]
        equal((line["client"], line["helo"], line["judged"]),
              (row["client"], row["helo"], row["decision"]["judged"]), "survey and daemon agree")


def hop(client, helo, by="mx.helod.example"):
    return f"Received: from {helo} (unknown [{client}])\n\tby {by} (Postfix) with ESMTP id 1; Sat, 28 Nov 2026 10:00:00 +0000\n"


FORGED = hop("192.0.2.66", "forged.example", "other.example")
TAIL = FORGED + "Subject: x\n\nFrom here on it is body.\n"
QUOTED = TAIL.replace("\nFrom here", "\n>From here")  # as an mbox has it
MESSAGES = {  # name: (text, the clients that are judged)
    "one": (hop("198.51.100.1", "localhost") + TAIL, {"198.51.100.1"}),
    "box": ("".join(f"From x Sat Nov 28 10:00:00 2026\n{hop(f'198.51.100.{n}', 'localhost')}{QUOTED}\n" for n in (2, 3)),
            {"198.51.100.2", "198.51.100.3"}),
    "behind_a_filter": (hop("127.0.0.1", "localhost") + hop("198.51.100.4", "localhost") + TAIL, {"198.51.100.4"}),
    "unclear": (hop("198.51.100.5", "((((") + TAIL, set()),
    "bytes": ("Received: from \x1b[31m\x00\xff (unknown [198.51.100.6])\n" + TAIL, set()),
    "cut": ("Received: from x (unknown [198.51.100.7", set()),
    "long_name": (hop("198.51.100.8", "x" * 3000) + TAIL, {"198.51.100.8"}),
    "long_header": ("X: " + "y" * 100_000 + "\n" + hop("198.51.100.9", "localhost") + TAIL, set()),
    "brackets": (hop("198.51.100.10", "[192.0.2.66]") + TAIL, {"198.51.100.10"}),
    "local": ("Received: by mx (Postfix, from userid 0) id 1; Sat, 28 Nov 2026 10:00:00 +0000\nSubject: x\n\n", set()),
}


@test("survey --log keeps the labels: report and tune of these lines count what survey counted")
def _():
    kept, known = folder / "labelled.log", folder / "known-to-be-ham"
    got = json.loads(ctl("survey", "-c", conf, "-o", "-j", "-l", kept, week.mail))["summary"]
    assert got["labels"]["ham"]["dunno"] > 0 and got["labels"]["spam"]["mark"] > 0, got["labels"]
    for verb in ("report", "tune"):
        again = json.loads(ctl(verb, "-c", conf, "-j", kept))
        equal(again.get("summary", again)["labels"], got["labels"], verb)
    equal(json.loads(ctl("tune", "-c", conf, "-j", kept))["suggestion"]["by_labels"], True)
    known.write_text("0.0.0.0/0 ham\n")
    equal(sum(json.loads(ctl("report", "-c", conf, "-j", "-l", known, kept))["labels"]["spam"]["scores"]), 0, "-l comes first")


@test("survey --html says what could not be known, as the text does")
def _():
    page = folder / "survey.html"
    ctl("survey", "-c", conf, "-o", "-w", page, week.mail)
    text = ctl("survey", "-c", conf, "-o", week.mail)
    notes = json.loads(page.read_text().split('id="data">\n')[1].split("\n</script>")[0])["notes"]
    assert text.startswith(notes + "\n"), notes
    contains(notes, "  DNS was not queried")
    contains(notes, "  not known: ")
    ctl("report", "-c", conf, "-w", page, log)
    contains(page.read_text(), '"notes":""')


@test("survey: folders, mbox, .gz and hostile headers; what stands below the hand-over never counts")
def _():
    place, kept = folder / "hostile", folder / "hostile.log"
    place.mkdir()
    for name, (text, _) in MESSAGES.items():
        data = text.encode("latin-1")
        (place / name).write_bytes(data)
        (place / (name + ".gz")).write_bytes(gzip.compress(data))
    got = json.loads(ctl("survey", "-c", conf, "-o", "-j", "-l", kept, place))["survey"]
    lines = [fields for fields in map(decision_fields, kept.read_text().splitlines()) if fields]
    equal(got["judged"], len(lines))
    clients = {}
    for fields in lines:
        clients.setdefault(fields["instance"].rpartition("/")[2].removesuffix(".gz"), set()).add(fields["client"])
    for name, (_, wanted) in MESSAGES.items():
        equal(clients.get(name, set()), wanted, name)
    equal(got["messages"], 2 * (len(MESSAGES) + 1))
    out = ctl("survey", "-c", conf, "-o", "--mx", "other.example", place)
    assert all(c == "\n" or c.isprintable() for c in out), "a control byte"


def blocks():
    """(start, end, commands and output) of the document's console blocks."""
    return list(re.finditer(r"(?ms)^```console\n(.*?)^```$", DOC.read_text(encoding="utf-8")))


PLACES = {"/var/log/mail.log": mail_log, "/var/log/helod.log": log, "/etc/helod/helod.conf": conf,
          "~/Maildir": week.mail, "enforce.conf": folder / "enforce.conf", "partner.conf": folder / "partner.conf"}


def said(command):
    words = [str(PLACES.get(word, word)) for word in shlex.split(command)]
    assert words[0] == "heloctl", command
    verb, rest = words[1], words[2:]
    ours = "-c" not in rest and verb != "help"
    if ours:
        rest = ["-c", str(conf)] + rest
    _, out, err = heloctl(verb, *rest)
    assert not err or "RFC 5321" in err, err
    for place, path in PLACES.items():
        out = out.replace(str(path), place)
    if ours:  # the installed file needs no -c
        out = out.replace(" -c /etc/helod/helod.conf", "")
    return "".join(line.rstrip() + "\n" for line in out.splitlines())


def shown(block):
    """[(command, output)]: "..." in the output stands for lines that are left out."""
    parts = re.split(r"(?m)^\$ (.*)\n", block)
    return list(zip(parts[1::2], parts[2::2]))


def matches(output, real):
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in output.splitlines())
    return re.fullmatch(pattern, real)


def prepare():
    (folder / "enforce.conf").write_text(conf.read_text().replace('mode = "monitor"', 'mode = "enforce"'))
    (folder / "partner.conf").write_text(conf.read_text() + made_up.EXEMPT)


@test("doc/first-week.md: every command gives the output that is shown", 120)
def _():
    prepare()
    seen = 0
    for found in blocks():
        for command, output in shown(found.group(1)):
            real = said(command)
            assert matches(output, real), f"$ {command}\nshown:\n{output}\nreal:\n{real}"
            seen += 1
    assert seen >= 6, seen


if UPDATE:
    prepare()
    for found in blocks():
        for command, output in shown(found.group(1)):
            print(f"$ {command}\n{said(command)}")
else:
    run()
week.stop()
