#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""instructions.py [--update] [--stages]: instructions per request for three fixed workloads, counted by callgrind.

Instructions are counted, not timed, so a busy machine gives nearly the same figure. The figure is the difference between a short
and a long run, divided by the requests between them, so start-up and first lookups cancel out. A workload fails in two
cases: it costs more than its limit (WORKLOADS), or more than 5 % over its kept figure (instructions.json). After an
intended change, --update keeps the new figure; it never changes a limit. A figure holds for one set of compiler and
libraries, which is its key. With another set there is nothing to compare and the test is skipped, except in CI on
Debian 12.
"""
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import helod as daemon  # noqa: E402
import servers  # noqa: E402

KEPT = pathlib.Path(__file__).with_name("instructions.json")
SHORT, LONG, TOLERANCE = 1200, 2200, 0.05  # helod checks its first 1,000 requests for signs of a wrong set-up
# name: limit, what it is, arguments of the load generator, further options of `server { … }`
WORKLOADS = {
    "clean": (16000, "Postfix confirmed the HELO name; no DNS, no line", ["-g", "clean", "-n", "20"], "log_dunno = no"),
    "judged": (45000, "the HELO of a pool, every answer cached; a line", ["-g", "judged", "-n", "20"], ""),
    "rejected": (45000, "a HELO that is rejected for what it says; a line", None, ""),
}
# Inclusive, as far as callgrind sees a function of that name. The names are those of the table in doc/performance.md.
STAGES = (("read the request", "protocol_parse"), ("key of the message", "instances_key"),
          ("find a remembered verdict", "instances_find"), ("gather", "gather_start"),
          ("gather: names", "local_names"), ("gather: judging", "judge_evidence"), ("decide", "policy_verdict"),
          ("reply", "decision_reply"), ("decision line", "decision_line_write"), ("log it", "log_decision"),
          ("remember the verdict", "instances_keep"), ("send", "connection_answer"),
          ("helod in all", "connection_event"))


def key():
    compiler = os.environ.get("BENCH_CC", "cc").split()[0]
    version = subprocess.run([compiler, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    versions = subprocess.run([daemon.HELOD, "-V"], stdout=subprocess.PIPE, text=True, check=True).stdout
    words = version.splitlines()[0].split()
    name = "gcc" if words[0] in ("cc", "gcc") else "clang"
    number = words[-1] if name == "gcc" else words[words.index("version") + 1] if "version" in words else words[-1]
    flags = sorted(f for f in os.environ.get("BENCH_CFLAGS", "-g -O2").split() if f.startswith(("-O", "-f", "-m")))
    return "; ".join([platform.machine(), f"{name} {number}", *flags, os.confstr("CS_GNU_LIBC_VERSION"),
                      *(line.split(" (")[0].split(",")[0] for line in versions.splitlines()[1:])])


def must_compare(here):
    """True in CI on Debian 12 with its own compiler and the usual optimisation."""
    release = pathlib.Path("/etc/os-release")
    text = release.read_text() if release.exists() else ""
    return (bool(os.environ.get("CI")) and "ID=debian" in text and 'VERSION_ID="12"' in text
            and here.startswith("x86_64; gcc 12") and "; -O2; glibc" in here)


class Counted:
    """One run of the daemon under callgrind."""

    def __init__(self, rig, dns, arguments, settings, requests):
        port, self.out = daemon.free_port(), rig.folder / "callgrind.out"
        policy, log = rig.folder / "policy.conf", rig.folder / "log"
        policy.write_text(f'server {{ listen = {{ "inet:127.0.0.1:{port}" }} seccomp = no client_rate = 0 '
                          f'{settings} }}\n'
                          f'dns {{ servers = {{ "127.0.0.1:{dns.port}" }} }}\n')
        # glibc chooses memcpy() and others by processor; this makes every machine choose the same.
        environment = {**os.environ, "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-BMI2,-ERMS,-FSRM:"
                       "glibc.cpu.x86_rep_stosb_threshold=0x10000000"}
        with open(log, "wb") as stderr:
            process = rig.start("valgrind", "--tool=callgrind", f"--callgrind-out-file={self.out}", daemon.HELOD, "-f",
                                "-c", policy, stderr=stderr, env=environment)
        daemon.wait_for(lambda: b"is ready" in log.read_bytes() or process.poll() is not None, 60, "helod is ready")
        server = servers.Server("helod", f"inet:127.0.0.1:{port}", [process.pid])
        result = server.load("-c", 1, "-q", requests, "-t", 120, *arguments)
        process.terminate()
        process.wait(60)
        assert result["answers"] == requests, f"{result}\n{log.read_text(errors='replace')[-2000:]}"
        self.verbs = result["verbs"]
        self.total = int(re.search(r"^(?:totals|summary): (\d+)", self.out.read_text(), re.M).group(1))

    def functions(self):
        text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", str(self.out)],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        found = {}
        for count, name in re.findall(r"^\s*([\d,]+) \([\d. %]+\)\s+\S*?:(\w+)", text, re.M):
            found.setdefault(name, int(count.replace(",", "")))
        return found


def measure(rig, dns, stages, names=tuple(WORKLOADS)):
    table = rig.folder / "greetings.tsv"
    table.write_text("ip\trdns\thelo\n203.0.113.77\t-\tlocalhost\n")
    figures = {}
    for name in names:
        _, what, arguments, settings = WORKLOADS[name]
        short, functions = None, {}
        for requests in (SHORT, LONG):
            run = Counted(rig, dns, arguments or ["-f", table], settings, requests)
            if short is None:
                short, functions = run.total, run.functions() if stages else {}
                continue
            figures[name] = (run.total - short) // (LONG - SHORT)
            if stages:
                print(f"# {name}: {what}; {figures[name]} with libevent, replies: {run.verbs}")
                after = run.functions()
                for stage, function in STAGES:
                    each = (after.get(function, 0) - functions.get(function, 0)) // (LONG - SHORT)
                    print(f"#   {stage:26} {each:8}")
    return figures


def allowed_for(name, kept):
    return min(WORKLOADS[name][0], kept * (1 + TOLERANCE))


def measure_again(rig, dns, figures, kept):
    """On a busy machine a request may need another turn of the event loop, and timers expire more often. Both only add, so
    the smallest figure of three is used when one is too high."""
    for _ in range(2):
        high = [name for name, figure in figures.items() if figure > allowed_for(name, kept[name])]
        for name, figure in measure(rig, dns, False, high).items():
            figures[name] = min(figures[name], figure)


def compare(name, figure, kept):
    limit, allowed = WORKLOADS[name][0], allowed_for(name, kept)
    verdict = "ok" if figure <= allowed else "not ok"
    print(f"{verdict} {list(WORKLOADS).index(name) + 1} - {name}: {figure} instructions per request; "
          f"limit {limit}, kept {kept}")
    if figure > limit:
        print(f"# {figure - limit} over the limit. To find the stage that grew: tests/bench/instructions.py --stages.")
    elif figure > allowed:
        print(f"# {figure / kept - 1:+.1%}, allowed +{TOLERANCE:.0%}. Profile: tests/bench/instructions.py --stages.\n"
              "# If the change is worth it, keep the new figure with --update and say why in the commit.")
    return figure <= allowed


def skip(why):
    print(f"1..{len(WORKLOADS)}")
    for number, name in enumerate(WORKLOADS, 1):
        print(f"ok {number} - {name} # SKIP {why}")


def main():
    options, here = sys.argv[1:], key()
    if b"__asan" in pathlib.Path(daemon.HELOD).read_bytes():
        return skip("built with sanitizers")
    if not shutil.which("valgrind"):
        if must_compare(here):
            print("1..1\nnot ok 1 - valgrind is not installed")
            return 1
        return skip("valgrind is not installed")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if not options and here not in kept and not must_compare(here):
        return skip(f"no figure is kept for {here}")
    with servers.Rig() as rig:
        dns = rig.dns(0)
        figures = measure(rig, dns, "--stages" in options)
        if not options and here in kept:
            measure_again(rig, dns, figures, kept[here])
    if "--update" in options:
        kept[here] = figures
        KEPT.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")
        print(json.dumps(figures))
        return 0
    if "--stages" in options:
        return 0
    print(f"1..{len(WORKLOADS)}")
    if here not in kept:
        for number, name in enumerate(WORKLOADS, 1):
            print(f"not ok {number} - {name}: {figures[name]}, and no figure is kept for {here} (--update keeps it)")
        return 1
    return 0 if all([compare(name, figures[name], kept[here][name]) for name in WORKLOADS]) else 1


if __name__ == "__main__":
    sys.exit(main())
