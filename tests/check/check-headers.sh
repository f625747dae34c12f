#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every header compiles alone, twice in a row, and without a warning: with gcc, and with clang where there is one.
set -eu
# shellcheck source=tests/check/findings.sh
. "$top_srcdir/tests/check/findings.sh"

libraries=$(pkg-config --cflags libevent_core libcares libconfuse libpsl libidn2 2>/dev/null || :)
compiler=

alone() {
    c_files "$1" include src | grep '\.h$' | while read -r header; do
        # Not quoted: a list of options.
        # shellcheck disable=SC2086
        printf '#include "%s"\n#include "%s"\nextern int nothing;\n' "${header##*/}" "${header##*/}" |
            "$compiler" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wstrict-prototypes -Wundef -Werror -fsyntax-only -x c \
                -I"$1/${header%/*}" -I"$1/${header%/*}/.." -I"$1/include" -I"$top_builddir" $libraries - >/dev/null 2>"$bad_tree/error" ||
            { echo "$header:"; head -n 4 "$bad_tree/error"; }
    done
}

bad_file include/good.h <<'END'
#ifndef GOOD_H
#define GOOD_H
#include <stddef.h>
struct good { size_t n; };
#endif
END
bad_file include/needs_another.h <<'END'
#ifndef NEEDS_H
#define NEEDS_H
struct needs { size_t n; };
#endif
END
bad_file src/base/no_guard.h <<'END'
struct no_guard { int n; };
END
for compiler in gcc clang; do
    command -v "$compiler" >/dev/null || continue
    finds_nothing "$compiler: every header compiles alone" alone "$top_srcdir"
    finds "$compiler: a header that needs another is found" alone include/needs_another.h:
    finds "$compiler: a header without a guard is found" alone src/base/no_guard.h:
    number=$((number + 1))
    if alone "$bad_tree" | grep -q good.h; then echo "not ok $number - $compiler: a good header passes"; else
        echo "ok $number - $compiler: a good header passes"; fi
done
echo "1..$number"
