# SPDX-License-Identifier: BSD-2-Clause
"""How heloctl replay grows: 100,000 and 1,000,000 lines that helod wrote, plain and compressed, against `wc -l` and
`zcat | wc -l` on the same files in the same run. Time must grow linearly and memory must stay flat.

Without HELOD_BENCH=1 in the environment (in `make check`) 20,000 and 200,000 lines.
"""
import gzip
import os
import subprocess
import time

from greetings import Traffic
from helod import HELOCTL, scratch
from tap import equal, note, run, test

SHORT = not os.environ.get("HELOD_BENCH")
SMALL = 20_000 if SHORT else 100_000
LARGE = 10 * SMALL
folder = scratch()
with Traffic() as traffic:
    traffic.ask(SMALL)
    lines = b"".join(line for line in traffic.daemon.log_path.read_bytes().splitlines(True) if b"decision v=1" in line)
    conf = folder / "helod.conf"
    conf.write_bytes(traffic.daemon.conf_path.read_bytes())
small, large = folder / "small", folder / "large"
small.write_bytes(lines)
with open(large, "wb") as out:
    for _ in range(10):
        out.write(lines)
with gzip.open(folder / "large.gz", "wb", 1) as out:
    for _ in range(10):
        out.write(lines)


def peak(pid):
    """KiB of memory at its most, of the program that runs there now. (ru_maxrss would count who started it.)"""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            return next((int(line.split()[1]) for line in status if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def measure(command):
    """Seconds of processor time, peak memory in KiB, the output, and seconds on the clock."""
    memory, done, began = 0, 0, time.monotonic()
    with open(folder / "out", "wb") as out, subprocess.Popen(
            command, shell=isinstance(command, str), stdout=out, stderr=subprocess.DEVNULL) as process:
        while not done:
            memory = max(memory, peak(process.pid))
            done, _, usage = os.wait4(process.pid, os.WNOHANG)
            time.sleep(0.01)
        process.returncode = 0
    seconds = max(usage.ru_utime + usage.ru_stime, 0.001)
    return seconds, memory, (folder / "out").read_bytes(), time.monotonic() - began


def replay(*logs):
    return measure([HELOCTL, "replay", "-j", "-c", str(conf), "-o", str(conf), *map(str, logs)])


def rate(name, lines_read, seconds, against=None):
    ratio = f", {seconds / against:.1f} times the time of wc" if against else ""
    note(f"{name}: {lines_read / seconds:,.0f} lines a second{ratio}")


@test(f"{LARGE:,} lines: time grows linearly, memory stays flat", 600)
def _():
    few, few_memory, _, _ = replay(small)
    many, many_memory, out, _ = replay(large)
    wc = measure(["wc", "-l", str(large)])[0]
    rate("wc -l", LARGE, wc)
    rate("heloctl replay", LARGE, many, wc)
    note(f"ten times the lines: {many / few:.1f} times the time, {few_memory} -> {many_memory} KiB")
    assert b'"exact":%d,' % LARGE in out, out[:300]
    assert many < few * 15, f"{few} s, then {many} s"
    assert many_memory < few_memory * 1.2 + 2048, f"{few_memory} KiB, then {many_memory} KiB"


@test(f"{LARGE:,} compressed lines are read as they are", 600)
def _():
    packed, _, out, _ = replay(folder / "large.gz")
    _, _, _, wall = measure(f"zcat {folder / 'large.gz'} | wc -l")
    rate("zcat | wc -l (on the clock)", LARGE, wall)
    rate("heloctl replay of .gz", LARGE, packed, wall)
    equal(b'"exact":%d,' % LARGE in out, True)


run()
