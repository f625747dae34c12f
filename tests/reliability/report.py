#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""report: writes the tables of doc/reliability.md anew.  usage: report.py DOCUMENT ROWS EXECUTIONS

ROWS is what the tests left (RELIABILITY_TABLE), EXECUTIONS lines of "target executions seconds" that fuzzing left."""
import json
import pathlib
import sys

FIELDS = ["questions", "answered", "lost", "twice", "wrong", "late", "retried", "slowest"]


def fault_table(rows):
    lines = ["| what was done | how often | " + " | ".join(FIELDS[:-1]) + " | slowest, s | |",
             "|---|---|" + "--:|" * len(FIELDS) + "---|"]
    for row in rows:
        values = [f"{row[name]:,}" if isinstance(row.get(name), int) else str(row.get(name, "")) for name in FIELDS]
        lines.append(f"| {row['what']} | {row['how']} | " + " | ".join(values) + f" | {row['result']} |")
    return lines


def fuzz_table(lines):
    totals = {}
    for line in lines:
        name, executions, seconds = line.split()
        done, spent = totals.get(name, (0, 0))
        totals[name] = done + int(executions), spent + int(seconds)
    out = ["| target | executions | hours | of the goal |", "|---|--:|--:|--:|"]
    for name, (done, spent) in sorted(totals.items()):
        goal = min(1, max(done / 1e8, spent / 7200))
        out.append(f"| {name} | {done:,} | {spent / 3600:.2f} | {goal:.0%} |")
    return out


def replace(text, mark, lines):
    begin, end = f"<!-- {mark} -->\n", f"<!-- end {mark} -->"
    head, rest = text.split(begin)
    return head + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1]


def main(document, rows, executions):
    path = pathlib.Path(document)
    text = path.read_text()
    text = replace(text, "faults", fault_table([json.loads(line) for line in open(rows)]))
    text = replace(text, "fuzzing", fuzz_table(open(executions)))
    path.write_text(text)


main(*sys.argv[1:])
