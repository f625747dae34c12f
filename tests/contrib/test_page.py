#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The status page in a real browser: numbers, thresholds, sorting, filter, unfolding, updates, hostile names, phone,
contrast, and the end of the daemon."""
import browser
from helod import Helod, free_port, wait_for
from tap import contains, equal, run, skip_all, test

if browser.possible():
    skip_all(browser.possible())

PORT = free_port()
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
daemon = Helod(f'status {{ listen = {{ "inet:127.0.0.1:{PORT}" }} }}\nexempt {{ clients = {{ "198.51.100.9" }} }}\n'
               'history { store = "memory" }')
for _ in range(3):
    daemon.ask(helo="bad_name!", client="203.0.113.77")
daemon.ask(client="198.51.100.9")
daemon.ask(helo=HOSTILE, client="203.0.113.78")
page = browser.Browser()
page.go(f"http://127.0.0.1:{PORT}/")


def text(selector):
    return page.script("return document.querySelector(arguments[0])?.textContent ?? null", selector)


def count(selector):
    return page.script("return document.querySelectorAll(arguments[0]).length", selector)


ROWS = "#decisions-table > tbody > tr[data-id]"


@test("it shows the requests, decisions, findings and exemptions that there were")
def _():
    wait_for(lambda: count(ROWS) == 5, what="decisions on the page")
    wait_for(lambda: "requests: 5," in (text("#about") or ""), what="their number")
    contains(text("#findings-table tbody"), "helo_bad_syntax")
    rows = page.script("return [...document.querySelectorAll('#exemptions-table tbody tr')].map(r => r.innerText)")
    assert any("198.51.100.9" in row and row.rstrip().endswith("1") for row in rows), rows
    equal(sum(page.script("return [...document.querySelectorAll('#minutes .bar')].map(b => +b.dataset.value)")), 5)
    cards = page.script("return Object.fromEntries([...document.querySelectorAll('#outcomes b')]"
                        ".map(b => [b.dataset.name, +b.textContent]))")
    equal(sum(cards.values()), 5)
    equal(cards["skipped"], 1)


@test("the minutes are split by outcome, in the same colours as the cards")
def _():
    parts = page.script("return [...document.querySelectorAll('#minutes .bar rect')].map(r => [r.getAttribute('class'),"
                        " +r.dataset.value])")
    sums = {}
    for name, value in parts:
        sums[name] = sums.get(name, 0) + value
    cards = page.script("return Object.fromEntries([...document.querySelectorAll('#outcomes b')]"
                        ".map(b => [b.dataset.name, +b.textContent]))")
    equal(sums, {name: value for name, value in cards.items() if value})
    colours = page.script("return [...document.querySelectorAll('#minutes .bar rect')].map(r => [getComputedStyle(r).stroke,"
                          " getComputedStyle(document.querySelector(`#outcomes .${r.getAttribute('class')}`)).color])")
    equal([bar for bar, _ in colours], [card for _, card in colours])
    equal(page.script("return [...document.querySelectorAll('svg text')].filter(t => {const a = t.getBoundingClientRect(),"
                      " b = t.ownerSVGElement.getBoundingClientRect(); return a.left < b.left - 1 || a.right > b.right + 1})"
                      ".map(t => t.textContent)"), [], "clipped labels")
    contains(page.texts("#minutes text"), "now")


@test("the thresholds are drawn into the score histogram, in order")
def _():
    lines = page.script("return [...document.querySelectorAll('.threshold')]"
                        ".map(l => [l.dataset.name, +l.getAttribute('x1')])")
    equal([name for name, _ in lines], ["mark 30", "defer 70", "reject 100"])
    equal(page.script("return defaultPolicy().thresholds.filter(t => !latest.metrics.score.bounds.includes(t.score - 1))"),
          [], "a bucket holds scores of two outcomes")
    equal(sorted(x for _, x in lines), [x for _, x in lines])
    equal(sum(page.script("return [...document.querySelectorAll('#scores .bar')].map(b => +b.dataset.value)")), 4)


@test("a hostile name is text: no element of it, no dialog, nothing in the console")
def _():
    equal(text("#decisions .helo"), HOSTILE)
    equal((count("img"), count("script"), page.alert()), (0, 1, None))
    equal(page.complaints(), [])


@test("a decision unfolds by the keyboard to its findings in words and stays open while the page updates itself")
def _():
    opened = page.script(f"return document.querySelectorAll('{ROWS}')[2].dataset.id")
    row = f"{ROWS.replace('[data-id]', '')}[data-id='{opened}']"
    page.type(f"{row} .unfold", "\ue007")  # Enter
    contains(text(f"{row} + .unfolded .finding"), "helo_")
    contains(text(f"{row} + .unfolded"), "HELO name")
    equal(page.script("return document.activeElement.className"), "unfold")
    page.script("window.kept = document.querySelector(arguments[0]); window.shown = 0;"
                "const old = show; show = (s) => { old(s); window.shown++; }", row)
    wait_for(lambda: page.script("return window.shown > 1"), what="two updates")
    equal(page.script("return window.kept.isConnected"), True, "rows that did not change are drawn again")
    daemon.ask(helo="one-more", client="203.0.113.80")
    wait_for(lambda: count(ROWS) == 6, what="the sixth decision, without a reload")
    equal(text("#decisions .helo"), "one-more")
    equal(count(f"{row} + .unfolded"), 1)
    equal(page.script("return document.activeElement.closest('tr').dataset.id"), opened)
    wait_for(lambda: "requests: 6," in (text("#about") or ""), what="their number")


@test("the decisions can be filtered by outcome and by words, and sorted by the keyboard")
def _():
    states = page.texts(f"{ROWS} td:nth-child(3)")
    page.script("const s = document.getElementById('by-outcome'); s.value = 'skipped'; s.dispatchEvent(new Event('input'))")
    equal(count(ROWS), sum("exempt" in state for state in states))
    equal(count(ROWS), 1)
    page.script("const s = document.getElementById('by-outcome'); s.value = ''; s.dispatchEvent(new Event('input'))")
    page.type("#filter", "one-more")
    equal(page.texts("#decisions .helo"), ["one-more"])
    page.type("#filter", "\ue003" * len("one-more"))
    page.type("#decisions-table th:nth-child(6) button", "\ue007")
    helos = page.texts("#decisions .helo")
    equal((len(helos), helos), (6, sorted(helos)))
    equal(page.script("return document.querySelector('#decisions-table th:nth-child(6)').ariaSort"), "ascending")


def look(name):
    """In the four views: nothing is wider than the screen, no word is broken, every text has a contrast of 4.5 to 1."""
    for view in page.views(name):
        equal(page.script(browser.OVERFLOW), [False, [], []], f"{name} {view}")
        checked, poor = page.script(browser.CONTRAST)
        assert checked > 50, checked
        equal(poor, [], f"{name} {view}")


@test("wide and on a phone, light and dark: nothing overflows, contrast is 4.5 to 1 and more")
def _():
    look("status")


@test("in monitor mode it leads with what would have happened; without a decision it says what to expect")
def _():
    port = free_port()
    with Helod(f'status {{ listen = {{ "inet:127.0.0.1:{port}" }} }}\npolicy "default" {{ mode = "monitor" }}') as quiet:
        page.go(f"http://127.0.0.1:{port}/")
        wait_for(lambda: "Mode monitor" in page.text("#mode"), what="the mode")
        contains(page.text("#lead"), "would have happened")
        contains(page.text("#minutes-empty"), "No decision in the last hour")
        contains(page.text("#scores-empty"), "No greeting was judged")
        contains(page.text("#decisions"), "check_policy_service")
        look("status-empty")
        quiet.ask(helo="bad_name!", client="203.0.113.77")
        judged = quiet.decision()["judged"]
        assert judged != "dunno"
        wait_for(lambda: count(ROWS) == 1, what="the decision")
        equal(page.texts(f"{ROWS} .outcome"), [f"{page.script('return SIGNS[arguments[0]]', judged)} {judged}", "\u25cb dunno"])
        contains(page.text("#outcomes"), "answered this way: 0")
        equal(page.script("return document.getElementById('minutes-empty').hidden"), True)
    page.go(f"http://127.0.0.1:{PORT}/")


@test("dark and light follow the system")
def _():
    backs = []
    for scheme in ("light", "dark"):
        page.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        backs.append(page.script("return getComputedStyle(document.body).backgroundColor"))
    light, dark = [[int(n) for n in back[4:-1].split(",")] for back in backs]
    assert min(light) > 200 and max(dark) < 60, backs


@test("it says whether STARTTLS is offered, and by how many networks helod has learned that")
def _():
    wait_for(lambda: "STARTTLS is not offered: clients of 0 unrelated networks" in page.text("#starttls"), what="the line")
    for i in range(21):
        daemon.ask(client=f"198.{51 + i}.100.90", encryption_protocol="TLSv1.3")
    wait_for(lambda: "STARTTLS is offered: clients of 20 unrelated networks" in page.text("#starttls"), what="what was learned")


@test("everything on it came from the listener itself")
def _():
    names = page.script("return performance.getEntriesByType('resource').map(e => e.name)")
    equal({name.rsplit("/", 1)[0] for name in names}, {f"http://127.0.0.1:{PORT}"})


@test("when helod is gone it says so")
def _():
    wait_for(lambda: page.script("return document.getElementById('stale').hidden"), what="no note while it is there")
    daemon.stop()
    wait_for(lambda: not page.script("return document.getElementById('stale').hidden"), what="the note")


run()
