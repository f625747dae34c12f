# SPDX-License-Identifier: BSD-2-Clause
"""greetings: many kinds of clients and greetings, a DNS for them, and a log of them that the real daemon wrote.

    with Traffic() as traffic:
        traffic.ask(100000)          # that many decisions, every kind in turn
        traffic.daemon.log_path      # their lines
"""
import socket
import threading

import helod
import nameserver

POLICIES = """
policy "default" {
    shadow = "harsh"
    threshold "mark" { score = 30  action = "prepend" }
    threshold "defer" { score = 70  action = "defer" }
    threshold "reject" { score = 100  action = "reject" }
    points { helo_localhost = 80  helo_not_fqdn = 60  rdns_dynamic = 35  rdns_missing = 40  helo_literal_mismatch = 70 }
}
policy "harsh" { threshold "reject" { score = 1  action = "reject" } }
policy "soft" { mode = "soft" }
policy "watch" { mode = "monitor" }
policy "own" {
    threshold "grey" { score = 20  action = "WARN grey" }
    threshold "later" { score = 45  action = "451 4.7.1 later" }
    threshold "never" { score = 85  action = "550 5.7.1 never" }
    points { helo_not_fqdn = 90  rdns_missing = 15  helo_verified = -30  greeting_helo = 7  helo_factory = 95 }
}
exempt { clients = { "198.51.100.0/28" }  rdns = { ".friend.example-loom.net" }  helo = { ".odd-loom.net" } }
"""
SERVER = ' deadline = "2s"\n instances = 1000\n client_rate = 0\n'
DNS = ' timeout = "100ms"\n tries = 1\n guard = 0\n cache = 200000\n ttl_failure = "300s"\n'
PER_KIND = 40  # hosts of each kind
EMPTY = ("unknown", "unknown")


def _kinds(i):
    """Rows for the i-th host of each kind: zone lines, client, HELO, (client_name, reverse_client_name), the rest."""
    a, b, c, d = (f"203.0.{113 + n}.{i + 1}" for n in range(4))
    v6 = f"2a02:db9:7::{i + 1:x}"
    good, bad = f"mail{i}.kiln-street{i % 7}.net", f"host{i}.loom-yard.net"
    pool = f"pool-203-0-115-{i + 1}.dyn.weft.net"
    return [
        (f'{good} 300 A {a}\n{a} 300 PTR {good}\n{good} 300 TXT "v=spf1 a -all"', a, good, EMPTY, {}),
        ("", a, good, (good, good), {}),
        ("", a, f"smtp.kiln-street{i % 7}.net", EMPTY, {}),
        ("", a, "localhost", EMPTY, {}),
        ("", a, f"[{a}]", EMPTY, {"protocol_name": "SMTP"}),
        ("", a, b, EMPTY, {}),
        (f"{b} 300 PTR {bad}\n{bad} 300 A 192.0.2.{i + 1}", b, bad, EMPTY, {}),
        ("", b, f"WIN-{i:011X}", ("unknown", bad), {"protocol_name": "SMTP", "context": "own"}),
        ("", b, "gmail.com", EMPTY, {"sender": "someone@gmail.com"}),
        (f"{c} 300 PTR {pool}\n{pool} 300 A {c}", c, pool, EMPTY, {"context": "own"}),
        ("", c, f"user{i}", (pool, pool), {"context": "soft"}),
        ("", c, "ylmf-pc", EMPTY, {"context": "watch", "protocol_name": "SMTP"}),
        ("", c, "mx.helod.example", EMPTY, {}),
        (f"x{i}.far-loom.net 300 A {d}\nx{i}.far-loom.net 300 TXT \"v=spf1 -all\"", d, f"x{i}.far-loom.net", EMPTY, {}),
        (f"{v6} 300 PTR v6.wool{i}.org\nv6.wool{i}.org 300 AAAA {v6}", v6, f"v6.wool{i}.org", EMPTY, {"sender": ""}),
        (f"s{i}.broken-loom.net fault servfail", d, f"s{i}.broken-loom.net", EMPTY, {"context": "soft"}),
        (f"203.1.0.{i + 1} fault servfail", f"203.1.0.{i + 1}", f"x_{i}.kiln-street{i % 7}.net", EMPTY,
         {"context": "harsh"}),
        ("", d, f'we"ird\\he lo\x01\xe9{i}', EMPTY, {}),
        ("", d, "x" * 300 + f".long{i}.net", EMPTY, {"sender": "y" * 250 + "@long.net"}),
        ("", d, "", EMPTY, {"protocol_name": "SMTP"}),
        ("", f"198.51.100.{i % 16}", good, EMPTY, {}),
        (f"203.1.1.{i + 1} 300 PTR h{i}.friend.example-loom.net\nh{i}.friend.example-loom.net 300 A 203.1.1.{i + 1}",
         f"203.1.1.{i + 1}", f"odd{i}", EMPTY, {}),
        (f"h{i}.odd-loom.net 300 A 203.1.2.{i + 1}", f"203.1.2.{i + 1}", f"H{i}.odd-loom.net", EMPTY, {}),
        ("", f"203.1.3.{i + 1}", f"h{i}.odd-loom.net", EMPTY, {}),
        ("", d, f"auth{i}", EMPTY, {"sasl_username": "user"}),
        ("", "unknown", "nobody", EMPTY, {}),
        ("", d, f"mail{i}_x.corp", EMPTY, {"context": "own"}),
        ("", d, "co.uk", EMPTY, {"context": "watch"}),
        ("", d, f"server{i}.local", EMPTY, {"context": "watch"}),
        ("", d, f"a.b{i}.nosuchtld", EMPTY, {"context": "own"}),
    ]


class Traffic:
    def __init__(self, conf=POLICIES):
        rows = [row for i in range(PER_KIND) for row in _kinds(i)]
        self.kinds = [row[1:] for row in rows]
        self.dns = nameserver.FaultDns("\n".join(row[0] for row in rows if row[0]) + "\n")
        try:
            self.daemon = helod.Helod(conf, server=SERVER, dns=DNS, resolver=self.dns.address)
        except AssertionError:
            self.dns.stop()
            raise
        self.asked = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.daemon.stop()
        self.dns.stop()

    def _questions(self, count):
        for _ in range(count):
            client, helo, (name, reverse), more = self.kinds[self.asked % len(self.kinds)]
            self.asked += 1
            yield helod.request(client=client, helo=helo, client_name=name, reverse_client_name=reverse,
                                 instance=f"{self.asked:x}.5a", **more)

    def ask(self, count):
        """Asks them all over one connection, without waiting for each answer."""
        peer = self.daemon.connect(unix=True, seconds=helod.PATIENCE)
        sender = threading.Thread(target=lambda: [peer.send(q) for q in self._questions(count)], daemon=True)
        sender.start()
        answers, last = 0, b""
        while answers < count:
            data = peer.socket.recv(1 << 20)
            assert data, f"closed after {answers} answers"
            answers += (last + data).count(b"\n\n")
            last = data[-1:] if not data.endswith(b"\n\n") else b""
        sender.join(10)
        peer.socket.shutdown(socket.SHUT_RDWR)
        peer.close()
        helod.wait_for(lambda: self.daemon.log().count("decision v=1") >= self.asked, what="all lines", step=0.2)


HOSTILE = '<img src=x onerror="document.title=1">&lt;/script><script>document.title=2</script>'


def with_hostile_names(count):
    """So many greetings, and a few whose names would be markup where a page does not escape them."""
    traffic = Traffic()
    traffic.ask(count)
    for helo in (HOSTILE, "</script><script>document.title=3</script>", "mail.kiln-street0.net"):
        traffic.daemon.ask(helo=helo, client="203.0.113.77", client_name='x"><b>bold.example.net')
    return traffic
