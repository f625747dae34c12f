#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon itself under valgrind: requests with and without DNS, faults, reload, the status page, a snapshot, the end.
Nothing is read or written where nothing may be, nothing is lost. There are no suppressions."""
import http.client
import shutil
import socket
import subprocess

from helod import HELOCTL, HELOD, PATIENCE, Helod, free_port, heloctl, request, scratch
from nameserver import FaultDns
from tap import contains, equal, run, skip_all, test

if not shutil.which("valgrind"):
    skip_all("valgrind is not installed")
with open(HELOD, "rb") as program:
    if b"__asan_init" in program.read():
        skip_all("this machine's sanitizer build cannot run under valgrind")

ZONE = """
mail.kiln-street.net 300 A 203.0.113.5
mail.kiln-street.net 300 TXT "v=spf1 a mx include:other.kiln-street.net -all"
other.kiln-street.net 300 TXT "v=spf1 ip4:192.0.2.0/24 ?all"
kiln-street.net 300 MX 10 mail.kiln-street.net
203.0.113.5 300 PTR mail.kiln-street.net
203.0.113.6 300 PTR pool-203-0-113-6.kiln-street.net
gone.kiln-street.net fault servfail
*.silent.example fault drop
*.garbage.example fault garbage=60
"""
GREETINGS = [("203.0.113.5", "mail.kiln-street.net"), ("203.0.113.6", "pool-203-0-113-6.kiln-street.net"),
             ("203.0.113.7", "gone.kiln-street.net"), ("203.0.113.8", "[203.0.113.8]"), ("203.0.113.9", "bad name"),
             ("203.0.113.9", "mx.helod.example"), ("2001:db8::5", "mail.kiln-street.net"), ("203.0.113.9", "x.silent.example"),
             ("203.0.113.9", "x.garbage.example"), ("203.0.113.10", "\u00fc" * 300), ("203.0.113.10", "localhost")]
PROGRAM = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite,indirect",
           "--errors-for-leak-kinds=definite,indirect", "--child-silent-after-fork=yes"]


def policy(folder, port, more=""):
    return (f'history {{ store = "memory" file = "{folder}/history" snapshot = "1d" }}\n'
            f'status {{ listen = {{ "inet:127.0.0.1:{port}", "unix:{folder}/control" }} }}\n'
            f'exempt {{ clients = {{ "198.51.100.0/24" }} helo = {{ ".exempt.example" }} }}\n{more}')


@test("a life under valgrind: not a fault, and nothing lost at the end")
def _():
    folder, port, said = scratch(), free_port(), scratch() / "said"
    with FaultDns(ZONE) as dns:
        daemon = Helod(policy(folder, port), resolver=dns.address, wrapper=[*PROGRAM, f"--log-file={said}"],
                       server=' seccomp = no\n deadline = "3s"\n', dns=' timeout = "500ms"\n tries = 1\n')
        daemon.wait_log("is ready")
        for turn in range(2):
            for client, helo in GREETINGS:
                daemon.ask(client=client, helo=helo, sender="a@kiln-street.net")
            with daemon.connect() as c:
                c.send(b"".join(request(client="203.0.113.5", helo=f"n{n}.kiln-street.net") for n in range(20)))
                for _ in range(20):
                    c.answer()
            with daemon.connect() as c:
                c.send(b"GET / HTTP/1.0\r\n\r\n")
                equal(c.closed(), b"")
            daemon.reload(policy(folder, port, "nonsense {"))
            daemon.wait_log("stays in force")
            daemon.reload(policy(folder, port, f'policy "default" {{ points {{ helo_not_fqdn = {turn + 7} }} }}'))
            daemon.wait_log(f"policy {turn + 2} is in force")
        for path in ("/", "/status.json", "/metrics", "/nothing"):
            visit = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            visit.request("GET", path)
            visit.getresponse().read()
            visit.close()
        contains(heloctl("history", "-c", daemon.conf_path, "203.0.113.7")[1], "network 203.0.113.7")
        daemon.signal(10)
        daemon.wait_log("stats: policy")
        with socket.create_connection(("127.0.0.1", daemon.port)) as last:
            last.sendall(request(client="203.0.113.9", helo="y.silent.example"))
            equal((daemon.stop(), said.read_text()), (0, ""))


@test("a heloctl check under valgrind")
def _():
    folder = scratch()
    with FaultDns(ZONE) as dns:
        conf = folder / "helod.conf"
        conf.write_text(f'dns {{ servers = {{ "{dns.address}" }} timeout = "1s" tries = 1 }}\n')
        for client, helo in GREETINGS[:3]:
            done = subprocess.run([*PROGRAM, HELOCTL, "check", "-c", conf,
                                   client, helo], capture_output=True, text=True, check=False, timeout=PATIENCE)
            assert done.returncode < 4, done.stderr
            equal(done.stderr, "")


run()
