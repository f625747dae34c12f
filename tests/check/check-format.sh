#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every C file is as clang-format leaves it. Versions of clang-format differ in what they make of one .clang-format, so
# only version 14, which Debian 12 has, is asked; with another the check is skipped.
set -eu
# shellcheck source=tests/check/findings.sh
. "$top_srcdir/tests/check/findings.sh"

formatter=
for candidate in clang-format-14 clang-format; do
    if command -v $candidate >/dev/null && $candidate --version | grep -q 'version 14\.'; then
        formatter=$candidate
        break
    fi
done
if [ -z "$formatter" ]; then
    echo "1..0 # SKIP clang-format 14 is not installed"
    exit 0
fi

misformatted() {
    # random_table.h is generated data, several numbers to a line.
    c_files "$1" include src tests | grep -v random_table | while read -r file; do
        "$formatter" --style="file:$top_srcdir/.clang-format" --dry-run -Werror "$1/$file" 2>/dev/null || echo "$file"
    done
}

finds_nothing "every C file is formatted (fix with: clang-format -i FILE)" misformatted "$top_srcdir"
printf 'int f(void)\n{\n    return 0;\n}\n' | bad_file src/base/good.c
finds_nothing "a formatted file is no finding" misformatted "$bad_tree"
printf 'int f(void) {\n  return 0;\n}\n' | bad_file src/base/bad.c
finds "a misformatted file is found" misformatted src/base/bad.c
echo "1..$number"
