#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Files that are none: whatever a path names, helod and heloctl end soon, say what is wrong, and change nothing there."""
import os
import socket
import stat

from helod import Helod, heloctl, helod, scratch
from tap import cases, cleanup, contains, equal, run, test

SPARSE = 3 << 30
KINDS = ["directory", "pipe", "socket", "loop", "zero", "sparse", "bytes", "line"]

folder = scratch()
empty = folder / "empty"


def make():
    (folder / "directory").mkdir()
    os.mkfifo(folder / "pipe")
    os.symlink(folder / "loop", folder / "loop")
    os.symlink("/dev/zero", folder / "zero")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "socket"))
    cleanup(listener.close)
    with open(folder / "sparse", "wb") as file:
        file.truncate(SPARSE)
    (folder / "bytes").write_bytes(b"192.0.2.1\0 ham\n\0\xff\n")
    (folder / "line").write_bytes(b"a" * 1_000_000 + b"\n")
    empty.write_text("")


make()

SAID = {"directory": "Is a directory", "socket": "No such device", "loop": "symbolic links", "zero": "not a text file",
        "sparse": "not a text file", "bytes": "NUL byte", "line": "too long"}

# What reads a text: the arguments before its path, those behind it, and what standard input has. A pipe is left out: it
# is a way to hand over a list, and waiting for its writer is right.
TEXTS = [
    ("labels", ["report", "-c", empty, "-l"], [empty], None),
    ("known senders", ["audit", "-c", empty, "--dmarc", "--known"], ["-"], "<feedback/>"),
    ("pairs", ["audit", "-c", empty], [], None),
]


@cases(TEXTS, lambda row: f"heloctl says why it cannot read a file of {row[0]}")
def _(_, before, after, text):
    for kind, word in SAID.items():
        status, _, said = heloctl(*before, folder / kind, *after, text=text)
        assert status in (65, 66), (kind, status, said)
        contains(said, str(folder / kind))
        contains(said, word)


@test("labels: a line that is too long and one with a third word are refused by number")
def _():
    labels = folder / "some-labels"
    labels.write_text("192.0.2.1 ham\n" + "a" * 300_000 + "\n192.0.2.2 spam\n")
    status, _, said = heloctl("report", "-c", empty, "-l", labels, empty)
    equal(status, 65)
    contains(said, f"{labels}:2: the line is too long")
    labels.write_text("192.0.2.3 ham spam\n")
    status, _, said = heloctl("report", "-c", empty, "-l", labels, empty)
    equal(status, 65)
    contains(said, f"{labels}:1: expected ADDRESS or DOMAIN, then ham or spam")


@test("heloctl report says why it cannot read a log, and ends")
def _():
    for kind in ("directory", "socket", "loop", "zero", "sparse"):
        status, _, said = heloctl("report", "-c", empty, folder / kind)
        assert status in (65, 66), (kind, status, said)
        contains(said, SAID[kind])


@test("heloctl audit --since refuses what is no earlier audit")
def _():
    for kind in SAID:
        status, _, said = heloctl("audit", "-c", empty, "--since", folder / kind, text="192.0.2.1 a.example\n")
        assert status in (65, 66), (kind, status, said)
        contains(said, str(folder / kind))


@test("heloctl survey says that a pipe, a socket or a device is no mail folder")
def _():
    for kind in ("pipe", "socket", "zero"):
        status, _, said = heloctl("survey", "-c", empty, folder / kind)
        equal(status, 66, said)
        contains(said, "neither a file nor a folder")


@cases([("exempt files", 'exempt {{ files = {{ "{}" }} }}\n'), ("psl_file", 'names {{ psl_file = "{}" }}\n'),
        ("token_files", 'names {{ token_files = {{ "{}" }} }}\n'), ("include", 'include("{}")\n')],
       lambda row: f"{row[0]}: what is no file is refused, and the policy's line is named")
def _(_, line):
    path = folder / "policy.conf"
    for kind, word in (("directory", "is a directory"), ("pipe", "is a pipe"), ("socket", "No such device"),
                       ("loop", "symbolic links"), ("zero", "is a device"), ("sparse", "larger than")):
        path.write_text(line.format(folder / kind))
        status, _, said = helod("-t", "-c", path)
        assert status != 0, (kind, said)
        contains(said, f"{path}:1: ")
        contains(said, word)


@test("a policy file that is none is refused")
def _():
    for kind in KINDS:
        status, _, said = helod("-t", "-c", folder / kind)
        assert status != 0 and said, (kind, status, said)


@cases([("directory",), ("pipe",), ("socket",), ("zero",)],
       lambda row: f"what a snapshot's path names is neither renamed nor replaced: {row[0]}")
def _(kind):
    path = folder / kind
    before = os.stat(path)
    daemon = Helod(f'history {{\n store = "memory"\n file = "{path}"\n}}\n')
    daemon.ask(client="192.0.2.1", helo="a.example")  # now there is something to save
    contains(daemon.log(), "expected a file")
    daemon.stop()
    after = os.stat(path)
    equal((after.st_ino, stat.S_IFMT(after.st_mode)), (before.st_ino, stat.S_IFMT(before.st_mode)))
    assert not (folder / f"{kind}.unusable").exists()


run()
