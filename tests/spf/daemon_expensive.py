#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A record built to be expensive costs at most 25 lookups, keeps no other client waiting, rejects nobody."""
import collections
import time

import helod
import nameserver
from stalls import Watch
from tap import equal, run, test

HOSTS = [(mx, host) for mx in range(10) for host in range(10)]
GREEDY = "v=spf1 " + " ".join("mx:m%d.greedy-kiln.net" % mx for mx in range(10)) + " -all"
ZONE = ["greedy-kiln.net 60 TXT \"%s\"" % GREEDY, "greedy-kiln.net 60 A 192.0.2.8",
        "out.greedy-kiln.net 60 A 192.0.2.7", "192.0.2.7 60 PTR out.greedy-kiln.net",
        "quick-kiln.net 60 TXT \"v=spf1 ip4:192.0.2.9 -all\"", "quick-kiln.net 60 A 192.0.2.8",
        "out.quick-kiln.net 60 A 192.0.2.9", "192.0.2.9 60 PTR out.quick-kiln.net"]
for mx, host in HOSTS:
    ZONE.append("m%d.greedy-kiln.net 60 MX %d h%d.m%d.greedy-kiln.net" % (mx, host, host, mx))
    ZONE.append("h%d.m%d.greedy-kiln.net 60 A 198.51.%d.%d" % (host, mx, mx, host))
SLOW = ["h%d.m%d.greedy-kiln.net fault slow=400" % (host, mx) for mx, host in HOSTS]
POLICY = 'policy "default" { points { helo_spf_fail = 90 helo_spf_pass = -20 } }'


def servers(zone, **options):
    dns = nameserver.FaultDns("\n".join(zone) + "\n")
    return dns, helod.Helod(POLICY, resolver=dns.address, **options)


@test("ten MX of ten hosts: after 25 lookups the result is unknown, and the record's -all does not count")
def _():
    dns, daemon = servers(ZONE)
    with dns, daemon:
        answer = daemon.ask(client="192.0.2.7", helo="greedy-kiln.net")
        asked = collections.Counter(kind for kind, name in dns.questions() if ".m" in name or name.startswith("m"))
        assert 15 <= sum(asked.values()) < 25, asked  # beside those for the name itself
        equal((daemon.decision()["spf"], daemon.decision()["limit"]), ("temperror", "answers"))
        assert "helo_spf_fail" not in daemon.decision()["findings"], daemon.log()
        assert not answer.startswith(("4", "5")), answer


@test("while it is slow no other client waits, and at the deadline it is no reason to reject")
def _():
    dns, daemon = servers(ZONE + SLOW, server=' deadline = "4s"')
    with dns, daemon:
        slow = [helod.Connection(("127.0.0.1", daemon.port)) for _ in range(10)]
        for number, connection in enumerate(slow):
            connection.send(helod.request(client_address="192.0.2.7", helo_name="greedy-kiln.net",
                                           instance="greedy.%d" % number))
        time.sleep(0.5)
        began = time.monotonic()
        with Watch(daemon.process.pid) as watch:
            answer = daemon.ask(client="192.0.2.9", helo="quick-kiln.net")
        assert watch.seconds < 2.0, f"{watch.seconds:.2f} s"
        equal(daemon.decision(helo="quick-kiln.net")["findings"].get("helo_spf_pass"), -20)
        assert not answer.startswith(("4", "5")), answer
        for connection in slow:
            answer = connection.answer()
            assert not answer.startswith(("4", "5")), answer
        waited = time.monotonic() - began
        assert waited > 2, f"the slow ones ended after {waited:.1f} s: nothing was shown"
        for line in daemon.decisions(helo="greedy-kiln.net"):
            assert "helo_spf_fail" not in line["findings"], line


run()
