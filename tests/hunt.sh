#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# hunt.sh: runs tests again and again on a busy machine, and prints which of them ever failed.
#
#   tests/hunt.sh [-l LOOPS] N [PATTERN...]
#
# N rounds of the tests whose names match a pattern (tests/system/*, *reload*), or of the light suite, while LOOPS busy
# loops (8 if not said) compete for the processors. BUILD names the build folder, else it is build/gcc. The logs of what
# failed stay in BUILD/hunt/ROUND. As root, or the tests that need root are skipped. TAP_ONLY=word in the environment
# chooses tests inside the Python files.
set -eu
cd "$(dirname "$0")/.."
loops=8
if [ "${1:-}" = -l ] && [ $# -ge 2 ]; then
    loops=$2
    shift 2
fi
case "${1:-}.$loops" in
*[!0-9.]* | .* | *.)
    sed -n '3,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p;}' "$0"
    exit 64
    ;;
esac
rounds=$1
shift
folder=${BUILD:-build/gcc}
all=
say() { printf '%s\n' "$*"; }
# shellcheck source=tests/suite.sh
. tests/suite.sh

tests_chosen() {
    [ $# -gt 0 ] || { tests_of "$folder"; return; }
    all=yes
    tests_of "$folder" | while read -r name; do
        for pattern; do
            # shellcheck disable=SC2254 # a pattern it is
            case $name in $pattern) say "$name" && break ;; esac
        done
    done
}
chosen=$(tests_chosen "$@" | tr '\n' ' ')
[ -n "$chosen" ] || { say "hunt.sh: no test of $folder has such a name" >&2; exit 1; }
make -s -C "$folder" -j2 check TESTS= >/dev/null

busy=
trap '[ -z "$busy" ] || kill $busy 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM HUP
while [ "$loops" -gt 0 ]; do
    (trap - EXIT; while :; do :; done) &
    busy="$busy $!"
    loops=$((loops - 1))
done

kept=$folder/hunt
rm -rf "$kept"
mkdir "$kept"
: >"$kept/failed"
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    for name in $chosen; do
        file=${name%.sh}
        rm -f "$folder/${file%.py}.trs" "$folder/${file%.py}.log"
    done
    make -C "$folder" -j "$(nproc)" -k check DEADLINE="timeout --foreground -k 60 1800" TESTS="$chosen" \
        >"$kept/make" 2>&1 || true
    for name in $chosen; do
        file=${name%.sh}
        file=${file%.py}
        if [ -e "$folder/$file.trs" ]; then # an error beside a failure says only that there was one
            results_of "$folder" "$file" | awk -F '\t' '
                $1 == "FAIL" || $1 == "XPASS" || $1 == "ERROR" && !failed { print $3 ": " $4; failed = 1 }'
        else
            say "$file: never ended"
        fi >"$kept/now"
        [ -s "$kept/now" ] || continue
        cat "$kept/now" >>"$kept/failed"
        mkdir -p "$kept/$round/$(dirname "$file")"
        cp "$folder/$file.log" "$kept/$round/$file.log" 2>/dev/null || cp "$kept/make" "$kept/$round/$file.log"
    done
    say "round $round of $rounds: $(sort -u "$kept/failed" | wc -l) tests have failed so far"
done
[ -s "$kept/failed" ] || { say "no test failed in $rounds rounds"; exit 0; }
say "failed, how often of $rounds:"
sort "$kept/failed" | uniq -c | sort -rn
exit 1
