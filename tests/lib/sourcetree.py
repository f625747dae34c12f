# SPDX-License-Identifier: BSD-2-Clause
"""sourcetree: a small copy of the source tree for tests of bootstrap.sh. The suite cannot be built and run by one of
its own tests, so configure makes a tree of programs that are built already, with one test that passes.

    tree = make(folder / "tree", programs)    # and PATH begins with `programs`, where a dpkg-query knows every package

LEAVE in the environment is a shell command that the one test runs; MORE names further tests, which give no result.
"""
import shutil

import helod

CONFIGURE = '''#!/bin/sh
mkdir -p tests/unit
cp "{helod}" "{heloctl}" .
cat >Makefile <<'END'
all:
	test -x helod
check: all
	echo ':test-result: PASS' >tests/unit/built.trs
	echo 'PASS: tests/unit/built 1 - it is built' >tests/unit/built.log
	if [ -n "$$LEAVE" ] && [ -n "$(TESTS)" ]; then sh -c "$$LEAVE"; fi
list-tests:
	@for test in tests/unit/built $$MORE; do echo $$test; done
soak:
	mkdir -p "$(SOAK_RESULTS)/tests/unit"
	cd "$(SOAK_RESULTS)/tests/unit" && echo >built.trs && echo 'PASS: tests/unit/built 1 - it is soaked' >built.log
distcheck:
	true
install:
	mkdir -p $(DESTDIR)/usr/local/sbin $(DESTDIR)/usr/local/bin
	cp helod $(DESTDIR)/usr/local/sbin
	cp heloctl $(DESTDIR)/usr/local/bin
END
'''


def program(path, text):
    """A shell script that can be called."""
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def make(tree, programs):
    """The tree, made once, and what has to come first in PATH."""
    if tree.exists():
        return tree
    shutil.copytree(helod.TOP / "conf", tree / "conf")
    shutil.copy(helod.TOP / "bootstrap.sh", tree)
    (tree / "tests").mkdir()
    for name in ("suite.sh", "sets"):
        shutil.copy(helod.TOP / "tests" / name, tree / "tests")
    (tree / "tests/lib").mkdir()
    program(tree / "tests/lib/unpack-packages.sh", "true\n")
    program(tree / "tests/distro.sh", "true\n")
    program(tree / "configure", CONFIGURE.format(helod=helod.HELOD, heloctl=helod.HELOCTL).removeprefix("#!/bin/sh\n"))
    program(programs / "dpkg-query", "echo 'ii '\n")
    return tree
