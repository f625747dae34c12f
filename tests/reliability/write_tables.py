#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""write_tables.py DOCUMENT ROWS EXECUTIONS: writes the tables of doc/reliability.md.

ROWS has what the tests wrote to RELIABILITY_TABLE. EXECUTIONS has a line for each run of a fuzz target: "target executions
seconds [cpu-seconds]", without the last where nobody measured it. Above the faults' table it writes which commit they are
of, and the settings of the run, which the environment has (RELIABILITY_…).
"""
import json
import os
import pathlib
import subprocess
import sys
import time

from report import markdown, replace_tables

FIELDS = ["requests", "answered", "lost", "twice", "wrong", "late", "retried", "slowest"]
GOAL_EXECUTIONS, GOAL_SECONDS = 1e8, 7200


def about_the_run(folder):
    commit = subprocess.run(["git", "-C", str(folder), "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True,
                            check=False).stdout.strip()
    settings = "".join(f" {name}={value}" for name, value in sorted(os.environ.items())
                       if name in ("RELIABILITY_SCALE", "RELIABILITY_SOAK", "RELIABILITY_RATE"))
    return (f"Measured on {time.strftime('%-d %B %Y')}, {'commit ' + commit if commit else 'a released version'}, with "
            f"`make reliability{settings}` on {os.cpu_count()} processors.")


def fault_table(rows):
    head = ["what was done", "how often", *FIELDS[:-1], "slowest, s", "result"]
    values = [[f"{row[name]:,}" if isinstance(row.get(name), int) else row.get(name, "") for name in FIELDS]
              for row in rows]
    return markdown(head, [[row["what"], row["how"], *cells, row["result"]] for row, cells in zip(rows, values)],
                    head[2:-1])


def sums(lines):
    """target -> [executions, seconds, CPU seconds, whether those of every run are known]"""
    totals = {}
    for line in lines:
        name, executions, seconds, *cpu = line.split()
        total = totals.setdefault(name, [0, 0, 0.0, True])
        total[0] += int(executions)
        total[1] += int(seconds)
        total[2] += float(cpu[0]) if cpu else 0.0
        total[3] = total[3] and bool(cpu)
    return totals


def fuzz_table(lines):
    rows = []
    for name, (done, seconds, cpu, all_known) in sorted(sums(lines).items()):
        used = f"{cpu / 3600:.2f}" if all_known else f"{cpu / 3600:.2f} and more" if cpu else "not measured"
        goal = min(1, max(done / GOAL_EXECUTIONS, cpu / GOAL_SECONDS))  # wall time also counts while others run
        rows.append([name, f"{done:,}", f"{seconds / 3600:.2f}", used, f"{goal:.0%}"])
    head = ["target", "executions", "hours", "CPU hours", "of the goal"]
    return markdown(head, rows, head[1:])


def main(document, rows, executions):
    tables = {"fuzzing": fuzz_table(open(executions))}
    if pathlib.Path(rows).exists():
        lines = fault_table([json.loads(line) for line in open(rows)])
        tables["faults"] = [about_the_run(pathlib.Path(document).parent), "", *lines]
    replace_tables(document, tables)


main(*sys.argv[1:])
