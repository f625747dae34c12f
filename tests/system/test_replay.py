# SPDX-License-Identifier: BSD-2-Clause
"""heloctl replay on logs that the daemon itself wrote: with the unchanged policy file it reproduces every decision of
100,000 lines; with another it tells what changes and why; in every form in which a log comes."""
import gzip
import json
import re

from greetings import Traffic
from helod import Helod, heloctl, scratch, wait_for
from tap import contains, equal, note, run, test

COUNT = 100_000
folder = scratch()
traffic = Traffic()
traffic.ask(COUNT)
lines = [line for line in traffic.daemon.log().splitlines(keepends=True) if "decision v=1" in line]
log = folder / "log"
log.write_text("".join(lines))
conf = traffic.daemon.conf_path


def replay(*arguments, text=None, status=None):
    got, out, err = heloctl("replay", "-j", *arguments, text=text, seconds=120)
    assert status is None or got == status, f"exit {got}, wanted {status}: {err}"
    assert out, f"exit {got}: {err}"
    return json.loads(out)


def changed(name, old, new):
    """Another policy file: the same with one text replaced."""
    text = conf.read_text()
    contains(text, old)
    path = folder / name
    path.write_text(text.replace(old, new))
    return path


@test("with the unchanged policy every decision of 100,000 is reproduced exactly", 120)
def _():
    got = replay("-c", conf, "-o", conf, log, status=0)
    note({name: value for name, value in got.items() if isinstance(value, (int, dict))})
    equal(got["decisions"], COUNT)
    equal(got["exact"], COUNT)
    equal((got["changed"], got["rescored"], got["cut"], got["malformed"]), (0, 0, 0, 0))
    for state in ("dunno", "mark", "defer", "reject", "skipped"):
        assert got["table"][state][state] > 1000, f"too few {state} in the log for this to show much"


@test("the log has greetings of many kinds: 25 rules hit, some verdicts in doubt, texts are cut")
def _():
    findings = [line.partition("findings=")[2].split(" ")[0] for line in lines]
    rules = {rule for text in findings for rule in re.findall(r"([a-z_]+):-?\d+", text)}
    note(sorted(rules))
    assert len(rules) >= 25, sorted(rules)
    assert sum(" doubt=" in line for line in lines) > 100
    assert max(map(len, lines)) > 700


@test("what the table says of the log is what the log says")
def _():
    got = replay("-c", conf, log)["table"]
    skipped = sum(" skip=" in line for line in lines)
    equal(got["skipped"]["skipped"], skipped)
    for state in ("mark", "defer", "reject"):
        equal(got[state][state], sum(f" judged={state} " in line for line in lines), state)


@test("another weight: the table, the groups and the finding that tips them")
def _():
    new = changed("weight.conf", "rdns_missing = 15", "rdns_missing = 99")
    got = replay("-c", new, "-o", conf, log, status=1)
    wanted = [line for line in lines if " policy=own " in line and "rdns_missing:15" in line]
    groups = [group for group in got["groups"] if group["reason"].startswith("rdns_missing 15 -> ")]
    assert 0 < got["changed"] <= len(wanted)
    equal(sum(group["count"] for group in got["groups"]), got["changed"])
    equal(len(groups), len(got["groups"]))
    assert all(group["network"].endswith(("/24", "/48")) for group in groups), groups
    equal(got["exact"] + got["changed"] + got["rescored"], COUNT)


@test("another threshold tips, and is named as such")
def _():
    new = changed("threshold.conf", 'threshold "never" { score = 85', 'threshold "never" { score = 300')
    got = replay("-c", new, "-o", conf, log, status=1)
    equal({group["reason"] for group in got["groups"]}, {"threshold never 85 -> 300"})
    equal({group["outcome"] for group in got["groups"]}, {"reject -> defer"})


@test("a change of mode is named once as the reason, and listed with its senders; --only and --top choose what is listed")
def _():
    new = changed("mode.conf", 'policy "watch" { mode = "monitor" }', 'policy "watch" { mode = "enforce" }')
    got = replay("-c", new, "-o", conf, log, status=1)
    watched = [line for line in lines if " mode=monitor " in line and " judged=dunno " not in line and " skip=" not in line]
    equal((got["changed"], got["answered_otherwise"]), (0, len(watched)))
    equal(got["reasons"], [{"reason": "mode monitor -> enforce", "count": len(watched)}])
    rejected = [line for line in watched if " judged=reject " in line]
    deferred = [line for line in watched if " judged=defer " in line]
    assert rejected and deferred, "the log does not show much"
    status, out, _ = heloctl("replay", "-c", new, "-o", conf, "--only", "reject", "--top", "1", log)
    equal(status, 1)
    equal(out.count("mode monitor -> enforce"), 1)
    contains(out, f"mode monitor -> enforce: {len(rejected)} greetings")
    out = heloctl("replay", "-c", new, "-o", conf, "--only", "defer", "--top", "1", log)[1]
    contains(out, f"mode monitor -> enforce: {len(deferred)} greetings")
    out = heloctl("replay", "-c", new, "-o", conf, "--only", "reject", "--top", "1", log)[1]
    assert "dunno -> defer" not in out and out.count("e.g. ") == 1, out
    assert all(len(line) <= 100 for line in out.splitlines()), "a line over 100 columns"
    for wrong in (("--only", "rejected"), ("--top", "0"), ("--top", "x")):
        equal(heloctl("replay", "-c", new, *wrong, log)[0], 64, wrong)


@test("an exemption more, and one less without its evidence")
def _():
    got = replay("-c", changed("more.conf", '"198.51.100.0/28"', '"198.51.100.0/28", "203.0.113.0/24"'), log)
    assert sum(got["table"][state]["skipped"] for state in ("dunno", "mark", "defer", "reject")) > 1000
    equal({group["reason"] for group in got["groups"]}, {"exemption"})
    got = replay("-c", changed("less.conf", '"198.51.100.0/28"', '"198.51.99.0/28"'), log)
    equal(got["table"]["skipped"]["unknown"], sum(" exemption=client:" in line for line in lines))


@test("--dns asks for what a new rule needs; without it that is said", 120)
def _():
    old = changed("old.conf", "points { helo_not_fqdn = 90", "points { helo_unresolvable = 0  helo_not_fqdn = 90")
    some = folder / "some"
    old.write_text(old.read_text().replace("rdns_missing = 40", "rdns_missing = 0")
                   .replace("helo_localhost = 80", "helo_localhost = 0"))
    some.write_text("".join(re.sub(r"(rdns_missing|helo_localhost):\d+,?", "", line) for line in lines[:2000]
                            if " policy=default " in line and " skip=" not in line))
    without = replay("-c", conf, "-o", old, some)
    equal(without["rules_unasked"], 1)  # rdns_missing
    asked = replay("-c", conf, "-o", old, "-d", some)
    equal(asked["rules_unasked"], 0)
    # helo_localhost needs no DNS; rdns_missing does, and comes back only by asking
    equal(sum(group["count"] for group in without["groups"] if group["reason"].startswith("rdns_missing")), 0)
    assert asked["exact"] + asked["rescored"] + asked["changed"] == asked["decisions"]
    contains(heloctl("replay", "-c", conf, "-o", old, some)[1], "need DNS")
    changed_localhost = [line for line in open(some) if "helo=localhost" in line]
    assert changed_localhost, "no localhost in the sample"


@test("an exempt client that no longer is is judged anew with --dns", 120)
def _():
    some = folder / "exempt"
    some.write_text("".join(line for line in lines[:3000] if " exemption=client:" in line))
    got = replay("-c", changed("less2.conf", '"198.51.100.0/28"', '"198.51.99.0/28"'), "-d", some)
    equal(got["table"]["skipped"]["unknown"], 0)
    assert got["changed"] == got["decisions"] > 0


def message(line):
    return line[line.index("decision v="):]


def json_line(line):
    return json.dumps({"__REALTIME_TIMESTAMP": "1769857200000000", "PRIORITY": "6", "MESSAGE": message(line).strip()})


FORMS = {
    "syslog, RFC 3164": lambda line: "Jan 31 12:00:00 mx helod[12]: " + message(line),
    "rsyslog with ISO dates": lambda line: "2026-01-31T12:00:00.123456+01:00 mx helod[12]: " + message(line),
    "RFC 5424": lambda line: "<22>1 2026-01-31T12:00:00Z mx helod 12 - - \ufeff" + message(line),
    "journalctl": lambda line: "Jan 31 12:00:00 mx helod[12]: " + message(line),
    "journalctl -o export": lambda line: "__REALTIME_TIMESTAMP=1769857200000000\nMESSAGE=" + message(line) + "\n",
    "journalctl -o json": lambda line: json_line(line) + "\n",
    "bare lines": message,
}
for form, wrap in FORMS.items():
    @test(f"{form}: all decisions are read, other lines are not")
    def _(wrap=wrap):
        other = "Jan 31 12:00:01 mx postfix/smtpd[7]: connect from unknown[203.0.113.5]\n"
        text = "".join(wrap(line) + other for line in lines[:1500])
        got = replay("-c", conf, "-", text=text, status=0)
        equal((got["decisions"], got["exact"], got["malformed"]), (1500, 1500, 0))


@test("compressed files, several files, an empty one; a missing and a damaged one are told")
def _():
    packed, empty, cut = folder / "log.gz", folder / "empty", folder / "cut.gz"
    packed.write_bytes(gzip.compress("".join(lines[:5000]).encode()))
    empty.write_text("")
    cut.write_bytes(packed.read_bytes()[:-2000])
    equal(replay("-c", conf, packed, empty, packed, status=0)["exact"], 10000)
    equal(heloctl("replay", "-c", conf, folder / "none", packed)[0], 66)
    status, _, err = heloctl("replay", "-c", conf, cut)
    equal(status, 65)
    contains(err, "damaged or cut short")


@test("lines that only look like decisions, endless lines and bytes of every kind do no harm")
def _():
    junk = b"decision v=1 id=\n" + b"x" * 1_000_000 + b" decision v=1\n" + bytes(range(256)) * 50 + b"\n"
    path = folder / "junk"
    path.write_bytes(junk + lines[0].encode())
    got = replay("-c", conf, path)
    equal(got["decisions"], 1)
    status, out, _ = heloctl("replay", "-c", conf, path)
    equal(status, 0)
    contains(out, "1 of 1 decisions are the same")


@test("the text names outcome, network, domain, finding and an example; nothing hostile gets through")
def _():
    new = changed("weight2.conf", "rdns_missing = 15", "rdns_missing = 99")
    status, out, err = heloctl("replay", "-c", new, "-o", conf, log)
    equal(status, 1)
    contains(out, "rdns_missing 15 -> ")
    assert all(" " <= c <= "~" or c == "\n" for c in out), "a control byte"
    assert "[#" not in err and "\r" not in err, "a progress bar without a terminal"


@test("helod's own JSON lines are read like its other logs")
def _():
    path = folder / "json"
    with Helod(f'log {{ to = "file"  file = "{path}" }}', server=" instances = 1000") as daemon:
        for number in range(30):
            daemon.ask(helo=["desk", 'we"ird\\x', "[203.0.113.9]", ""][number % 4])
        own = daemon.conf_path
        wait_for(lambda: path.read_text().count('"v":1') == 30, what="thirty lines")
    got = replay("-c", own, "-o", own, path, status=0)
    equal((got["decisions"], got["exact"], got["malformed"]), (30, 30, 0))


run()
