# SPDX-License-Identifier: BSD-2-Clause
"""stalls: how long the machine kept a process from running, so that tests do not blame helod for that time.

For the process, this is the time that it waited for a processor although it could have run, and the time that a hypervisor
took. For ourselves, who measure, it is the gaps in our own loop. A process that sleeps, blocks or is stopped waits for no
processor, so a helod that is late for a reason of its own gets no allowance.

    with Watch(daemon.process.pid) as watch:
        daemon.ask(helo="localhost")
    assert watch.seconds < 1        # without what the machine took
"""
import bisect
import os
import threading
import time

EVERY = 0.1    # seconds between two looks
KEPT = 1200    # looks: more than the longest request
GAP_MIN = 0.1  # seconds; a turn of our own loop may take this long
TICKS = os.sysconf("SC_CLK_TCK")


def waited_for_processor(pid):
    """Seconds. 0.0 where the kernel does not count them, or the process is gone."""
    try:
        with open(f"/proc/{pid}/schedstat") as fields:
            return int(fields.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def stolen():
    """Seconds that a hypervisor gave to others, of all processors."""
    with open("/proc/stat") as lines:
        fields = lines.readline().split()
    return int(fields[8]) / TICKS if len(fields) > 8 else 0.0


class Stalls:
    def __init__(self, pid=None):
        self.pid, self.ours = pid, 0.0
        self.turn_began, self.first = time.monotonic(), self.total()
        self.looks = [(self.turn_began, self.first)]

    def total(self):
        return self.ours + (waited_for_processor(self.pid) + stolen() if self.pid else 0.0)

    def turn(self, asked_to_wait):
        """Called once in each turn of our own loop, where it comes back from waiting."""
        now = time.monotonic()
        gap = now - self.turn_began - asked_to_wait
        self.turn_began = now
        if gap > GAP_MIN:
            self.ours += gap
        self.look()

    def look(self):
        """Called at least as often as EVERY says, where the own loop does not matter."""
        now = time.monotonic()
        if now - self.looks[-1][0] >= EVERY:
            self.looks.append((now, self.total()))
            del self.looks[:-KEPT]

    def since(self, then):
        """Seconds lost since that time."""
        at = bisect.bisect_right(self.looks, (then, float("inf"))) - 1
        return self.total() - self.looks[max(at, 0)][1]

    def whole(self):
        """Seconds lost so far."""
        return self.total() - self.first


class Watch(threading.Thread):
    """Measures a with block. Its own thread notices when this process does not run; `pid` is the one that serves it."""

    def __init__(self, pid=None):
        super().__init__(daemon=True)
        self.stalls, self.over, self.seconds = Stalls(pid), threading.Event(), None

    def __enter__(self):
        self.began = time.monotonic()
        self.start()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began
        self.over.set()
        self.join()
        self.seconds -= self.stalls.whole()

    def run(self):
        while not self.over.wait(0.02):
            self.stalls.turn(0.02)
        self.stalls.turn(0.02)
