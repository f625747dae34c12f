#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""heloctl probe: a real Postfix with and without TLS, and servers that do what none should."""
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading

import helod
import nameserver
import netns
import postfix
from tap import cases, cleanup, contains, equal, run, skip, test

dns = nameserver.FaultDns("""
net zone
mx.kiln-street.net 300 A 127.0.0.1
v6.kiln-street.net 300 AAAA ::1
none.kiln-street.net 300 MX 1 x.kiln-street.net
empty.kiln-street.net 300 TXT "x"
null.kiln-street.net 300 MX 0 .
dead.kiln-street.net fault servfail
kiln-street.net 300 MX 20 v6.kiln-street.net
kiln-street.net 300 MX 10 two.kiln-street.net
two.kiln-street.net 300 A 127.0.0.3
two.kiln-street.net 300 A 127.0.0.2
""")
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
    wanted = r"TLSv1\.[23], \S+, certificate not verified: self-signed.*; for mx\.kiln-street\.net; expires 20\d\d-\d\d-\d\d"
    assert re.fullmatch(wanted, said["tls"]), said["tls"]
    contains(said["starttls"], "Ready to start TLS")
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
    contains(probe(f"127.0.0.1:{Real.get().port('bare')}")[1], "  PIPELINING         remark: not offered: ")


@test("Postfix saw nothing but EHLO, STARTTLS, HELO and QUIT")
def _():
    mx = Real.get()
    probe(f"127.0.0.1:{mx.port('tls')}")
    ends = helod.wait_for(lambda: re.findall(r"tls/smtpd\[.*disconnect from .*?\] (.*)", mx.log()), what="disconnect lines")
    for end in ends:
        assert set(re.findall(r"(\w+)=\d", end)) <= {"ehlo", "starttls", "helo", "quit", "commands"}, end


class Fake:
    """A server of one answer for each command; what it was told stands in `heard`."""

    def __init__(self, banner=b"220 fake\r\n", family=socket.AF_INET, address=None, port=0, **answers):
        self.socket = socket.create_server((address or ("::1" if family == socket.AF_INET6 else "127.0.0.1"), port),
                                           family=family)
        self.peers = []
        self.port = self.socket.getsockname()[1]
        self.banner, self.answers, self.heard = banner, answers, []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, address = self.socket.accept()
            self.peers.append(address[0])
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


GOOD = b"250-fake\r\n250-SIZE 10000000\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
PLAIN = {"ehlo": GOOD + b"250 DSN\r\n", "helo": b"250 fake\r\n"}
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
    ("injects plain text after the reply to STARTTLS", {**OK, "starttls": b"220 go\r\n250 injected\r\n"}, "plain text after"),
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
    assert wanted == 1 or err or "FAILED" in out, "silent"


@test("hostile replies stay text")
def _():
    fake = Fake(banner=b"220 \x1b[31m\xff\r\n", ehlo=b"250-\x1b]0;x\x07\r\n250 SIZE \x1b[1m\r\n", helo=b"250 \x00\r\n")
    for form in ((), ("--json",)):
        out = probe(*form, f"127.0.0.1:{fake.port}")[1]
        assert out and all(char == "\n" or " " <= char <= "~" for char in out), repr(out)


@test("a domain is probed at its MX hosts: the first that answers, or with --all every address of each, by preference")
def _():
    port = helod.free_port()
    servers = {}
    for address in ("127.0.0.2", "::1"):
        servers[address] = Fake(family=socket.AF_INET6 if ":" in address else socket.AF_INET, address=address, port=port,
                                **PLAIN)
    status, out, err = probe("--json", f"kiln-street.net:{port}")
    said = [json.loads(line) for line in out.splitlines()]
    equal([(row["host"], row["address"]) for row in said], [("two.kiln-street.net", "127.0.0.2")])
    status, out, err = probe("--json", "--all", f"kiln-street.net:{port}")
    said = [json.loads(line) for line in out.splitlines()]
    equal([(row["host"], row["address"]) for row in said], [("two.kiln-street.net", "127.0.0.2"),
                                                            ("v6.kiln-street.net", "::1")])
    contains(err, "two.kiln-street.net (127.0.0.3) port")
    contains(err, "refused")


@test("--from binds; an address of another family is not tried from it")
def _():
    fake = Fake(**PLAIN)
    equal(probe("--from", "127.0.0.9", f"mx.kiln-street.net:{fake.port}")[0], 1)
    equal(set(fake.peers), {"127.0.0.9"})
    equal(probe("--from", "::1", f"mx.kiln-street.net:{fake.port}")[0], 75)
    equal(probe("--from", "192.0.2.1", f"mx.kiln-street.net:{fake.port}")[0], 75)
    equal(probe("--from", "nowhere", f"mx.kiln-street.net:{fake.port}")[0], 64)


@test("it greets with this host's own name if that is fully qualified, or with its address and says so")
def _():
    if subprocess.run(["unshare", "-u", "true"], check=False, capture_output=True).returncode:
        skip("this machine: no UTS namespaces")
    fake = Fake(**PLAIN)
    for name, wanted in (("probing.kiln-street.net", "EHLO probing.kiln-street.net"), ("plain", "EHLO [127.0.0.1]")):
        done = subprocess.run(["unshare", "-u", "sh", "-c", 'hostname "$1"; shift; exec "$@"', "sh", name, helod.HELOCTL, "probe",
                               "-c", str(conf), f"127.0.0.1:{fake.port}"], capture_output=True, text=True, check=False)
        contains(fake.heard, wanted)
        equal("no fully qualified name" in done.stdout, name == "plain", done.stdout)


@test("TLS from the first byte: on port 465, and with --tls on any")
def _():
    Real.get()

    class Tls(Fake):
        def talk(self, peer):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "pem")
            super().talk(context.wrap_socket(peer, server_side=True))
    fake = Tls(ehlo=GOOD + b"250 AUTH PLAIN LOGIN\r\n", helo=b"250 fake\r\n")
    status, out, _ = probe("--tls", f"127.0.0.1:{fake.port}")
    if "built without OpenSSL" in out:
        skip("built without OpenSSL")
    equal(status, 0)
    contains(out, "TLS                  TLSv1.3")
    contains(out, "  AUTH PLAIN LOGIN   offered\n")
    assert "STARTTLS" not in out, out
    if not netns.possible():
        skip("this machine: no network namespaces")
    script = ("import socket,ssl,subprocess,sys,threading\n"
              "context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[1])\n"
              "server=socket.create_server(('127.0.0.1',465))\n"
              "def serve():\n"
              "    while True:\n"
              "        peer=context.wrap_socket(server.accept()[0],server_side=True)\n"
              "        peer.sendall(b'220 tls\\r\\n')\n"
              "        for line in peer.makefile('rb'): peer.sendall(b'250 tls\\r\\n')\n"
              "threading.Thread(target=serve,daemon=True).start()\n"
              "print(subprocess.run(sys.argv[2:],capture_output=True,text=True).stdout)\n")
    done = subprocess.run(["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", sys.executable, "-c", script,
                           str(folder / "pem"), helod.HELOCTL, "probe", "-c", str(conf), "127.0.0.1:465"],
                          capture_output=True, text=True, check=False)
    contains(done.stdout, "banner               220 tls")


@test("the banner is shown although the server hangs up at EHLO: exit 75")
def _():
    fake = Fake(banner=b"220 hello from the banner\r\n", ehlo=None)
    status, out, _ = probe(f"127.0.0.1:{fake.port}")
    equal(status, 75)
    contains(out, "banner               220 hello from the banner\n")
    contains(out, "FAILED               after EHLO: the server closed the connection\n")


@test("AUTH and keywords that we do not know are shown; a SIZE too small to be real is wrong; 0 is no limit")
def _():
    Real.get()

    def size(value):
        return Fake(ehlo=GOOD.replace(b"10000000", value) + b"250-AUTH PLAIN LOGIN\r\n250-XNEW 1 2\r\n250 HELP\r\n",
                    helo=b"250 x\r\n").port
    out = probe(f"127.0.0.1:{size(b'1000')}")[1]
    for part in ("  AUTH PLAIN LOGIN   offered\n", "  XNEW 1 2           offered\n", "  HELP               offered\n",
                 "offered: 1000, TOO SMALL"):
        contains(out, part)
    for value in (b"0", b"65536", b"100000000000000000000"):
        assert "TOO SMALL" not in probe(f"127.0.0.1:{size(value)}")[1], value


@test("what is merely usual is a remark: exit 0 without PIPELINING and ENHANCEDSTATUSCODES")
def _():
    Real.get()
    if "built without OpenSSL" in probe(f"127.0.0.1:{Real.mx.port('tls')}")[1]:
        skip("built without OpenSSL")

    class Bare(Fake):
        def talk(self, peer):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "pem")
            super().talk(context.wrap_socket(peer, server_side=True))
    fake = Bare(ehlo=b"250-fake\r\n250-SIZE 10000000\r\n250 8BITMIME\r\n", helo=b"250 fake\r\n")
    status, out, _ = probe("--tls", f"127.0.0.1:{fake.port}")
    equal(status, 0)
    contains(out, "  PIPELINING         remark: not offered: ")
    contains(out, "  ENHANCEDSTATUSCODES remark: not offered: ")


@test("a name without an address: 1; DNS that does not answer: 75; each says which")
def _():
    for name, status, text in (("empty.kiln-street.net", 1, "empty.kiln-street.net has no address"),
                               ("none.kiln-street.net", 1, "has MX hosts, but none of them has an address"),
                               ("null.kiln-street.net", 1, "has a null MX record"),
                               ("nosuch.kiln-street.net", 1, "does not exist in DNS"),
                               ("dead.kiln-street.net", 75, "DNS did not answer the query for MX of dead.kiln-street.net")):
        got, _, err = probe(name)
        equal(got, status, err)
        contains(err, text)


@test("nobody there: 75; wrong uses: 64")
def _():
    equal(probe(f"127.0.0.1:{helod.free_port()}")[0], 75)
    for target in ("", "host:0", "host:70000", "host:x", "x" * 300):
        equal(probe(target)[0], 64, target)
    equal(probe("--name", "a\nMAIL FROM:<>", "127.0.0.1:1")[0], 64)


run()
