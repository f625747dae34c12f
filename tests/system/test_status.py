#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The status listener: what it serves, whom it refuses, its bounds; metrics that promtool and Prometheus read."""
import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from helod import HELOCTL, PATIENCE, Helod, free_port, scratch, wait_for
from tap import cases, cleanup, contains, equal, run, skip, test

PORT = free_port()
FOLDER = scratch()
CONTROL = FOLDER / "control"
CONF = f'''status {{ listen = {{ "inet:127.0.0.1:{PORT}", "unix:{CONTROL}" }} socket_mode = "0666" }}
history {{ store = "memory" }}
exempt {{ clients = {{ "198.51.100.9" }} }}
policy "second" {{ mode = "monitor" shadow = "harsh" }}
policy "harsh" {{ threshold "all" {{ score = 1 action = "550 5.7.1 no" }} }}
'''
HOSTILE = '"><script>alert(1)</script>'


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(CONTROL))


def fetch(path, method="GET", unix=False, headers=None):
    """(status, headers, body)"""
    connection = UnixConnection("localhost") if unix else http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode()


def raw(data, seconds=PATIENCE):
    with socket.create_connection(("127.0.0.1", PORT), timeout=seconds) as s:
        s.sendall(data)
        answer = b""
        while True:
            more = s.recv(65536)
            if not more:
                return answer
            answer += more


def series():
    """The exposition as a dict."""
    lines = fetch("/metrics")[2].splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


daemon = Helod(CONF, start=False)


@test("the requests that came are in the metrics, by outcome, policy, rule, score, time")
def _():
    before = series()
    equal(before['helod_decisions_total{policy="second",mode="enforce",action="reject",judged="reject"}'], 0, "there from the start")
    began = time.monotonic()
    daemon.ask(helo="bad_name!", client="203.0.113.77")
    daemon.ask(helo="localhost", client="203.0.113.77", context="second")
    daemon.ask(client="198.51.100.9")
    took = time.monotonic() - began
    now = series()
    grown = {name: now[name] - before.get(name, 0) for name in now if now[name] != before.get(name, 0)}
    equal(grown["helod_requests_total"], 3)
    equal(grown['helod_decisions_total{policy="second",mode="monitor",action="dunno",judged="mark"}'], 1)
    equal(grown['helod_shadow_decisions_total{policy="second",judged="mark",shadow_judged="reject"}'], 1)
    equal(sum(n for name, n in grown.items() if name.startswith("helod_decisions_total")), 3)
    equal(grown['helod_skipped_total{reason="exempt"}'], 1)
    equal(grown['helod_exempted_total{kind="client"}'], 1)
    equal(grown["helod_score_count"], 2)
    equal(grown['helod_score_bucket{le="+Inf"}'], 2)
    equal(grown["helod_request_duration_seconds_count"], 3)
    assert 0 < grown["helod_request_duration_seconds_sum"] <= took, (grown, took)
    equal(grown['helod_findings_total{rule="helo_localhost"}'], 1)
    wait_for(lambda: series()['helod_dns_answers_total{type="PTR",status="temperror"}'] > 0, what="DNS by type and status")
    equal(now['helod_build_info{version="%s"}' % json.loads(fetch("/stats.json")[2])["version"]], 1)
    assert abs(now["helod_start_timestamp_seconds"] - time.time()) < 120


@test("the history store's requests, records and memory are in the metrics")
def _():
    before = series()
    equal(before["helod_history_up"], 1)
    for client in ("203.0.113.90", "198.51.100.90"):  # a name of one label is unverified for sure, without any DNS
        daemon.ask(helo="lantern", client=client, client_name="c.kiln-street.net",
                   reverse_client_name="c.kiln-street.net")

    def grown(name):
        return series()[name] - before[name]
    wait_for(lambda: grown("helod_history_asked_total") == 2, what="asked")
    equal(grown("helod_history_unknown_total"), 0)
    equal(grown("helod_history_networks"), 2)
    equal(grown("helod_history_names"), 1)
    equal(grown("helod_history_evicted_total"), 0)
    assert series()["helod_history_bytes"] > 0, "no memory"


@test("that STARTTLS is offered is learned, and both heloctl stats and what the page shows say so")
def _():
    def said():
        policy = next(p for p in json.loads(fetch("/status.json")[2])["policies"] if p["name"] == "default")
        return policy["starttls_learned"], policy["starttls_offered"], policy["encrypted_networks"]
    equal(said(), (True, False, 0))
    for i in range(21):
        daemon.ask(client=f"198.{51 + i}.100.90", encryption_protocol="TLSv1.3")
    wait_for(lambda: said() == (True, True, 20), what="what was learned")
    out = subprocess.run([HELOCTL, "stats", "-s", f"inet:127.0.0.1:{PORT}"], capture_output=True, text=True, check=True).stdout
    stats = dict(line.split() for line in out.splitlines() if "policy=" in line and "starttls" in line or "encrypted" in line)
    equal(stats, {'helod_encrypted_networks{policy="default"}': "20", 'helod_starttls_offered{policy="default"}': "1"})


@test("promtool has nothing to say about the metrics")
def _():
    if not shutil.which("promtool"):
        skip("promtool is not installed")
    done = subprocess.run(["promtool", "check", "metrics"], input=fetch("/metrics")[2], capture_output=True, text=True,
                          check=False)
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""))


@test("a Prometheus scrapes them")
def _():
    if not shutil.which("prometheus"):
        skip("prometheus is not installed")
    folder, port = scratch(), free_port()
    (folder / "prometheus.yml").write_text(f'''global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: helod
    static_configs: [{{targets: ["127.0.0.1:{PORT}"]}}]
''')
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml",
                                    f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    cleanup(process.kill)

    def ask(query):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?query={query}", timeout=PATIENCE) as answer:
                return json.load(answer)["data"]["result"]
        except (OSError, urllib.error.URLError):
            return None
    equal(wait_for(lambda: ask("up") or None, what="Prometheus scrapes")[0]["metric"]["job"], "helod")
    wait_for(lambda: (ask("up") or [{"value": [0, "0"]}])[0]["value"][1] == "1", what="the scrape succeeds")
    found = wait_for(lambda: ask("helod_requests_total"), what="the counter")
    equal(float(found[0]["value"][1]), series()["helod_requests_total"])
    equal(ask("helod_start_timestamp_seconds")[0]["metric"]["job"], "helod")
    process.terminate()
    process.wait(PATIENCE)


@test("/status.json has the last decisions, exemptions, thresholds; a hostile name is only text")
def _():
    daemon.ask(helo=HOSTILE, client="203.0.113.78")
    status, headers, body = fetch("/status.json")
    equal((status, headers["Content-Type"]), (200, "application/json"))
    assert "<script" not in body, "raw markup in the answer"
    said = json.loads(body)
    equal(said["decisions"][0]["helo"], HOSTILE)
    equal(said["decisions"][0]["score"] >= 0, True)
    equal([row["hits"] for row in said["exemptions"] if row["pattern"] == "198.51.100.9"], [1])
    equal([row["score"] for row in said["policies"][0]["thresholds"]], [30, 70, 100])
    equal(set(said["minutes"]), {"dunno", "mark", "defer", "reject", "skipped"})
    equal(sum(map(sum, said["minutes"].values())), len(said["decisions"]))
    kinds = ["skipped" if "skip" in row else row["judged"] for row in said["decisions"]]
    for name, minutes in said["minutes"].items():
        equal(sum(minutes), kinds.count(name), name)
    contains(said["rules"]["helo_localhost"], "localhost")
    for i in range(60):
        daemon.ask(helo=f"n{i}", client="203.0.113.79")
    said = json.loads(fetch("/status.json")[2])
    equal([row["helo"] for row in said["decisions"]], [f"n{i}" for i in range(59, 9, -1)])


@test("decisions that are not logged are shown as well; in a busy second those that are logged come first")
def _():
    with Helod('status { listen = { "inet:127.0.0.1:%d" } }' % (port := free_port()), server="log_dunno = no") as quiet:
        def shown():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/status.json", timeout=PATIENCE) as answer:
                return json.load(answer)
        quiet.ask(client_name="mail.kiln-street.net")
        equal([row["action"] for row in shown()["decisions"]], ["dunno"])
        with quiet.connect() as connection:
            for _ in range(500):
                connection.ask(client_name="mail.kiln-street.net")
            connection.ask(helo="localhost", client="203.0.113.77")
        said = shown()
        equal((len(said["decisions"]), sum(map(sum, said["minutes"].values()))), (50, 502))
        equal(said["decisions"][0]["helo"], "localhost")
        equal(len(quiet.decisions()), 1)


@test("HEAD has no body, whatever is wrong")
def _():
    for line in (b"HEAD /none HTTP/1.1", b"HEAD /reload HTTP/1.1", b"HEAD / HTTP/1.1\r\nHost: evil.example"):
        answer = raw(line + b"\r\n\r\n")
        contains(answer.decode(), "HTTP/1.1 4")
        equal(answer[-4:], b"\r\n\r\n", line)


@test("HEAD is GET without the body")
def _():
    _, wanted, body = fetch("/status.js")
    status, headers, nothing = fetch("/status.js", "HEAD")
    equal((status, headers["Content-Length"], nothing), (200, str(len(body.encode())), ""))
    equal(headers, wanted)


@test("the page may load nothing from elsewhere, and is not cached")
def _():
    _, headers, body = fetch("/")
    contains(headers["Content-Security-Policy"], "default-src 'none'")
    equal((headers["Cache-Control"], headers["X-Content-Type-Options"]), ("no-store", "nosniff"))
    for part in (body, fetch("/status.js")[2], fetch("/status.css")[2]):
        assert "//" not in part.replace("http://www.w3.org/2000/svg", "").replace("// ", ""), "an address in the page"


@test("POST is for a unix socket only; what is no page is 404; methods are looked at")
def _():
    equal(fetch("/reload", "POST")[0], 403)
    equal(fetch("/reload")[0], 405)
    equal(fetch("/metrics", "POST", unix=True)[0], 405)
    equal(fetch("/nothing")[0], 404)
    equal(fetch("/metrics", "DELETE")[0], 405)
    equal(fetch("/metrics", unix=True, headers={"Host": "anything"})[0], 200)


@test("reload over the unix socket, whole or not at all")
def _():
    status, _, body = fetch("/reload", "POST", unix=True)
    equal((status, json.loads(body)), (200, {"done": True, "generation": 2}))
    good = daemon.conf_path.read_text()
    daemon.conf_path.write_text("nonsense {")
    status, _, body = fetch("/reload", "POST", unix=True)
    equal((status, json.loads(body)), (409, {"done": False, "generation": 2}))
    daemon.conf_path.write_text(good)
    equal(series()['helod_reloads_total{result="failed"}'], 1)


@test("over the unix socket, strangers may look but change nothing")
def _():
    if os.geteuid() != 0:
        skip("this machine: not root, no other user to be")
    code = (f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({str(CONTROL)!r});"
            "s.sendall(b'POST /reload HTTP/1.0\\r\\n\\r\\n'); print(s.recv(99).decode())")
    done = subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True, text=True, user="nobody", group="nogroup",
                          extra_groups=[], check=False)
    contains(done.stdout, "403 Forbidden", done.stderr)


@test("headers over 4096 bytes, bodies, unknown methods and other protocols are refused")
def _():
    for data, wanted in ((b"GET / HTTP/1.1\r\nA: " + b"x" * 5000 + b"\r\n\r\n", b"400"),
                         (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", b"400"),
                         (b"POST /reload HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"413"),
                         (b"POST /reload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"413"),
                         (b"BREW / HTTP/1.1\r\n\r\n", b"501"),
                         (b"GET /history?subject HTTP/1.1\r\n\r\n", b"400"),
                         (b"request=smtpd_access_policy\n\n", b"400")):
        contains(raw(data).split(b"\r\n")[0], wanted, str(data[:40]))


@cases([
    ("localhost", 200), (f"LocalHost:{PORT}", 200), ("127.0.0.1", 200), (f"[::1]:{PORT}", 200), ("192.0.2.1", 200), ("", 200),
    ("attacker.example", 421), ("localhost.example", 421), ("127.0.0.1.example", 421), ("[127.0.0.1]evil.example", 421),
    (f"[::1]evil.example:{PORT}", 421), ("evil.example[::1]", 421), ("[", 421), ("[]", 421), ("[localhost]", 421),
    ("a b", 421)], name=lambda row: f"Host: {row[0]}")
def _(host, status):
    answer = raw(f"GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    contains(answer.split(b"\r\n")[0].decode(), f" {status} ")


@test("a request that names another host in its first line is refused")
def _():
    contains(raw(b"GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").decode(), "HTTP/1.1 421")


@test("eight slow visitors over TCP keep nobody from the unix socket; after 5 s the next ones have their turn")
def _():
    began = time.monotonic()
    slow = [socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE) for _ in range(12)]
    for s in slow:
        s.sendall(b"GET / HT")
        s.setblocking(False)  # with a timeout, even MSG_DONTWAIT would wait

    def has_left(s):
        try:
            return s.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) is not None
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
    served = 0
    while not has_left(slow[0]):
        equal(fetch("/metrics", unix=True)[0], 200)
        equal(fetch("/reload", "POST", unix=True)[0], 200)
        served += not has_left(slow[0])
        for s in slow:
            with contextlib.suppress(OSError):
                s.sendall(b"T")  # a byte now and then is not enough to stay
        time.sleep(0.1)
    assert served > 0, "the unix socket was served only once the slow visitors had left"
    assert time.monotonic() > began + 4, "they were not given 5 s"
    contains(daemon.ask(sasl_username="alice"), "DUNNO")
    equal(fetch("/stats.json")[0], 200)
    for s in slow:
        s.close()


@test("a reload opens and closes status sockets; the socket file goes with the daemon")
def _():
    other = FOLDER / "other"
    daemon.reload(CONF.replace(f'"unix:{CONTROL}"', f'"unix:{other}"'))
    wait_for(lambda: other.exists() and not CONTROL.exists(), what="the sockets of the new policy")
    equal(daemon.stop(), 0)
    assert not other.exists(), "the socket file is still there"


daemon.start()
run()
