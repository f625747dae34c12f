#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon as a process: the command line, reload, the end, limits, what it says of itself."""
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from helod import (HELOD, PATIENCE, SKIPPED, Helod, free_port, helod, heloctl, policy, request, raise_descriptors,
                   replace_file, scratch, status_of, wait_for)
from nameserver import FaultDns
from stalls import Watch
from tap import Skip, cases, contains, equal, run, test

AS_ROOT = os.geteuid() == 0


# The command line

@test("-t prints the policy in effect, and it reads back to the same")
def _():
    folder = scratch()
    status, first, errors = helod("-t", "-c", policy(folder, 'policy "default" { points { helo_not_fqdn = 61 } }'))
    equal((status, errors), (0, ""))
    contains(first, "helo_not_fqdn = 61")
    status, again, _ = helod("-t", "-c", policy(folder, first))
    equal((status, again), (0, first))


@test("-t tells every error with its line, and exits 1")
def _():
    path = policy(scratch(), 'server { max_conections = 5 }\n\npolicy "default" { mode = "hard" }\n')
    status, out, errors = helod("-t", "-c", path)
    equal((status, out), (1, ""))
    contains(errors, f"{path}:1: ")
    contains(errors, "max_connections")
    contains(errors, f"{path}:3: ")


@test("-t: a policy file that is not there is an error")
def _():
    status, _, errors = helod("-t", "-c", "/helod-absent/helod.conf")
    equal(status, 1)
    contains(errors, "/helod-absent/helod.conf")


@test("-V names every library")
def _():
    status, out, _ = helod("-V")
    equal(status, 0)
    for pattern in (r"^helod \d", r"^c-ares 1\.\d", r"^libevent 2\.\d", r"^libconfuse \d",
                    r"^libpsl \d.*, data of \d{4}-\d\d-\d\d$"):
        assert re.search(pattern, out, re.M), f"{pattern} not in {out!r}"


@test("-h and --help print the options to stdout, and are no mistake")
def _():
    for option in ("-h", "--help"):
        status, out, errors = helod(option)
        equal((status, errors), (0, ""))
        contains(out, "usage: helod")
        contains(out, "check the policy file")


@test("-t tells a user or group that does not exist, with its line")
def _():
    for option in ("user", "group"):
        path = policy(scratch(), f'# one\nserver {{\n  {option} = "no-such-one"\n}}\n')
        status, out, errors = helod("-t", "-c", path)
        equal((status, out), (1, ""))
        contains(errors, f'{path}:3: {option}: no such {option}: "no-such-one"')
    equal(helod("-t", "-c", policy(scratch(), 'server { user = "root" group = "root" }\n'))[0], 0)


@test("an unknown option and a stray argument are a usage error, 64")
def _():
    for arguments in (("-x",), ("start",), ("-c",)):
        status, _, errors = helod(*arguments)
        equal(status, 64)
        contains(errors, "usage: helod")


@test("a broken policy file keeps it from starting, with the reason on stderr")
def _():
    path = policy(scratch(), "server { listen = {\n")
    status, _, errors = helod("-f", "-c", path)
    equal(status, 1)
    contains(errors, str(path))


@test("a policy_context without a policy: one warning says which policies exist and which one is used; it is counted")
def _():
    status = scratch() / "status"
    with Helod('policy "default" { mode = "monitor" }\npolicy "strict" {}\n'
               f'status {{ listen = {{ "unix:{status}" }} }}\n') as daemon:
        for context in ("", "default", "strict", "strikt", "strikt", "other"):
            daemon.ask(context=context, **SKIPPED)
        line = daemon.wait_log("policy_context=strikt")
        contains(line, 'has no such policy (it has "default", "strict"); policy "default" is used, in mode monitor')
        equal(daemon.log().count("policy_context="), 1, "a second line within ten minutes")
        stats = heloctl("stats", "-s", f"unix:{status}")[1]
        equal(re.findall(r"^helod_unknown_policy_total +(\d+)$", stats, re.M), ["3"], stats)


# Reload

@test("SIGHUP: a good file counts at once, and what changed is logged")
def _():
    with Helod('policy "default" { points { helo_not_fqdn = 0 } }') as daemon, daemon.connect() as c:
        daemon.reload('policy "default" { points { helo_not_fqdn = 71 } }')
        daemon.wait_log("policy 2 is in force")
        contains(daemon.wait_log("reload: "), "helo_not_fqdn 0 -> 71")
        c.ask(helo="word")  # on the connection from before
        equal(daemon.decision(helo="word")["findings"].get("helo_not_fqdn"), 71)


@test("SIGHUP: a bad file changes nothing, and every error is logged")
def _():
    with Helod() as daemon, daemon.connect() as c:
        good = daemon.conf_path.read_text()
        daemon.conf_path.write_text(good + 'policy "default" { mode = "hard" }\nnonsense = 5\n')
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("policy 1 stays in force")
        contains(daemon.log(), "nonsense")
        contains(daemon.log(), "hard")
        equal(c.ask(**SKIPPED), "DUNNO")
        daemon.conf_path.unlink()
        daemon.signal(signal.SIGHUP)
        wait_for(lambda: daemon.log().count("policy 1 stays in force") == 2, what="the second refusal")
        daemon.conf_path.write_text(good)
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("policy 2 is in force")


@test("SIGHUP: sockets are added and removed, a socket that cannot be had refuses the whole file")
def _():
    with Helod() as daemon:
        port, second = daemon.port, free_port()
        taken = socket.socket()
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        daemon.listen = [f"unix:{daemon.path}", f"inet:127.0.0.1:{second}",
                         f"inet:127.0.0.1:{taken.getsockname()[1]}"]
        daemon.reload("")
        daemon.wait_log("policy 1 stays in force")
        equal(daemon.ask(**SKIPPED), "DUNNO")
        equal(socket.socket().connect_ex(("127.0.0.1", second)), 111, "a socket of the refused file")
        daemon.listen.pop()
        daemon.reload("")
        daemon.wait_log("policy 2 is in force")
        daemon.port = second
        equal(daemon.ask(**SKIPPED), "DUNNO")
        equal(daemon.ask(unix=True, **SKIPPED), "DUNNO")
        equal(socket.socket().connect_ex(("127.0.0.1", port)), 111, "a socket that is not listed any more")


@test("SIGHUP under load, with good and bad files: no connection is lost, no answer is missing")
def _():
    with Helod() as daemon:
        good = daemon.conf_path.read_text()
        wrong, done = [], threading.Event()

        def asks(attributes):
            try:
                with daemon.connect() as c:
                    while not done.is_set():
                        c.ask(**attributes)
            except Exception as error:
                wrong.append(repr(error))

        loads = [threading.Thread(target=asks, args=(a,))
                 for a in (SKIPPED, {"helo": "mail.client.example"}, {"helo": "x"}, {"helo": "other.example"})]
        for load in loads:
            load.start()
        for n in range(40):
            replace_file(daemon.conf_path, good + ("" if n % 2 else "nonsense"))
            daemon.signal(signal.SIGHUP)
            time.sleep(0.03)
        replace_file(daemon.conf_path, good)
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("reload done")
        done.set()
        for load in loads:
            load.join()
        equal(wrong, [])


# The end

def silent_server():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    return s


@test("SIGTERM: what is in flight is answered, then exit 0 within the deadline")
def _():
    silent = silent_server()
    daemon = Helod(server='deadline = "3s"', resolver=f"127.0.0.1:{silent.getsockname()[1]}")
    with daemon.connect() as waiting, daemon.connect() as idle:
        waiting.send(request(helo="mail.client.example"))
        time.sleep(0.2)
        begin = time.monotonic()
        equal(daemon.stop(), 0, "exit status")
        took = time.monotonic() - begin
        assert 0.5 < took < PATIENCE, f"{took:.2f} s"
        answer = waiting.answer()
        assert answer == "DUNNO" or answer.startswith("PREPEND "), answer
        equal(idle.closed(), b"")
    silent.close()


# As the service manager does: opens the port, and passes it to the program.
PASS_SOCKET = """
import os, socket, sys
opened = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(opened.fileno(), 3)
os.set_inheritable(3, True)
os.execve(sys.argv[2], sys.argv[2:], {**os.environ, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"})
"""


@test("SIGTERM, sockets of its own: whoever is connected is answered until the last lookup has ended")
def _():
    with FaultDns() as dns:
        daemon = Helod(server='deadline = "60s"', dns='timeout = "30s"', resolver=dns.address)
        with daemon.connect() as waiting, daemon.connect() as busy:
            equal(busy.ask(**SKIPPED), "DUNNO")
            dns.signal(signal.SIGSTOP)
            waiting.send(request(helo="mail.client.example"))
            daemon.signal(signal.SIGTERM)
            daemon.wait_log("stopping on signal")
            for _ in range(30):
                equal(busy.ask(**SKIPPED), "DUNNO")
                time.sleep(0.01)
            dns.signal(signal.SIGCONT)
            assert waiting.answer()
            equal(daemon.stop(), 0, "exit status")


@test("SIGTERM, passed sockets: idle connections are closed, each other one after its answer, so that nothing delays the end")
def _():
    with FaultDns() as dns:
        daemon = Helod(server='deadline = "60s"', dns='timeout = "30s"', resolver=dns.address, start=False)
        daemon.listen.pop()  # the unix socket, which nobody would open
        daemon.wrapper = [sys.executable, "-c", PASS_SOCKET, str(daemon.port)]
        daemon.start()
        with daemon.connect() as waiting, daemon.connect() as busy, daemon.connect() as idle, daemon.connect() as unused:
            equal(idle.ask(**SKIPPED), "DUNNO")
            dns.signal(signal.SIGSTOP)
            daemon.signal(signal.SIGSTOP)
            waiting.send(request(helo="mail.client.example"))
            busy.send(request(**SKIPPED))
            daemon.signal(signal.SIGTERM)
            daemon.signal(signal.SIGCONT)
            equal(busy.answer(), "DUNNO")
            equal([c.closed() for c in (busy, idle, unused)], [b"", b"", b""])
            equal(daemon.process.poll(), None, "helod, while a request is in flight")
            dns.signal(signal.SIGCONT)
            assert waiting.answer()
            equal(waiting.closed(), b"")
            equal(daemon.stop(), 0, "exit status")


@test("SIGTERM: who has connected and asked already is answered")
def _():
    for _ in range(5):
        daemon = Helod()
        os.kill(daemon.process.pid, signal.SIGSTOP)
        with daemon.connect() as c:
            c.send(request(**SKIPPED))
            os.kill(daemon.process.pid, signal.SIGTERM)
            os.kill(daemon.process.pid, signal.SIGCONT)
            equal(c.answer(), "DUNNO")
            equal(daemon.stop(), 0)


@test("answered in one turn: each its own answer, more than leave together, pipelined, half-closed")
def _():
    text = 'policy "default" { reject_text = "%{helo} is one of ' + "our names, " * 20 + '" }'
    with Helod(conf='local { names = { ".our.example" } }\n' + text) as daemon:
        peers = [daemon.connect() for _ in range(200)]
        os.kill(daemon.process.pid, signal.SIGSTOP)
        for i, c in enumerate(peers):
            c.send(request(helo=f"h{i}.our.example", client_address="192.0.2.9"))
            if i % 3 == 0:
                c.send(request(**SKIPPED))
            if i % 5 == 0:
                c.socket.shutdown(socket.SHUT_WR)
        os.kill(daemon.process.pid, signal.SIGCONT)
        size = 0
        for i, c in enumerate(peers):
            answer = c.answer()
            size += len(answer)
            contains(answer, f" h{i}.our.example is one of our names")
            if i % 3 == 0:
                equal(c.answer(), "DUNNO")
            if i % 5 == 0:
                equal(c.closed(), b"")
            else:
                equal(c.ask(**SKIPPED), "DUNNO")
            c.close()
        assert size > 2 * 16384, f"{size} bytes left at once"


@test("SIGTERM: an idle daemon ends at once")
def _():
    daemon = Helod()
    with Watch(daemon.process.pid) as watch:
        equal(daemon.stop(), 0)
    assert watch.seconds < 4, f"{watch.seconds:.2f} s"


@test("SIGINT ends it as SIGTERM does")
def _():
    equal(Helod().stop(signal.SIGINT), 0)


@test("signals that come while it starts are neither lost nor deadly")
def _():
    folder = scratch()
    conf = policy(folder, 'server { listen = { "unix:%s/policy" } }' % folder)
    for wait in range(20):
        with open(folder / f"log{wait}", "w+") as log:
            process = subprocess.Popen([HELOD, "-f", "-c", str(conf)], stdin=subprocess.DEVNULL, stderr=log)
            # From the first instruction of ours on: then SIGHUP is blocked.
            wait_for(lambda: int(status_of(process.pid)["SigBlk"], 16) & 1 or "is ready" in open(log.name).read(),
                     step=0.0001)
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            equal(process.wait(PATIENCE), 0, "exit status")
            contains(open(log.name).read(), "stopped")


# Limits

def is_closed(connection):
    try:
        return connection.socket.recv(1, socket.MSG_PEEK) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


@test("when max_connections is reached, those that never asked go first, then the one that is idle longest")
def _():
    with Helod(server="max_connections = 4") as daemon:
        wait_for(lambda: daemon.ask(**SKIPPED) == "DUNNO")
        first, second = daemon.connect(), daemon.connect()
        for c in (second, first):  # first asks last
            equal(c.ask(**SKIPPED), "DUNNO")
        silent = [daemon.connect(seconds=0.2) for _ in range(2)]
        silent[1].socket.sendall(b"request=smtpd")  # half a request is none
        wait_for(lambda: daemon.ask(**SKIPPED) == "DUNNO")
        assert is_closed(silent[0]) and not is_closed(silent[1]), "the oldest silent one goes first"
        new = []
        for _ in range(4):
            new.append(daemon.connect())
            equal(new[-1].ask(**SKIPPED), "DUNNO")
        assert is_closed(silent[1]), "then the next silent one"
        assert is_closed(second) and is_closed(first), "then those that are idle longest"
        for c in new:
            equal(c.ask(**SKIPPED), "DUNNO")
        contains(daemon.wait_log("max_connections (4) is reached"), "idle connections are closed")


@test("1,000 idle connections of a local user do not keep Postfix out")
def _():
    raise_descriptors(1100)
    with Helod(server="max_connections = 100") as daemon:
        honest = daemon.connect()
        equal(honest.ask(**SKIPPED), "DUNNO")
        crowd = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(1000)]
        equal(honest.ask(**SKIPPED), "DUNNO", "a connection that was open before")
        with daemon.connect() as late:
            equal(late.ask(**SKIPPED), "DUNNO", "a new one")
        for s in crowd:
            s.close()


@test("a connection with a request in flight is never closed to make room; further ones wait")
def _():
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    with Helod(server='max_connections = 2 deadline = "3s"', resolver="127.0.0.1:%d" % silent.getsockname()[1]) as daemon:
        busy = [daemon.connect() for _ in range(2)]
        for i, c in enumerate(busy):
            c.send(request(helo=f"mail{i}.kiln-street.net", client=f"203.0.113.{i + 1}"))
        silent.recv(1000)
        silent.recv(1000)
        late = [daemon.connect() for _ in range(3)]
        for c in late:
            c.send(request(**SKIPPED))
        for c in busy:
            assert "DUNNO" in c.answer() or "4" in c.answer(), "an answer at the deadline"
        for c in late:
            equal(c.answer(), "DUNNO")


def cpu_of(pid, seconds):
    """Seconds of a processor that it takes in the next `seconds`."""
    def cpu():
        fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = cpu()
    time.sleep(seconds)
    return cpu() - before


@test("without descriptors it neither spins nor dies, and goes on when there are some")
def _():
    with Helod(server="max_connections = 100", wrapper=["/bin/sh", "-c", 'exec "$@"', "sh"]) as daemon:
        pid = daemon.process.pid
        daemon.wait_log("is ready")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (30, 30))  # behind its back
        clients = [daemon.connect() for _ in range(60)]
        daemon.wait_log("cannot accept a connection")

        assert cpu_of(pid, 2) < 0.5, "it spins"
        equal(clients[0].ask(**SKIPPED), "DUNNO")
        for c in clients[:50]:
            c.close()
        clients[55].socket.settimeout(PATIENCE)
        equal(clients[55].ask(**SKIPPED), "DUNNO")
        equal(daemon.log().count("cannot accept a connection"), 1)
        for c in clients[50:]:
            c.close()


@test("without descriptors a visit to the status socket waits, and helod does not spin")
def _():
    port = free_port()
    with Helod(conf=f'status {{ listen = {{ "inet:127.0.0.1:{port}" }} }}') as daemon:
        pid = daemon.process.pid
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 4096))  # behind its back
        with socket.create_connection(("127.0.0.1", port)) as visit:
            visit.settimeout(PATIENCE)
            visit.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert cpu_of(pid, 2) < 0.5, "it spins"
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (1024, 4096))
            contains(visit.recv(65536).decode(), "200 OK")


@test("the limit of open files is raised for max_connections")
def _():
    with Helod(server="max_connections = 300", wrapper=["/bin/sh", "-c", 'ulimit -Sn 64; exec "$@"', "sh"]) as daemon:
        clients = [daemon.connect() for _ in range(200)]
        for c in clients:
            equal(c.ask(**SKIPPED), "DUNNO")
            c.close()


@test("a limit of open files that cannot be raised lowers max_connections, and says so")
def _():
    if AS_ROOT:
        wrapper = ["setpriv", "--bounding-set", "-sys_resource", "--inh-caps", "-sys_resource", "/bin/sh", "-c",
                   'ulimit -Sn 640; ulimit -Hn 640; exec "$@"', "sh"]
        if shutil.which("setpriv") is None:
            raise Skip("no setpriv")
    else:
        wrapper = ["/bin/sh", "-c", 'ulimit -Sn 640; ulimit -Hn 640; exec "$@"', "sh"]
    with Helod(server="max_connections = 1000", wrapper=wrapper) as daemon:
        daemon.wait_log("too low for max_connections = 1000")
        equal(daemon.ask(**SKIPPED), "DUNNO")


@cases([
    ("files", "ulimit -Sn 10; ulimit -Hn 10", "the limit of open files is 10, helod needs at least 32"),
    ("stack", "ulimit -s 64", "the stack limit is 64 KiB, helod needs at least 256 KiB"),
], name=lambda row: f"a limit of {row[0]} that is too low to work at all: helod does not start, and says what it needs")
def _(what, limit, wanted):
    command = ["/bin/sh", "-c", f'{limit}; exec "$@"', "sh", HELOD, "-f", "-c",
               str(policy(scratch(), f'server {{ listen = {{ "inet:127.0.0.1:{free_port()}" }} user = "" }}'))]
    if what == "files" and AS_ROOT:
        if shutil.which("setpriv") is None:
            raise Skip("no setpriv")
        command = ["setpriv", "--bounding-set", "-sys_resource", "--inh-caps", "-sys_resource", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    equal(done.returncode, 1, done.stderr)
    contains(done.stderr, wanted)


@test("the least stack that helod asks for is enough")
def _():
    with Helod(wrapper=["/bin/sh", "-c", 'ulimit -s 256; exec "$@"', "sh"]) as daemon:
        for client in ("203.0.113.77", "2001:db8:77::5"):
            daemon.ask(client=client, helo="mail.kiln-street.net", sender="a@kiln-street.net")
        daemon.reload()
        daemon.wait_log("policy 2 is in force")


@test("past client_rate requests of one network a minute, only local rules run")
def _():
    silent = silent_server()
    left = 60 - time.clock_gettime(time.CLOCK_MONOTONIC) % 60
    if left < 20:
        time.sleep(left)  # counted by the minute: not over its end
    with Helod(server='client_rate = 5\ndeadline = "1s"',
               resolver=f"127.0.0.1:{silent.getsockname()[1]}") as daemon, daemon.connect() as c:
        times = []
        for n in range(8):
            begin = time.monotonic()
            c.ask(client=f"198.51.100.{n}", helo=f"h{n}.client.example")
            times.append(time.monotonic() - begin)
        assert min(times[:5]) > 0.8 and max(times[5:]) < 0.7, times
    silent.close()


@test("requests that need no lookup use up nothing of client_rate")
def _():
    with Helod(server='client_rate = 5\ndeadline = "1s"') as daemon, daemon.connect() as c:
        for n in range(40):
            name = f"mail{n}.kiln-street.net"
            c.ask(client="198.51.100.9", helo=name, client_name=name, reverse_client_name=name)
        c.ask(client="198.51.100.9", helo="forged.kiln-street.net")
        assert "limit" not in daemon.decision(helo="forged.kiln-street.net"), daemon.log()
        for n in range(8):
            c.ask(client="198.51.100.9", helo=f"forged{n}.kiln-street.net")
        equal(daemon.decision(helo="forged7.kiln-street.net").get("limit"), "client_rate")


FORGED = """
bare-domain.com 1 TXT "v=spf1 -all"
bare-domain.com 1 A 192.0.2.77
clean-domain.com 1 A 203.0.113.66
clean-domain.com 1 TXT "v=spf1 a -all"
66.113.0.203.in-addr.arpa 1 PTR clean-domain.com
neighbour-domain.com 1 A 203.0.113.67
67.113.0.203.in-addr.arpa 1 PTR neighbour-domain.com
"""


def minute():
    return time.clock_gettime(time.CLOCK_MONOTONIC) // 60


@test("past client_rate, what was decided about the recipient whose domain HELO claims does not hold for others")
def _():
    same = {"client": "203.0.113.79", "helo": "mx.tin-road.net"}
    zone = "mx.tin-road.net 1 A 25.9.9.9\n203.0.113.79 1 PTR a.b.hoster.net\na.b.hoster.net 1 A 203.0.113.79\n"
    with FaultDns(zone) as dns:
        for _ in range(5):
            begin = minute()
            with Helod('policy "default" { points { helo_is_recipient_domain = 75 } }', server="client_rate = 4",
                       dns='ttl_min = "1s"', resolver=dns.address) as daemon, daemon.connect() as c:
                first = [c.ask(**same, instance="m.1", recipient=who) for who in ("c@example.org", "a@tin-road.net")]
                for n in range(12):
                    c.ask(client="203.0.113.79", helo=f"one-of-many-{n}.com")
                time.sleep(1.2)  # the records are out of the cache
                second = [c.ask(**same, instance="m.2", recipient=who) for who in ("b@example.net", "a@tin-road.net")]
            if minute() == begin:
                break
    equal((first[0], first[1][:4]), ("DUNNO", "450 "))
    equal("recipient's own domain" in second[0], False, second[0])
    contains(second[1], "450 ")


@test("a client past client_rate gets no better answer than before: what was decided holds, all else is deferred")
def _():
    forger = {"client": "203.0.113.7", "helo": "bare-domain.com", "sender": "a@bare-domain.com"}
    honest = {"client": "203.0.113.66", "helo": "clean-domain.com", "sender": "b@clean-domain.com"}
    neighbour = {"client": "203.0.113.67", "helo": "neighbour-domain.com", "sender": "d@neighbour-domain.com"}
    others = [{**forger, "client": "203.0.113.8"}, {**forger, "sender": "c@elsewhere.net"},
              {**forger, "helo": "never-seen.com"}, {**forger, "encryption_protocol": "TLSv1.3"},
              {**forger, "client_name": "mail.bare-domain.com"}]
    with FaultDns(FORGED) as dns:
        for _ in range(5):
            begin = minute()  # the limit is by the minute: all of it in the same one
            with Helod(server="client_rate = 20", dns='ttl_min = "1s"', resolver=dns.address) as daemon, \
                    daemon.connect() as c:
                first = [c.ask(**forger), c.ask(**honest)]
                for n in range(30):
                    c.ask(client="203.0.113.8", helo=f"one-of-many-{n}.com")
                time.sleep(1.2)  # the records of the two are out of the cache
                second = [c.ask(**forger), c.ask(**honest)]
                rest = [c.ask(**other) for other in others]
                elsewhere = c.ask(**{**forger, "client": "198.51.100.7"})
                beside = [c.ask(**neighbour), c.ask(**{**forger, "client": "203.0.113.9"})]
                lines = daemon.decisions(helo="bare-domain.com", client="203.0.113.7")
            if minute() == begin:
                break
    contains(first[0], "550 ")
    equal(first[1], "DUNNO")
    equal([re.sub(r" \[.*", "", answer) for answer in second], [re.sub(r" \[.*", "", answer) for answer in first])
    equal((lines[1]["limit"], lines[1]["findings"]), ("client_rate", lines[0]["findings"]))
    for answer in rest:
        contains(answer, "450 4.7.1 your network sends more greetings in a minute than this server looks up")
    contains(elsewhere, "550 ")
    equal(beside[0], "DUNNO")  # a host that sends little is judged as before, honest or not
    contains(beside[1], "550 ")


# What it says

@test("SIGUSR1 logs the counters")
def _():
    with Helod() as daemon:
        daemon.ask(**SKIPPED)
        daemon.signal(signal.SIGUSR1)
        daemon.wait_log('stats: helod_skipped_total{reason="authenticated"} 1')


@test("how often each exemption counted is known by its line, over a reload that moves it")
def _():
    exempt = 'exempt { clients = { "198.51.100.0/24" } }\n'
    with Helod(exempt) as daemon, daemon.connect() as c:
        for n in range(3):
            equal(c.ask(client=f"198.51.100.{n}", helo="bad name"), "DUNNO")
        daemon.reload('exempt { clients = { "192.0.2.0/24", "198.51.100.0/24" } }\n')
        daemon.wait_log("policy 2 is in force")
        equal(c.ask(client="198.51.100.9", helo="bad name"), "DUNNO")
        equal(c.ask(client="192.0.2.9", helo="bad name"), "DUNNO")
        daemon.signal(signal.SIGUSR1)
        contains(daemon.wait_log("198.51.100.0/24: "), "4 hits")
        contains(daemon.wait_log("192.0.2.0/24: "), "1 hits")
        contains(daemon.wait_log('helod_exempted_total{kind="client"}'), " 5")


@test("a Postfix that asks at HELO is told so, once")
def _():
    with Helod() as daemon, daemon.connect() as c:
        for _ in range(60):
            c.ask(state="EHLO", instance="", sasl_username="x")
        equal(daemon.log().count("smtpd_delay_reject"), 1)


@test("a resolver that fails is noticed, said once, and not waited for meanwhile")
def _():
    refusing = silent_server()
    done, heard = threading.Event(), []

    def refuse():
        refusing.settimeout(0.2)
        while not done.is_set():
            try:
                data, peer = refusing.recvfrom(2000)
            except TimeoutError:
                continue
            heard.append(data)
            refusing.sendto(data[:2] + b"\x81\x82" + data[4:12] + data[12:], peer)

    thread = threading.Thread(target=refuse)
    thread.start()
    try:
        with Helod(resolver=f"127.0.0.1:{refusing.getsockname()[1]}",
                   dns='timeout = "100ms"\ntries = 1') as daemon, daemon.connect() as c:
            for n in range(40):
                c.ask(helo=f"h{n}.client.example", client=f"198.51.{n}.1")
            daemon.wait_log("DNS points are suspended")
            begin, before = time.monotonic(), len(heard)
            for n in range(20):
                answer = c.ask(helo=f"g{n}.client.example", client=f"198.51.{n}.2")
                assert not answer.startswith(("4", "5")), answer
            # One request a second is let through, to see whether the resolver has recovered.
            asked, probes = len(heard) - before, 2 + int(time.monotonic() - begin)
            assert asked <= 10 * probes, f"{asked} lookups while suspended"
            time.sleep(1.5)
            equal(daemon.log().count("DNS points are suspended"), 1)
    finally:
        done.set()
        thread.join()
        refusing.close()


run()
