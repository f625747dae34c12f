#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A request passes the rooms behind gather in one direction, and within a room no files call each other in a circle. Read
from the symbols of the built archives: who defines a function or table, and who refers to it."""
import os
import pathlib
import re
import subprocess

SRC = pathlib.Path(os.environ["top_builddir"]) / "src"
ROOMS = ("evidence", "decision", "rules")  # each may refer to those after it, and to none before it
ALL = (*ROOMS, "base", "protocol", "names", "dns", "spf", "history", "config", "report", "helod")


def symbols(room):
    """Of each object file in the room's archive: the names that it defines, and those that it refers to."""
    out = subprocess.run(["nm", "-A", str(SRC / f"lib{room}.a")], stdout=subprocess.PIPE, text=True, check=True).stdout
    defined, used = {}, {}
    for line in out.splitlines():
        found = re.match(r".*:(\S+\.o):\s*[0-9a-f]*\s+([A-Z]) (\S+)$", line)  # a lower case letter: static
        if found:
            name, kind, symbol = found.groups()
            (used if kind == "U" else defined).setdefault(name, set()).add(symbol)
    return defined, used


def calls(room):
    defined, used = symbols(room)
    owner = {symbol: name for name, names in defined.items() for symbol in names}
    return {name: {owner[s] for s in used.get(name, ()) if s in owner and owner[s] != name} for name in defined}


def circle(graph):
    """A list of names in which each refers to the next and the last to the first; None without one."""
    state, path = {}, []

    def visit(name):
        state[name] = "open"
        path.append(name)
        for other in sorted(graph.get(name, ())):
            if state.get(other) == "open":
                return path[path.index(other):]
            found = visit(other) if other not in state else None
            if found:
                return found
        state[name] = "done"
        path.pop()
        return None
    for start in sorted(graph):
        found = visit(start) if start not in state else None
        if found:
            return found
    return None


def backwards():
    """References from a room to one before it."""
    tables = {room: symbols(room) for room in ROOMS}
    for at, room in enumerate(ROOMS):
        for before in ROOMS[:at]:
            theirs = set().union(*tables[before][0].values())
            for name, names in tables[room][1].items():
                for symbol in sorted(names & theirs):
                    yield f"{room}/{name} refers to {symbol} of {before}"


def report(number, what, wrong):
    for line in wrong:
        print(f"# {line}")
    print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
    return not wrong


def main():
    print(f"1..{len(ALL) + 2}")
    good = [report(number, f"no files of {room} call each other in a circle",
                   [" -> ".join(found)] if (found := circle(calls(room))) else [])
            for number, room in enumerate(ALL, 1)]
    good.append(report(len(ALL) + 1, "a request passes the rooms in one direction", list(backwards())))
    good.append(report(len(ALL) + 2, "a circle is found",
                       [] if circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"] else ["it was not"]))
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
