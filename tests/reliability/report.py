#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""report: writes the tables of doc/reliability.md anew.  usage: report.py DOCUMENT ROWS EXECUTIONS

ROWS is what the tests left (RELIABILITY_TABLE). EXECUTIONS are lines that fuzzing left, one a run: "target executions
seconds [cpu-seconds]"; the last is left out where nobody has measured it."""
import json
import pathlib
import sys

FIELDS = ["requests", "answered", "lost", "twice", "wrong", "late", "retried", "slowest"]
GOAL_EXECUTIONS, GOAL_SECONDS = 1e8, 7200


def fault_table(rows):
    lines = ["| what was done | how often | " + " | ".join(FIELDS[:-1]) + " | slowest, s | |",
             "|---|---|" + "--:|" * len(FIELDS) + "---|"]
    for row in rows:
        values = [f"{row[name]:,}" if isinstance(row.get(name), int) else str(row.get(name, "")) for name in FIELDS]
        lines.append(f"| {row['what']} | {row['how']} | " + " | ".join(values) + f" | {row['result']} |")
    return lines


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
    out = ["| target | executions | hours | CPU hours | of the goal |", "|---|--:|--:|--:|--:|"]
    for name, (done, seconds, cpu, all_known) in sorted(sums(lines).items()):
        used = f"{cpu / 3600:.2f}" if all_known else f"{cpu / 3600:.2f} and more" if cpu else "not measured"
        goal = min(1, max(done / GOAL_EXECUTIONS, cpu / GOAL_SECONDS))  # the clock runs on while others run
        out.append(f"| {name} | {done:,} | {seconds / 3600:.2f} | {used} | {goal:.0%} |")
    return out


def replace(text, mark, lines):
    begin, end = f"<!-- {mark} -->\n", f"<!-- end {mark} -->"
    head, rest = text.split(begin)
    return head + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1]


def main(document, rows, executions):
    path = pathlib.Path(document)
    text = path.read_text()
    if pathlib.Path(rows).exists():  # without: only the fuzzing is told anew
        text = replace(text, "faults", fault_table([json.loads(line) for line in open(rows)]))
    text = replace(text, "fuzzing", fuzz_table(open(executions)))
    path.write_text(text)


main(*sys.argv[1:])
