#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""check-prefixes.py: a public function's name begins with the name of its file, or with the file's plural or singular.

So a reader finds a function without a search. The exceptions are in two tables: prefixes that a whole room shares, which
name the room's subject, and files that hold one type of another name.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
ROOMS = {
    "config": ("policyfile",),
    "decision": ("decision",),
    "names": ("name",),
}
FILES = {
    "decision/names.c": ("outcome", "skip", "limit", "policy_mode", "exempt_kind"),  # names of enums' values
    "rules/facts.c": ("helo", "sender", "detail"),
    "rules/identity.c": ("evidence",),
}
FUNCTION = re.compile(r"^(?!static|typedef|struct \w+ \{|enum|extern|return|else)[a-z][\w *]*?[ *](\w+)\([^;{]*?\)\n\{", re.M)


def wrong(path, text):
    room, stem = path.split("/")[0], pathlib.Path(path).stem
    prefixes = (stem, stem + "s", stem.removesuffix("s"), *ROOMS.get(room, ()), *FILES.get(path, ()))
    return [name for name in FUNCTION.findall(text) if not any(re.match(rf"{prefix}(_|$)", name) for prefix in prefixes)]


def main():
    found, seen = [], 0
    for path in sorted((TOP / "src").glob("*/*.c")):
        name = str(path.relative_to(TOP / "src"))
        if not name.startswith("heloctl/"):
            text = path.read_text()
            seen += len(FUNCTION.findall(text))
            found += [f"src/{name}: {function}()" for function in wrong(name, text)]
    gone = [name for name in FILES if not (TOP / "src" / name).exists()]
    caught = wrong("base/table.c", "bool hash_it(int a)\n{\n}\nstatic bool mine(void)\n{\n}\nint table_x(void)\n{\n}\n")
    print("1..3")
    for line in found + [f"{name} is in the table and does not exist" for name in gone]:
        print("#", line)
    print("not ok" if found or seen < 300 else "ok", "1 - public functions carry their file's name")
    print("not ok" if gone else "ok", "2 - every exception names a file")
    print("ok" if caught == ["hash_it"] else "not ok", "3 - a function of another name is found")
    return 0


sys.exit(main())
