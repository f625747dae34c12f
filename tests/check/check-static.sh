#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# cppcheck and gcc -fanalyzer find nothing in src/ but what tests/check/static-exceptions lists with a reason:
#     TOOL  FILE  WHAT  # why it is none
set -eu
cd "$top_srcdir"

exceptions=tests/check/static-exceptions
sources=$(find src -name '*.c' | sort)
number=0

# Takes the complaints on standard input: one "FILE:LINE… WHAT" a line.
tell() {
    tool=$1
    number=$((number + 1))
    left=$(awk -v tool="$tool" 'NR == FNR { if ($1 == tool) { file[++n] = $2; what[n] = $3 } next }
        { for (i = 1; i <= n; i++) if (index($0, file[i] ":") == 1 && index($0, what[i])) next; print }' \
        "$exceptions" -)
    if [ -z "$left" ]; then
        echo "ok $number - $tool has nothing to say"
    else
        echo "$left" | sed 's/^/# /'
        echo "not ok $number - $tool has nothing to say"
    fi
}
absent() {
    number=$((number + 1))
    echo "ok $number - $1 has nothing to say # SKIP $1 is not installed"
}

echo "1..2"
if command -v cppcheck >/dev/null; then
    # shellcheck disable=SC2086 # a list of files
    cppcheck --std=c11 --enable=warning,performance,portability --inline-suppr --quiet -D_GNU_SOURCE -I include \
        --template='{file}:{line}: {id} {message}' $sources 2>&1 | tell cppcheck
    number=1
else
    absent cppcheck
fi
if gcc --version >/dev/null 2>&1; then
    for file in $sources; do
        gcc -std=c11 -D_GNU_SOURCE -I include -I "$top_builddir" -DSYSCONFDIR='"/etc"' -DPOLICY_FILE='"/etc/helod.conf"' \
            -O1 -fanalyzer -c -o /dev/null "$file" 2>&1 | grep -E '(warning|error):' || true
    done | tell gcc-analyzer
    number=2
else
    absent gcc-analyzer
fi
