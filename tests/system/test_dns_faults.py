# SPDX-License-Identifier: BSD-2-Clause
"""DNS trouble rejects nobody: for every way a name server can fail, each greeting is answered in time, and none is rejected
that is not with the server in health. What needs no DNS is answered at once meanwhile.

Two policies are asked: the default one, and one that rejects from the first point on, under which the smallest point that a
fault could add, or credit that it could take away, shows. There a credit that cannot be had may cost a deferral; under the
default policy not even that.
"""
import signal
import threading
import time
import urllib.request

from helod import PATIENCE, Helod, free_port, wait_for
from nameserver import FaultDns
from stalls import Watch
from tap import cases, contains, equal, note, run, test

DEADLINE = 2.0  # of the daemon; the resolver is given up on well before
MARGIN = 5.0    # a loaded machine, beside what it is seen to take
AT_ONCE = 0.5   # what "not delayed" means here: the resolver is given up on after that
ATTEMPTS = 10   # on a machine that does other things meanwhile, one slow answer says little
CONF = 'policy "harsh" { threshold "reject" { score = 1  action = "reject" } }'
SERVER = f' deadline = "{DEADLINE:.0f}s"'
DNS = ' timeout = "250ms"\n tries = 2\n ttl_failure = "0s"\n'

ZONE = """
mail.kiln-street.net 300 A 203.0.113.5
mail.kiln-street.net 300 AAAA 2001:db8::5
203.0.113.5 300 PTR mail.kiln-street.net
2001:db8::5 300 PTR mail.kiln-street.net
kiln-street.net 300 MX 10 mail.kiln-street.net
kiln-street.net 300 TXT "v=spf1 a mx -all"
mail.kiln-street.net 300 TXT "v=spf1 a -all"
pool-203-0-113-6.kiln-street.net 300 A 203.0.113.6
203.0.113.6 300 PTR pool-203-0-113-6.kiln-street.net
loom-yard.net 300 A 192.0.2.77
203.0.113.7 300 PTR host7.loom-yard.net
host7.loom-yard.net 300 A 192.0.2.78
office-loom.net 300 A 127.0.0.1
203.0.113.10 300 PTR mail10.office-loom.net
mail10.office-loom.net 300 A 203.0.113.10
"""
# client, HELO; every one needs DNS: Postfix knows no name
GREETINGS = [
    ("203.0.113.5", "mail.kiln-street.net"),                # all in order
    ("2001:db8::5", "mail.kiln-street.net"),
    ("203.0.113.5", "smtp.kiln-street.net"),                # has no address
    ("203.0.113.5", "loom-yard.net"),                  # another's
    ("203.0.113.6", "pool-203-0-113-6.kiln-street.net"),    # a generic name that is confirmed: a credit to lose
    ("203.0.113.7", "host7.loom-yard.net"),            # a reverse name that does not point back
    ("203.0.113.8", "gone.kiln-street.net"),                # nothing at all
    ("203.0.113.9", "gone.kiln-street.net"),
    ("203.0.113.10", "office-loom.net"),                   # the name points to loopback, the organisation is right
    ("203.0.113.5", "[203.0.113.5]"),
    ("203.0.113.9", "203.0.113.9"),
    ("203.0.113.5", "kiln-street.net"),
]
# These need none.
LOCAL = [
    {"client": "203.0.113.5", "helo": "mail.kiln-street.net", "client_name": "mail.kiln-street.net",
     "reverse_client_name": "mail.kiln-street.net"},
    {"client": "127.0.0.1", "helo": "localhost"},
    {"client": "203.0.113.9", "helo": "laptop", "sasl_username": "bob"},
    {"client": "203.0.113.5", "helo": "mail.kiln-street.net", "protocol_state": "VRFY"},
]
EVERYTHING = ("*.net", "*.in-addr.arpa", "*.ip6.arpa")
FAULTS = ["drop", "drop1", "servfail", "servfail1", "refused", "formerr", "notimp", "slow=200", "slow=1500", "slow=10000",
          "garbage=40", "garbage=400", "wrongid", "wrongq", "noq", "short", "empty", "trunc=20", "tcdrop", "tcclose",
          "tcshort", "tcall", "ptrloop", "ptrfwd", "badrdlen", "badlabel", "badtype", "wrongsrc", "noedns",
          "dup", "extra"]


def harshness(action):
    """DUNNO < PREPEND < 4xx < 5xx."""
    return {"D": 0, "P": 1, "4": 2, "5": 3}[action[0]]


def ask_all(daemon, requests):
    """Asks all at the same time, a connection each; returns (action, seconds) in the requests' order. What the machine
    took from us or from helod meanwhile is no part of the seconds."""
    answers = [None] * len(requests)

    def one(index):
        began = time.monotonic()
        answers[index] = (daemon.ask(**requests[index]), time.monotonic() - began)

    threads = [threading.Thread(target=one, args=(index,)) for index in range(len(requests))]
    with Watch(daemon.process.pid) as watch:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert None not in answers, f"not answered: {[q for q, a in zip(requests, answers) if a is None]}"
    return [(action, seconds - watch.stalls.whole()) for action, seconds in answers]


REQUESTS = [{"client": client, "helo": helo, "context": context} for context in ("default", "harsh")
             for client, helo in GREETINGS]


def start(dns, more=""):
    return Helod(CONF, server=SERVER, dns=DNS + more, resolver=dns.address)


with FaultDns(ZONE) as healthy, start(healthy) as reference:
    HEALTHY = [harshness(action) for action, _ in ask_all(reference, REQUESTS)]
    HEALTHY_LOCAL = [harshness(action) for action, _ in ask_all(reference, LOCAL)]


WORST = {"default": harshness("PREPEND"), "harsh": harshness("450")}


def judge(answers, what):
    """No answer late, none worse than in health but by what WORST allows."""
    for request, (action, seconds), before in zip(REQUESTS, answers, HEALTHY):
        assert harshness(action) <= max(before, WORST[request["context"]]), f"{what}: {request}: {action}"
        assert seconds < DEADLINE + MARGIN, f"{what}: {request}: {seconds:.2f} s"


@test("in health: good greetings pass under the harsh policy, bad ones do not")
def _():
    for request, harsh in zip(REQUESTS, HEALTHY):
        note(f"{harsh} {request}")
    verdicts = {(request["client"], request["helo"]): harsh for request, harsh in zip(REQUESTS, HEALTHY)
                if request["context"] == "harsh"}
    equal(verdicts["203.0.113.5", "mail.kiln-street.net"], 0)
    equal(verdicts["2001:db8::5", "mail.kiln-street.net"], 0)
    equal(verdicts["203.0.113.8", "gone.kiln-street.net"], 3)
    equal(HEALTHY_LOCAL[0], 0)


@test("one network whose zones are frozen does not fill the resolver: another's greeting gets its full judgement")
def _():
    faults = "*.frozen.net fault drop\n*.100.51.198.in-addr.arpa fault drop"
    flood = [{"client": f"198.51.100.{n}", "helo": f"mail{n}.frozen.net"} for n in range(60)]
    port = free_port()
    with FaultDns(f"{ZONE}\n{faults}") as dns, Helod(
            f'{CONF}\nstatus {{ listen = {{ "inet:127.0.0.1:{port}" }} }}', server=' deadline = "10s"', resolver=dns.address,
            dns=' timeout = "5s"\n tries = 1\n in_flight = 20\n client_share = 10\n') as daemon:
        crowd = threading.Thread(target=ask_all, args=(daemon, flood))
        crowd.start()
        # All but the two that may wait are answered, and say why they were judged by less.
        wait_for(lambda: len(daemon.decisions(limit="client_waiting")) == len(flood) - 2, what="the flood is limited")
        with Watch(daemon.process.pid) as watch:
            action = daemon.ask(client="203.0.113.8", helo="gone.kiln-street.net", context="harsh")
        equal(harshness(action), 3)
        line = daemon.decision(helo="gone.kiln-street.net")
        assert "limit" not in line and "helo_unresolvable" in line["findings"], line
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as page:
            contains(page.read().decode(), f'helod_limited_total{{reason="client_waiting"}} {len(flood) - 2}\n')
        crowd.join()
        assert watch.seconds < 3, f"{watch.seconds:.1f} s: it waited for the flood"
        # Those beyond the limit are deferred, for their answers could have led to that; nobody is rejected.
        for decision in daemon.decisions():
            if decision["helo"].endswith(".frozen.net"):
                limited = decision.get("limit") == "client_waiting"
                equal(decision["action"], "defer" if limited else "dunno", "no answer is held against anybody")


@cases([(fault,) for fault in FAULTS],
       name=lambda row: f"name server fault {row[0]}: nobody is rejected for it, nothing late, what needs no DNS not delayed")
def _(fault):
    faults = "\n".join(f"{name} fault {fault}" for name in EVERYTHING)
    with FaultDns(f"{ZONE}\n{faults}") as dns, start(dns) as daemon:
        for _attempt in range(ATTEMPTS):
            answers = ask_all(daemon, REQUESTS + LOCAL)
            judge(answers[:len(REQUESTS)], fault)
            equal([harshness(action) for action, _ in answers[len(REQUESTS):]], HEALTHY_LOCAL, "what needs no DNS")
            slowest = max(seconds for _, seconds in answers[len(REQUESTS):])
            if slowest < AT_ONCE:
                break
        assert slowest < AT_ONCE, f"what needs no DNS: {slowest:.2f} s"
        equal(daemon.stop(), 0, "exit status")


@test("no name server at all: the same")
def _():
    with FaultDns(ZONE) as dns:
        dns.stop()
        with start(dns) as daemon:
            judge(ask_all(daemon, REQUESTS), "none")


@cases([("killed", signal.SIGKILL), ("frozen", signal.SIGSTOP)],
       name=lambda row: f"the name server is {row[0]} with requests in flight and comes back: verdicts return to normal")
def _(_how, how):
    faults = "\n".join(f"{name} fault slow=150" for name in EVERYTHING)
    # Without the guard, which would hold DNS points back for a minute more.
    with FaultDns(f"{ZONE}\n{faults}") as dns, start(dns, " guard = 0\n") as daemon:
        cut = threading.Timer(0.1, dns.signal, [how])
        cut.start()
        judge(ask_all(daemon, REQUESTS), "in flight")
        cut.join()
        judge(ask_all(daemon, REQUESTS), "gone")
        if how == signal.SIGSTOP:
            dns.signal(signal.SIGCONT)
        else:
            dns.stop()
            dns.start()
        for _attempt in range(60):
            again = [harshness(action) for action, _ in ask_all(daemon, REQUESTS)]
            if again == HEALTHY:
                break
            time.sleep(0.5)
        equal(again, HEALTHY, "after it came back")


# Zones of attackers, their reverse zones too. Honest zones answer, if only that there is no such name.
LAME = "*.com fault servfail\n*.9.45.in-addr.arpa fault servfail\n"


@cases([
    ("one address sends 3 greetings a second, with another lame domain each, beside 1 honest one, for half a minute",
     1, 90, 30, "", False),
    ("60 networks with lame domains beside 10 honest ones; the probe is answered", 60, 60, 10, "", False),
    ("the same without names to probe", 60, 60, 10, " probe = {}\n", True),
    ("the same, and the probe fails", 60, 60, 10, ' probe = { "prober.com" }\n', True),
    ("60 networks beside as many honest ones, which have two zones each; without names to probe", 60, 60, 60,
     " probe = {}\n", False),
], name=lambda row: f"who can make helod distrust its resolver: {row[0]}")
def _(_what, networks, lame, honest, dns_lines, suspended):
    port = free_port()

    def metrics():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as page:
            return dict(line.rsplit(" ", 1) for line in page.read().decode().splitlines() if not line.startswith("#"))

    with FaultDns(LAME) as dns, \
            Helod(f'status {{ listen = {{ "inet:127.0.0.1:{port}" }} }}', server="client_rate = 0", dns=dns_lines,
                  resolver=dns.address) as daemon, daemon.connect() as c:
        for n in range(lame):
            c.ask(client=f"45.9.{n % networks}.9", helo=f"www.lame-{n}.com")
            if n % (lame // honest) == 0:
                c.ask(client=f"203.0.{n}.9", helo=f"mail.honest-{n}.net")
            if networks == 1 and n % 3 == 2:
                time.sleep(1)
        suspected = networks > honest  # enough networks for a suspicion
        wait_for(lambda: (int(metrics()["helod_dns_temperror_percent"]) >= 50) == suspected, what="the share of failures")
        if suspended:
            daemon.wait_log("DNS points are suspended")
        else:
            time.sleep(3)  # the guard decides once a second
        probed = [name for _, name in dns.questions() if name.endswith(".root-servers.net")]
        equal(len(probed) > 0, suspected and "probe" not in dns_lines, "root-servers.net was asked")
        equal(int(metrics()["helod_dns_suspended"]), int(suspended))
        c.ask(client="203.0.113.99", helo="mail.suspect.net")
        equal("rdns_missing" in daemon.decision(helo="mail.suspect.net")["findings"], not suspended)


@test("DNS points that were suspended count again once a probe is answered, whatever the clients' zones do")
def _():
    with FaultDns(f"{LAME}\n*.net fault servfail") as dns, \
            Helod(server="client_rate = 0", resolver=dns.address) as daemon, daemon.connect() as c:
        for n in range(60):
            c.ask(client=f"45.9.{n}.9", helo=f"www.lame-{n}.com")
        daemon.wait_log("DNS points are suspended")
        dns.zone_path.write_text(LAME)
        dns.signal(signal.SIGHUP)
        daemon.wait_log("DNS points count again")


LARGE = f"""
bank.net 300 A 45.9.9.9
bank.net 300 TXT "v=spf1 ~all"
large.net 300 TXT "v=spf1 -all"
203.0.113.31 300 PTR mail31.kiln-street.net
mail31.kiln-street.net 300 A 203.0.113.31
{chr(10).join(f"large.net 300 A 192.0.{n // 250}.{n % 250}" for n in range(2100))}
{chr(10).join(f"203.0.113.30 300 PTR {'long' * 12}-name-{n}.kiln-street.net" for n in range(300))}
"""


@cases([("the owner of a forged name is heard however large the reverse zone is", "203.0.113.30", "bank.net", "softfail"),
        ("what is not looked up of a name with a large answer is unknown", "203.0.113.31", "large.net", "temperror")],
       name=lambda row: f"lookups end at a bound of bytes: {row[0]}")
def _(_what, client, helo, spf):
    with FaultDns(LARGE) as dns, start(dns) as daemon:
        action = daemon.ask(client=client, helo=helo)
        line = daemon.decision(helo=helo)
        equal((line.get("limit"), line.get("spf")), ("answers", spf))
        assert not any(name.startswith("long") for _, name in dns.questions()), "names of the large PTR answer were looked up"
        equal("rdns_unconfirmed" in line["findings"], False, "what was not looked up counts")
        if spf == "temperror":
            assert harshness(action) < harshness("550") and "helo_spf_none" not in line["findings"], line


@test("six reverse names are all looked up while their answers are small")
def _():
    names = [f"n{n}.loom-yard.net" for n in range(6)]
    zone = "\n".join(f"203.0.113.40 300 PTR {name}\n{name} 300 A 192.0.2.{n}" for n, name in enumerate(names[:5]))
    with FaultDns(f"{zone}\n203.0.113.40 300 PTR {names[5]}\n{names[5]} 300 A 203.0.113.40") as dns, start(dns) as daemon:
        daemon.ask(client="203.0.113.40", helo="gone.kiln-street.net")
        equal({name for _, name in dns.questions() if name.endswith(".loom-yard.net")}, set(names))
        line = daemon.decision(helo="gone.kiln-street.net")
        assert "limit" not in line and "rdns_unconfirmed" not in line["findings"], line


@test("a greeting judged on temporary failures says so in its decision line")
def _():
    faults = "\n".join(f"{name} fault servfail" for name in EVERYTHING)
    with FaultDns(f"{ZONE}\n{faults}") as dns, start(dns) as daemon:
        daemon.ask(client="203.0.113.5", helo="mail.kiln-street.net")
        contains(daemon.decision(helo="mail.kiln-street.net")["fcrdns"], "temperror")


@test("an SPF record whose macros build no host name is judged like any other: a sender cannot turn its fail into an error")
def _():
    macros = ("%{s}", "%{i}@%{h}", "a:b", "%%5Bx%%5D.%{d}", "%_x", "postmaster\\\\%{v}")
    zone = [f'evil-{n}.net 300 A 192.0.2.66\nevil-{n}.net 300 TXT "v=spf1 exists:{macro}.s.evil-{n}.net -all"'
            for n, macro in enumerate(macros)]
    zone.append('evil-plain.net 300 A 192.0.2.66\nevil-plain.net 300 TXT "v=spf1 exists:none.evil-plain.net -all"')
    with FaultDns("\n".join(zone)) as dns, start(dns) as daemon:
        daemon.ask(client="203.0.113.66", helo="evil-plain.net")
        plain = daemon.decision(helo="evil-plain.net")
        equal(plain["spf"], "fail")
        for n, macro in enumerate(macros):
            daemon.ask(client="203.0.113.66", helo=f"evil-{n}.net")
            line = daemon.decision(helo=f"evil-{n}.net")
            equal([line[field] for field in ("spf", "score", "action")],
                  [plain[field] for field in ("spf", "score", "action")], macro)
            assert any(name.endswith(f".s.evil-{n}.net") for _, name in dns.questions()), f"{macro} was not asked for"


run()
