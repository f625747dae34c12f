#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""server.allow and status.allow: who may connect over TCP, from real addresses, and what they may do."""
import json
import os
import shutil
import socket
import subprocess

import netns
from helod import HELOCTL, HELOD, PATIENCE, Connection, Helod, free_port, request, scratch, wait_for
from tap import cases, cleanup, contains, equal, run, skip, test

STATUS = free_port()
FOLDER = scratch()
CONF = f'''status {{ listen = {{ "inet:0.0.0.0:{STATUS}", "unix:{FOLDER}/control" }} allow = {{ "127.0.0.2" }} }}
local {{ names = {{ "mx.helod.example" }} }}
'''
ALLOW = 'allow = { "127.0.0.0/29", "192.0.2.0/24" }'  # .0 to .7
daemon = Helod(CONF, server=ALLOW, listen=[f"inet:0.0.0.0:{free_port()}", f"unix:{FOLDER}/policy"], start=False)
PORT = int(daemon.listen[0].rpartition(":")[2])
daemon.port, daemon.path = PORT, FOLDER / "policy"
daemon.start()


def dial(source, port=PORT):
    """A connection from this address of the loopback network."""
    return socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=(source, 0))


def answer_to(source, port=PORT, data=None):
    """All bytes that the daemon answers a client at this address before it or we close."""
    with dial(source, port) as s:
        got = b""
        try:
            s.sendall(data or request())
            s.shutdown(socket.SHUT_WR)
            while more := s.recv(65536):
                got += more
        except OSError:  # closed: reset, broken pipe or not connected, by how far we got
            pass
        return got


def get(path="/metrics", source="127.0.0.2", method="GET", host="localhost"):
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"
    return answer_to(source, STATUS, head.encode()).decode()


@test("policy socket: a listed client is answered, another one is closed unanswered and named in the log")
def _():
    contains(answer_to("127.0.0.7").decode(), "action=")
    equal(answer_to("127.0.0.8"), b"")
    daemon.wait_log("connection from 127.0.0.8 closed: server.allow does not list this address")


@test("policy socket: the unix socket answers whatever the list says")
def _():
    contains(daemon.ask(unix=True), "DUNNO")


@test("policy socket: a client that keeps trying is logged five times, and listed ones are served meanwhile")
def _():
    for _round in range(40):
        equal(answer_to("127.0.0.9"), b"")
    contains(answer_to("127.0.0.1").decode(), "action=")
    said = daemon.log().count("127.0.0.9 closed")
    assert 1 <= said <= 10, said  # five a minute; a slow machine may need two


@test("policy socket: a reload changes the list for new connections, and open ones stay")
def _():
    with Connection(("127.0.0.1", PORT)) as old:
        old.ask()
        daemon.server = 'allow = { "127.0.0.9" }'
        daemon.reload(CONF)
        daemon.wait_log("reload done")
        contains(answer_to("127.0.0.9").decode(), "action=")
        equal(answer_to("127.0.0.1"), b"")
        contains(old.ask(), "DUNNO")
    daemon.server = ALLOW
    daemon.reload(CONF)
    daemon.wait_log("reload done")


@test("policy socket: a socket that the service manager passes has the same list")
def _():
    with socket.create_server(("127.0.0.1", 0)) as passed:
        conf = scratch() / "helod.conf"
        conf.write_text('server { allow = { "127.0.0.3" } }\nhistory { store = "none" }\n'
                        'dns { servers = { "127.0.0.1:1" } }\n')
        port = passed.getsockname()[1]
        os.set_inheritable(passed.fileno(), True)
        process = subprocess.Popen(["/bin/sh", "-c", f'exec 3<&{passed.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 '
                                    f'exec "{HELOD}" -f -c "{conf}"'], close_fds=False, stderr=subprocess.DEVNULL)
        cleanup(process.kill)
        contains(answer_to("127.0.0.3", port).decode(), "action=")
        equal(answer_to("127.0.0.4", port), b"")
        process.terminate()
        equal(process.wait(PATIENCE), 0)


@test("status: a listed client reads all pages, another one gets nothing and is named in the log")
def _():
    contains(get(), "helod_decisions_total")
    contains(get("/status.json"), '"decisions"')
    equal(get(source="127.0.0.1"), "")
    daemon.wait_log("connection from 127.0.0.1 closed: status.allow does not list this address")


@test("status: whoever is refused takes no room from listed clients")
def _():
    waiting = [dial("127.0.0.1", STATUS) for _ in range(30)]
    contains(get(), "helod_decisions_total")
    for one in waiting:
        one.close()


@test("status: over TCP nothing can be changed, over the unix socket it can")
def _():
    for path in ("/reload", "/forget?subject=127.0.0.1"):
        contains(get(path, method="POST").splitlines()[0], " 403 ")
    done = subprocess.run([HELOCTL, "reload", "-c", str(daemon.conf_path)], capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)


@cases([("helod", 200), (f"HELOD:{STATUS}", 200), ("mx.helod.example", 200), (f"MX.helod.example:{STATUS}", 200),
        ("192.0.2.1", 200), ("other.helod.example", 421), ("attacker.example", 421), ("mx.helod.example.", 200),
        ("x" * 300 + ".example", 421), ("a b", 421)], name=lambda row: f"status: Host {row[0][:30]}: {row[1]}")
def _(host, code):
    contains(get(host=host).splitlines()[0], f" {code} ")


WIRE = {"client": ["203.0.113.5/24", "203.0.113.6/24", "2001:db8::5/64"], "server": ["203.0.113.25/24", "2001:db8::25/64"]}
ASK = '''import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60, source_address=(sys.argv[3], 0))
try:
    s.sendall(sys.stdin.buffer.read())
    print(s.recv(999))
except ConnectionResetError:
    print(b"")'''


@test("other hosts, over a wire: IPv4 on an IPv6 socket, IPv6, and a Prometheus that scrapes")
def _():
    if not netns.possible():
        skip("this machine cannot make network namespaces: no client on another host was shown")
    wire = netns.Wire(WIRE, resolver="127.0.0.1")
    both = '{ "203.0.113.5", "2001:db8::/64" }'
    with Helod(f'status {{ listen = {{ "inet:[::]:9145" }} allow = {both} }}', server=f"allow = {both}",
               listen=["inet:[::]:10045", f"unix:{FOLDER}/remote"], wrapper=wire.inside("server"), start=False) as remote:
        remote.path = FOLDER / "remote"
        remote.start()

        def ask(server, source):
            done = subprocess.run([*wire.inside("client"), "python3", "-c", ASK, server, "10045", source],
                                  input=request(), capture_output=True, check=False)
            return done.stdout.decode() or done.stderr.decode()
        contains(ask("203.0.113.25", "203.0.113.5"), "action=")
        contains(ask("2001:db8::25", "2001:db8::5"), "action=")
        equal(ask("203.0.113.25", "203.0.113.6"), "b''\n")
        if not shutil.which("prometheus"):
            skip("prometheus is not installed: no scrape from another host was shown")
        (FOLDER / "prometheus.yml").write_text('''global: {scrape_interval: 1s}
scrape_configs:
  - job_name: helod
    static_configs: [{targets: ["203.0.113.25:9145"]}]
''')
        with open(FOLDER / "log", "wb") as log:
            process = subprocess.Popen(
                [*wire.inside("client"), "prometheus", f"--config.file={FOLDER}/prometheus.yml",
                 f"--storage.tsdb.path={FOLDER}/data", "--web.listen-address=127.0.0.1:9090"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        cleanup(process.kill)

        def is_up():
            got = subprocess.run([*wire.inside("client"), "python3", "-c", "import urllib.request as u; print(u.urlopen("
                                  "'http://127.0.0.1:9090/api/v1/query?query=up').read().decode())"],
                                 capture_output=True, text=True, check=False).stdout
            return got and [row["value"][1] for row in json.loads(got)["data"]["result"]] == ["1"]
        wait_for(is_up, what="a scrape succeeds")
        process.terminate()
        process.wait(PATIENCE)


run()
