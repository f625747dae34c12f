# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154
# What ./bootstrap.sh check does once the packages' names are known: builds, suites, report. bootstrap.sh reads this
# file and calls run_checks; say, die, install_packages, configure_in, give_back, as_root and jobs are bootstrap.sh's.

started=
broken=0

# step NAME COMMAND...: runs it with the output in build/NAME.log; a failure is shown, counted, and not the end.
step() {
    step_name=$1
    shift
    started=$(date +%s)
    printf '%-44s' "$step_name"
    step_log=build/$(say "$step_name" | tr -c 'a-z0-9\n' '-').log
    if "$@" >"$step_log" 2>&1 </dev/null; then
        say "done in $(($(date +%s) - started)) s"
    else
        say "FAILED after $(($(date +%s) - started)) s, see $step_log"
        return 1
    fi
}
# For a step whose failure no .trs file would show.
must() {
    step "$@" || {
        broken=$((broken + 1))
        tail -n 60 "$step_log" | sed 's/^/    /'
        return 1
    }
}

compile() {
    folder=$1
    shift
    configure_in "$folder" "$@" && make -C "$folder" -j "$jobs" && make -C "$folder" -j "$jobs" check TESTS=
}

# What --all adds: rows of tests/sets, PATTERN and what it shows. "-" is a step of our own and no test.
left_out() { sed -n '/^[^#]/p' tests/sets; }

# Names of a build's tests; without --all those that no row of tests/sets names.
tests_of() {
    make -s -C "$1" list-tests | while read -r name; do
        [ -n "$all" ] || ! is_left_out "$name" || continue
        say "$name"
    done
}
is_left_out() {
    left_out | while read -r pattern _; do
        # shellcheck disable=SC2254 # a pattern it is
        case $1 in $pattern) say "$1" ;; esac
    done | grep -q .
}

# suite FOLDER TESTS...: no file may take more than a quarter of an hour, nor all of them more than fifty minutes. The
# system tests start a Postfix, which takes root; where we cannot be root they say that they are skipped.
suite() {
    folder=$1
    shift
    find "$folder" -name '*.trs' -exec rm -f {} +
    result=0
    apart env TMPDIR="$TMPDIR" SCRATCH="$TMPDIR" HOME="$TMPDIR/home" timeout --foreground -k 60 3000 \
        make -C "$folder" -j "$suite_jobs" -k check DEADLINE="timeout --foreground -k 60 900" TESTS="$*" || result=1
    [ -z "$as_root" ] || $as_root chown -R "$(id -u):$(id -g)" "$folder" "$TMPDIR"
    unfinished "$@"
    return $result
}

# Tests that have no result, as results() prints them. Those with a log had begun.
unfinished() {
    for name; do
        file=${name%.sh}
        file=${file%.py}
        [ ! -e "$folder/$file.trs" ] || continue
        [ -e "$folder/$file.log" ] && why="no end in the suite's time" || why="never ran"
        printf 'ERROR\t%s\t%s\t%s\n' "${folder#build/}" "$file" "$why"
    done >>build/unfinished
}

# Of one build, because one without a library lacks the tests of what uses it.
unit_tests() { tests_of "$1" | grep '^tests/unit/' | tr '\n' ' '; }

# The soak of ten minutes runs beside all that follows, few requests at a time: it takes a fifth of a processor.
begin_soak() {
    RELIABILITY_SOAK=600 RELIABILITY_RATE=400 timeout 1400 make -C build/gcc soak SOAK_RESULTS="$PWD/build/soak" \
        >build/soak-beside.log 2>&1 </dev/null &
    soak=$!
}
end_soak() {
    soaked=0
    wait "$soak" || soaked=$?
    soak=
    cat build/soak-beside.log
    return "$soaked"
}

# Exim and OpenSMTPD cannot be installed beside Postfix; their packages are only unpacked. The advice for them is tried.
other_servers() {
    [ -e build/unpacked/usr/sbin/smtpd ] ||
        tests/lib/unpack-packages.sh build/unpacked exim4-daemon-light exim4-base opensmtpd
}

install_into() {
    rm -rf build/root
    make -C build/gcc install DESTDIR="$PWD/build/root" && [ -x build/root/usr/local/sbin/helod ] &&
        [ -x build/root/usr/local/bin/heloctl ]
}

# results_of FOLDER FILE: a line for each result of a test file that has ended, RESULT<tab>SUITE<tab>FILE<tab>NAME, as
# the test driver wrote them into the log.
results_of() {
    awk -v suite="${1##*/}" -v file="$2" '
        BEGIN { split("PASS FAIL XPASS XFAIL SKIP ERROR", list); for (i in list) known[list[i]] }
        sub(/:$/, "", $1) && $1 in known && index($2, file) == 1 {
            result = $1
            sub(/^[A-Z]+ [^ ]+ /, "")
            print result "\t" suite "\t" file "\t" $0
        }' "$1/$2.log"
}

# Of all suites.
results() {
    for suite_folder in build/gcc build/asan build/clang build/plain build/soak; do
        [ ! -d $suite_folder ] || find $suite_folder -name '*.trs' | sort | while read -r trs; do
            trs=${trs#"$suite_folder"/}
            results_of $suite_folder "${trs%.trs}"
        done
    done
    cat build/unfinished
}

report() {
    results >build/results
    awk -F '\t' '$1 ~ /^(FAIL|XPASS|ERROR)$/ { print $2, $3 }' build/results | sort -u |
        while read -r suite_name file; do
            say "---- $suite_name: $file"
            awk -F '\t' -v file="$file" '$3 == file && $4 ~ /^n/ { print $4 }' build/unfinished
            { grep -Ev '^(ok |PASS: )' "build/$suite_name/$file.log" 2>/dev/null || true; } | tail -n 120
        done
    awk -F '\t' '$1 == "SKIP" { print "skipped: " $2 ": " $3 ": " $4 }' build/results
    [ -n "$all" ] || left_out | while read -r _ what; do say "left out: $what"; done | uniq
    # A skip in CI is a failure, but for what the machine itself cannot do (these say so), and for what makes no sense
    # under sanitizers and has run whole in the gcc suite.
    awk -F '\t' -v broken="$broken" -v ci="${CI:-}" '
        $1 == "PASS" || $1 == "XFAIL" { passed++ }
        $1 == "FAIL" || $1 == "XPASS" || $1 == "ERROR" { failed++ }
        $1 == "PASS" && $2 == "gcc" { ran[$3] = 1 }
        $1 != "SKIP" || ci != "true" { next }
        { why = $4; sub(/^.*# SKIP /, "", why) }
        why ~ /this machine/ { next }
        $2 == "asan" || $2 == "plain" { late[$3]++; next }
        { failed++; cut[$3] = 1 }
        END {
            for (file in late)
                if (!(file in ran) || (file in cut))
                    failed += late[file]
            failed += broken
            printf "%d passed, %d failed\n", passed, failed
            exit failed > 0 || passed == 0
        }' build/results
}

# What ip and podman keep after their first use on a machine. To remove it could hurt whoever uses them beside us.
kept_by_tools='/run/(netns|libpod|containers|crun|runc)|/var/(lib|cache)/(containers|cni)|/dev/shm/libpod_lock'

# What this machine has that tests could leave behind: files outside TMPDIR, which is ours alone, and enabled units.
traces() {
    {
        find / -mindepth 1 -maxdepth 1 || true
        find /root "$HOME" -mindepth 1 -maxdepth 1 -name '.*' || true
        # Logs rotate and then have a number; /var/tmp has a stand-in.
        find /etc /opt /srv /run -mindepth 1 -maxdepth 1 || true
        find /var /usr/local -mindepth 1 -maxdepth 2 ! -path '/var/tmp/*' ! -name '*.[0-9]*' || true
        for stand_in in $stand_ins; do
            find "$stand_in" -mindepth 1 | sed "s,^$stand_in,${stand_in%/*}," || true
        done
    } 2>/dev/null | grep -Exv "$kept_by_tools" | sort
    enabled | sed 's/^/enabled: /'
}

# Every program writes to these folders, so a new file there does not show who left it. Where we may mount, the suites
# see empty folders in their place: what these hold at the end was left by a test, and is removed.
shared_folders="/tmp /var/tmp /dev/shm"
stand_ins=

# What the suites need of the real folders.
needed_folders() { printf '%s\n' "$PWD" "$TMPDIR" ${GREETINGS:+"$(cd "${GREETINGS%/*}" && pwd)"}; }

make_stand_ins() {
    for folder in $shared_folders; do
        [ -d "$folder" ] || continue
        stand_in=$folder/${TMPDIR##*/}.apart
        mkdir "$stand_in"
        chmod 1777 "$stand_in"
        stand_ins="$stand_ins $stand_in"
        for kept in $(needed_folders); do
            case $kept in "$folder"/*) mkdir -p "$stand_in${kept#"$folder"}" ;; esac
        done
    done
    apart true 2>/dev/null || {
        # shellcheck disable=SC2086 # a list of words
        rm -rf $stand_ins
        stand_ins=
        printf 'SKIP\tcheck\tnothing is left behind\t# SKIP %s\n' \
            "not looked for in $shared_folders: this machine does not let us mount folders over them" >>build/unfinished
    }
}

# apart COMMAND...: runs it as root, where we can be, with the stand-ins in place.
apart() {
    if [ -z "$stand_ins" ]; then
        $as_root "$@"
        return
    fi
    # shellcheck disable=SC2016 # the inner shell expands these
    $as_root unshare --mount sh -euc '
        stand_ins=$1 needed=$2 tree=$3
        shift 3
        for stand_in in $stand_ins; do
            folder=${stand_in%/*}
            for kept in $needed; do
                case $kept in "$folder"/*) mount --rbind "$kept" "$stand_in${kept#"$folder"}" ;; esac
            done
            mount --rbind "$stand_in" "$folder"
        done
        cd "$tree"
        exec "$@"' sh "$stand_ins" "$(needed_folders)" "$PWD" "$@"
}

begin_traces() {
    TMPDIR=$(mktemp -d /tmp/helod-check.XXXXXX)
    chmod 1777 "$TMPDIR"
    mkdir "$TMPDIR/home"
    export TMPDIR
    make_stand_ins
    traces >build/traces
}
no_traces() {
    traces | diff build/traces - | grep '^>' && return 1
    find "$TMPDIR" -mindepth 1 -maxdepth 1 ! -name home | grep . && return 1
    ! pgrep -fa "$TMPDIR"
}

end_check() {
    [ -z "${soak:-}" ] || kill "$soak" 2>/dev/null || true
    # This process is a shell of ours, which waits for the one that has the other release.
    if [ -n "${elsewhere:-}" ]; then
        $as_root pkill -TERM -P "$elsewhere" || true
        wait "$elsewhere" || true
    fi
    # shellcheck disable=SC2086 # a list of words
    $as_root rm -rf "$TMPDIR" $stand_ins
    give_back
}

run_checks() {
    all=
    case "${1:-}/${CI:-}" in
    /true | --all/*) all=yes ;;
    /*) ;;
    *) die "check takes --all or nothing, not $1" ;;
    esac
    look_at_folder
    install_packages "build check${all:+ all}"
    mkdir -p build
    export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}"
    export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
    rm -f build/*.log build/results
    : >build/unfinished
    begin_traces
    trap end_check EXIT
    trap 'exit 130' INT TERM HUP
    find build -name '*.trs' -exec rm -f {} +
    suite_jobs=$((jobs * 2)) # they wait more than they work
    if must "gcc build" compile build/gcc --enable-werror CFLAGS='-O2 -g'; then
        [ -z "$all" ] || begin_soak
        [ -z "$all" ] || must "other mail servers, unpacked" other_servers || true
        # shellcheck disable=SC2046 # a list of words
        step "gcc suite" suite build/gcc $(tests_of build/gcc) || suite_failed=yes
        must "install" install_into || true
    fi
    [ -z "$all" ] || check_more
    must "nothing is left behind" no_traces || true
    # A suite that failed without a single result that says so is itself a failure.
    if [ "${suite_failed:-no}" = yes ] &&
        ! results | awk -F '\t' '$1 ~ /^(FAIL|XPASS|ERROR)$/ { found = 1 } END { exit !found }'; then
        broken=$((broken + 1))
        for log in build/*suite.log build/*tests.log; do
            [ ! -f "$log" ] || tail -n 60 "$log"
        done
    fi
    report
}

# Tests that a sanitizer build would only repeat: they look at sources, build programs of their own, measure speed, or
# run under valgrind.
not_sanitized='^tests/(check|bench)/|^tests/contrib/test_(container|package|rpm|walk)\.|/test_bootstrap\.|memcheck\.'

# What --all does beside the tests that are left out without it. The other release downloads and unpacks most of the time,
# so it runs beside all of that.
check_more() {
    suite_jobs=$jobs
    [ "$release" != 12 ] || begin_release trixie
    if must "sanitizers build" compile build/asan --enable-werror --enable-sanitizers CFLAGS='-O1 -g'; then
        # shellcheck disable=SC2046
        step "sanitizers suite" suite build/asan $(tests_of build/asan | grep -Ev "$not_sanitized") || suite_failed=yes
    fi
    if must "clang build" compile build/clang --enable-werror CC=clang CFLAGS='-O1 -g'; then
        # shellcheck disable=SC2046
        step "clang unit tests" suite build/clang $(unit_tests build/clang) || suite_failed=yes
    fi
    if must "plain build" compile build/plain --enable-werror --without-hiredis --without-seccomp --without-expat \
        --without-libzip --without-openssl CFLAGS=-O0; then
        # shellcheck disable=SC2046
        step "plain suite" suite build/plain $(unit_tests build/plain) \
            $(tests_of build/gcc | grep 'system/test_\(start\|audit\)') || suite_failed=yes
    fi
    if [ -f build/gcc/Makefile ]; then
        must "distcheck" make -C build/gcc -j "$jobs" distcheck TESTS="$(unit_tests build/gcc)" \
            DISTCHECK_CONFIGURE_FLAGS='CFLAGS=-O0' || true
    fi
    [ -z "${elsewhere:-}" ] || must "Debian 13 beside all that" end_release trixie || true
    [ -z "${soak:-}" ] || must "soak beside all that" end_soak || true
}

# helod on another release of Debian, in a tree of its own. A machine that cannot make one says so, and that is no failure.
begin_release() {
    apart tests/distro.sh --reduced "$1" >"build/$1.log" 2>&1 </dev/null &
    elsewhere=$!
}
end_release() {
    shown=0
    wait "$elsewhere" || shown=$?
    elsewhere=
    cat "build/$1.log"
    [ $shown = 77 ] || return $shown
    printf 'SKIP\tdistro\t%s\t# SKIP %s\n' tests/distro.sh "$(tail -n 1 "build/$1.log")" >>build/unfinished
}
