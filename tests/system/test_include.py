#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A policy in several files: which file wins, in which order they come, and where messages say a mistake is."""
import re

from helod import Helod, helod, scratch, wait_for
from tap import cases, contains, equal, run, test


def tree(main, **files):
    """A policy file that includes conf.d/*.conf, and the files in it; `_` in a name stands for a dot."""
    folder = scratch()
    (folder / "conf.d").mkdir()
    for name, text in files.items():
        (folder / "conf.d" / name.replace("_", ".")).write_text(text)
    path = folder / "helod.conf"
    path.write_text(main + 'include("conf.d/*.conf")\n')
    return path


def checked(path):
    """(status, the effective policy by "section option", what was said)"""
    status, out, said = helod("-t", "-c", path)
    found, inside = {}, ""
    for line in out.splitlines():
        opened = re.match(r"(\w+)[^{]*{$", line.strip())
        inside = opened[1] if opened else inside
        if " = " in line:
            name, _, value = line.strip().partition(" = ")
            found.setdefault(f"{inside} {name}", value)
    return status, found, said.replace(str(path.parent) + "/", "")


@test("files come in the order of their names, whatever the order in the directory, and each wins over those before it")
def _():
    path = tree('server { deadline = "1s" }\n', zz_conf='server { deadline = "4s" }\n',
                aa_conf='server { deadline = "2s" }\n', mm_conf='server { deadline = "3s" }\n',
                hidden='server { deadline = "5s" }\n')
    status, found, said = checked(path)
    equal((status, found["server deadline"]), (0, '"4s"'))
    equal(said.splitlines(), [
        "warning: conf.d/mm.conf:1: deadline is set in conf.d/aa.conf:1 too; this file wins",
        "warning: conf.d/zz.conf:1: deadline is set in conf.d/mm.conf:1 too; this file wins"])


@test("a block in two files is one: what the second does not set stays as the first says")
def _():
    path = tree('policy "default" {\n mode = "monitor"\n credit = 7\n'
                ' threshold "mark" { score = 30 action = "prepend" }\n points { helo_missing = 1 helo_random = 2 }\n}\n',
                a_conf='policy "default" { mode = "soft" threshold "mark" { score = 40 } points { helo_random = 3 } }\n'
                       'policy "other" { credit = 9 }\n')
    status, found, said = checked(path)
    equal(status, 0, said)
    equal([found[name] for name in ("policy mode", "policy credit", "threshold score", "threshold action",
                                    "points helo_missing", "points helo_random")],
          ['"soft"', "7", "40", '"prepend"', "1", "3"])
    equal(said, "", "included files exist to override the policy file")


@cases((
    ("an unknown option", "\n\nserver { listn = {} }\n", 'conf.d/a.conf:3: unknown option "listn"'),
    ("a value out of range", "dns {\n tries = 99\n}\n", "conf.d/a.conf:2: tries: "),
    ("twice in one file", 'dns { tries = 1\n tries = 2 }\n', "conf.d/a.conf:2: tries is set twice, first on line 1"),
    ("a block twice in one file", 'policy "x" {}\npolicy "x" {}\n',
     'conf.d/a.conf:2: policy "x" appears twice, first on line 1'),
    ("a brace that is not closed", "\nserver {\n", "conf.d/a.conf:2: this { is never closed"),
    ("an include in it", 'include("b.conf")\n', "conf.d/a.conf:1: an included file cannot include another one"),
    ("what only the whole shows", 'history { hashed = yes }\n', "conf.d/a.conf:1: hashed needs a hash_key"),
    ("a user that does not exist", '\nserver { user = "nobody-here" }\n', "conf.d/a.conf:2: user: no such user"),
    ("an exemption that is none", 'exempt {\n clients = { "192.0.2.1/99" } }\n', "conf.d/a.conf:2: clients: "),
))
def _(_name, text, wanted):
    status, _, said = checked(tree("\n# the main file\n", a_conf=text, b_conf="server {}\n"))
    equal(status, 1, said)
    contains(said, wanted)


@cases((
    ("a name that is not there", 'include("conf.d/gone.conf")\n', "helod.conf:1: include: conf.d/gone.conf: No such file"),
    ("a pattern in a directory's name", 'include("conf*/a.conf")\n', "only the last part of a path may contain"),
    ("in a section", 'server { include("conf.d/*.conf") }\n', "must be outside of every section"),
    ("no string", "include(conf.d)\n", 'expected include("PATTERN")'),
    ("another function", 'system("x")\n', "system() is not an option"),
))
def _(_name, main, wanted):
    status, _, said = checked(tree(main))
    equal(status, 1, said)
    contains(said, wanted)


@test("a directory or a file that everybody may write is refused; a directory that is not there is a warning")
def _():
    path = tree("", a_conf="server {}\n")
    (path.parent / "conf.d").chmod(0o777)
    contains(checked(path)[2], "include: conf.d: everybody may create files there")
    (path.parent / "conf.d").chmod(0o755)
    (path.parent / "conf.d/a.conf").chmod(0o666)
    contains(checked(path)[2], "include: conf.d/a.conf: everybody may write to it")
    path.write_text('include("none.d/*.conf")\n')
    status, _, said = checked(path)
    equal((status, said), (0, "warning: helod.conf:1: include: there is no directory none.d\n"))


@test("a password in an included file that everybody may read is a warning that names that file")
def _():
    path = tree("", a_conf='history { redis_password = "secret" }\n')
    equal(checked(path)[2], "warning: conf.d/a.conf: holds a password and everybody may read it\n")


@test("a reload reads included files anew; twelve errors in one are forgotten once it is good again")
def _():
    with Helod("") as daemon:
        extra = daemon.folder / "extra.conf"
        extra.write_text('\nexempt { clients = { "198.51.100.77" } }\n')
        daemon.reload(f'include("{extra}")\n')
        daemon.wait_log("policy 2 is in force")
        equal(daemon.ask(client="198.51.100.77", helo="bad_name!"), "DUNNO")
        equal(daemon.decision(helo="bad_name!")["exemption"], "client:198.51.100.77")
        extra.write_text("server {\n")
        for n in range(1, 13):  # libconfuse's own include() would fail for good after ten errors
            daemon.reload()
            wait_for(lambda n=n: daemon.log().count("reload failed") == n, what="the refusal")
        extra.write_text('exempt { clients = { "198.51.100.78" } }\n')
        daemon.reload()
        daemon.wait_log("policy 3 is in force")
        equal(daemon.ask(client="198.51.100.78", helo="bad_name!"), "DUNNO")


run()
