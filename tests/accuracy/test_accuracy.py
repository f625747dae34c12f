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


def holds(path, *flags):
    done = subprocess.run([sys.executable, str(HERE / "accuracy.py"), *flags, str(path)], capture_output=True,
                          text=True, errors="replace", check=False)
    if done.returncode != 0:
        note(done.stdout[-3000:] + done.stderr[-2000:])
    assert done.returncode == 0, "worse than the kept result"
    return done.stdout


@test("the shipped sample is judged as well as before")
def _():
    holds(HERE / "sample.tsv", "--quick")


@test("SpamAssassin and rspamd judge the same rows, or say why not")
def _():
    out = holds(HERE / "sample.tsv")
    assert "reject_non_fqdn_helo_hostname" in out, out[-2000:]
    for peer, finding in (("SpamAssassin", "HELO_LOCALHOST"), ("rspamd", "HFILTER_HELO_BADIP")):
        said = [line for line in out.splitlines() if line.startswith(peer)]
        assert len(said) == 1, f"{peer}: {said}"
        note(said[0])
        assert ": skipped" in said[0] or f"  {finding} " in out, f"{peer} finds no greeting of localhost"


if os.environ.get("GREETINGS"):
    @test("the labelled greetings are judged as well as before")
    def _():
        holds(os.environ["GREETINGS"], "--quick")


@test("a large file is sampled by corpus and label, the same rows each time")
def _():
    sys.path.insert(0, str(HERE))
    import accuracy
    import yardsticks
    rows = accuracy.read(HERE / "sample.tsv")
    chosen = yardsticks.sample(rows, 100)
    assert yardsticks.sample(rows, 1000) == rows and 80 < len(chosen) <= 120 and chosen == yardsticks.sample(rows, 100)
    assert {(row.corpus, row.spam) for row in chosen} == {(row.corpus, row.spam) for row in rows}


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
