#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py [--short] [--json FILE] [--document FILE] [--only PART,…] [--peer NAME=COMMAND]…: how fast helod is, as ratios to
a null server.

Every figure is the median of several runs, with its spread. Programs that are compared run in turn, each directly after
the one it is compared with, so other work on the machine affects both. A ratio is the median of the ratios of such pairs.
The last table has the project's targets. --document writes the tables of doc/performance.md.
"""
import argparse
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import textwrap
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import helod as daemon  # noqa: E402
import peers  # noqa: E402
from servers import PROGRAMS, Rig, Server, private_machine  # noqa: E402
from report import Report, markdown, neighbours, replace_tables, spread  # noqa: E402

EXEMPTIONS = (10, 100, 1000, 10000, 100000)
# The load for peers, and for helod beside them: title, arguments of the load generator. {first}: a new stranger's number.
PEER_ROWS = {
    "local": ("local rules", "-c 10 -w {warm} -g clean"),
    "cached": ("judged before", "-c 10 -w {warm} -g judged -o zipf -n 200"),
    "dns": ("strangers with DNS", "-c 10 -w {warm} -g strangers -o unique -1 {first}"),
}
LINE = 450  # bytes of a decision line, with its prefix
PACKAGED_TIMES, TOLD_TIMES = 8, 3.5  # targets: helod's rate over a packaged peer's; over that of one that --peer adds


def median(runs, key):
    return statistics.median(run.get(key, 0) for run in runs)


class Bench:
    def __init__(self, rig, options):
        self.rig, self.report, self.told = rig, Report(), options.peer
        self.runs, self.seconds = (5, 0.3) if options.short else (7, 0.6)
        self.dns = rig.dns(0.1)
        self.null = rig.null("null_libevent")
        self.first = 1000000  # the next number of a stranger that no server has seen
        self.rates, self.peer_rates = [], []  # rows of doc/performance.md

    def bound(self):
        """The upper bound for a server that logs: the null server with a line for each request. [] without syslog."""
        return [self.rig.null("null_libevent", line=LINE)] if self.rig.has_syslog else []

    def fresh(self, count):
        self.first += count
        return self.first - count

    def pairs(self, base, servers, arguments):
        """{name: ([a run of the base, …], [its own run directly after that, …])}. `arguments` is a list, or a function that
        makes one for a server."""
        results = {server.name: ([], []) for server in servers}
        for _ in range(self.runs):
            for server in servers:
                for which, into in zip((base, server), results[server.name]):
                    extra = arguments(which) if callable(arguments) else arguments
                    into.append(which.load("-t", self.seconds, *extra))
        return results

    def row(self, title, name, base, runs, wanted=(None, None)):
        """`wanted` has two ratios: rate at least, CPU at most."""
        rates = [run.get("per_second", 0) for run in runs]
        cells = []
        for key, bound, above in (("per_second", wanted[0], True), ("cpu_us", wanted[1], False)):
            ratios = neighbours(runs, base, key)
            what = f"{title}: {'requests/s' if above else 'CPU per request'}"
            cells.append(self.report.target(what, ratios, bound, above) if bound else f"{statistics.median(ratios):.2f}")
        return [name, f"{statistics.median(rates):.0f}", spread(rates), cells[0], f"{median(runs, 'cpu_us'):.2f}",
                cells[1], *(f"{median(runs, key):.0f}" for key in ("p50_us", "p99_us", "p999_us")),
                sum(run.get("failed", 0) + (run.get("answers", 0) == 0) for run in runs)]

    def compare(self, title, servers, arguments, targets=None, null=None):
        """A row for each server, with ratios to the null server."""
        null = null or self.null
        results = self.pairs(null, servers, arguments)
        base = [run for before, _ in results.values() for run in before]
        rows = [self.row(title, null.name, base, base)]
        rows += [self.row(title, s.name, *results[s.name], (targets or {}).get(s.name, (None, None))) for s in servers]
        self.report.table(title, ["server", "requests/s", "spread", "ratio", "CPU us", "ratio", "p50 us", "p99 us",
                                  "p99.9 us", "failed"], rows)
        self.rates += [[title, name, rate, ratio, cpu, p50, p99]
                       for name, rate, _, ratio, cpu, _, p50, p99, *_ in rows if name != "null_epoll"]
        return results

    def clean(self):
        quiet = self.rig.helod("helod, clean not logged", self.dns, logs=False)
        logged = self.rig.helod("helod, every line logged", self.dns)
        servers = [quiet, logged, self.rig.null("null_epoll")]
        for connections, rate in ((10, 0.85), (100, 0.85), (1000, 0.8)):
            self.compare(f"clean, {connections}", servers,
                         ["-c", connections, "-w", 0.1, "-g", "clean"], {quiet.name: (rate, 1.2)})

    def unix_socket(self):
        self.compare("clean, 10, unix socket",
                     [self.rig.helod("helod, clean not logged", self.dns, logs=False, unix=True)],
                     ["-c", 10, "-w", 0.1, "-g", "clean"], null=self.rig.null("null_libevent", unix=True))

    def half_load(self):
        server = self.rig.helod("helod, clean not logged", self.dns, logs=False)
        found = self.pairs(self.null, [server], ["-c", 200, "-w", 0.1, "-g", "clean"])[server.name]
        half = {s.name: median(runs, "per_second") / 2 for s, runs in zip((self.null, server), found)}
        base, runs = self.pairs(self.null, [server], lambda s: ["-c", 200, "-w", 0.1, "-r", half[s.name], "-g",
                                                                "clean"])[server.name]
        title = "200 connections, half of each server's rate"
        ratio = self.report.target(title + ": p99", neighbours(runs, base, "p99_us"), 2.0)
        self.report.table(title, ["server", "requests/s", "p99 us", "spread", "ratio"],
                          [[s.name, f"{half[s.name]:.0f}", f"{median(r, 'p99_us'):.0f}",
                            spread([run["p99_us"] for run in r]), cell]
                           for s, r, cell in ((self.null, base, "1.00"), (server, runs, ratio))])

    def judged(self):
        logged = self.rig.helod("helod, line to syslog" if self.rig.has_syslog else "helod, line to a file",
                                self.dns)
        logged.load("-t", 0.5, "-g", "judged", "-n", 1000)
        arguments = ["-c", 100, "-g", "judged", "-o", "zipf", "-n", 1000, "-w", 0.1]
        self.compare("judged, cached, 100", [logged, *self.bound()], arguments,
                     {logged.name: (0.6, None)})

    def table_of_greetings(self, file):
        logged = self.rig.helod("helod", self.dns)
        self.compare(f"{file.name}, 100", [logged],
                     ["-c", 100, "-f", file, "-o", "zipf", "-w", 0.3])

    def strangers(self):
        server = self.rig.helod("helod", self.dns)
        before = self.dns.queries()
        _, runs = self.compare("unique strangers, 200", [server],
                               lambda _: ["-c", 200, "-g", "strangers", "-o", "unique", "-1", self.fresh(10**6)],
                               {server.name: (0.15, None)})[server.name]
        answers = sum(run["answers"] for run in runs)
        queries = (self.dns.queries() - before) / answers
        self.report.table("DNS queries per stranger", ["strangers", "queries each"],
                          [[answers, self.report.target("DNS queries per stranger", queries, 3.0)]])

    def dead_dns(self):
        server, rate = self.rig.helod("helod", self.rig.dns(0, 100)), 2000
        quiet, beside = [], []
        arguments = ("-c", 100, "-r", rate * 0.9, "-w", 0.2, "-t", 1, "-g", "clean")
        for _ in range(2 * self.runs - 1):  # a p99 varies more, so more pairs
            quiet.append(server.load(*arguments))
            with_strangers = threading.Thread(target=server.load, args=(
                "-c", 1000, "-r", rate * 0.1, "-t", 2.5, "-g", "strangers", "-o", "unique", "-1", self.fresh(10**5)))
            with_strangers.start()
            time.sleep(0.8)  # by now its first strangers wait for DNS
            beside.append(server.load(*arguments))
            with_strangers.join()
        title = "beside strangers whose DNS is dead"
        ratio = self.report.target(title + ": p99", neighbours(beside, quiet, "p99_us"), 1.2)
        self.report.table(title, ["", "p99 us", "spread", "ratio"],
                          [[name, f"{median(runs, 'p99_us'):.0f}", spread([run["p99_us"] for run in runs]), cell]
                           for name, runs, cell in (("without strangers", quiet, "1.00"),
                                                    ("10 % strangers", beside, ratio))])

    def slow_dns(self):
        """The DNS time itself is measured with the same strangers at a low rate, without loss."""
        rate, strangers, rows, over = 2000, ("-g", "strangers", "-o", "unique", "-1"), [], []
        easy = self.rig.helod("easy", self.rig.dns(30))
        lossy = self.rig.dns(30, 5)
        # 5 % of 4,600 queries per second occupy memory until they are repeated. A small cache and no history keep the
        # memory for answers out of the figure.
        lossy.options = "cache = 4096"
        held = self.rig.helod("helod", lossy, sections='history { store = "none" }')
        idle = held.rss_kb()
        for _ in range(3):
            itself = easy.load("-c", 200, "-r", 100, "-t", 2, *strangers, self.fresh(10**5))["p50_us"]
            run = held.load("-c", 4000, "-r", rate, "-w", 2, "-t", 4, *strangers, self.fresh(10**5))
            over.append(run["p50_us"] / itself)
            rows.append([f"{run['per_second']:.0f}", f"{run['p50_us'] / 1000:.1f}", f"{itself / 1000:.1f}",
                         f"{over[-1]:.2f}", f"{run['p99_us'] / 1000:.0f}", run["unanswered"],
                         f"{(run['rss_kb'] - idle) / 1024:.1f} MB"])
        title = "2,000 strangers per second, DNS 30 ms, 5 % loss"
        self.report.target(title + ": answers per second", [float(row[0]) for row in rows], 0.98 * rate, True)
        self.report.target(title + ": p50 in DNS times", over, 1.1)
        self.report.target(title + ": memory of the last run over the first", float(rows[-1][-1][:-3]) /
                           max(float(rows[0][-1][:-3]), 0.1), 1.5)
        self.report.table(title, ["answered/s", "p50 ms", "DNS ms", "in DNS times", "p99 ms", "in flight",
                                  "memory over idle"], rows)

    def memory(self):
        server, count = self.rig.helod("helod", self.dns, logs=False), 10000
        idle, null_idle = server.rss_kb(), self.null.rss_kb()
        held = {s.name: s.load("-c", count, "-q", count, "-t", 20) for s in (self.null, server)}
        null_each = (held[self.null.name]["rss_kb"] - null_idle) / count
        each = (held[server.name]["rss_kb"] - idle) / count
        rows = [["idle", f"{idle / 1024:.1f} MB", self.report.target("idle", idle / 1024, 8, unit=" MB"), "8 MB"],
                [f"{count} connections", f"{held[server.name]['rss_kb'] / 1024:.1f} MB",
                 self.report.target("10,000 connections", held[server.name]["rss_kb"] / 1024, 40, unit=" MB"), "40 MB"],
                ["an idle connection over the null server's", f"{each:.2f} KB against {null_each:.2f} KB",
                 self.report.target("an idle connection over the null server's", each - null_each, 1.5, unit=" KB"), "1.5 KB"]]
        server = self.rig.helod("helod", self.dns, sections='history { store = "none" }', logs=False)
        server.load("-c", 50, "-q", 12000, "-t", 30)  # first fill the table of messages, which is no DNS answer
        before = server.rss_kb()
        server.load("-c", 200, "-q", 60000, "-t", 60, "-g", "strangers", "-o", "unique", "-1", self.fresh(10**6))
        cache = (server.rss_kb() - before) / 1024
        rows.append(["65,536 cached answers", f"{cache:.1f} MB", self.report.target("65,536 cached answers", cache, 24, unit=" MB"),
                     "24 MB"])
        self.report.table("Memory (resident)", ["what", "is", "target", "at most"], rows)

    def exempt_file(self, count):
        path = self.rig.folder / f"exempt-{count}"
        if not path.exists():
            lines = []
            for i in range(count // 2):
                lines.append(f"client {100 + i % 100}.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}/32\n")
                lines.append(f"rdns .host{i}.partner{i % 997}.net\n")
            path.write_text("".join(lines))
        return f'exempt {{ files = {{ "{path}" }} }}'

    def start_and_reload(self):
        starts = []
        for _ in range(self.runs):
            port = daemon.free_port()
            policy = self.rig.folder / "start.conf"
            policy.write_text(f'server {{ listen = {{ "inet:127.0.0.1:{port}" }} }}\n')
            probe = Server("start", f"inet:127.0.0.1:{port}", [])
            begin = time.monotonic()
            process = self.rig.start(daemon.HELOD, "-f", "-c", policy)
            daemon.wait_for(probe.answers, 10, "first answer", 0.0005)
            starts.append((time.monotonic() - begin) * 1000)
            self.rig.end(process)
        server = self.rig.helod("helod", self.dns, sections=self.exempt_file(100000), logs=False)
        worst, took, without = [], [], []
        for _ in range(self.runs):
            result = {}
            without.append(server.load("-c", 20, "-r", 1000, "-t", 2)["max_us"] / 1000)
            load = threading.Thread(target=lambda r=result: r.update(server.load("-c", 20, "-r", 1000, "-t", 2)))
            load.start()
            time.sleep(0.7)
            before = self.cpu(server)
            os.kill(server.pids[0], signal.SIGHUP)
            time.sleep(0.9)
            took.append((self.cpu(server) - before) * 1000)
            load.join()
            worst.append(result["max_us"] / 1000)
        self.report.table("Start and reload", ["what", "ms", "spread", "at most"], [
            [what, self.report.target(what, values, bound, unit=" ms") if bound else f"{statistics.median(values):.2f}",
             spread(values), bound]
            for what, values, bound in (("start to first answer", starts, 50),
                                        ("reload, 100,000 exemptions: CPU", took, 300),
                                        ("longest wait of a request meanwhile", worst, 20),
                                        ("the same without a reload", without, ""))])

    @staticmethod
    def cpu(server):
        """In seconds, with children."""
        total = 0.0
        for pid in server.pids:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(fields[i]) for i in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")
        return total

    def grown(self, what, servers, arguments, around=None):
        """Each round measures every server. A ratio is to the first server of the same round."""
        costs = {label: [] for label in servers}
        for _ in range(self.runs):
            for label, server in servers.items():
                with around(server, label) if around else Held(server, 0):
                    costs[label].append(server.load("-c", 10, "-w", 0.1, "-t", self.seconds, *arguments(label)))
        first = costs[next(iter(servers))]
        ratios = {label: neighbours(runs, first, "cpu_us") for label, runs in costs.items()}
        worst = max(ratios, key=lambda label: statistics.median(ratios[label]))
        return [what, ", ".join(f"{label}: {median(runs, 'cpu_us'):.2f}" for label, runs in costs.items()),
                self.report.target(f"growth with {what}: CPU per request", ratios[worst], 1.2), spread(ratios[worst], 2)]

    def growth(self):
        server = self.rig.helod("helod", self.dns, logs=False)
        rows = [self.grown("connections", {count: server for count in (10, 100, 1000, 10000)}, lambda _: [],
                           lambda which, count: Held(which, count - 10))]  # many are open, the same ten send requests
        servers = {n: self.rig.helod("helod", self.dns, sections=self.exempt_file(n), logs=False) for n in EXEMPTIONS}
        rows.append(self.grown("exemptions", servers, lambda _: []))
        self.report.table("Growth: CPU us per request", ["what grows", "cost", "worst to first", "spread"],
                          rows)

    def remembered(self):
        dns, servers, starts = self.rig.dns(0), {}, {}
        dns.options = "cache = 1048576"
        for count in (100, 10000, 1000000):
            servers[count] = self.rig.helod("helod", dns, logs=False)
            starts[count] = self.fresh(10**7)
            filled = servers[count].load("-c", 200, "-q", count // 2, "-t", 300, "-g", "judged", "-o", "unique", "-1",
                                         starts[count])
            assert filled["answers"] == count // 2, f"{filled} of {count // 2}"
        row = self.grown("names remembered", servers, lambda n: ["-g", "judged", "-n", 50, "-1", starts[n]])
        self.report.table("Growth: CPU us per request, answers from the cache",
                          ["what grows", "cost", "worst to first", "spread"], [row])

    def peers(self, row):
        """Peers do the least that they can be configured to; helod judges everything and logs a line for each request."""
        ours, there, away, bounds = self.rig.helod("helod", self.dns), [], [], {}
        title, arguments = PEER_ROWS[row]
        if row == "cached":
            ours.load("-t", 0.5, "-g", "judged", "-n", 200)
        for peer in [*(peers.Peer(*columns) for columns in peers.PACKAGED), *self.told]:
            server = peer.start(self.rig) if peer.row == row else None
            if isinstance(server, str):
                away.append([peer.name, server])
            elif server:
                there.append(server)
                server.warm, bounds[server.name] = peer.warm, TOLD_TIMES if peer in self.told else PACKAGED_TIMES
        if there:
            self.beside(title, ours, there, bounds, arguments)
        for server in there:
            server.end()
        if away:
            self.report.table(title + ": not measured", ["peer", "why"], away)

    def beside(self, title, ours, there, bounds, arguments):
        def told(server):
            return arguments.format(warm=getattr(server, "warm", 0.2), first=self.fresh(10**5)).split()
        results = self.pairs(ours, there, told)
        null, *bound = [[server.load("-t", self.seconds, *told(server)) for _ in range(self.runs)]
                        for server in (self.null, *self.bound())]
        all_ours = [run for base, _ in results.values() for run in base]
        rows = [self.row(title, self.null.name, null, null) + ["", ""]]
        rows += [self.row(title, f"{self.null.name} -l", null, runs) + ["", "1.00"] for runs in bound]
        rows.append(self.row(title, ours.name, [null[i % len(null)] for i in range(len(all_ours))], all_ours) +
                    ["1.00", ""])
        for server in there:
            base, runs = results[server.name]
            times = self.report.target(f"{title}: helod's rate over that of {server.name}",
                                       neighbours(base, runs, "per_second"), bounds[server.name], True)
            most = [f"{statistics.median(neighbours(b, runs, 'per_second')):.2f}" for b in bound] or [""]
            rows.append(self.row(title, server.name, null, runs) + [times, *most])
        self.report.table("Peers: " + title, ["server", "requests/s", "spread", "ratio", "CPU us", "ratio", "p50 us", "p99 us",
                                              "p99.9 us", "failed", "helod over it", "null -l over it"], rows)
        self.peer_rates += [[title, row[0], row[1], row[4], row[6], row[7], row[10]] for row in rows if row[10]]

    def write(self, document, about):
        """The tables of doc/performance.md that this run has rows for."""
        about = [f"{about['date']}, {about['cores']} cores of {about['cpu']}, Linux {about['kernel']}, load {about['load']} at "
                 "the start.", f"{about['versions']}.", f"Peers: {about['peers']}."]
        tables = {"machine": ["\n".join(textwrap.wrap(" ".join(about), 120))], "targets": markdown(
            ["what", "is", "spread", "target", ""], self.report.targets)}
        if self.rates:
            tables["throughput"] = markdown(["load, connections", "server", "requests/s", "ratio", "CPU us per request",
                                             "p50 us", "p99 us"], self.rates)
        if self.peer_rates:
            tables["peers"] = markdown(["load", "server", "requests/s", "CPU us per request", "p50 us", "p99 us",
                                        "helod / server"], self.peer_rates)
        replace_tables(document, tables)


class Held:
    """Connections that are open and idle."""

    def __init__(self, server, count):
        self.server, self.count, self.process = server, count, None

    def __enter__(self):
        if self.count > 0:
            self.process = subprocess.Popen([PROGRAMS / "load", "-c", str(self.count), "-r", "0.001", "-t", "600",
                                             self.server.place], stdout=subprocess.DEVNULL)
            time.sleep(0.1 + self.count / 20000)

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()
            time.sleep(0.1 + self.count / 20000)


PARTS = {"clean": Bench.clean, "unix": Bench.unix_socket, "half": Bench.half_load, "judged": Bench.judged,
         "strangers": Bench.strangers, "dead_dns": Bench.dead_dns, "slow_dns": Bench.slow_dns, "memory": Bench.memory,
         "start": Bench.start_and_reload, "growth": Bench.growth, "remembered": Bench.remembered,
         **{f"peers_{row}": lambda bench, row=row: bench.peers(row) for row in PEER_ROWS}}
SHORT = ("clean", "half", "judged", "strangers", "start")


def machine():
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="ascii", errors="replace")
             if line.startswith("model name")]
    versions = subprocess.run([daemon.HELOD, "-V"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "cpu": model[0] if model else platform.machine(),
            "cores": os.cpu_count(), "kernel": platform.release(), "versions": ", ".join(versions.splitlines()),
            "peers": ", ".join(peers.versions()) or "none installed", "load": f"{os.getloadavg()[0]:.1f}"}


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="the main figures, fewer and shorter runs")
    parser.add_argument("--json", metavar="FILE", help="also write everything as JSON")
    parser.add_argument("--document", metavar="FILE", help="write the tables of this document")
    parser.add_argument("--only", metavar="PART,…", help=", ".join(PARTS))
    parser.add_argument("--peer", metavar="NAME[@ROW]=COMMAND", action="append", type=peers.Peer.told, default=[],
                        help="a further server for all rows of the peers (" + ", ".join(peers.ROWS) + ") or for one; "
                        "{port}, {folder} and {resolver} are replaced by what it must use")
    parser.add_argument("--greetings", metavar="FILE", type=pathlib.Path, help="a TSV with columns ip, rdns, helo and "
                        "fcrdns: also measures with its clients")
    options = parser.parse_args()
    options.peer = [peer for more in options.peer for peer in more]
    options.parts = options.only.split(",") if options.only else SHORT if options.short else list(PARTS)
    return options


def main():
    options = read_options()
    private_machine([sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs that we started end
    about = machine()
    for key, value in about.items():
        print(f"{key}: {value}")
    with Rig() as rig:
        rig.surroundings()
        bench = Bench(rig, options)
        for part in options.parts:
            PARTS[part](bench)
        if options.greetings:
            bench.table_of_greetings(options.greetings)
    bench.report.end(about, options.json)
    if options.document:
        bench.write(options.document, about)


if __name__ == "__main__":
    main()
