#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The completion that heloctl prints, in a real bash: every verb and every option of the rows, and files."""
import re
import shutil
import subprocess

import helod
from tap import equal, run, skip_all, test

if not shutil.which("bash"):
    skip_all("bash is not installed")
SCRIPT = helod.heloctl("completion")[1]
VERBS = re.findall(r"(?m)^  ([a-z]+) +\S", helod.heloctl("help")[1])
folder = helod.scratch()
(folder / "pairs").write_text("")


def complete(*words):
    """What bash offers for the last of the words."""
    line = " ".join(f"'{word}'" for word in ("heloctl", *words))
    done = subprocess.run(["bash", "-c", f'{SCRIPT}\nCOMP_WORDS=({line}); COMP_CWORD={len(words)}; _heloctl\n'
                           'printf "%s\\n" "${COMPREPLY[@]}"'], cwd=folder, capture_output=True, text=True, check=True)
    equal(done.stderr, "", "stderr")
    return done.stdout.split()


@test("every verb, and those that begin so")
def _():
    equal(sorted(complete("")), sorted([*VERBS, "help", "--help", "--version"]))
    equal(complete("aud"), ["audit"])


@test("every option of every verb")
def _():
    assert "audit" in VERBS, VERBS
    for verb in VERBS:
        options = re.findall(r"(?m)^  -\w, --([\w-]+)", helod.heloctl(verb, "--help")[1])
        equal([word for word in complete(verb, "--")], ["--" + option for option in options] + ["--help"], verb)


@test("the words that an option takes: --mta and -m of audit, all that its error lists")
def _():
    known = helod.heloctl("audit", "--mta", "none", "/dev/null")[2].split("expected one of: ")[1].split()
    equal(complete("audit", "--mta", ""), known)
    equal(complete("audit", "-m", "ex"), ["exim"])


@test("files for arguments and for an option's value")
def _():
    equal(complete("audit", "pa"), ["pairs"])
    equal(complete("audit", "--config", ""), ["pairs"])


run()
