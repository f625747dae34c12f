#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""`make screenshots`: renews doc/report.png and doc/status.png, which README.md shows. The data are invented: the week
of tests/lib/week.py, which a real daemon judges in monitor mode; its last decisions are then spread over an hour.

    screenshots.py FOLDER
"""
import base64
import functools
import http.server
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import threading
import urllib.request

import browser
import helod
import week

BYTES = 150_000


def recent_hour(status):
    """The status as it would be after nine days, with the decisions of the last hour one after the other."""
    chance = random.Random(19)
    for name, minutes in status["minutes"].items():
        each = sum(minutes) / 600
        status["minutes"][name] = [max(0, round(chance.gauss(each, each and each / 2 + .4))) for _ in minutes]
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
    folder, port = helod.scratch(), helod.free_port()
    week.CONF += f'status {{ listen = {{ "inet:127.0.0.1:{port}" }} }}\n'
    with week.Week() as invented:
        for name in ("index.html", "status.css", "status.js", "status.json"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name.removeprefix('index.html')}") as answer:
                (folder / name).write_bytes(answer.read())
        status, _, err = helod.heloctl("report", "-c", invented.conf, "-m", invented.mail_log, "-w", folder / "report.html",
                                       invented.log)
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
