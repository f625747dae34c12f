#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""helod -t on every profile: no warning, and in plain words what becomes of ten greetings."""
import re
import subprocess

from helod import HELOD, TOP
from tap import cases, equal, run, test

# monitor, lenient, graded, m365, gateway: . passes, m marked, d put off, r refused, M passes because of the mode
WANTED = {
    "monitor": "....MMMMMM",
    "lenient": "....mmmmmr",
    "graded": "....mmmmmr",
    "m365": "..mmdrrrrr",
    "gateway": "..dmrrrrrr",
}
FATES = {"passes": ".", "passes, marked": "m", "is put off for now (4xx)": "d", "is refused (5xx)": "r",
         "passes; the mode is why": "M"}


def checked(path):
    done = subprocess.run([HELOD, "-t", "-c", str(path)], capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""))
    return done.stdout


@test("there is a row here for every profile")
def _():
    equal(sorted(WANTED), sorted(path.stem for path in (TOP / "conf/profiles").iterdir()))


@cases(sorted(WANTED.items()), lambda row: f"{row[0]}: what -t says it does")
def _(name, wanted):
    said = re.findall(r"^#   (.{52}) ([^:]+): score \d+", checked(TOP / f"conf/profiles/{name}.conf"), re.M)
    equal("".join(FATES[fate] for _, fate in said), wanted, str(said))


@test("what -t prints is a policy file again")
def _():
    import helod
    again = helod.scratch() / "again.conf"
    first = checked(TOP / "conf/profiles/monitor.conf")
    again.write_text(first)
    second = subprocess.run([HELOD, "-t", "-c", str(again)], capture_output=True, text=True, check=True).stdout
    equal(second.split("\n# What")[0], first.split("\n# What")[0])


run()
