#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""No verdict gets worse unnoticed: the rates over labelled greetings against tests/accuracy/result.json.

The shipped sample always; the file that GREETINGS names when it does. A change that is meant is written down with
`make accuracy UPDATE=--update GREETINGS=FILE`.
"""
import os
import pathlib
import subprocess
import sys

from tap import note, run, test

HERE = pathlib.Path(__file__).resolve().parent


def holds(path):
    done = subprocess.run([sys.executable, str(HERE / "accuracy.py"), str(path)], capture_output=True, text=True,
                          errors="replace", check=False)
    if done.returncode != 0:
        note(done.stdout[-3000:] + done.stderr[-2000:])
    assert done.returncode == 0, "worse than the kept result"


@test("the shipped sample is judged as well as before")
def _():
    holds(HERE / "sample.tsv")


if os.environ.get("GREETINGS"):
    @test("the labelled greetings are judged as well as before", limit=300)
    def _():
        holds(os.environ["GREETINGS"])


@test("a result that is worse is found")
def _():
    sys.path.insert(0, str(HERE))
    import accuracy
    now = {"all": {"spam_at_0.1_ham": 40.0, "ham_rejected": 0.0}}
    assert accuracy.worse(now, {"all": {"spam_at_0.1_ham": 40.2, "ham_rejected": 0.0}}) == []
    assert len(accuracy.worse(now, {"all": {"spam_at_0.1_ham": 45.0, "ham_rejected": 0.0}})) == 1
    now["all"]["ham_rejected"] = 0.05
    assert len(accuracy.worse(now, {"all": {"spam_at_0.1_ham": 40.0, "ham_rejected": 0.01}})) == 1


run()
