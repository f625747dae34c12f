#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The policy protocol on the wire, as a real helod speaks it: TCP and unix sockets, good peers and bad ones."""
import re
import socket
import time

from helod import HELOD, PATIENCE, SKIPPED, Connection, Helod, free_port, request, raise_descriptors, wait_for
from nameserver import FaultDns
from stalls import Watch
from tap import cases, cleanup, contains, equal, run, skip, test

DUNNO = b"action=DUNNO\n\n"
daemon = Helod()


def metric(name):
    """A counter, by SIGUSR1."""
    before = len(daemon.log())
    daemon.signal(10)
    wait_for(lambda: re.search(r"stats: policy \d", daemon.log()[before:]), what="stats")
    daemon.ask(**SKIPPED)  # its turn comes when all of them are written
    found = re.search(re.escape(name) + r" (\d+)", daemon.log()[before:])
    return int(found[1]) if found else 0


@test("a request is answered over TCP and over a unix socket")
def _():
    for unix in (False, True):
        equal(daemon.ask(unix, **SKIPPED), "DUNNO")


@test("one connection takes many requests")
def _():
    with daemon.connect() as c:
        for _ in range(500):
            equal(c.ask(**SKIPPED), "DUNNO")


@test("byte by byte")
def _():
    with daemon.connect() as c:
        c.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request(**SKIPPED):
            c.send(bytes([byte]))
        equal(c.answer(), "DUNNO")
        equal(c.ask(**SKIPPED), "DUNNO")


@test("pipelined requests are answered one after the other, in order")
def _():
    with daemon.connect() as c:
        bad = request(helo="bad name", client="203.0.113.9", instance="")
        c.send((request(**SKIPPED) + bad) * 50)
        for _ in range(50):
            equal(c.answer(), "DUNNO")
            contains(c.answer(), "5.5.2", "the second of each pair")


@test("pipelined requests wait for one that waits for DNS")
def _():
    with daemon.connect() as c:
        c.send(request(helo="slow.client.example") + request(**SKIPPED) + request(helo="bad name", instance=""))
        assert not c.answer().startswith("550"), "the first answer is of another request"
        equal(c.answer(), "DUNNO")
        contains(c.answer(), "5.5.2")


@test("a request in two pieces, the second with the next request's beginning")
def _():
    whole, rest = request(**SKIPPED), request(**SKIPPED)
    for at in (1, 100, len(whole) - 1):
        with daemon.connect() as c:
            c.send(whole[:at])
            time.sleep(0.02)
            c.send(whole[at:] + rest[:at])
            equal(c.answer(), "DUNNO")
            c.send(rest[at:])
            equal(c.answer(), "DUNNO")


@test("a peer that closed its sending side is answered, then closed")
def _():
    for attributes in (SKIPPED, {"helo": "half.client.example"}):
        with daemon.connect() as c:
            c.send(request(**attributes))
            c.socket.shutdown(socket.SHUT_WR)
            data = c.closed()
            assert data.startswith(b"action=") and data.endswith(b"\n\n") and data.count(b"\n\n") == 1, data


@test("never a byte that was not asked for")
def _():
    with daemon.connect() as c:
        equal(c.ask(**SKIPPED), "DUNNO")
        c.socket.settimeout(0.3)
        try:
            data = c.socket.recv(10)
        except TimeoutError:
            data = None
        equal(data, None)


VIOLATIONS = (
    ("an empty request", b"\n"),
    ("a line without =", b"request=smtpd_access_policy\nnonsense\n\n"),
    ("another kind of request", b"request=other\n\n"),
    ("no request attribute", b"helo_name=x\n\n"),
    ("a NUL", b"request=smtpd_access_policy\nhelo_name=a\0b\n\n"),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)),
    ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("an endless line of a known attribute", b"request=smtpd_access_policy\nhelo_name=" + b"x" * 100000),
    ("an endless line", b"x" * 100000),
    ("too many lines", b"request=smtpd_access_policy\n" + b"a=b\n" * 1000 + b"\n"),
    ("a request that is cut off", b"request=smtpd_access_policy\nhelo_name=x\n", True),
)


@cases(VIOLATIONS, lambda row: f"violation: {row[0]} gets no answer and a close")
def _(_name, data, half=False):
    before = metric("helod_protocol_violations_total")
    with daemon.connect() as c:
        try:
            c.send(data)
            if half:
                c.socket.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        equal(c.closed(), b"")
    equal(metric("helod_protocol_violations_total"), before + 1)
    equal(daemon.ask(**SKIPPED), "DUNNO")


@test("violations fill the log with a few lines only")
def _():
    for _ in range(200):
        with daemon.connect() as c:
            c.send(b"\n")
            c.closed()
    lines = [line for line in daemon.log().splitlines() if "protocol violation" in line]
    assert 1 <= len(lines) <= 12, f"{len(lines)} lines"


@test("a request before a violation is still answered")
def _():
    with daemon.connect() as c:
        c.send(request(**SKIPPED) + b"\n")
        equal(c.closed(), DUNNO)


@test("unknown attributes are skipped, of repeated ones the first counts")
def _():
    with daemon.connect() as c:
        equal(c.ask(tls_sni="x", long_unknown="y" * 20000, **SKIPPED), "DUNNO")
        first = request(helo="bad name", instance="").replace(b"sender=", b"helo_name=mail.client.example\nsender=", 1)
        c.send(first)
        contains(c.answer(), "5.5.2")


@test("a peer that does not read its answers holds up nobody else")
def _():
    with daemon.connect(unix=True) as deaf, daemon.connect() as other:
        deaf.socket.setblocking(False)
        sent, bytes_ = 0, request(**SKIPPED) * 20
        end = time.monotonic() + 3
        while time.monotonic() < end:
            try:
                sent += deaf.socket.send(bytes_)
            except BlockingIOError:
                if sent > 4_000_000:
                    break
                time.sleep(0.01)
                if time.monotonic() > end - 2:
                    break
        for _ in range(100):
            equal(other.ask(**SKIPPED), "DUNNO")
        deaf.socket.setblocking(True)
        deaf.socket.settimeout(PATIENCE)
        whole = sent // len(request(**SKIPPED))
        got = b""
        while got.count(b"\n\n") < whole:
            data = deaf.socket.recv(1 << 20)
            assert data, f"closed after {got.count(DUNNO)} of {whole} answers"
            got += data
        equal(got, DUNNO * whole)


@test("one message: counted and logged once, PREPEND once, over reconnects too")
def _():
    same = {"helo": "nowhere.invalid", "instance": "abc.1.0.0", "client": "203.0.113.77"}
    with Helod('policy "default" { threshold "mark" { score = 10  action = "prepend" } '
               'threshold "defer" { score = 900 action = "defer" } threshold "reject" { score = 1000 action = "reject" } '
               'points { helo_special_use = 60 } }') as marking:
        with marking.connect() as c:
            contains(c.ask(**same), "PREPEND ")
            for n in range(5):
                equal(c.ask(recipient=f"r{n}@example.net", **same), "DUNNO")
        equal(marking.ask(**same), "DUNNO")
        contains(marking.ask(**dict(same, instance="abc.1.0.1")), "PREPEND ")
        equal(len(marking.decisions(instance="abc.1.0.0")), 1)
        contains(marking.ask(**dict(same, instance="abc.1.0.2", client="203.0.113.78")), "PREPEND ")
        equal(marking.ask(**dict(same, instance="")), "DUNNO", "without an instance")
        equal(marking.ask(**dict(same, instance="", state="EHLO")), "DUNNO", "at EHLO")


@test("the same refusal for every recipient of a message, one id")
def _():
    same = {"helo": "bad name", "instance": "bcd.1.0.0"}
    with daemon.connect() as c:
        first = c.ask(**same)
        contains(first, "5.5.2")
        for _ in range(3):
            equal(c.ask(**same), first)
    other = daemon.ask(**dict(same, instance="bcd.1.0.1"))
    assert other != first, "two decisions with the same id"
    equal(other.rpartition(" [")[0], first.rpartition(" [")[0])


OURS, SAME, OTHER, NOBODY = "a@tin-road.net", "A@MX.Tin-Road.net", "b@example.net", "postmaster"


@cases([("in the domain of HELO, then others", [OURS, OTHER, SAME, NOBODY], "++++", 1),
        ("others, then in the domain of HELO", [OTHER, NOBODY, OURS, OTHER, SAME], "--+-+", 2),
        ("only others", [OTHER, NOBODY, OTHER], "---", 1)],
       name=lambda row: f"recipients of a message have one verdict, but no other one hides whose name HELO claims: {row[0]}")
def _(_, recipients, refused, lines):
    points = "rdns_missing = 0 nothing_proved = 0 nothing_proved_nowhere = 0 helo_is_recipient_domain = 75"
    with FaultDns() as dns, Helod(f'policy "default" {{ points {{ {points} }} }}', resolver=dns.address) as judging:
        same = {"helo": "mx.tin-road.net", "instance": "abf.1.0.0", "client": "203.0.113.79"}
        equal("".join("-+"[judging.ask(**same, recipient=recipient)[0] in "45"] for recipient in recipients), refused)
        found = ["helo_is_recipient_domain" in line["findings"] for line in judging.decisions(instance="abf.1.0.0")]
        equal((len(found), found[-1]), (lines, "+" in refused))


@cases([("the first verdict has one", "header_always = yes", "PDD"), ("the first verdict has none", "", "DPD")],
       name=lambda row: f"recipients of a message: one header, also with two verdicts: {row[0]}")
def _(_, header_always, wanted):
    points = "rdns_missing = 0 nothing_proved = 0 nothing_proved_nowhere = 0 helo_unresolvable = 0"
    with FaultDns() as dns, Helod(f'policy "default" {{ {header_always} points {{ {points} helo_is_recipient_domain = 40 }} }}',
                                  resolver=dns.address) as judging:
        same = {"helo": "mx.tin-road.net", "instance": "abe.1.0.0", "client": "203.0.113.79"}
        equal("".join(judging.ask(**same, recipient=recipient)[0] for recipient in (OTHER, OURS, SAME)), wanted)


@cases([("VRFY",), ("ETRN",), ("SOMETHING-NEW",)], name=lambda row: f"{row[0]} inside a message says nothing of the message")
def _(state):
    same = {"helo": "bad name", "instance": f"abe.1.{state}.0"}
    with daemon.connect() as c:
        equal(c.ask(**same, state=state), "DUNNO")
        contains(c.ask(**same), "5.5.2")


@test("10,000 idle connections, and a request on each")
def _():
    if raise_descriptors(11000) < 11000:  # ours; helod raises its own limit, up to the same hard limit
        skip("this machine allows a process fewer than 11,000 descriptors")
    port = free_port()
    with Helod(server="max_connections = 11000", listen=[f"inet:127.0.0.1:{port}"], start=False) as many:
        many.port = port
        many.start()
        clients = []
        cleanup(lambda: [c.close() for c in clients])
        for _ in range(10000):
            clients.append(Connection(("127.0.0.1", port)))
        data = request(**SKIPPED)
        for c in clients:
            c.send(data)
        for c in clients:
            equal(c.answer(), "DUNNO")
        sanitized = b"__asan_init" in open(HELOD, "rb").read()
        rss = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{many.process.pid}/status").read())[1])
        assert rss < 40000 or sanitized, f"{rss} kB with 10,000 connections"
        for c in clients:
            c.close()
        clients.clear()
        equal(many.ask(**SKIPPED), "DUNNO")


@test("an idle connection is closed after its time, a busy one is not")
def _():
    with Helod(server='idle = "3s"') as impatient:
        with impatient.connect() as idle, impatient.connect() as busy:
            for _ in range(25):
                equal(busy.ask(**SKIPPED), "DUNNO")
                time.sleep(0.2)
            equal(idle.closed(), b"")
            equal(busy.ask(**SKIPPED), "DUNNO")


@test("the deadline answers from what is known")
def _():
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    with Helod(server='deadline = "2s"', resolver=f"127.0.0.1:{silent.getsockname()[1]}") as patient:
        with patient.connect() as c, patient.connect() as other:
            begin = time.monotonic()
            with Watch(patient.process.pid) as watch:
                c.send(request(helo="mail.client.example"))
                equal(other.ask(**SKIPPED), "DUNNO")
            assert watch.seconds < 1.5, "a request that needs no DNS waited"
            answer = c.answer()
            took = time.monotonic() - begin
            assert 1.9 < took < PATIENCE, f"{took:.2f} s"
            assert answer == "DUNNO" or answer.startswith("PREPEND"), answer
    silent.close()


run()
