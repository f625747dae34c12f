#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py [--short] [--json FILE] [--only PART,…]: how fast helod is, as ratios to a null server in the same run.

Every figure is the median of interleaved runs, with its spread; two programs of one table are measured in turns, so that
whatever else the machine does meets both. Targets are those of the project; a line that misses one says so.
"""
import argparse
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import helod as daemon  # noqa: E402
import rig as rigs  # noqa: E402

# As Debian has them. Those that speak over standard input alone (the SPF services) are asked by Postfix's spawn(8) only.
PEERS = (
    ("postgrey", ("--inet=127.0.0.1:{port}", "--dbdir={folder}", "--user=nobody", "--group=nogroup")),
    ("postfwd1", ("-i", "127.0.0.1", "-p", "{port}", "-u", "nobody", "-g", "nogroup", "-r", "id=D; action=DUNNO")),
    ("policyd-weight", ("-D", "start")),
)
EXEMPTIONS = (10, 100, 1000, 10000, 100000)


class Report:
    """Prints tables, and keeps them for --json."""

    def __init__(self):
        self.tables, self.missed = {}, []

    def table(self, title, head, rows):
        widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
        print(f"\n{title}\n")
        for row in [head, ["-" * width for width in widths], *rows]:
            print("| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |")
        sys.stdout.flush()
        self.tables[title] = {"head": head, "rows": rows}

    def target(self, what, value, bound, above):
        good = value >= bound if above else value <= bound
        if not good:
            self.missed.append(f"{what}: {value:.3g}, wanted {'at least' if above else 'at most'} {bound}")
        return f"{value:.2f}" + ("" if good else " (missed)")


class Bench:
    def __init__(self, rig, short):
        self.rig, self.report = rig, Report()
        self.runs, self.seconds = (3, 0.5) if short else (5, 1.5)
        self.dns = rig.dns(0.1)
        self.null = rig.null("null_libevent")
        self.first = 1000000  # numbers of strangers that nobody has been asked about

    def fresh(self, count):
        self.first += count
        return self.first - count

    def interleaved(self, servers, arguments):
        """{server's name: [result of each run]}; `arguments` is a list, or makes one for a server."""
        results = {server.name: [] for server in servers}
        for _ in range(self.runs):
            for server in servers:
                extra = arguments(server) if callable(arguments) else arguments
                results[server.name].append(server.load("-t", self.seconds, *extra))
        return results

    @staticmethod
    def median(runs, key):
        return statistics.median(run.get(key, 0) for run in runs)

    def compare(self, title, servers, arguments, targets=None):
        """A row for each server, ratios to the first. targets: {name: (rate at least, CPU at most)}."""
        results = self.interleaved(servers, arguments)
        base = results[servers[0].name]
        rows = []
        for server in servers:
            runs, wanted = results[server.name], (targets or {}).get(server.name, (None, None))
            rates = [run.get("per_second", 0) for run in runs]
            # Of neighbours in time: each run against the null server's run just before it.
            rate = statistics.median(a / max(b["per_second"], 1) for a, b in zip(rates, base))
            cpu = statistics.median(a.get("cpu_us", 0) / max(b["cpu_us"], 1e-3) for a, b in zip(runs, base))
            name = f"{title}: {server.name}"
            rows.append([server.name, f"{statistics.median(rates):.0f}", f"{min(rates):.0f}-{max(rates):.0f}",
                         self.report.target(name + ", rate", rate, wanted[0], True) if wanted[0] else f"{rate:.2f}",
                         f"{self.median(runs, 'cpu_us'):.2f}",
                         self.report.target(name + ", CPU", cpu, wanted[1], False) if wanted[1] else f"{cpu:.2f}",
                         *(f"{self.median(runs, key):.0f}" for key in ("p50_us", "p99_us", "p999_us")),
                         sum(run.get("failed", 0) + (run.get("answers", 0) == 0) for run in runs)])
        self.report.table(title, ["server", "questions/s", "spread", "ratio", "CPU us", "ratio", "p50 us", "p99 us",
                                  "p99.9 us", "failed"], rows)
        return results

    def clean(self):
        quiet = self.rig.helod("helod, clean not logged", self.dns, logs=False)
        logged = self.rig.helod("helod, every line logged", self.dns)
        servers = [self.null, self.rig.null("null_epoll"), quiet, logged]
        for connections, rate in ((10, 0.85), (100, 0.85), (1000, 0.8)):
            self.compare(f"Well configured senders, {connections} connections", servers,
                         ["-c", connections, "-w", 0.1, "-g", "clean"], {quiet.name: (rate, 1.2)})
        saturating = self.null.load("-c", 200, "-t", self.seconds)["per_second"]
        ours = quiet.load("-c", 200, "-t", self.seconds)["per_second"]
        half = {self.null.name: saturating / 2, quiet.name: ours / 2}
        results = self.interleaved([self.null, quiet], lambda s: ["-c", 200, "-r", half[s.name], "-g", "clean"])
        p99 = {name: self.median(runs, "p99_us") for name, runs in results.items()}
        ratio = p99[quiet.name] / p99[self.null.name]
        self.report.table("200 connections at half of each server's saturating rate",
                          ["server", "questions/s", "p99 us", "ratio"],
                          [[self.null.name, f"{half[self.null.name]:.0f}", f"{p99[self.null.name]:.0f}", "1.00"],
                           [quiet.name, f"{half[quiet.name]:.0f}", f"{p99[quiet.name]:.0f}",
                            self.report.target("p99 at half load", ratio, 2.0, False)]])

    def judged(self):
        logged = self.rig.helod("helod, line to syslog" if self.rig.has_syslog else "helod, line to /dev/null",
                                self.dns)
        logged.load("-t", 0.5, "-g", "judged", "-n", 1000)
        arguments = ["-c", 100, "-g", "judged", "-o", "zipf", "-n", 1000, "-w", 0.1]
        self.compare("Warm cache, three names, all rules, a line for each", [self.null, logged], arguments,
                     {logged.name: (0.6, None)})

    def strangers(self):
        server = self.rig.helod("helod", self.dns)
        before, asked = self.dns.questions(), []

        def arguments(which):
            if which is server:
                asked.append(0)
            return ["-c", 200, "-g", "strangers", "-o", "unique", "-1", self.fresh(10**6)]
        results = self.compare("Unique strangers, DNS on loopback (0.1 ms)", [self.null, server], arguments,
                               {server.name: (0.15, None)})
        answers = sum(run["answers"] for run in results[server.name])
        queries = (self.dns.questions() - before) / answers
        self.report.table("What a stranger costs the DNS", ["strangers", "queries each"],
                          [[answers, self.report.target("queries a stranger", queries, 3.0, False)]])

    def slow_dns(self):
        dead, lossy = self.rig.dns(0, 100), self.rig.dns(30, 5)
        lossy.options = "in_flight = 2048"  # 5 % of 4,600 queries a second wait for their two seconds
        server = self.rig.helod("helod", dead)
        rate = 2000
        quiet, beside = [], []
        for _ in range(self.runs):
            quiet.append(server.load("-c", 100, "-r", rate * 0.9, "-t", self.seconds * 2)["p99_us"])
            with_strangers = threading.Thread(target=server.load, args=(
                "-c", 4000, "-r", rate * 0.1, "-t", self.seconds * 2 + 0.5, "-g", "strangers", "-o", "unique", "-1",
                self.fresh(10**5)))
            with_strangers.start()
            time.sleep(0.4)
            beside.append(server.load("-c", 100, "-r", rate * 0.9, "-t", self.seconds * 2)["p99_us"])
            with_strangers.join()
        ratio = statistics.median(beside) / statistics.median(quiet)
        self.report.table("No head-of-line blocking: the 90 % that need no DNS, while it is dead",
                          ["", "p99 us", "ratio"],
                          [["without strangers", f"{statistics.median(quiet):.0f}", "1.00"],
                           ["10 % strangers", f"{statistics.median(beside):.0f}",
                            self.report.target("p99 beside strangers", ratio, 1.2, False)]])
        server = self.rig.helod("helod", lossy)
        idle = server.rss_kb()
        run = server.load("-c", 2000, "-r", 2000, "-t", max(4, self.seconds * 4), "-g", "strangers", "-o", "unique",
                          "-1", self.fresh(10**6))
        waves = run["p50_us"] / 30000
        self.report.table("2,000 strangers a second, DNS 30 ms with 5 % loss",
                          ["answered/s", "p50 ms", "in DNS times", "p99 ms", "memory over idle"],
                          [[f"{run['per_second']:.0f}", f"{run['p50_us'] / 1000:.1f}", f"{waves:.2f}",
                            f"{run['p99_us'] / 1000:.0f}", f"{(run['rss_kb'] - idle) / 1024:.1f} MB"]])

    def memory(self):
        server, count = self.rig.helod("helod", self.dns, logs=False), 10000
        idle, null_idle = server.rss_kb(), self.null.rss_kb()
        held = {s.name: s.load("-c", count, "-q", count, "-t", 20) for s in (self.null, server)}
        null_each = (held[self.null.name]["rss_kb"] - null_idle) / count
        each = (held[server.name]["rss_kb"] - idle) / count
        rows = [["idle", f"{idle / 1024:.1f} MB", self.report.target("idle MB", idle / 1024, 8, False), "8 MB"],
                [f"{count} connections", f"{held[server.name]['rss_kb'] / 1024:.1f} MB",
                 self.report.target("10,000 connections MB", held[server.name]["rss_kb"] / 1024, 40, False), "40 MB"],
                ["a connection over the null server's", f"{each:.2f} KB against {null_each:.2f} KB",
                 self.report.target("connection KB", each - null_each, 1.5, False), "1.5 KB"]]
        server = self.rig.helod("helod", self.dns, sections='history { store = "none" }', logs=False)
        server.load("-c", 50, "-q", 12000, "-t", 30)  # fill the messages' table first: it is no DNS answer
        before = server.rss_kb()
        server.load("-c", 200, "-q", 60000, "-t", 60, "-g", "strangers", "-o", "unique", "-1", self.fresh(10**6))
        cache = (server.rss_kb() - before) / 1024
        rows.append(["65,536 answers kept", f"{cache:.1f} MB", self.report.target("full cache MB", cache, 24, False),
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
            probe = rigs.Server("start", f"inet:127.0.0.1:{port}", [])
            begin = time.monotonic()
            process = self.rig.start(daemon.HELOD, "-f", "-c", policy)
            daemon.wait_for(probe.answers, 10, "first answer", 0.0005)
            starts.append((time.monotonic() - begin) * 1000)
            self.rig.end(process)
        server = self.rig.helod("helod", self.dns, sections=self.exempt_file(100000), logs=False)
        worst, took = [], []
        for _ in range(self.runs):
            result = {}
            load = threading.Thread(target=lambda r=result: r.update(server.load("-c", 20, "-r", 1000, "-t", 2)))
            load.start()
            time.sleep(0.7)
            before = self.cpu(server)
            os.kill(server.pids[0], signal.SIGHUP)
            time.sleep(0.9)
            took.append((self.cpu(server) - before) * 1000)
            load.join()
            worst.append(result["max_us"] / 1000)
        target = self.report.target
        self.report.table("Start and reload", ["what", "ms", "spread", "at most"], [
            ["start to first answer", target("start ms", statistics.median(starts), 50, False),
             f"{min(starts):.0f}-{max(starts):.0f}", "50"],
            ["reload, 100,000 exemptions: CPU", target("reload ms", statistics.median(took), 300, False),
             f"{min(took):.0f}-{max(took):.0f}", "300"],
            ["longest wait of a question meanwhile", target("wait ms", statistics.median(worst), 20, False),
             f"{min(worst):.0f}-{max(worst):.0f}", "20"]])

    @staticmethod
    def cpu(server):
        """Seconds, of children too: a reload may be prepared in one."""
        total = 0.0
        for pid in server.pids:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(fields[i]) for i in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")
        return total

    def growth(self):
        rows = []

        def row(what, points):
            costs = [statistics.median(point) for _, point in points]
            ratio = max(costs) / costs[0]
            rows.append([what, ", ".join(f"{label}: {cost:.2f}" for (label, _), cost in zip(points, costs)),
                         self.report.target(f"growth, {what}", ratio, 1.2, False)])

        server = self.rig.helod("helod", self.dns, logs=False)
        counts = (10, 100, 1000, 10000)
        points = {count: [] for count in counts}
        for _ in range(self.runs):
            for count in counts:  # many are there, the same ten ask
                with Held(server, count - 10):
                    points[count].append(server.load("-c", 10, "-t", self.seconds)["cpu_us"])
        row("connections", list(points.items()))
        names = (100, 10000, 1000000)
        points = {count: [] for count in names}
        dns = self.rig.dns(0)
        dns.options = "cache = 1048576"
        for count in names:
            server = self.rig.helod("helod", dns, logs=False)
            start = self.fresh(10**7)
            server.load("-c", 200, "-q", count // 2, "-t", 90, "-g", "judged", "-o", "unique", "-1", start)
            for _ in range(self.runs):
                points[count].append(server.load("-c", 10, "-t", self.seconds, "-w", 0.2, "-g", "judged", "-n", 100, "-1",
                                                 start + count)["cpu_us"])
        row("names remembered", list(points.items()))
        points, servers = {}, {n: self.rig.helod("helod", self.dns, sections=self.exempt_file(n), logs=False)
                               for n in EXEMPTIONS}
        for _ in range(self.runs):
            for count, server in servers.items():
                points.setdefault(count, []).append(server.load("-c", 10, "-t", self.seconds)["cpu_us"])
        row("exemptions", list(points.items()))
        self.report.table("Growth: CPU us a question", ["what there is more of", "cost", "worst to first"], rows)


    def peers(self):
        """Each with the least it can be told to do; they need their own look-ups switched off, or they would wait."""
        servers, rows = [self.null, self.rig.helod("helod", self.dns)], []
        for name, command in PEERS:
            program = next((p for p in (f"/usr/sbin/{name}", f"/usr/bin/{name}") if os.path.exists(p)), None)
            if program is None:
                rows.append([name, "skipped: not installed"])
                continue
            port = daemon.free_port()
            process = self.rig.start(program, *(part.format(port=port, folder=self.rig.folder) for part in command))
            try:
                servers.append(self.rig.ready(rigs.Server(name, f"inet:127.0.0.1:{port}", [process.pid]), 5))
            except AssertionError:
                rows.append([name, "skipped: installed, but does not answer"])
        if rows:
            self.report.table("Peers that are not here", ["peer", "why"], rows)
        if len(servers) > 2:
            self.compare("Peers, 10 connections", servers, ["-c", 10, "-w", 0.1, "-g", "clean"])


class Held:
    """Connections that are open and say nothing."""

    def __init__(self, server, count):
        self.server, self.count, self.process = server, count, None

    def __enter__(self):
        if self.count > 0:
            self.process = subprocess.Popen([rigs.PROGRAMS / "load", "-c", str(self.count), "-r", "0.001", "-t", "600",
                                             self.server.place], stdout=subprocess.DEVNULL)
            time.sleep(0.1 + self.count / 20000)

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()
            time.sleep(0.1 + self.count / 20000)


PARTS = {"clean": Bench.clean, "judged": Bench.judged, "strangers": Bench.strangers, "slow_dns": Bench.slow_dns,
         "memory": Bench.memory, "start": Bench.start_and_reload, "growth": Bench.growth, "peers": Bench.peers}
SHORT = ("clean", "judged", "strangers", "start")


def machine():
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="ascii", errors="replace")
             if line.startswith("model name")]
    versions = subprocess.run([daemon.HELOD, "-V"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"cpu": model[0] if model else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
            "versions": ", ".join(versions.splitlines()), "load": f"{os.getloadavg()[0]:.1f}"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="the main figures, fewer and shorter runs")
    parser.add_argument("--json", metavar="FILE", help="everything as JSON too")
    parser.add_argument("--only", metavar="PART,…", help=", ".join(PARTS))
    options = parser.parse_args()
    parts = options.only.split(",") if options.only else SHORT if options.short else PARTS
    rigs.private_syslog([sys.executable, *sys.argv])
    about = machine()
    for key, value in about.items():
        print(f"{key}: {value}")
    with rigs.Rig() as rig:
        rig.syslog()
        bench = Bench(rig, options.short)
        for part in parts:
            PARTS[part](bench)
    print("\n" + ("All targets reached." if not bench.report.missed else "Missed:"))
    for line in bench.report.missed:
        print("  " + line)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"machine": about, "tables": bench.report.tables,
                                                          "missed": bench.report.missed}, indent=1))


if __name__ == "__main__":
    main()
