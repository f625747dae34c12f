#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How helod reaches a real redis-server: every address of a name is tried, and TLS trusts only the right certificate.
A connection that fails is logged with the cause, nothing is sent over it, and requests are answered all the same."""
import os
import subprocess
import time

import redisserver
from helod import Helod, free_port, scratch, wait_for
from redisserver import Authority, Redis
from tap import cases, contains, equal, run, skip, skip_all, test

if redisserver.PROGRAM is None:
    skip_all("no redis-server or valkey-server")

# A name of one label can never be verified and needs no DNS: what is marked is marked by the history.
POLICY = '''policy "default" { points { helo_not_fqdn = 1 helo_shared = 40 helo_mail_role = 0 } }'''
KNOWN = {"client_name": "c.kiln-street.net", "reverse_client_name": "c.kiln-street.net"}
NAME = "history.kiln-street.net"  # of the server
NO_TLS = "cannot speak TLS"


def start(host, port, options="", hosts=None, env=None):
    """A daemon, once it is ready or has ended. `hosts`: lines of an /etc/hosts that only it sees."""
    wrapper = ()
    if hosts is not None:
        path = scratch() / "hosts"
        path.write_text(hosts)
        wrapper = ("unshare", "-m", "sh", "-ec", f'mount --bind "{path}" /etc/hosts; exec "$@"', "sh")
    daemon = Helod(f'history {{ store = "redis" redis = "inet:{host}:{port}" redis_timeout = "1s" {options} }}\n{POLICY}',
                   wrapper=wrapper, env=env, start=False)
    try:
        daemon.start()
    except AssertionError:
        contains(daemon.log(), NO_TLS)  # nothing else may keep it from starting
        return daemon
    wait_for(lambda: "is ready" in daemon.log(), what="helod is ready")
    return daemon


def is_shared(daemon, name):
    """Whether the history marks the name after greetings with it from 25 networks."""
    with daemon.connect() as connection:
        for i in range(25):
            connection.ask(helo=name, client=f"11.{i}.1.1", **KNOWN)
        return connection.ask(helo=name, client="203.0.113.99", **KNOWN).startswith("PREPEND")


def wait_used(daemon):
    wait_for(lambda: is_shared(daemon, f"probe-{time.monotonic_ns()}"), what="the store is used")


def must_fail(daemon, redis, *reasons):
    """The store is not used, the log says why, and no key has reached the server."""
    line = daemon.wait_log("unavailable, requests are judged without it: ")
    for reason in reasons:
        contains(line, reason)
    assert not is_shared(daemon, "mailhost")
    if redis is not None:
        equal(redis.command("DBSIZE"), b":0\r\n")


def own_hosts():
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        skip("this machine allows no mount namespace, so /etc/hosts cannot be replaced")


@cases([("IPv4 only, and the IPv6 address comes first", "127.0.0.1", "::1 {name}\n127.0.0.1 {name}\n"),
        ("IPv6 only, and the IPv4 addresses come first", "::1", "127.0.0.2 {name}\n127.0.0.3 {name}\n::1 {name}\n"),
        ("the last of eight addresses only", "127.0.0.9", "".join(f"127.0.0.{n} {{name}}\n" for n in range(2, 10)))],
       name=lambda row: f"a name with several addresses, the server listens on {row[0]}: it is found without a pause")
def _(_what, listens, hosts):
    own_hosts()
    redis = Redis("--bind", listens)
    with start(NAME, redis.port, hosts=hosts.format(name=NAME)) as daemon:
        wait_used(daemon)
        assert "unavailable" not in daemon.log(), daemon.log()
        # It is found again, too.
        redis.stop()
        daemon.wait_log("unavailable, requests are judged without it")
        redis.start()
        daemon.wait_log("available again")
        wait_used(daemon)


@test("no address of the name works: the log has the cause for each")
def _():
    own_hosts()
    port = free_port()
    with start(NAME, port, hosts=f"::1 {NAME}\n127.0.0.1 {NAME}\n") as daemon:
        must_fail(daemon, None, "::1: Connection refused", "127.0.0.1: Connection refused")


def start_tls(host, port, authority, hosts=None):
    """The daemon trusts the authority alone."""
    daemon = start(host, port, "redis_tls = yes", hosts, {"SSL_CERT_FILE": str(authority.path), "SSL_CERT_DIR": "/dev/null"})
    if NO_TLS in daemon.log():
        skip("the hiredis of this machine has no TLS, as helod says at start")
    return daemon


@test("TLS: the certificate is for this address")
def _():
    authority = Authority("trusted")
    _, port = authority.redis("IP:127.0.0.1")
    with start_tls("127.0.0.1", port, authority) as daemon:
        wait_used(daemon)


@cases([("the first one", "127.0.0.1 {name}\n::1 {name}\n"), ("the last one", "::1 {name}\n127.0.0.1 {name}\n")],
       name=lambda row: f"TLS: the certificate is for this name, of whose two addresses {row[0]} works")
def _(_what, hosts):
    own_hosts()
    authority = Authority("trusted")
    _, port = authority.redis(f"DNS:{NAME}")
    with start_tls(NAME, port, authority, hosts.format(name=NAME)) as daemon:
        wait_used(daemon)
        assert "unavailable" not in daemon.log(), daemon.log()


@cases([("is for another name", NAME, "DNS:elsewhere.example", 2, "hostname mismatch"),
        ("is for a name below this one", NAME, f"DNS:a.{NAME}", 2, "hostname mismatch"),
        ("is for another address", "127.0.0.1", "IP:127.0.0.2", 2, "IP address mismatch"),
        ("names the address as a name", "127.0.0.1", "DNS:127.0.0.1", 2, "IP address mismatch"),
        ("has expired", "127.0.0.1", "IP:127.0.0.1", 0, "certificate has expired")],
       name=lambda row: f"TLS: a certificate that {row[0]} is refused, and the log says so")
def _(_what, host, names, days, reason):
    hosts = None
    if host == NAME:
        own_hosts()
        hosts = f"127.0.0.1 {NAME}\n"
    authority = Authority("trusted")
    redis, port = authority.redis(names, days)
    with start_tls(host, port, authority, hosts) as daemon:
        must_fail(daemon, redis, "TLS: the server's certificate is refused: ", reason)


@test("TLS: a certificate of an unknown authority is refused, and the log says so")
def _():
    redis, port = Authority("foreign").redis("IP:127.0.0.1")
    with start_tls("127.0.0.1", port, Authority("trusted")) as daemon:
        must_fail(daemon, redis, "TLS: the server's certificate is refused: unable to get local issuer certificate")


@test("TLS: a server that speaks no TLS is not used, and the log says so")
def _():
    redis = Redis()
    with start_tls("127.0.0.1", redis.port, Authority("trusted")) as daemon:
        # Redis waits for the end of a line; a ClientHello that happens to hold one is answered in plain text.
        line = daemon.wait_log("unavailable, requests are judged without it: TLS: ")
        assert "does it speak TLS on this port?" in line or "wrong version number" in line, line
        must_fail(daemon, redis)


@test("TLS: where nobody listens the log says that, and not that TLS failed")
def _():
    with start_tls("127.0.0.1", free_port(), Authority("trusted")) as daemon:
        line = daemon.wait_log("unavailable, requests are judged without it: ")
        contains(line, "Connection refused")
        assert "certificate" not in line, line


@test("TLS: an expired certificate is replaced while helod runs: the store is used from then on")
def _():
    authority = Authority("trusted")
    redis, port = authority.redis("IP:127.0.0.1", 0)
    with start_tls("127.0.0.1", port, authority) as daemon:
        must_fail(daemon, redis, "certificate has expired")
        redis.stop()
        # The same file names: a server that is started again reads the new certificate.
        spare, _ = authority.redis("IP:127.0.0.1")
        spare.stop()
        redis.start()
        daemon.wait_log("available again")
        wait_used(daemon)


run()
