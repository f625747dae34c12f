# SPDX-License-Identifier: BSD-2-Clause
"""The page of heloctl report in a real browser: sliders, order, pages, sorting, filters, unfolding, phone, contrast,
hostile names that stay text, and what a mail log, labels and a shadow policy add to it."""
import json

import browser
import greetings
import week as made_up
from helod import decision_fields, heloctl, scratch
from tap import contains, equal, run, skip_all, test

if browser.possible():
    skip_all(browser.possible())

POLICY = {"mark": 30, "defer": 70, "reject": 100}
THRESHOLDS = dict(POLICY)  # as the sliders are moved
REFUSED = ("defer", "reject")

folder = scratch()
traffic, week = greetings.with_hostile_names(6000), made_up.Week()
conf, log, page, week_page = traffic.daemon.conf_path, folder / "log", folder / "report.html", folder / "week.html"
log.write_text(traffic.daemon.log())
judged = [fields for fields in map(decision_fields, log.read_text().splitlines()) if fields and "skip" not in fields]
labels = folder / "labels"
labels.write_text("203.0.113.0/24 ham\n198.51.100.0/23 spam\n")
OF_WEEK = ("-c", week.conf, "-m", week.mail_log, "-l", labels, week.log)


def ctl(*arguments):
    status, out, err = heloctl(*arguments)
    equal(status, 0, err)
    return out


ctl("report", "-w", page, "-c", conf, log)
ctl("report", "-w", week_page, *OF_WEEK)
survey_page = folder / "survey.html"
ctl("survey", "-o", "-w", survey_page, "-c", week.conf, week.mail)


def in_browser(name, file=page):
    def register(function):
        @test(name, 120)
        def _():
            with browser.Browser() as window:
                window.go(file.as_uri())
                function(window)
                errors = [line for line in window.complaints() if "favicon" not in line]
                equal(errors, [], "console")
    return register


def would(limits):
    """What the sliders must say."""
    sums = dict.fromkeys(("dunno", "mark", "defer", "reject"), 0)
    for fields in judged:
        score = min(int(fields["score"]), 151)
        sums[next((name for name in ("reject", "defer", "mark") if score >= limits[name]), "dunno")] += 1
    return sums


def said(window):
    return {name: int(window.script("return document.getElementById(arguments[0]).dataset.count", "would-" + name))
            for name in ("dunno", "mark", "defer", "reject")}


@in_browser("moving a slider shows what would have been marked, deferred and rejected")
def _(window):
    equal(said(window), would(THRESHOLDS))
    for name, keys, limit in (("reject", "\ue012" * 5, 95), ("defer", "\ue011", 0), ("mark", "\ue014" * 21, 51)):
        window.type("#slide-" + name, keys)  # arrow keys, Home
        equal(window.text("#at-" + name), str(limit))
        limits = dict(THRESHOLDS)
        limits[name] = limit
        THRESHOLDS.update(limits)
        equal(said(window), would(THRESHOLDS), f"{name} at {limit}")


@in_browser("thresholds line up with their sliders, and the position gives a policy that helod accepts")
def _(window):
    window.type("#slide-reject", "\ue012" * 7)
    line, slider = window.script(
        "const l = document.querySelector('.threshold[data-name^=reject]').getBoundingClientRect(),"
        " s = document.getElementById('slide-reject'), b = s.getBoundingClientRect();"
        "return [l.left, b.left + 8 + (b.width - 16) * s.value / s.max]")
    assert abs(line - slider) < 3, (line, slider)
    snippet = window.text("#snippet")
    contains(snippet, 'threshold "reject" { score = 93  action = "reject" }')
    moved = folder / "moved.conf"
    moved.write_text('policy "default" {\n' + snippet + "\n}\n")
    limits = json.loads(ctl("report", "-c", moved, "-j", log))["thresholds"]
    equal({row["name"]: row["score"] for row in limits}, {**POLICY, "reject": 93})


ROWS = "#greetings-table > tbody > tr[data-id]"
SCORE, HELO = 3, 4  # columns


def column(window, number):
    return window.texts(f"{ROWS} > td:nth-child({number})")


def order(window):
    """The ids of all rows, page by page."""
    found = []
    while True:
        found += window.script(f"return [...document.querySelectorAll('{ROWS}')].map(r => r.dataset.id)")
        if window.script("return document.querySelector('#greetings .pages button:last-child').disabled"):
            return found
        window.click("#greetings .pages button:last-child")


@in_browser("every greeting over a threshold, in pages of 50, in the order of harm")
def _(window):
    rows = json.loads(ctl("report", "-c", conf, "-j", log))["greetings"]
    assert len(rows) > 100, len(rows)
    equal(len(column(window, HELO)), 50)
    assert window.script("return document.documentElement.scrollHeight") < 12000
    equal(order(window), [row["id"] for row in rows])
    contains(window.text("#greetings .pages"), f"of {len(rows):,}")


@in_browser("the table sorts by pointer and by keyboard, both ways, over all pages")
def _(window):
    rows = json.loads(ctl("report", "-c", conf, "-j", log))["greetings"]
    head = f"#greetings-table th:nth-child({SCORE})"
    window.click(f"{head} button")
    scores = [int(text.replace(",", "")) for text in column(window, SCORE)]
    equal(scores, sorted((row["score"] for row in rows), reverse=True)[:50])
    equal(window.script("return document.querySelector(arguments[0]).ariaSort", head), "descending")
    window.type(f"{head} button", "\ue007")
    scores = [int(text.replace(",", "")) for text in column(window, SCORE)]
    equal(scores, sorted(row["score"] for row in rows)[:50])
    equal(window.script("return document.querySelector(arguments[0]).ariaSort", head), "ascending")
    window.type(f"#greetings-table th:nth-child({HELO}) button", " ")
    helos = column(window, HELO)
    equal(helos, sorted(helos))


def choose(window, name, value):
    window.script("const s = document.getElementById(arguments[0]); s.value = arguments[1];"
                  "s.dispatchEvent(new Event('input'))", "by-" + name, value)


@in_browser("filters by words, outcome, rule, network and by what looks wrong")
def _(window):
    rows = json.loads(ctl("report", "-c", conf, "-j", log))["greetings"]

    def shown(wanted):
        """The page shows these rows and no other."""
        ids = [row["id"] for row in rows if wanted(row)]
        assert 0 < len(ids) < len(rows), len(ids)
        contains(window.text("#shown"), f"{len(ids):,} of {len(rows):,}")
        equal(order(window), ids)
    window.type("#filter", "weft pool-203")
    shown(lambda row: "pool-203" in row["rdns"] + row["helo"])
    window.type("#filter", "\ue003" * 13)
    choose(window, "outcome", "defer")
    shown(lambda row: row["defer"] > 0)
    choose(window, "outcome", "")
    choose(window, "rule", "helo_localhost")
    shown(lambda row: "helo_localhost" in [finding["rule"] for finding in row["findings"]])
    choose(window, "rule", "")
    choose(window, "network", "203.0.113.0/24")
    shown(lambda row: row["network"] == "203.0.113.0/24")
    choose(window, "network", "")
    window.type("#by-wrong", " ")
    shown(lambda row: row["looks_wrong"])


@in_browser("a row unfolds by the keyboard into its findings in words")
def _(window):
    first = json.loads(ctl("report", "-c", conf, "-j", log))["greetings"][0]
    summaries = {rule["rule"]: rule["summary"] for rule in json.loads(ctl("report", "-c", conf, "-j", log))["rules"]}
    button = f"{ROWS} .unfold"
    equal(window.script("return document.querySelector(arguments[0]).ariaExpanded", button), "false")
    window.type(button, "\ue007")
    words = window.text("#greetings .unfolded")
    for finding in first["findings"]:
        contains(words, f"{finding['points']:+d}" if finding["points"] else "0")
        contains(words, summaries[finding["rule"]])
    contains(words, first["id"])
    equal(window.script("return document.activeElement.ariaExpanded"), "true")
    window.type(button, " ")
    equal(window.script("return document.querySelectorAll('.unfolded').length"), 0)


@in_browser("both charts by hour count what the log says")
def _(window):
    for chart, states in (("hours", ("dunno", "mark", "defer", "reject")), ("refusals", REFUSED)):
        for state in states:
            bars = window.script("return [...document.querySelectorAll(arguments[0])].map(r => +r.dataset.value)",
                                 f"#{chart} rect.{state}")
            equal(sum(bars), sum(fields["judged"] == state for fields in judged), f"{chart} {state}")


@in_browser("a hostile HELO name stays text")
def _(window):
    equal(window.script("return document.title"), "helod report")
    equal(window.script("return document.querySelectorAll('img, script').length"), 2)
    window.type("#filter", "onerror")
    equal(column(window, HELO), [greetings.HOSTILE])
    window.type(f"{ROWS} .unfold", "\ue007")
    equal(window.script("return document.title"), "helod report")


def look(window, name, texts=50):
    """In the four views: nothing is wider than the screen, no word is broken, every text has a contrast of 4.5 to 1."""
    for view in window.views(name, "document.querySelectorAll('.unfold[aria-expanded=false]').forEach((b, i) => i < 1 && b.click())"):
        equal(window.script(browser.OVERFLOW), [False, [], []], f"{name} {view}")
        checked, poor = window.script(browser.CONTRAST)
        assert checked > texts, checked
        equal(poor, [], f"{name} {view}")


@in_browser("wide and on a phone, light and dark: nothing overflows, contrast is 4.5 to 1 and more")
def _(window):
    look(window, "report")


@in_browser("a log without a decision says what to expect, and fits the screen as well")
def _(window):
    nothing = folder / "nothing.html"
    (folder / "nothing").write_text("")
    ctl("report", "-c", conf, "-w", nothing, folder / "nothing")
    window.go(nothing.as_uri())
    contains(window.text("main"), "No decisions in this log")
    contains(window.text("#greetings"), "No greeting reached a threshold")
    equal([name for name in ("scores", "sliders", "policy", "tools") if window.text(f"#{name}")], [], "nothing to show")
    look(window, "report-empty", texts=20)


@in_browser("a week: the partner leads it, with its signs, counts and id", week_page)
def _(window):
    rows, first = week.rows, json.loads(ctl("report", "-j", *OF_WEEK))["greetings"][0]
    refused = sum(row["decision"]["judged"] in REFUSED for row in rows)
    contains(window.text("#lead"), f"{refused:,} of {len(rows):,} judged greetings would have been")
    row = window.text("#greetings tbody tr[data-id]")
    for part in (made_up.PARTNER, made_up.PARTNER_HELO, "70", "yes"):
        contains(row, part)
    window.type("#greetings .unfold", "\ue007")
    contains(window.text("#greetings .unfolded"), f"heloctl explain {first['id']}")
    contains(window.text("#greetings .unfolded"), "sent ham")
    window.type("#by-wrong", " ")
    contains(window.text("#shown"), "1 of ")


@in_browser("a week: the tables of rules, mail log, known senders and shadow policy have the report's numbers",
            week_page)
def _(window):
    got = json.loads(ctl("report", "-j", *OF_WEEK))

    def cells(name):
        return [[cell.strip() for cell in row] for row in window.script(
            "return [...document.querySelectorAll(arguments[0])].map(r => [...r.cells].map(c => c.innerText))",
            f"#{name} tbody tr")]
    outcomes = ("reject", "defer", "mark", "dunno")
    for name, row in zip(outcomes, cells("fates-rows"), strict=True):
        of = got["mail_log"][name]
        said = [", ".join(f"{who} {count:,}" for who, count in of[label].items() if count) for label in ("spam", "ham")]
        contains(row[0], name)
        equal(row[1:], said + [f"{of[key]:,}" for key in ("refused", "delivered", "unknown")], name)
    equal(cells("labels-rows"), [[label, *(f"{got['labels'][label][name]:,}" for name in outcomes[::-1])]
                                 for label in ("ham", "spam")])
    hits = sorted((rule for rule in got["rules"] if rule["refused"]), key=lambda rule: -rule["refused"])
    equal([row[3] for row in cells("rules")][:len(hits)], [f"{rule['refused']:,}" for rule in hits], "credits lead")
    shadow = got["shadow"]
    moved = sum(shadow["table"][now][then] for now in ("dunno", "mark") for then in REFUSED)
    assert moved > 0
    contains(window.text("#shadow-lead"), f"Of {shadow['decisions']:,} greetings, the candidate would refuse or defer {moved:,}"
                                          " more and let ")
    wanted = [["refuses", row["helo"], row["client"], f"{row['count']:,}"] for row in shadow["refuses_more"]]
    equal(cells("shadow-rows"), wanted[:20])


@in_browser("a survey: the page says what it rests on and could not know; the report of a log has no such part", survey_page)
def _(window):
    contains(window.text("#notes"), "messages, ")
    contains(window.text("#notes-rows"), "DNS was not queried: rules that need more than the recorded names could not match")
    contains(window.text("#notes-rows"), "not known: what other mail the clients sent")
    window.go(page.as_uri())
    equal(window.text("#notes"), "")
    window.go(survey_page.as_uri())
    look(window, "report-survey")


@in_browser("a week: wide and on a phone, light and dark", week_page)
def _(window):
    look(window, "report-week")


run()
week.stop()
