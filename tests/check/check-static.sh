#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# cppcheck, gcc -fanalyzer and clang-tidy find nothing in src/ but what tests/check/static-exceptions lists with a reason:
#     TOOL  FILE  WHAT  # why it is none
# and each exception is still one. What clang-tidy looks for stands in .clang-tidy, with a reason for what it does not.
set -eu
cd "${top_srcdir:?}"

if grep -q "^SANITIZE_CFLAGS = -f" "${top_builddir:?}/Makefile"; then
    echo "1..0 # SKIP this machine's build without sanitizers looks at the same sources"
    exit 0
fi

exceptions=tests/check/static-exceptions
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
find src -name '*.c' | sort >"$folder/sources"
printf '#define %s\n' 'SYSCONFDIR "/etc"' 'POLICY_FILE "/etc/helod.conf"' >"$folder/defines.h"
flags="-std=c11 -D_GNU_SOURCE -I include -iquote src/heloctl -I $top_builddir -include $folder/defines.h"
jobs=$(nproc 2>/dev/null || echo 2)
number=0

# Each prints its complaints as lines "FILE:LINE… WHAT".
cppcheck_says() {
    cppcheck -j "$jobs" --std=c11 --enable=warning,performance,portability --inline-suppr --quiet -D_GNU_SOURCE -I include -I src/heloctl \
        --template='{file}:{line}: {id} {message}' --file-list="$folder/sources" 2>&1
}
gcc_says() {
    xargs -P "$jobs" -n 1 sh -c 'exec gcc '"$flags"' -O1 -fanalyzer -c -o /dev/null "$@" 2>&1' sh <"$folder/sources"
}
clang_tidy_says() {
    xargs -P "$jobs" -n 2 sh -c 'exec clang-tidy --quiet "$@" -- '"$flags" sh <"$folder/sources" 2>/dev/null |
        sed "s|^$PWD/||"
}

# result GOOD NAME, with what there is to say on standard input
result() {
    number=$((number + 1))
    sed 's/^/# /'
    [ "$1" = yes ] || printf 'not '
    echo "ok $number - $2"
}

# Versions differ in what they find and in their mistakes, so only the findings of Debian 12 are settled here. Of those of
# Debian 13, cppcheck's and the analyzer's were read by hand; one was right (an unchecked dup2() in saver.c).
version_of() { "$1" --version 2>/dev/null | grep -Eo '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1; }

# check TOOL PROGRAM VERSION COMMAND
check() {
    version=$(version_of "$2")
    case $version in
    "") left_out="$2 is not installed" ;;
    "$3" | "$3".*) left_out= ;;
    *) left_out="$2 $version on this machine, and its findings are settled for $3" ;;
    esac
    if [ -n "$left_out" ]; then
        result yes "$1 has nothing to say # SKIP $left_out" </dev/null
        result yes "every exception of $1 is still one # SKIP $left_out" </dev/null
        return
    fi
    { "$4" || true; } >"$folder/out"
    grep -E '^[^ ]+:[0-9:]+ ' "$folder/out" | grep -v ': note: ' | sort -u >"$folder/said" || true
    : >"$folder/idle"
    awk -v tool="$1" -v idle="$folder/idle" '
        NR == FNR { if ($1 == tool) { file[++n] = $2; what[n] = $3 } next }
        { for (i = 1; i <= n; i++) if (index($0, file[i] ":") == 1 && index($0, what[i])) { used[i] = 1; next } print }
        END { for (i = 1; i <= n; i++) if (!used[i]) print file[i], what[i] >idle }' \
        "$exceptions" "$folder/said" >"$folder/left"
    [ -s "$folder/left" ] && good=no || good=yes
    result "$good" "$1 has nothing to say" <"$folder/left"
    [ -s "$folder/idle" ] && good=no || good=yes
    result "$good" "every exception of $1 is still one" <"$folder/idle"
}

check cppcheck cppcheck 2.10 cppcheck_says
check gcc-analyzer gcc 12 gcc_says
check clang-tidy clang-tidy 14 clang_tidy_says

# Every part that .clang-tidy leaves out has its reason there; in the exceptions it is the same.
awk '/^# [a-z][A-Za-z0-9.-]*: ./ { reason[substr($2, 1, length($2) - 1)] = 1 }
    $1 ~ /^-[a-z]/ && $1 != "-*," { sub(/^-/, "", $1); sub(/,$/, "", $1); if (!($1 in reason)) print $1 }' .clang-tidy \
    >"$folder/bare"
awk '!/^#/ && !/^[^ ]+ [^ ]+ [^ ]+ # ./' "$exceptions" >>"$folder/bare"
[ -s "$folder/bare" ] && good=no || good=yes
result "$good" "what is not looked for, or looked over, has a reason" <"$folder/bare"
echo "1..$number"
