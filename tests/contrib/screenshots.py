#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""`make screenshots`: renews doc/report.png and doc/status.png, which README.md shows. The data are invented: a real
daemon in monitor mode judges made-up greetings, whose times are then spread over a week and an hour.

    screenshots.py FOLDER
"""
import base64
import datetime
import functools
import http.server
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import threading
import urllib.request

import browser
import greetings
import helod

GREETINGS, BYTES = 6000, 150_000
PORT = helod.free_port()
CONF = f"""
status {{ listen = {{ "inet:127.0.0.1:{PORT}" }} }}
policy "default" {{ mode = "monitor" }}
exempt {{ clients = {{ "198.51.100.0/28" }}  rdns = {{ ".friend.example-loom.net" }}  helo = {{ ".odd-loom.net" }} }}
"""
# How often each kind of greetings.py occurs; all others are rare.
COMMON = {0: 300, 1: 300, 2: 60, 14: 50, 20: 20, 21: 12, 9: 25, 10: 9, 13: 5, 17: 0, 18: 0, 19: 2, 25: 0}


class Week(greetings.Traffic):
    """Mostly honest mail, as a small site has it."""

    def __init__(self):
        super().__init__(CONF)
        chance, per_host = random.Random(17), len(self.kinds) // greetings.PER_KIND
        weights = [COMMON.get(i % per_host, 3) * chance.paretovariate(1.5) for i in range(len(self.kinds))]
        self.kinds = chance.choices(self.kinds, weights, k=GREETINGS)


def spread(lines):
    """The same decisions over seven days that are busier by day than by night."""
    chance, start = random.Random(18), datetime.datetime(2026, 3, 2)
    busy = [1 + math.sin((hour % 24 - 7) / 24 * 2 * math.pi) * (.8 if hour // 24 < 5 else .3) for hour in range(7 * 24)]
    hours = sorted(chance.choices(range(7 * 24), busy, k=len(lines)))
    times = sorted(start + datetime.timedelta(hours=hour, seconds=chance.randrange(3600)) for hour in hours)
    return "".join(re.sub(r"^\S+", when.strftime("%Y-%m-%dT%H:%M:%SZ"), line) + "\n" for when, line in zip(times, lines))


def recent_hour(status):
    """The status as it would be after nine days, with the decisions of the last hour one after the other."""
    chance = random.Random(19)
    for name, minutes in status["minutes"].items():
        each = sum(minutes) / 600
        status["minutes"][name] = [max(0, round(chance.gauss(each, each / 2 + .4))) for _ in minutes]
    for i, row in enumerate(status["decisions"]):
        row["time"] = status["now"] - 3 - 7 * i
    status["file"] = "/etc/helod/helod.conf"
    for entry in status["exemptions"]:
        entry["where"] = re.sub(r"^/.*/", "/etc/helod/", entry["where"])
    status["metrics"]["start_timestamp_seconds"] = status["now"] - 9 * 86400
    return status


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def take(page, address, height, file):
    page.devtools("Emulation.setDeviceMetricsOverride", width=1200, height=height, deviceScaleFactor=1, mobile=False)
    page.devtools("Emulation.setScrollbarsHidden", hidden=True)
    page.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
    page.go(address)
    helod.wait_for(lambda: page.script("return document.querySelectorAll('tr[data-id]').length > 1"), what="rows")
    page.script("document.querySelector('.unfold').click(); document.activeElement.blur()")
    whole = base64.b64decode(page.devtools("Page.captureScreenshot")["data"])
    small = subprocess.run(["pngquant", "--strip", "--speed", "1", "64", "-"], input=whole, stdout=subprocess.PIPE, check=True)
    data = small.stdout
    assert len(data) < BYTES, f"{file.name} has {len(data)} bytes, more than {BYTES}"
    file.write_bytes(data)
    print(f"{file}: {len(data)} bytes")


def main(target):
    folder = helod.scratch()
    with Week() as week:
        week.ask(GREETINGS)
        for name in ("index.html", "status.css", "status.js", "status.json"):
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{name.replace('index.html', '')}") as answer:
                (folder / name).write_bytes(answer.read())
        lines = [line for line in week.daemon.log().splitlines() if "decision v=1" in line]
        (folder / "log").write_text(spread(lines))
        status, _, err = helod.heloctl("report", "-c", week.daemon.conf_path, "-w", folder / "report.html", folder / "log")
        assert status == 0, err
    status = recent_hour(json.loads((folder / "status.json").read_text()))
    (folder / "status.json").write_text(json.dumps(status))
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with browser.Browser() as page:
        take(page, (folder / "report.html").as_uri(), 1500, target / "report.png")
        take(page, f"http://127.0.0.1:{site.server_port}/", 1150, target / "status.png")
    site.shutdown()


if __name__ == "__main__":
    if browser.possible() or not shutil.which("pngquant"):
        sys.exit(f"screenshots.py: {browser.possible() or 'pngquant is not installed'}")
    main(pathlib.Path(sys.argv[1]))
