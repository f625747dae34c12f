#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The tables of the program against what is written about them.

Every option, rule, family, macro, field of the decision line, metric and verb stands in the manual, options and rules
in conf/helod.conf too, with the defaults of the tables; nothing is described that is not in a table; the sample file,
as it is and with every "#" taken away, means the defaults; mandoc has nothing to complain of.

    check-docs.py --update    writes the lists between the BEGIN and END marks, and the points of the sample file, anew
"""
import os
import re
import subprocess
import sys
import tempfile
import textwrap

TOP = os.environ.get("top_srcdir") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("top_builddir") or os.path.join(TOP, "build")
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
from tap import run, skip, test  # noqa: E402

DUMP = os.path.join(BUILD, "tests", "check", "dump_tables")
SAMPLE = os.path.join(TOP, "conf", "helod.conf")
CONF5 = os.path.join(TOP, "doc", "helod.conf.5")
HELOD8 = os.path.join(TOP, "doc", "helod.8")
HELOCTL8 = os.path.join(TOP, "doc", "heloctl.8")
COLUMNS = {
    "option": ("section", "name", "value", "summary"),
    "family": ("name", "cap", "summary"),
    "rule": ("name", "family", "points", "summary"),
    "macro": ("name", "summary"),
    "field": ("name", "summary"),
    "metric": ("name", "type", "help"),
}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def tables():
    if not os.path.exists(DUMP):
        sys.exit(f"there is no {DUMP}: build the tests first (make -C build check TESTS=)")
    rows = {kind: [] for kind in COLUMNS}
    dumped = subprocess.run([DUMP], check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
    for line in dumped.splitlines():
        kind, *fields = line.split("\t")
        rows[kind].append(dict(zip(COLUMNS[kind], fields)))
    return rows


def plain(text):
    """ASCII, for files that are read everywhere."""
    return text.replace("…", "...")


def roff(text):
    """Text inside a line of the manual."""
    text = plain(text).replace("\\", "\\e").replace('"', "\\(dq").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def roff_lines(text):
    """The same as lines that mandoc does not find long."""
    folded = textwrap.wrap(roff(text), 80, break_on_hyphens=False, break_long_words=False)
    return ["\\&" + line if line[:1] in (".", "'") else line for line in folded]


def item(name, tail=""):
    return f".It Ic {name}" + (f" No {tail}" if tail else "")


def option_line(row):
    return item(row["name"], "= " + row["value"].replace('"', "\\(dq") if row["value"] else "")


def list_lines(kind, rows):
    """The lines between the marks of a kind."""
    lines = []
    for row in rows:
        if kind == "rule":
            lines += [item(row["name"], f"({row['family']}, {row['points']})".replace("-", "\\-"))]
            lines += roff_lines(row["summary"])
        elif kind == "family":
            lines += [item(row["name"], f"({row['cap']})")]
            lines += roff_lines(row["summary"][0].upper() + row["summary"][1:] + ".")
        else:
            lines += [item("%{" + row["name"] + "}")]
            lines += roff_lines(row["summary"][0].upper() + row["summary"][1:] + ".")
    return lines


def marked(text, kind):
    """What stands between the marks of a kind: (before, lines, after), or None."""
    found = re.search(rf'(?ms)(.*^\.\\" BEGIN {kind}\n)(.*?)(^\.\\" END {kind}$.*)', text)
    return (found.group(1), found.group(2).splitlines(), found.group(3)) if found else None


def sample_numbers(rows, key):
    width = max(len(f"{row['name']} = {row[key]}") for row in rows)
    for row in rows:
        setting = f"{row['name']} = {row[key]}"
        yield f"        #{setting:<{width}}  # {plain(row['summary'])}"


def sample_block(text, name):
    found = re.search(rf"(?ms)(.*^    {name} {{\n)(.*?)(^    }}$.*)", text)
    assert found, f"conf/helod.conf has no {name} {{ }}"
    return found.groups()


PLACES = (("rule", CONF5), ("family", CONF5), ("macro", CONF5))


def update():
    rows = tables()
    for kind, path in PLACES:
        parts = os.path.exists(path) and marked(read(path), kind)
        if not parts:
            print(f"{path} has no marks for {kind}", file=sys.stderr)
            continue
        with open(path, "w", encoding="utf-8") as out:
            out.write(parts[0] + "\n".join(list_lines(kind, rows[kind])) + "\n" + parts[2])
    text = read(SAMPLE)
    for name, kind, key in (("points", "rule", "points"), ("caps", "family", "cap")):
        before, _, after = sample_block(text, name)
        text = before + "\n".join(sample_numbers(rows[kind], key)) + "\n" + after
    with open(SAMPLE, "w", encoding="utf-8") as out:
        out.write(text)


def same(found, wanted, where):
    missing = [line for line in wanted if line not in found]
    extra = [line for line in found if line not in wanted]
    assert not missing, f"{where} lacks: " + "; ".join(missing[:5])
    assert not extra, f"{where} has what no table has: " + "; ".join(extra[:5])
    assert found == wanted, f"{where}: not in the table's order"


def register_lists(rows):
    for kind, path in PLACES:
        name = os.path.basename(path)

        @test(f"{name} lists every {kind} as its table has it")
        def _(kind=kind, path=path, name=name):
            assert os.path.exists(path), f"there is no {path}"
            parts = marked(read(path), kind)
            assert parts, f"{path} has no marks for {kind}"
            same(parts[1], list_lines(kind, rows[kind]), f"{name}, {kind} (check-docs.py --update writes it anew)")


def described(page, section):
    """The names of the tagged items in a section of a manual page."""
    text = re.search(rf"(?ms)^\.Sh {section}$(.*?)(?=^\.Sh |\Z)", read(page))
    assert text, f"{page} has no section {section}"
    return [name for line in re.findall(r"(?m)^\.It Cm (.+)", text.group(1)) for name in line.split(" , ")]


def register_logged(rows):
    for kind, section in (("field", "DECISION LINE"), ("metric", "METRICS")):

        @test(f"helod.8 describes every {kind}, in the table's order")
        def _(kind=kind, section=section):
            same(described(HELOD8, section), [row["name"] for row in rows[kind]], f"helod.8, {section}")


def manual_options():
    """The option lines of helod.conf(5), by section."""
    section, lines = None, {}
    for line in read(CONF5).splitlines():
        if line.startswith(".Ss Section "):
            section = line[len(".Ss Section "):].replace(" ", ".")
        elif line.startswith((".Sh", ".Ss")):
            section = None
        elif section and line.startswith(".It Ic "):
            lines.setdefault(section, []).append(line)
    return lines


def register_options(rows):
    options = rows["option"]
    names = list(dict.fromkeys(row["section"] for row in options))
    for section in names:

        @test(f"helod.conf.5 describes every option of section {section} with its default")
        def _(section=section):
            wanted = [option_line(row) for row in options if row["section"] == section]
            same(manual_options().get(section, []), wanted, "helod.conf.5")

    @test("helod.conf.5 has no section of options that is in no table")
    def _():
        unknown = set(manual_options()) - set(names)
        assert not unknown, unknown

    @test("helod.conf.5 says something about every option")
    def _():
        silent = re.findall(r"(?m)^(\.It Ic [^\n]*)\n(?=\.It|\.El)", read(CONF5))
        assert not silent, silent


def sample_settings(text):
    """"section: setting" for each option, set or behind "#"."""
    path, found = [], []
    for line in text.splitlines():
        code = re.match(r"^\s*#?([a-z_]\w*(?: \"\w+\")? \{|[a-z_]\w* = .*|\})$", line)
        if not code:
            continue
        word = code.group(1)
        if word == "}":
            path.pop()
        elif word.endswith(" {"):
            path.append(word.split()[0])
        else:
            found.append(f"{'.'.join(path)}: {word}")
    return [line for line in found if line.split(":")[0] not in ("policy.points", "policy.caps", "policy.threshold")]


def register_sample(rows):
    wanted = [f"{row['section']}: {row['name']} = {row['value']}" for row in rows["option"] if row["value"]]

    @test("conf/helod.conf has every option with its default, in the table's order")
    def _():
        same(sample_settings(read(SAMPLE)), wanted, "conf/helod.conf")

    @test("an option that conf/helod.conf lacks would be named")
    def _():
        message = ""
        try:
            same(sample_settings(read(SAMPLE).replace('    #help_url = ""\n', "", 1)), wanted, "the file")
        except AssertionError as error:
            message = str(error)
        assert message == 'the file lacks: policy: help_url = ""', message

    for name, kind, key in (("points", "rule", "points"), ("caps", "family", "cap")):

        @test(f"conf/helod.conf lists the {name} as the table has them")
        def _(name=name, kind=kind, key=key):
            lines = sample_block(read(SAMPLE), name)[1].splitlines()
            same(lines, list(sample_numbers(rows[kind], key)), f"conf/helod.conf, {name} (check-docs.py --update)")

    @test("conf/helod.conf as it is means the defaults")
    def _():
        got = subprocess.run([DUMP, "defaults", SAMPLE], stdout=subprocess.PIPE, universal_newlines=True)
        assert got.returncode == 0, got.stdout

    @test("conf/helod.conf with every option switched on means the defaults")
    def _():
        text = re.sub(r"(?m)^(\s*)#(?=[a-z_]\w* = |threshold |\}$)", r"\1", read(SAMPLE))
        assert text.count("\n    max_connections = ") == 1 and "\n        rdns_missing = " in text
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(text)
            file.flush()
            got = subprocess.run([DUMP, "defaults", file.name], stdout=subprocess.PIPE, universal_newlines=True)
        assert got.returncode == 0, got.stdout

    @test("conf/helod.conf with one default changed would be noticed")
    def _():
        text = read(SAMPLE).replace("#max_connections = 1000", "max_connections = 1001", 1)
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(text)
            file.flush()
            got = subprocess.run([DUMP, "defaults", file.name], stdout=subprocess.PIPE, universal_newlines=True)
        assert got.returncode == 1 and got.stdout == "server: max_connections 1000 -> 1001\n", got.stdout


def said(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True).stdout


def register_rest():
    @test("heloctl.8 describes every verb and each of its options")
    def _():
        heloctl = os.environ.get("HELOCTL") or os.path.join(BUILD, "heloctl")
        manual = read(HELOCTL8)
        verbs = re.findall(r"(?m)^  ([a-z]+) +\S", said([heloctl, "help"]))
        assert "check" in verbs, verbs
        missing = [verb for verb in verbs if not re.search(rf"(?m)^\.(?:Ss|It)\b.*\b{verb}\b", manual)]
        for verb in verbs:
            options = re.findall(r"(?m)^  -\w, --([\w-]+)", said([heloctl, verb, "--help"]))
            missing += [f"{verb} --{option}" for option in options if f" -{option}" not in manual]
        assert not missing, missing

    pages = sorted(name for name in os.listdir(os.path.join(TOP, "doc")) if re.search(r"\.[58]$", name))
    for page in pages:

        @test(f"mandoc has nothing to say about {page}")
        def _(page=page):
            mandoc = os.environ.get("MANDOC")
            if not mandoc:
                skip("no mandoc")
            complaints = said([mandoc, "-Tlint", "-W", "style", os.path.join(TOP, "doc", page)]).splitlines()
            # Which other pages are there is the machine's matter.
            about_page = [line for line in complaints if not re.search(r"referenced manual|outdated mandoc\.db", line)]
            assert not about_page, about_page


if sys.argv[1:] == ["--update"]:
    update()
else:
    ROWS = tables()
    register_options(ROWS)
    register_lists(ROWS)
    register_logged(ROWS)
    register_sample(ROWS)
    register_rest()
    run()
