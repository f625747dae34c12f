#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The scenarios once more under valgrind: no read or write where none is allowed, no decision on bytes that nobody
# set, nothing lost at the end. There are no suppressions.
set -u

if ! command -v valgrind >/dev/null; then
    echo "1..0 # SKIP valgrind is not installed"
    exit 0
fi
if grep -q "^SANITIZE_CFLAGS = -f" "${top_builddir:?}/Makefile"; then
    echo "1..0 # SKIP this machine's sanitizer build cannot run under valgrind"
    exit 0
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
number=0

# memcheck NAME COMMAND...: what it prints goes to NAME.out, what valgrind says to NAME.said.
memcheck() {
    name=$folder/$1
    shift
    valgrind --quiet --log-file="$name.said" --error-exitcode=99 --leak-check=full \
        --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect "$@" >"$name.out"
    echo $? >"$name.status"
}

# result GOOD NAME SAID
result() {
    number=$((number + 1))
    [ "$1" = yes ] || sed 's/^/# /' "$3"
    [ "$1" = yes ] || printf 'not '
    echo "ok $number - $2"
}

# What it is there for it finds: else all the rest says nothing.
cat >"$folder/bad.c" <<'END'
#include <stdlib.h>
int main(int argc, char **argv)
{
    char *volatile p = malloc(8);
    (void)argv;
    if (argc == 2) {
        free(p);
        return p[0];
    }
    p = NULL;
    return 0;
}
END
if "${BENCH_CC:-cc}" -O0 -g -o "$folder/bad" "$folder/bad.c" 2>"$folder/cc"; then
    memcheck leak "$folder/bad"
    memcheck freed "$folder/bad" read
    for fault in leak freed; do
        [ "$(cat "$folder/$fault.status")" = 99 ] && found=yes || found=no
        result "$found" "valgrind finds a fault of ours: $fault" "$folder/$fault.said"
    done
else
    result no "a program with a fault is compiled" "$folder/cc"
fi

memcheck scenarios "$top_builddir/tests/scenario/run" "${top_srcdir:?}"/tests/scenario/cases/*.scenario
[ "$(cat "$folder/scenarios.status")" = 0 ] && [ ! -s "$folder/scenarios.said" ] && clean=yes || clean=no
grep '^not ok\|^#' "$folder/scenarios.out" >>"$folder/scenarios.said"
count=$(grep -c '^ok ' "$folder/scenarios.out")
[ "$count" -gt 0 ] || clean=no
result "$clean" "$count scenarios under valgrind" "$folder/scenarios.said"
echo "1..$number"
