#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The status page in a real browser: numbers, thresholds, unfolding, updates, hostile names, phone, dark, an end."""
import browser
from helod import Helod, free_port, wait_for
from tap import contains, equal, run, skip_all, test

if browser.possible():
    skip_all(browser.possible())

PORT = free_port()
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
daemon = Helod(f'status {{ listen = {{ "inet:127.0.0.1:{PORT}" }} }}\nexempt {{ clients = {{ "198.51.100.9" }} }}')
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


@test("it shows the questions, decisions, findings and exemptions that there were")
def _():
    wait_for(lambda: count("#decisions details") == 5, what="decisions on the page")
    wait_for(lambda: "5 questions" in (text("#about") or ""), what="their number")
    contains(text("#findings tbody"), "helo_bad_syntax")
    rows = page.script("return [...document.querySelectorAll('#exemptions tbody tr')].map(r => r.innerText)")
    assert any("198.51.100.9" in row and row.rstrip().endswith("1") for row in rows), rows
    equal(sum(page.script("return [...document.querySelectorAll('#minutes .bar')].map(b => +b.dataset.value)")), 5)
    one = "return document.querySelector(`#outcomes dd[data-name=${arguments[0]}]`).textContent"
    equal(sum(int(page.script(one, name)) for name in ("dunno", "mark", "defer", "reject")), 5)


@test("the thresholds are drawn into the score histogram, in order")
def _():
    lines = page.script("return [...document.querySelectorAll('.threshold')]"
                        ".map(l => [l.dataset.name, +l.getAttribute('x1')])")
    equal([name for name, _ in lines], ["mark 30", "defer 70", "reject 100"])
    equal(sorted(x for _, x in lines), [x for _, x in lines])
    equal(sum(page.script("return [...document.querySelectorAll('#scores .bar')].map(b => +b.dataset.value)")), 4)


@test("a hostile name is text: no element of it, no dialog, nothing in the console")
def _():
    equal(text("#decisions details .helo"), HOSTILE)
    equal((count("img"), count("script"), page.alert()), (0, 1, None))
    equal(page.complaints(), [])


@test("a decision unfolds to its findings and stays open while the page updates itself")
def _():
    page.click("#decisions details:nth-child(2) summary")
    page.click("#decisions details:nth-child(3) summary")
    opened = page.script("return document.querySelector('#decisions details:nth-child(3)').dataset.id")
    contains(text("#decisions details:nth-child(3) .finding"), "helo_")
    daemon.ask(helo="one-more", client="203.0.113.80")
    wait_for(lambda: count("#decisions details") == 6, what="the sixth decision, without a reload")
    equal(text("#decisions details .helo"), "one-more")
    equal(page.script("return document.querySelector(`details[data-id='${arguments[0]}']`).open", opened), True)
    wait_for(lambda: "6 questions" in (text("#about") or ""), what="their number")


@test("on a phone nothing is wider than the screen")
def _():
    page.devtools("Emulation.setDeviceMetricsOverride", width=360, height=720, deviceScaleFactor=3, mobile=True)
    equal(page.script("return document.documentElement.scrollWidth"), 360)
    page.devtools("Emulation.clearDeviceMetricsOverride")


@test("dark and light follow the system")
def _():
    backs = []
    for scheme in ("light", "dark"):
        page.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        backs.append(page.script("return getComputedStyle(document.body).backgroundColor"))
    light, dark = [[int(n) for n in back[4:-1].split(",")] for back in backs]
    assert min(light) > 200 and max(dark) < 60, backs


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
