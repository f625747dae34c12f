# SPDX-License-Identifier: BSD-2-Clause
"""heloctl stats, top and reload against a running helod, over its unix socket and over loopback."""
import json
import re
import threading
import time

from helod import Helod, free_port, heloctl, scratch
from tap import contains, equal, run, test

SOCKET, PORT = scratch() / "status", free_port()
STATUS = f'status {{ listen = {{ "inet:127.0.0.1:{PORT}", "unix:{SOCKET}" }} }}\n'
daemon = Helod(STATUS)
for number in range(5):
    daemon.ask(helo=f"desk{number}")


@test("stats: the policy file names the socket; counts are those of the requests sent")
def _():
    status, out, err = heloctl("stats", "-c", daemon.conf_path)
    equal(status, 0, err)
    lines = dict(line.split() for line in out.splitlines())
    equal(lines["helod_requests_total"], "5")
    equal(lines['helod_findings_total{rule="helo_not_fqdn"}'], "5")
    assert "0" not in lines.values(), lines


@test("stats --json, over the unix socket and over loopback, is the same and whole")
def _():
    found = []
    for place in (f"unix:{SOCKET}", f"inet:127.0.0.1:{PORT}"):
        status, out, err = heloctl("stats", "-j", "-s", place)
        equal(status, 0, err)
        found.append(json.loads(out)["requests_total"])
    equal(found, [5, 5])


@test("top: what grows in a second")
def _():
    over = threading.Event()

    def ask():
        with daemon.connect() as connection:
            while not over.is_set():
                connection.ask(helo="desk")
                time.sleep(0.02)
    thread = threading.Thread(target=ask)
    thread.start()
    status, out, err = heloctl("top", "-c", daemon.conf_path, "-i", "500ms", "-n", "2")
    over.set()
    thread.join()
    equal(status, 0, err)
    looks = out.split("requests per second")[1:]
    equal(len(looks), 2)
    rate = float(looks[1].split()[0])
    assert 0 < rate < 60, out
    contains(looks[1], "helo_not_fqdn")
    decided = [float(rate) for rate in re.findall(r"(?:dunno|mark|defer|reject) ([0-9.]+)", looks[1])]
    equal(len(decided), 4)
    assert abs(sum(decided) - rate) < 0.5, f"every request was decided:\n{out}"
    assert "\x1b" not in out, "it clears no screen where there is none"


@test("reload: a whole file is in force, a broken one is not and the old one stays")
def _():
    daemon.write(STATUS + 'policy "default" { points { helo_not_fqdn = 100 } }')
    status, out, err = heloctl("reload", "-c", daemon.conf_path)
    equal(status, 0, err)
    contains(out, "in force")
    contains(daemon.ask(helo="desk9"), "550 ")
    conf = daemon.conf_path.read_text()
    daemon.conf_path.write_text(conf + "nonsense {")
    status, out, err = heloctl("reload", "-s", f"unix:{SOCKET}")
    equal(status, 1)
    contains(err, "the running policy stays active")
    contains(daemon.ask(helo="desk10"), "550 ")
    daemon.conf_path.write_text(conf)


@test("reload over loopback is refused: anybody may connect there")
def _():
    status, _, err = heloctl("reload", "-s", f"inet:127.0.0.1:{PORT}")
    equal(status, 70)
    contains(err, "only root")


@test("nobody there, no place at all, and who speaks no HTTP are told")
def _():
    status, _, err = heloctl("stats", "-s", "unix:/helod-absent/socket")
    equal(status, 70)
    contains(err, "No such file")
    empty = scratch() / "empty.conf"
    empty.write_text("status { listen = {} }")
    status, _, err = heloctl("stats", "-c", empty)
    equal(status, 78)
    contains(err, "--socket")
    daemon_port = daemon.port
    status, _, err = heloctl("stats", "-s", f"inet:127.0.0.1:{daemon_port}")
    equal(status, 70)
    contains(err, "the answer is not valid HTTP")


run()
