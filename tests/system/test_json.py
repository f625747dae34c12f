# SPDX-License-Identifier: BSD-2-Clause
"""JSON output: every field that a verb prints is in heloctl(8), and every field that is described there is printed."""
import json
import re

import week as made_up
from helod import TOP, heloctl, scratch
from tap import cases, equal, run

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


@cases(list(RUNS.items()), name=lambda row: f"{row[0]} --json: its fields are those of the manual")
def _(verb, runs):
    real = set()
    for arguments in runs:
        conf = changed if verb in ("replay", "tune") else exempt
        _, out, err = heloctl(verb, "-c", conf, "-j", *arguments)
        assert out, err
        real |= paths(json.loads(out))
    rows = documented(verb)
    assert rows, f"no field of {verb} is described"
    equal(sorted(path for path in real if not any(matches(path, row) for row in rows)), [], "not described")
    unseen = [row for row in rows if not any(matches(path, row) for path in real)]
    if verb == "report":  # only with a policy that judges anew, or with what this week does not have
        unseen = [row for row in unseen if not row.startswith("shadow.lets_through")]
    equal(unseen, [], "described, and not there")


run()
week.stop()
