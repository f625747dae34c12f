#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every shell script is POSIX sh (or names bash) and shellcheck has nothing to say about it.
set -eu
cd "$top_srcdir"

if ! command -v shellcheck >/dev/null; then
    echo "1..0 # SKIP shellcheck is not installed"
    exit 0
fi
number=0
for script in bootstrap.sh .ci/run $(find tests contrib -name '*.sh' 2>/dev/null | sort); do
    [ -e "$script" ] || continue # .ci is not in the release's archive
    number=$((number + 1))
    # SC2154: make exports top_srcdir and top_builddir. -x: what a script sources belongs to it.
    if complaints=$(shellcheck -x --exclude SC2154 "$script" 2>&1); then
        echo "ok $number - $script"
    else
        echo "$complaints" | sed 's/^/# /'
        echo "not ok $number - $script"
    fi
done
echo "1..$number"
