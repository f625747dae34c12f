#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""heloctl listen: a real Postfix sends to it, and by hand: what it shows, what audit reads of it, and bad clients."""
import json
import re
import signal
import socket
import ssl
import subprocess
import sys

import helod
import nameserver
import netns
import postfix
from tap import cleanup, contains, equal, run, skip, test

ZONE = """
mail1.kiln-street.net 300 A 127.0.0.1
mail1.kiln-street.net 300 TXT "v=spf1 a -all"
127.0.0.1 300 PTR mail1.kiln-street.net
mail2.kiln-street.net 300 A 203.0.113.2
"""
dns = nameserver.FaultDns(ZONE)
folder = helod.scratch()
conf = folder / "helod.conf"
conf.write_text('dns { servers = { "%s" } timeout = "2s" }\n' % dns.address)


class Listen:
    """A running heloctl listen."""

    def __init__(self, *arguments):
        self.port = helod.free_port()
        self.process = subprocess.Popen([helod.HELOCTL, "listen", "-c", str(conf), *map(str, arguments),
                                         f"127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, errors="replace")
        cleanup(self.process.kill)
        contains(self.process.stderr.readline(), "ready on")

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def stop(self, how=signal.SIGTERM):
        """-> (exit status, what else it printed)"""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=helod.PATIENCE)
        equal(err, "", "stderr")
        return self.process.returncode, out

    def session(self):
        return postfix.Smtp(self.port)


def ehlo_of(sink):
    with sink.session() as smtp:
        return smtp.ehlo("mail1.kiln-street.net")


@test("a real Postfix delivers to it; the greeting is shown, and audit reads what --out wrote")
def _():
    if postfix.possible():
        skip(postfix.possible())
    out = folder / "pairs"
    sink = Listen("--out", out)
    mx = postfix.Postfix({}, main={"default_transport": "smtp", "relayhost": f"[127.0.0.1]:{sink.port}",
                                   "smtp_helo_name": "mail1.kiln-street.net", "smtp_bind_address": "127.0.0.1"})
    mx.submit("a@kiln-street.net", "b@elsewhere.net", "Subject: test\n\n.\nbody\n")
    equal(sink.line(), "127.0.0.1 EHLO mail1.kiln-street.net: ok")
    line = mx.wait_log("status=sent")
    contains(line, "discarded")
    mx.stop()
    equal(sink.stop(), (0, ""))
    equal(out.read_text(), "127.0.0.1 mail1.kiln-street.net\n")
    equal(helod.heloctl("audit", "-c", conf, out)[0], 0)


@test("a Postfix that insists on TLS delivers to it, and the greeting inside TLS is shown as such")
def _():
    if postfix.possible():
        skip(postfix.possible())
    sink = Listen()
    mx = postfix.Postfix({}, main={"default_transport": "smtp", "relayhost": f"[127.0.0.1]:{sink.port}",
                                   "smtp_helo_name": "mail1.kiln-street.net", "smtp_bind_address": "127.0.0.1",
                                   "smtp_tls_security_level": "encrypt", "smtp_tls_loglevel": "1"})
    if "STARTTLS" not in ehlo_of(sink):
        skip("built without OpenSSL")
    mx.submit("a@kiln-street.net", "b@elsewhere.net", "Subject: test\n\nbody\n")
    mx.wait_log("status=sent")
    said = [sink.line() for _ in range(3)]
    assert any(re.fullmatch(r"127\.0\.0\.1 EHLO mail1\.kiln-street\.net \(TLSv1\.3\): ok", line) for line in said), said
    mx.stop()
    equal(sink.stop()[0], 0)


@test("what is sent behind STARTTLS in plain text is not read as encrypted; the session begins again; no TLS twice")
def _():
    sink = Listen()
    if "STARTTLS" not in ehlo_of(sink):
        skip("built without OpenSSL")
    equal(sink.line(), "127.0.0.1 EHLO mail1.kiln-street.net: ok")
    smtp = sink.session()
    smtp.ehlo("mail1.kiln-street.net")
    sink.line()
    smtp.socket.sendall(b"STARTTLS\r\nEHLO injected.kiln-street.net\r\n")
    equal(smtp.reply()[0], 220)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    tls = context.wrap_socket(smtp.socket)
    said = tls.makefile("rwb")

    def command(line):
        said.write(line + b"\r\n")
        said.flush()
        lines = [said.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(said.readline())
        return b"".join(lines).decode()
    contains(command(b"MAIL FROM:<a@b.net>"), "503 ")
    assert "STARTTLS" not in command(b"EHLO mail1.kiln-street.net")
    contains(sink.line(), "127.0.0.1 EHLO mail1.kiln-street.net (TLSv1.3): ok")
    contains(command(b"STARTTLS"), "502 ")
    contains(command(b"QUIT"), "221 ")
    equal(said.read(), b"", "closed by TLS")
    equal(sink.stop(), (0, ""))


@test("ADDRESS, NAME:PORT, :PORT, PORT and [ADDRESS]:PORT are places; what it listens on is printed")
def _():
    port = helod.free_port()
    for place, wanted in ((f"localhost:{port}", f"127.0.0.1:{port}"), (f":{port}", f":{port}"), (f"{port}", f":{port}"),
                          (f"[::1]:{port}", f"[::1]:{port}"), (f"127.0.0.1:{port}", f" 127.0.0.1:{port}\n")):
        process = subprocess.Popen([helod.HELOCTL, "listen", "-c", str(conf), place], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        cleanup(process.kill)
        contains(process.stderr.readline(), wanted, place)
        with socket.create_connection(("::1" if "::1" in place else "127.0.0.1", port)) as one:
            contains(one.makefile().readline(), "220 heloctl")
        process.terminate()
        process.wait(helod.PATIENCE)
        process.stderr.close()


@test("without a port it takes 25, and 2525 where 25 is taken; both are printed")
def _():
    if not netns.possible():
        skip("this machine: no network namespaces")
    script = ('ip link set lo up; exec "$@"')
    process = subprocess.Popen(["unshare", "-n", "sh", "-c", script, "sh", sys.executable, "-c", TWO, helod.HELOCTL, str(conf)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    out = process.communicate(timeout=helod.PATIENCE)[0]
    assert re.search(r"(?m)^heloctl listen: ready on (\[::\]|0\.0\.0\.0):25$", out), out
    assert re.search(r"(?m)^heloctl listen: ready on (\[::\]|0\.0\.0\.0):2525$", out), out


TWO = """
import subprocess, sys
both = []
for _ in range(2):
    both.append(subprocess.Popen([sys.argv[1], "listen", "-c", sys.argv[2]], stderr=subprocess.PIPE, text=True))
    print(both[-1].stderr.readline(), end="", flush=True)
for one in both:
    one.terminate()
"""


@test("a greeting that is wrong: each fault, HELO told from EHLO, exit 1 by SIGINT")
def _():
    sink = Listen()
    with sink.session() as smtp:
        smtp.must(250, "HELO mail2.kiln-street.net")
        equal(sink.line(), "127.0.0.1 HELO mail2.kiln-street.net: wrong")
        contains(sink.line(), "helo_stale")
        smtp.must(221, "QUIT")
    equal(sink.stop(signal.SIGINT), (1, ""))


@test("JSON, a line each; a new EHLO on the same connection is a new greeting; --count ends it")
def _():
    sink = Listen("--json", "--count", 2)
    with sink.session() as smtp:
        smtp.socket.sendall(b"EHLO mail1.kiln-street.net\r\nEHLO localhost\r\n")
        said = [json.loads(sink.line()), json.loads(sink.line())]
    by_name = {row["helo"]: row for row in said}
    equal(by_name["mail1.kiln-street.net"]["result"], "ok")
    equal([fault["fault"] for fault in by_name["localhost"]["faults"]][0], "helo_reserved")
    equal(sink.process.wait(helod.PATIENCE), 1)


@test("the order of commands is kept, a message needs all of them, dots and long lines are only data")
def _():
    sink = Listen()
    with sink.session() as smtp:
        for code, line in ((503, "MAIL FROM:<a@b.net>"), (250, "EHLO mail1.kiln-street.net"), (503, "RCPT TO:<a@b.net>"),
                           (503, "DATA"), (501, "EHLO"), (501, "VRFY"), (250, "MAIL FROM:<>"), (250, "RCPT TO:<a@b.net>"),
                           (250, "rset"), (503, "DATA"), (250, "MAIL FROM:<>"), (250, "RCPT TO:<a@b.net>"), (354, "DATA")):
            smtp.must(code, line)
        smtp.socket.sendall(b"..\r\n.x\r\nQUIT\r\n" + b"y" * 300000 + b"\r\n")
        smtp.must(250, ".")
        smtp.must(221, "QUIT")
        equal(smtp.socket.recv(1), b"", "closed")
    equal(sink.stop()[0], 0)


@test("hostile names stay text, in what is shown and in what audit reads")
def _():
    out = folder / "hostile"
    sink = Listen("--out", out)
    with sink.session() as smtp:
        smtp.command(b"EHLO \x1b[31m\xff a,#b\t")
        line = sink.line()
        assert re.fullmatch(r"127\.0\.0\.1 EHLO [ -~]*: wrong", line), repr(line)
    sink.stop()
    equal(out.read_text(), "127.0.0.1 ?[31m??a??b\n")
    equal(helod.heloctl("audit", "-c", conf, out)[0], 1)


@test("a client that talks nonsense is sent away; 250 connections at once leave it serving")
def _():
    sink = Listen()
    with sink.session() as smtp:
        codes = [smtp.command("NONSENSE")[0] for _ in range(20)]
        equal(codes[-2:], [500, 421])
    crowd = [socket.create_connection(("127.0.0.1", sink.port)) for _ in range(250)]
    for one in crowd:
        one.close()

    def served():
        try:
            with sink.session() as smtp:
                return smtp.command("EHLO mail1.kiln-street.net")[0] == 250
        except OSError:
            return False
    helod.wait_for(served, what="service after the crowd")
    equal(sink.stop()[0], 0)


@test("a client that never reads is read no further, and served again once it does")
def _():
    sink, sent = Listen(), 0
    with socket.create_connection(("127.0.0.1", sink.port), timeout=3) as deaf:
        try:
            while sent < 64 << 20:
                sent += deaf.send(b"NOOP\r\n" * 10000)
            raise AssertionError("took 64 MB of commands and kept all the answers")
        except TimeoutError:
            pass
        deaf.settimeout(helod.PATIENCE)
        answers = 0
        while answers <= sent // len(b"NOOP\r\n"):  # one more: the banner
            answers += deaf.recv(1 << 20).count(b"\n")
    equal(sink.stop()[0], 0)


@test("wrong uses: 64; an address that is taken: 70")
def _():
    equal(helod.heloctl("listen", "-c", conf, "nonsense")[0], 64)
    equal(helod.heloctl("listen", "-c", conf, "--count", "0", "127.0.0.1:1")[0], 64)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        equal(helod.heloctl("listen", "-c", conf, "127.0.0.1:%d" % taken.getsockname()[1])[0], 70)


run()
