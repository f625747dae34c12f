# SPDX-License-Identifier: BSD-2-Clause
"""tap: a small harness for tests that print TAP.

A test is a function under @test("what it shows"); its name is the behaviour, not the function. Each has a time limit.
A failed assert, any exception and a passed limit are "not ok" with the reason as comment lines; skip() says why.
cases(rows, name)(function) makes one test per row of a table. run() at the end of the file runs them all.

    @test("an exempt client is told DUNNO")
    def _():
        equal(daemon.ask(client="192.0.2.1"), "DUNNO")

    run()

TAP_ONLY=word in the environment runs the tests with that word in their names.
"""
import atexit
import os
import signal
import sys
import time
import traceback

LIMIT = 300  # seconds for one test, unless it says otherwise: what hangs must end, and no busy machine may fail

_tests = []
_cleanups = []


class Skip(Exception):
    """Raised by skip()."""


class Late(BaseException):
    """Raised in a test that runs past its limit. Not an Exception: no test's own handler swallows it."""


def test(name, limit=LIMIT):
    def register(function):
        _tests.append((name, limit, function))
        return function
    return register


def cases(rows, name=lambda row: str(row[0]), limit=LIMIT):
    """One test per row: the function is called with the row's fields, `name(row)` names the test."""
    def register(function):
        for row in rows:
            _tests.append((name(row), limit, lambda row=row: function(*row)))
        return function
    return register


def skip(why):
    raise Skip(why)


def note(text):
    """A diagnostic line, shown with the test's log."""
    for line in str(text).splitlines() or [""]:
        print("#", line.encode("ascii", "backslashreplace").decode())


def equal(got, wanted, what="got"):
    assert got == wanted, f"{what}: {got!r}, wanted {wanted!r}"


def contains(text, part, what="text"):
    assert part in text, f"{what} has no {part!r}: {text!r}"


def cleanup(function, *args):
    """Called at the end of the file, whatever happened, last registered first."""
    _cleanups.append((function, args))


def _clean_up():
    while _cleanups:
        function, args = _cleanups.pop()
        try:
            function(*args)
        except Exception:  # the next cleanup must still run
            note("in cleanup: " + traceback.format_exc())


# From the import on, so that a file that fails or skips before run() leaves nothing behind either.
atexit.register(_clean_up)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def _one(number, name, limit, function):
    label = f"{number} - {name}".replace("#", "\\#")
    began = time.monotonic()

    def late(_signal, _frame):
        """When the load average exceeds the number of processors, the limit grows in proportion."""
        left = began + limit * max(1, os.getloadavg()[0] / os.cpu_count()) - time.monotonic()
        if left <= 0:
            raise Late()
        signal.alarm(1 + int(left))
    signal.signal(signal.SIGALRM, late)
    signal.alarm(limit)
    try:
        function()
    except Skip as why:
        result = f"ok {label} # SKIP {why}"
    except Late:
        note(traceback.format_exc(limit=-4))
        note(f"no end after {time.monotonic() - began:.0f} s")
        result = f"not ok {label}"
    except Exception:
        note(traceback.format_exc())
        result = f"not ok {label}"
    else:
        result = f"ok {label}"
    finally:
        signal.alarm(0)
    print(result.encode("ascii", "backslashreplace").decode(), flush=True)
    return not result.startswith("not")


def skip_all(why):
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


def run():
    only = os.environ.get("TAP_ONLY", "")
    chosen = [row for row in _tests if only in row[0]]
    if not chosen:
        skip_all(f"no test has {only!r} in its name")
    print(f"1..{len(chosen)}", flush=True)
    good = [_one(number, *row) for number, row in enumerate(chosen, 1)]
    sys.exit(0 if all(good) else 1)
