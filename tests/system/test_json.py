# SPDX-License-Identifier: BSD-2-Clause
"""JSON output: every field that a verb prints is in heloctl(8), and every field that is described there is printed."""
import functools
import json
import re
import subprocess

import week as made_up
from helod import HELOCTL, PATIENCE, TOP, Helod, free_port, heloctl, scratch
from tap import cases, cleanup, contains, equal, run, test

MANUAL = (TOP / "doc/heloctl.8").read_text()
folder, week = scratch(), made_up.Week()
exempt = folder / "exempt.conf"
exempt.write_text(week.conf.read_text() + 'exempt {\n clients = { "192.0.2.99" }\n}\n')
changed = folder / "changed.conf"
changed.write_text(week.conf.read_text().replace("score = 100", "score = 80"))
labels = folder / "labels"
labels.write_text("203.0.113.200 spam\n203.0.113.0/24 ham\n")
(folder / "near").mkdir()


def paths(value, at=""):
    """The paths of all plain values, "[]" for the members of an array."""
    if isinstance(value, dict):
        return {path for key, inner in value.items() for path in paths(inner, f"{at}.{key}" if at else key)}
    if isinstance(value, list):
        return {path for inner in value for path in paths(inner, at + "[]")}
    return {at}


def documented(verb):
    """The paths that the manual's list of JSON fields has for this verb."""
    rows = MANUAL.split('.\\" BEGIN json\n')[1].split('.\\" END json\n')[0]
    return re.findall(rf"(?m)^\.It Ic (\S+) No \({verb}\)$", rows)


def matches(path, row):
    """A star stands for one name; the row "summary" for all that report prints."""
    if row == "summary":
        return path.startswith("summary.") and any(matches(path[len("summary."):], of) for of in documented("report"))
    return re.fullmatch(re.escape(row).replace(r"\*", r"[^.\[\]]+"), path)


REPORTS = [("-m", week.mail_log, "-l", labels, week.log), (week.log,)]
RUNS = {
    "check": [("-s", "a@far.example", made_up.PARTNER, made_up.PARTNER_HELO), ("192.0.2.99", "x.example"),
              ("203.0.113.1", "mail.kiln-street0.net")],
    "rules": [()],
    "spf": [("203.0.113.1", "mail.kiln-street0.net"), ("203.0.113.9", "mail.kiln-street0.net")],
    "replay": [("-o", week.conf, week.log)],
    "report": REPORTS,
    "tune": REPORTS,
    "survey": [("-o", week.mail)],
}


REPORT_OF_DMARC = """<?xml version="1.0"?><feedback><report_metadata><org_name>receiver.example</org_name>
<report_id>1</report_id><date_range><begin>1</begin><end>2</end></date_range></report_metadata>
<policy_published><domain>kiln-street0.net</domain><p>none</p></policy_published>
<record><row><source_ip>203.0.113.1</source_ip><count>3</count><policy_evaluated><disposition>none</disposition>
<dkim>pass</dkim><spf>pass</spf></policy_evaluated></row><identifiers><header_from>kiln-street0.net</header_from></identifiers>
<auth_results><spf><domain>mail.kiln-street0.net</domain><scope>helo</scope><result>pass</result></spf></auth_results></record>
</feedback>"""


def verb(*arguments, text=None):
    _, out, err = heloctl(*arguments, text=text)
    assert out, err
    return [json.loads(line) for line in out.splitlines()]


def run_verb(name):
    conf = changed if name in ("replay", "tune") else exempt
    return [document for arguments in RUNS[name] for document in verb(name, "-c", conf, "-j", *arguments)]


def run_audit():
    pairs, before, dmarc, known = (folder / name for name in ("pairs", "before", "dmarc.xml", "known"))
    pairs.write_text("203.0.113.9 mail.kiln-street0.net\n198.51.100.3 mail9.kiln-street1.net\n")
    dmarc.write_text(REPORT_OF_DMARC)
    known.write_text("203.0.113.0/24\n")
    first = verb("audit", "-c", exempt, "-j", pairs)
    # What was wrong before and is right now, and an address that was not there.
    before.write_text(json.dumps(first[0]).replace("203.0.113.9", "203.0.113.1"))
    pairs.write_text("203.0.113.1 mail.kiln-street0.net\n203.0.113.3 mail.kiln-street0.net\n")
    return (first + verb("audit", "-c", exempt, "-j", "--since", before, pairs) +
            verb("audit", "-c", exempt, "-j", "--dmarc", "--known", known, dmarc))


def run_listen():
    """heloctl probe talks to heloctl listen; -> what listen printed, and in `probed` what probe printed."""
    port = free_port()
    sink = subprocess.Popen([HELOCTL, "listen", "-c", exempt, "-j", "--count", "3", f"127.0.0.1:{port}"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    cleanup(sink.kill)
    contains(sink.stderr.readline(), "ready on")
    probed[:] = verb("probe", "-c", exempt, "-j", "--name", "mail.kiln-street0.net", f"127.0.0.1:{port}")
    sink.terminate()
    out, _ = sink.communicate(timeout=PATIENCE)
    return [json.loads(line) for line in out.splitlines()]


def run_probe():
    if not probed:
        run_listen()
    return probed


def run_live(*arguments):
    """A verb that asks a running helod, which has seen a verified name, and two that are not."""
    place = folder / "live"
    with Helod(f'status {{ listen = {{ "unix:{place}" }} }}\nhistory {{ store = "memory" }}\n', dns=made_up.DNS,
               resolver=week.dns.address) as daemon:
        for client, name in (("203.0.113.1", "mail.kiln-street0.net"), ("203.0.113.1", "word"),
                             ("198.51.100.1", "mx.partner-loom.org"), ("198.51.100.1", "word")):
            daemon.ask(client=client, helo=name)
        return [document for words in arguments
                for document in verb(words[0], "-c", daemon.conf_path, "-j", *words[1:])]


probed = []
FROM = {**{name: functools.partial(run_verb, name) for name in RUNS}, "audit": run_audit, "listen": run_listen,
        "probe": run_probe,
        "history": functools.partial(run_live, ("history", "203.0.113.1"), ("history", "word"), ("history", "198.51.100.1"),
                                     ("history", "192.0.2.1"))}


@cases(list(FROM.items()), name=lambda row: f"{row[0]} --json: its fields are those of the manual")
def _(name, documents):
    real = {path for document in documents() for path in paths(document)}
    rows = documented(name)
    assert rows, f"no field of {name} is described"
    equal(sorted(path for path in real if not any(matches(path, row) for row in rows)), [], "not described")
    unseen = [row for row in rows if not any(matches(path, row) for path in real)]
    if name == "report":  # only with a policy that judges anew, or with what this week does not have
        unseen = [row for row in unseen if not row.startswith("shadow.lets_through")]
    equal(unseen, [], "described, and not there")


@test("stats --json: its fields are the metrics that helod(8) describes")
def _():
    (got,) = run_live(("stats",))
    helod8 = (TOP / "doc/helod.8").read_text()
    items = re.findall(r"(?m)^\.It Cm (helod_.*)$", helod8[helod8.index(".Sh METRICS"):])
    metrics = re.findall(r"helod_(\w+)", " ".join(items))
    equal(list(got), ["version", *metrics])
    equal(documented("stats"), ["version", "*"])


run()
week.stop()
