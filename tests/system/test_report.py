# SPDX-License-Identifier: BSD-2-Clause
"""heloctl tune and report on a log that the daemon wrote: their numbers are the log's, and no name of the log
makes markup in the HTML page. tests/contrib/test_report_page.py looks at that page in a browser."""
import json
import re

import greetings
from helod import decision_fields, heloctl, scratch
from tap import contains, equal, note, run, test

folder = scratch()
traffic = greetings.with_hostile_names(6000)
log, conf, page = folder / "log", traffic.daemon.conf_path, folder / "report.html"
log.write_text(traffic.daemon.log())
decisions = [fields for fields in map(decision_fields, log.read_text().splitlines()) if fields]
judged = [fields for fields in decisions if "skip" not in fields]


def ctl(*arguments):
    status, out, err = heloctl(*arguments)
    equal(status, 0, err)
    return out


@test("report: outcomes, scores, findings and networks are those of the log")
def _():
    got = json.loads(ctl("report", "-c", conf, "-j", log))
    equal(got["decisions"], len(decisions))
    for state in ("dunno", "mark", "defer", "reject"):
        equal(got["states"][state], sum(fields["judged"] == state for fields in judged), state)
        equal(got["actions"][state], sum(fields["action"] == state for fields in decisions), state)
    equal(got["modes"], {mode: sum(fields["mode"] == mode for fields in decisions) for mode in ("enforce", "soft", "monitor")})
    equal(got["states"]["skipped"], len(decisions) - len(judged))
    for score in range(151):
        equal(got["scores"][score], sum(int(fields["score"]) == score for fields in judged), f"score {score}")
    hits = {rule["rule"]: rule["hits"] for rule in got["rules"]}
    for name in ("helo_not_fqdn", "rdns_missing", "helo_spf_fail", "greeting_helo"):
        equal(hits[name], sum(name in fields["findings"] for fields in judged), name)
    networks = {row["name"]: row for row in got["networks"]}
    of = [fields for fields in decisions if fields["client"].startswith("203.0.114.")]
    equal(networks["203.0.114.0/24"]["count"], len(of))
    equal(networks["203.0.114.0/24"]["reject"], sum(fields["judged"] == "reject" for fields in of))
    equal(got["dns"]["doubts"], sum("doubt" in fields for fields in decisions))
    for state in ("mark", "defer", "reject"):
        equal(sum(got["hours"][state]), got["states"][state], f"{state} by hour")
    equal(sum(sum(hours) for hours in got["hours"].values()), len(decisions))
    assert got["from"] > 1_700_000_000


@test("report: an exemption without a hit is named, one with hits is not")
def _():
    text = conf.read_text().replace('"198.51.100.0/28"', '"198.51.100.0/28", "192.0.2.99"')
    other = folder / "other.conf"
    other.write_text(text)
    unused = [entry["pattern"] for entry in json.loads(ctl("report", "-c", other, "-j", log))["exemptions_unused"]]
    contains(unused, "192.0.2.99")
    assert "198.51.100.0/28" not in unused, unused
    contains(ctl("report", "-c", other, log), "exemptions without a hit")


@test("report: the defaults of exempt.clients are not listed as unused, although the file has a section exempt")
def _():
    other = folder / "defaults.conf"
    other.write_text('exempt { rdns = { "mail.kiln-street.network" } }\n')
    unused = json.loads(ctl("report", "-c", other, "-j", log))["exemptions_unused"]
    equal([(entry["pattern"], entry["where"]) for entry in unused], [("mail.kiln-street.network", f"{other}:1")])


@test("report: an exemption is not used because a shorter one is, nor unused because the log cuts it")
def _():
    line = next(line for line in log.read_text().splitlines() if " exemption=" in line)
    long = "a" * 60 + ".kiln-street.net"
    used, short = ("mail.kiln-street.net", long), folder / "short"
    short.write_text("".join(re.sub(r" exemption=\S+", " exemption=" + f"helo:{name}"[:64], line) + "\n" for name in used))
    other = folder / "short.conf"
    other.write_text('exempt { helo = { "mail.kiln-street.net", "mail.kiln-street.network", "%s" } }\n' % long)
    unused = [entry["pattern"] for entry in json.loads(ctl("report", "-c", other, "-j", short))["exemptions_unused"]]
    equal([pattern for pattern in unused if "kiln" in pattern], ["mail.kiln-street.network"])


@test("report on the terminal: printable, a spark line, no colour without a terminal")
def _():
    out = ctl("report", "-c", conf, log)
    assert "\x1b" not in out
    for word in ("by hour", "scores", "findings", "networks", "domains", "near misses", "DNS"):
        contains(out, word)
    assert all(c == "\n" or c.isprintable() for c in out), "a control byte"


REFUSED = ("defer", "reject")


def pairs(chosen):
    """Decisions by client and HELO name."""
    found = {}
    for fields in chosen:
        found.setdefault((fields["client"], fields["helo"], fields["rdns"]), []).append(fields)
    return found


@test("report: every greeting that reached a threshold is in the JSON, with its counts, worst decision and findings")
def _():
    rows = json.loads(ctl("report", "-c", conf, "-j", log))["greetings"]
    wanted = pairs(fields for fields in judged if fields["judged"] != "dunno")
    equal(len(rows), len(wanted))
    plain = {(row["client"], row["helo"], row["rdns"]): row for row in rows}
    for key, of in wanted.items():
        if not all(re.fullmatch(r"[\w.\[\]-]{0,150}", part) for part in key):
            continue
        row = plain[key]
        for state in ("mark", "defer", "reject"):
            equal(row[state], sum(fields["judged"] == state for fields in of), f"{key} {state}")
        worst = next(fields for fields in of if fields["id"] == row["id"])
        equal(row["score"], max(int(fields["score"]) for fields in of), key)
        equal((int(worst["score"]), worst["judged"]), (row["score"], row["judged"]), key)
        equal({f["rule"]: f["points"] for f in row["findings"]}, worst["findings"], key)
    harm = [(row["looks_wrong"], row["defer"] + row["reject"]) for row in rows]
    refused = [pair for pair in harm if pair[1]]
    equal(harm[:len(refused)], sorted(refused, reverse=True), "the most harmful first")


@test("report: a refused client that proves its name, or is welcomed later, looks wrong; a stranger and a pool do not")
def _():
    rows = json.loads(ctl("report", "-c", conf, "-j", log))["greetings"]
    wrong = {row["client"] for row in rows if row["looks_wrong"]}
    assert any(client.startswith("203.0.113.") for client in wrong), wrong
    assert not any(client.startswith(("203.0.115.", "203.0.116.")) for client in wrong), wrong


@test("report in monitor mode leads with what enforcing would refuse, the worst senders first")
def _():
    watched = folder / "watched"
    watched.write_text("".join(line + "\n" for line in log.read_text().splitlines() if " mode=monitor " in line))
    out = ctl("report", "-c", conf, watched)
    of = [fields for fields in judged if fields["mode"] == "monitor"]
    refused = [fields for fields in of if fields["judged"] in REFUSED]
    assert re.search(rf"would-be refusals and deferrals of {len(pairs(refused))} client and HELO name pairs", out), out
    assert re.search(rf"\n  reject +{sum(fields['judged'] == 'reject' for fields in of)} .* 0\n", out), out
    first = out[out.index("would-be"):].splitlines()[2]
    contains(first, "reject")
    contains(out, "id " + next(fields["id"] for fields in of if fields["judged"] == "reject")[:3])
    for text in (out, ctl("report", "-c", conf, log)):
        long = [line for line in text.splitlines() if len(line) > 100]
        equal(long, [], "over 100 columns")


@test("report and tune: what the shadow policy would refuse and let through")
def _():
    of = [fields for fields in judged if "shadow" in fields]
    more = [fields for fields in of if fields["shadow_action"] in REFUSED and fields["judged"] not in REFUSED]
    got = json.loads(ctl("report", "-c", conf, "-j", log))["shadow"]
    equal(got["decisions"], len(of))
    for row in ("dunno", "mark", "defer", "reject"):
        for column in ("dunno", "mark", "defer", "reject"):
            equal(got["table"][row][column],
                  sum((fields["judged"], fields["shadow_action"]) == (row, column) for fields in of), f"{row} {column}")
    equal(sum(row["count"] for row in got["refuses_more"]) > 0, bool(more))
    for verb in ("report", "tune"):
        contains(ctl(verb, "-c", conf, log), f"it would refuse or defer {len(more)} more and let 0 through")


@test("tune: thresholds and rules are counted as the policy judges")
def _():
    got = json.loads(ctl("tune", "-c", conf, "-j", log))["summary"]
    default = [fields for fields in judged if fields["policy"] == "default"]
    for score in (1, 30, 70, 100):
        wanted = sum(int(fields["score"]) >= score for fields in judged)
        equal(sum(got["scores"][score:]), wanted, f"from {score}")
    rule = {row["rule"]: row for row in got["rules"]}["helo_localhost"]
    equal(rule["hits"], sum("helo_localhost" in fields["findings"] for fields in judged))
    equal(rule["decisive"], rule["hits"])
    confirmed = [fields for fields in default if "helo_localhost" in fields["findings"] and fields["fcrdns"] == "pass"]
    equal(rule["confirmed"], len(confirmed))
    assert rule["welcomed_later"] > 0
    limits = {"own": (20, 45, 85), "harsh": (1,)}
    near = [fields for fields in judged for limit in limits.get(fields["policy"], (30, 70, 100))
            if limit - 10 <= int(fields["score"]) < limit]
    equal(sum(row["count"] for row in got["near_misses"]), len(near))
    assert near


@test("tune --label: what was caught and what was wrongly hit")
def _():
    labels = folder / "labels"
    labels.write_text("# known\n203.0.113.0/24 ham\nweft.net spam # a pool\n203.0.114.1 spam\n")
    got = json.loads(ctl("tune", "-c", conf, "-j", "-l", labels, log))["summary"]["labels"]
    ham = [fields for fields in judged if fields["client"].startswith("203.0.113.")]
    equal(sum(got["ham"]["scores"]), len(ham))
    equal(got["ham"]["defer"], sum(fields["threshold"] == "defer" for fields in ham))
    assert sum(got["spam"]["scores"]) > 100
    contains(ctl("tune", "-c", conf, "-l", labels, log), "wrongly refused: ")
    labels.write_text("203.0.113.0/24 good\n")
    status, _, err = heloctl("tune", "-c", conf, "-l", labels, log)
    equal(status, 65)
    contains(err, ":1: expected")


def default_ones(label):
    """Judged greetings of the default policy by outcome, of clients with this label."""
    networks = {"ham": ("203.0.113.",), "spam": ("203.0.114.", "203.0.115.", "203.0.116.")}[label]
    of = [fields for fields in judged if fields["policy"] == "default" and fields["client"].startswith(networks)]
    return {state: sum(fields["judged"] == state for fields in of) for state in ("dunno", "mark", "defer", "reject")}


@test("tune makes one coherent suggestion that follows the labels, and its policy does what it says")
def _():
    labels = folder / "known"
    labels.write_text("203.0.113.0/24 ham\n203.0.114.0/24 spam\n203.0.115.0/24 spam\n203.0.116.0/24 spam\n")
    got = json.loads(ctl("tune", "-c", conf, "-j", "-l", labels, log))
    suggestion, rules = got["suggestion"], {row["rule"]: row for row in got["summary"]["rules"]}
    note(suggestion["changes"])
    assert suggestion["by_labels"] and suggestion["changes"]
    for kind in ("ham", "spam"):
        equal(suggestion["before"][kind], default_ones(kind), kind)
    subjects = [re.match(r'(threshold "\w+"|\w+)', row["change"]).group(1) for row in suggestion["changes"]]
    equal(len(subjects), len(set(subjects)), "two suggestions about one thing")
    for name in subjects:
        if name in rules:
            assert rules[name]["decisive_on_ham"] >= rules[name]["decisive_on_spam"], rules[name]
    for rule in rules.values():
        if rule["decisive_on_ham"] == 0:
            assert rule["rule"] not in subjects, rule
    refused = {when: sum(suggestion[when]["ham"][state] for state in REFUSED) for when in ("before", "after")}
    assert refused["after"] < refused["before"], refused
    text, block = conf.read_text(), re.compile(r'(?ms)^policy "default" \{.*?^\}\n')
    contains(text, 'policy "default"')
    changed = folder / "suggested.conf"
    changed.write_text(block.sub(lambda _: suggestion["policy"], text, count=1))
    again = json.loads(ctl("tune", "-c", changed, "-j", "-l", labels, log))["suggestion"]
    for kind in ("ham", "spam", "proved", "other"):
        equal(again["before"].get(kind), suggestion["after"].get(kind), f"what the changed policy does to {kind}")
    out = ctl("tune", "-c", conf, "-l", labels, log)
    contains(out, suggestion["policy"])
    contains(out, "<- reject")


@test("tune suggests nothing where the labels agree with the policy")
def _():
    labels = folder / "agree"
    labels.write_text("".join(f"{fields['client']} {'spam' if fields['judged'] in REFUSED else 'ham'}\n"
                              for fields in judged if fields["client"].startswith("203.1.")))
    some = folder / "some"
    some.write_text("".join(line + "\n" for line in log.read_text().splitlines() if " client=203.1." in line))
    equal(json.loads(ctl("tune", "-c", conf, "-j", "-l", labels, some))["suggestion"]["changes"], [])


@test("tune: one partner with much mail does not decide alone, many partners do")
def _():
    labels, lines = folder / "senders", folder / "mail-of-senders"

    def suggested(partners, others=0):
        labels.write_text("".join(f"loom{i}.org ham\n" for i in range(partners)) + "198.51.100.0/24 spam\n")
        written = [(f"203.1.{i % partners}.25", f"mx.loom{i % partners}.org", "pass", "86") for i in range(others + 200)]
        written += [(f"198.51.100.{i}", '""', "none", "86") for i in range(60)]
        lines.write_text("".join(
            f"Nov 20 10:00:00 mx helod[1]: decision v=1 id=7QK{i:04} action=defer judged=defer score={score} "
            f"threshold=defer policy={'second' if i < others else 'default'} mode=enforce client={client} rdns={rdns} "
            f"fcrdns={fcrdns} helo=WIN-3T0K8V5Q1LM "
            f"proto=ESMTP sender=x@loom.org instance=1.{i} findings=helo_factory:86 dns=1/13ms cached=1 ms=14 "
            "reply=\"450 4.7.1 no\"\n" for i, (client, rdns, fcrdns, score) in enumerate(written)))
        spare = folder / "spare.conf"
        spare.write_text('policy "default" { points { helo_factory = 86 } }\npolicy "second" {}\n')
        contains(ctl("tune", "-c", spare, "-l", labels, lines), "a sender counts at most 10 times for each outcome")
        return json.loads(ctl("tune", "-c", spare, "-j", "-l", labels, lines))["suggestion"]
    alone, many = suggested(1), suggested(100)
    equal((alone["by_labels"], alone["changes"]), (True, []))
    equal(alone["before"]["ham"]["defer"], 200, "the table counts every greeting")
    contains(many["changes"][0]["reason"], "it decided 200 outcomes of ham and 60 of spam, weighed 200 and 60")
    after = suggested(100, others=1000)
    contains(after["changes"][0]["reason"], "weighed 200 and 60", "mail under another policy takes no weight away")


@test("tune lowers no threshold unless some mail is known to be ham: a client that proves nothing need not send spam")
def _():
    lines, labels, spare = folder / "unknown", folder / "unknown.labels", folder / "unknown.conf"
    spare.write_text("")
    lines.write_text("".join(
        f"Nov 20 10:00:{i:02} mx helod[1]: decision v=1 id=7QK2M{i % 10} action=dunno judged=mark score=66 threshold=mark "
        f"policy=default mode=monitor client=203.1.{i}.1 rdns=mx.loom{i}.net fcrdns=pass helo=WIN-3T0K8V5Q1LM proto=ESMTP "
        f"sender=x@loom{i}.net instance=1.{i} findings=helo_factory:66 dns=1/1ms cached=0 ms=1 reply=DUNNO\n"
        for i in range(40)))

    def suggested(text):
        labels.write_text("".join(f"203.1.{i}.1 {label}\n" for i, label in enumerate(text)))
        got = json.loads(ctl("tune", "-c", spare, "-l", labels, "-j", lines))["suggestion"]
        return [change["change"] for change in got["changes"]]
    equal(suggested([]), [])
    equal(suggested(["spam"] * 39), [])
    with open(lines, "a", encoding="utf-8") as more:  # the ham of an exempt partner says nothing about what is judged
        more.write("Nov 20 10:00:50 mx helod[1]: decision v=1 id=7QK2MX action=dunno judged=dunno score=0 policy=default "
                   "mode=monitor client=192.0.2.9 helo=mx.partner.net proto=ESMTP sender=x@partner.net instance=1.99 "
                   "findings=- skip=exempt ms=0 reply=DUNNO\n")
    equal(suggested(["spam"] * 39 + ["spam\n192.0.2.9 ham"]), [])
    equal(suggested(["spam"] * 39 + ["ham"]), ['threshold "defer" at 66 instead of 70'])


@test("tune: that a throw-away domain proves its name is no reason to spare it, unlike a doubt about identity")
def _():
    def suggested(findings, score):
        lines = folder / "lines"
        lines.write_text("".join(
            f"Nov 20 10:00:{i:02} mx helod[1]: decision v=1 id=7QK2M{i % 10} action=defer judged=defer score={score} threshold=defer "
            f"policy=default mode=enforce client=203.1.9.{i + 1} rdns=a{i}.loom{i}.top fcrdns=pass helo=a{i}.loom{i}.top "
            f"proto=ESMTP sender=x@loom{i}.top instance=1.{i} findings={findings} dns=3/13ms cached=1 ms=14 reply=\"450 4.7.1 no\"\n"
            for i in range(40)))
        got = json.loads(ctl("tune", "-j", lines))
        equal(got["summary"]["decisions"], 40)
        return [change["change"] for change in got["suggestion"]["changes"]]
    equal(suggested("helo_bulk_name:55,greeting_plaintext:25,helo_verified:0", 80), [])
    assert suggested("helo_factory:66,helo_underscore:33", 99), "nobody is spared"


ctl("report", "-c", conf, "-w", page, log)


@test("the page loads nothing from elsewhere, and no name makes markup in its source")
def _():
    text = page.read_text()
    head = text.partition('<script type="application/json"')[0]
    assert not re.search(r'(src|href)\s*=|@import|url\(', head), "a reference"
    equal(text.count("<script"), 2)
    equal(text.count("</script"), 2)
    assert "document.title=" in text, "the hostile name is not in the report at all"

run()
