#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""heloctl probe: a real Postfix with and without TLS, and servers that do what none should."""
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading

import helod
import nameserver
import postfix
from tap import cases, cleanup, contains, equal, run, skip, test

dns = nameserver.FaultDns("mx.kiln-street.net 300 A 127.0.0.1\nv6.kiln-street.net 300 AAAA ::1\nnone.kiln-street.net 300 MX 1 x.\n")
folder = helod.scratch()
conf = folder / "helod.conf"
conf.write_text('dns { servers = { "%s" } timeout = "2s" }\n' % dns.address)
NAME = "probe.kiln-street.net"


def probe(*arguments):
    return helod.heloctl("probe", "-c", conf, "--name", NAME, *arguments)


def offered(said):
    return {row["keyword"]: row["value"] for row in said["expected"] if row["offered"]}


class Real:
    """A Postfix with a listener that has TLS and one that has none."""
    mx = None

    @classmethod
    def get(cls):
        if postfix.possible() or not shutil.which("openssl"):
            skip(postfix.possible() or "no openssl command")
        if not cls.mx:
            pem = folder / "pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mx.kiln-street.net",
                            "-days", "2", "-keyout", folder / "key", "-out", folder / "crt"], check=True,
                           stderr=subprocess.DEVNULL)
            pem.write_text((folder / "key").read_text() + (folder / "crt").read_text())
            cls.mx = postfix.Postfix({"tls": {"smtpd_tls_security_level": "may", "smtpd_tls_chain_files": pem,
                                              "message_size_limit": "20000000"},
                                      "plain": {}, "bare": {"smtpd_discard_ehlo_keywords": "pipelining, dsn, chunking"}})
            cleanup(cls.mx.stop)
        return cls.mx


@test("Postfix with TLS: what it offers, plain and encrypted, the certificate, HELO; exit 0")
def _():
    port = Real.get().port("tls")
    status, out, _ = probe("--json", f"mx.kiln-street.net:{port}")
    said = json.loads(out)
    equal((said["banner_code"], said["ehlo_code"], said["ehlo_tls_code"], said["helo_code"]), (220, 250, 250, 250))
    equal(set(offered(said)), {"STARTTLS", "SIZE", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN",
                               "CHUNKING"} - ({"SMTPUTF8"} if "SMTPUTF8" not in said["ehlo"] else set()))
    equal(offered(said)["SIZE"], "20000000")
    assert re.match(r"TLSv1\.[23], \S+, certificate not verified: self-signed", said["tls"]), said["tls"]
    equal((status, said["wrong"], said["fell_back"], said["address"]), (0, False, False, "127.0.0.1"))


@test("text for people; an address in place of a name")
def _():
    port = Real.get().port("tls")
    status, out, _ = probe(f"127.0.0.1:{port}")
    equal(status, 0)
    for part in ("banner               220 ", "  STARTTLS           offered\n", "  SIZE               offered: 20000000\n",
                 "TLS                  TLSv1.", "EHLO in TLS          250 ", "HELO                 250 ", f"greeted as {NAME}"):
        contains(out, part)


@test("Postfix without TLS, and without PIPELINING: MISSING, exit 1")
def _():
    status, out, _ = probe(f"127.0.0.1:{Real.get().port('plain')}")
    equal(status, 1)
    contains(out, "  STARTTLS           MISSING: ")
    contains(probe(f"127.0.0.1:{Real.get().port('bare')}")[1], "  PIPELINING         MISSING: ")


@test("Postfix saw nothing but EHLO, STARTTLS, HELO and QUIT")
def _():
    mx = Real.get()
    probe(f"127.0.0.1:{mx.port('tls')}")
    ends = helod.wait_for(lambda: re.findall(r"tls/smtpd\[.*disconnect from .*?\] (.*)", mx.log()), what="disconnect lines")
    for end in ends:
        assert set(re.findall(r"(\w+)=\d", end)) <= {"ehlo", "starttls", "helo", "quit", "commands"}, end


class Fake:
    """A server of one answer for each command; what it was told stands in `heard`."""

    def __init__(self, banner=b"220 fake\r\n", family=socket.AF_INET, **answers):
        self.socket = socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family)
        self.port = self.socket.getsockname()[1]
        self.banner, self.answers, self.heard = banner, answers, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.socket.accept()
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        try:
            peer.sendall(self.banner)
            for line in peer.makefile("rb"):
                self.heard.append(line.decode().strip())
                answer = self.answers.get(line.split()[0].decode().lower(), b"221 bye\r\n")
                if answer is None:
                    break
                peer.sendall(answer)
        except OSError:
            pass
        peer.close()


GOOD = b"250-fake\r\n250-SIZE 1\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
OK = {"ehlo": GOOD + b"250 STARTTLS\r\n", "helo": b"250 fake\r\n"}


@test("EHLO refused: it falls back to HELO on the same connection, and that is wrong")
def _():
    fake = Fake(ehlo=b"502 what?\r\n", helo=b"250 fake\r\n")
    status, out, _ = probe("--json", f"127.0.0.1:{fake.port}")
    said = json.loads(out)
    equal((status, said["ehlo_code"], said["helo_code"], said["fell_back"]), (1, 502, 250, True))
    equal(fake.heard, [f"EHLO {NAME}", f"HELO {NAME}", "QUIT"])


@test("over IPv6, by name and by address; the port and the name are ours to choose")
def _():
    fake = Fake(family=socket.AF_INET6, ehlo=GOOD + b"250 DSN\r\n", helo=b"250 fake\r\n")
    for target in (f"[::1]:{fake.port}", f"v6.kiln-street.net:{fake.port}"):
        said = json.loads(probe("--json", target)[1])
        equal((said["address"], said["ehlo_code"]), ("::1", 250))


@cases([
    ("refuses STARTTLS", {**OK, "starttls": b"454 not now\r\n"}, "STARTTLS was refused"),
    ("answers STARTTLS and talks no TLS", {**OK, "starttls": b"220 go\r\n" + b""}, ""),
    ("slips plain text behind the answer to STARTTLS", {**OK, "starttls": b"220 go\r\n250 injected\r\n"}, "plain text behind"),
    ("hangs up at STARTTLS", {**OK, "starttls": None}, ""),
], name=lambda row: f"a server that {row[0]}: told, exit 1")
def _(what, answers, reason):
    if what == "answers STARTTLS and talks no TLS":
        answers = {**answers, "\x16": None}
    fake = Fake(**answers)
    if what == "answers STARTTLS and talks no TLS":
        fake.talk = lambda peer: (peer.sendall(fake.banner), peer.recv(500), peer.sendall(OK["ehlo"]), peer.recv(500),
                                  peer.sendall(b"220 go\r\n"), peer.recv(500), peer.sendall(b"500 what?\r\n"), peer.close())
    status, out, err = probe("--json", f"127.0.0.1:{fake.port}")
    if status != 1 and "built without OpenSSL" in out:
        skip("built without OpenSSL")
    equal(status, 1, err)
    contains(json.loads(out)["tls_error"], reason)


def half_a_handshake(peer):
    """Its part of a TLS handshake, and gone before the client has said its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pem")
    heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(heard, said, server_side=True)
    for answer in (b"220 fake\r\n", OK["ehlo"], b"220 go\r\n"):
        peer.sendall(answer)
        heard_now = peer.recv(4096)
    heard.write(heard_now)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        peer.sendall(said.read())
    peer.close()


@test("a server that leaves in the middle of the handshake: told, exit 1")
def _():
    Real.get()
    fake = Fake(**OK)
    fake.talk = half_a_handshake
    for _ in range(10):
        status, out, err = probe("--json", f"127.0.0.1:{fake.port}")
        equal(status, 1, err)
        assert json.loads(out)["tls_error"], out


@cases([
    ("greets with 554", {"banner": b"554 go away\r\n"}, 1),
    ("is no SMTP server", {"banner": b"HTTP/1.1 400 Bad\r\n"}, 75),
    ("hangs up", {"banner": b""}, 75),
    ("sends an endless line", {"banner": b"220 " + b"x" * 100000}, 75),
    ("sends endless lines", {"ehlo": b"250-x\r\n" * 10000}, 75),
    ("changes the code in a reply", {"ehlo": b"250-x\r\n550 y\r\n"}, 75),
], name=lambda row: f"a server that {row[0]}: exit {row[2]}")
def _(what, answers, wanted):
    fake = Fake(**answers)
    if what == "hangs up":
        fake.talk = lambda peer: peer.close()
    status, out, err = probe(f"127.0.0.1:{fake.port}")
    equal(status, wanted, err)
    assert wanted == 1 or err, "silent"


@test("hostile replies stay text")
def _():
    fake = Fake(banner=b"220 \x1b[31m\xff\r\n", ehlo=b"250-\x1b]0;x\x07\r\n250 SIZE \x1b[1m\r\n", helo=b"250 \x00\r\n")
    for form in ((), ("--json",)):
        out = probe(*form, f"127.0.0.1:{fake.port}")[1]
        assert out and all(char == "\n" or " " <= char <= "~" for char in out), repr(out)


@test("nobody there, a name without an address: 75; wrong uses: 64")
def _():
    equal(probe(f"127.0.0.1:{helod.free_port()}")[0], 75)
    equal(probe("none.kiln-street.net")[0], 75)
    for target in ("", "host:0", "host:70000", "host:x", "x" * 300):
        equal(probe(target)[0], 64, target)
    equal(probe("--name", "a\nMAIL FROM:<>", "127.0.0.1:1")[0], 64)


run()
