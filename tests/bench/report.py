# SPDX-License-Identifier: BSD-2-Clause
"""report: the tables that a benchmark prints, and one of all its targets at the end.

Whatever is compared is measured in turns, so that what else the machine does meets both; a ratio is the median of the
ratios of neighbours in time, and its spread is theirs.
"""
import json
import pathlib
import statistics
import sys


def spread(values, digits=0):
    return f"{min(values):.{digits}f}-{max(values):.{digits}f}"


def neighbours(ours, base, key):
    """Each run's figure over that of the run beside it."""
    return [a.get(key, 0) / max(b.get(key, 0), 1e-3) for a, b in zip(ours, base)]


class Report:
    """Prints tables, and keeps them for --json."""

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
        """The median of `values` against its bound: a cell that says when it misses it, and a row of the last table."""
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
                       ["what", "is", "spread", "wanted", ""], self.targets)
        if file:
            pathlib.Path(file).write_text(json.dumps({"machine": about, "tables": self.tables,
                                                      "missed": missed}, indent=1))
