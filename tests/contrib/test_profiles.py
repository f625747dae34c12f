#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""helod -t on every profile: no warning, and in plain words what becomes of thirteen greetings."""
import re
import subprocess

from helod import HELOD, TOP
from tap import cases, equal, run, test

# The greetings of `helod -t` in its order: . passes, m marked, d deferred, r rejected, M, D and R: the same, if the mode were another.
WANTED = {
    "monitor": "..M.MDRDMMRDR",
    "lenient": ".....mmmmmmmr",
    "graded": "..m.mmmmmmmmr",
    "m365": ".mmmddrrrrrrr",
    "gateway": ".mddrrrrrrrrr",
    "strict-alignment": ".rrrr.rrrrrrr",
}
FATES = {"passes": ".", "passes, marked": "m", "is deferred (4xx)": "d", "is rejected (5xx)": "r",
         "passes because of the mode, would be marked": "M", "passes because of the mode, would be deferred (4xx)": "D",
         "passes because of the mode, would be rejected (5xx)": "R"}


def checked(path):
    """What -t prints, without warnings but the one that strict-alignment asks for."""
    done = subprocess.run([HELOD, "-t", "-c", str(path)], capture_output=True, text=True, check=False)
    warned = "RFC 5321 section 4.1.4 forbids" in done.stderr and done.stderr.count("\n") == 1
    equal((done.returncode, warned, warned or done.stderr), (0, path.stem == "strict-alignment",
                                                            path.stem == "strict-alignment" or ""))
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
