# SPDX-License-Identifier: BSD-2-Clause
"""report: writes tables of measurements, to the terminal, to JSON, and between the marks of a document.

Programs that are compared run in turn, so other work on the machine affects both. A ratio is the median of the ratios of
runs that follow each other, and its spread is theirs.
"""
import json
import pathlib
import statistics
import sys


def spread(values, digits=0):
    return f"{min(values):.{digits}f}-{max(values):.{digits}f}"


def neighbours(ours, base, key):
    """Each run's figure, divided by that of the run beside it."""
    return [a.get(key, 0) / max(b.get(key, 0), 1e-3) for a, b in zip(ours, base)]


def markdown(head, rows, numbers=()):
    """The lines of a table. `numbers` names the columns that are aligned to the right."""
    rule = ["--:" if name in numbers else "---" for name in head]
    return ["| " + " | ".join(head) + " |", "|" + "|".join(rule) + "|",
            *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)]


def replace_tables(document, tables):
    """Writes each table's lines into the document, between <!-- NAME --> and <!-- end NAME -->."""
    path = pathlib.Path(document)
    text = path.read_text()
    for name, lines in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end {name} -->"
        head, rest = text.split(begin)
        text = head + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1]
    path.write_text(text)


class Report:
    """Prints tables, and keeps them for end()."""

    def __init__(self):
        self.tables, self.targets = {}, []

    def table(self, title, head, rows):
        rows = [[str(cell) for cell in row] for row in rows]
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        print(f"\n**{title}**\n")
        for row in [head, ["-" * width for width in widths], *rows]:
            print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        sys.stdout.flush()
        self.tables[title] = {"head": head, "rows": rows}

    def target(self, what, values, bound, above=False, unit=""):
        """Compares the median of `values` with its bound. Adds a row to the targets, and returns a cell for a table."""
        values = values if isinstance(values, list) else [values]
        value = statistics.median(values)
        good = value >= bound if above else value <= bound
        wanted = f"at {'least' if above else 'most'} {bound}{unit}"
        between = spread(values, 2) if len(values) > 1 else ""
        self.targets.append([what, f"{value:.2f}{unit}", between, wanted, "met" if good else "missed"])
        return f"{value:.2f}" + ("" if good else " (missed)")

    def end(self, about, file):
        missed = sum(row[-1] == "missed" for row in self.targets)
        if self.targets:
            self.table(f"Targets: {len(self.targets) - missed} of {len(self.targets)} met",
                       ["what", "is", "spread", "target", ""], self.targets)
        if file:
            pathlib.Path(file).write_text(json.dumps({"machine": about, "tables": self.tables,
                                                      "missed": missed}, indent=1))
