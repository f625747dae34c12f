#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# bootstrap.sh: from a fresh Debian 12 to a running or a tested helod, in one command.
#
#   ./bootstrap.sh run      installs what the build needs, builds, starts helod in the foreground
#   ./bootstrap.sh check    the same, plus what the tests need, and runs the whole suite
#   ./bootstrap.sh build    builds only: build/helod, build/heloctl
#   ./bootstrap.sh clean    removes what was built
#
# It installs Debian packages (with sudo when not root), says which, removes none, and leaves none of their services
# running or enabled. What is there already is not done again. Elsewhere than on Debian it builds with what it finds.
set -eu
cd "$(dirname "$0")"
umask 022

# Packages have moved between releases: "build>12" is needed from Debian 13 on, "check<13" exists up to Debian 12.
# /etc/debian_version says 12.7, or "trixie/sid" in what will be Debian 13 and in the Ubuntu that was made from it.
case $(cat /etc/debian_version 2>/dev/null) in
[1-9].* | 1[0-2].* | bullseye* | bookworm*) release=12 ;;
*) release=13 ;;
esac

# set      package             service      why
packages() { cat <<'END'
build      gcc                 -            C compiler
build      libc6-dev           -            C library headers
build      make                -            the build
build      autoconf            -            makes configure
build      automake            -            makes the makefiles
build      pkg-config          -            finds the libraries
build      libevent-dev        -            event loop
build      libc-ares-dev       -            DNS
build      libconfuse-dev      -            the policy file
build      libpsl-dev          -            registrable domains (public suffix list)
build      libidn2-dev         -            A-labels
build      zlib1g-dev          -            compressed logs and reports
build      libhiredis-dev      -            history in Redis or Valkey
build      libseccomp-dev      -            system call filter
build      libexpat1-dev       -            DMARC reports
build      libzip-dev          -            zipped DMARC reports
build      libssl-dev          -            heloctl probe after STARTTLS
build>12   systemd-dev         -            systemd.pc, which says where units go
check      libcmocka-dev       -            unit tests
check      clang               -            second compiler
check      libclang-rt-dev     -            its sanitizers and libFuzzer
check      llvm                -            readable sanitizer reports
check      valgrind            -            memory checker
check      clang-format        -            formatting
check      clang-tidy          -            static checks
check      cppcheck            -            more of them
check      shellcheck          -            checks of the shell scripts
check      codespell           -            spelling
check      mandoc              -            manual pages checked
check      python3             -            system tests
check      python3-spf         -            the SPF evaluator that ours is compared with
check      iproute2            -            network namespaces
check      procps              -            sysctl in these
check      postfix             postfix      the real mail server
check      swaks               -            SMTP by hand
check      nsd                 nsd          a real DNS server
check      redis-server        redis-server a real Redis
check      systemd             -            systemd-analyze on the units
check      systemd-container   -            a boot in a container
check      xz-utils            -            make dist
check      chromium            -            the status page in a browser
check      chromium-driver     -            its remote control
check      prometheus          prometheus   a real scrape; promtool
check      fail2ban            fail2ban     its filter
check      rsyslog             rsyslog      its rule
check      logrotate           -            its rule
check      lnav                -            its format
check<13   grok                -            its patterns
check      postgrey            postgrey     a real greylister
check      spamassassin        -            its rules
check      rspamd              rspamd       its rule
check      dovecot-sieve       dovecot      sieve-test
check      apparmor            -            the profile parsed
check      debhelper           -            the Debian package
check      dh-apparmor         -            its profile
check      dpkg-dev            -            its build
check      lintian             -            its checks
check      rpm                 -            the RPM package
check      rpmlint             -            its checks
END
}

say() { printf '%s\n' "$*"; }
die() { printf 'bootstrap.sh: %s\n' "$*" >&2; exit 1; }

as_root= # the word before a command that needs root
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then
    as_root=sudo
fi
jobs=$(nproc 2>/dev/null || echo 2)

# ---- packages

chosen() {
    packages | awk -v sets="$1" -v release="$release" '
        { split($1, set, /[<>]/) }
        $1 ~ />/ && release <= set[2] || $1 ~ /</ && release >= set[2] { next }
        index(sets, set[1]) { print $2 }'
}

# Names of those packages in the sets that are not installed.
missing() {
    for package in $(chosen "$1"); do
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
        ?i*) ;;
        *) say "$package" ;;
        esac
    done
}

apt() {
    # shellcheck disable=SC2086 # as_root is a word or nothing
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=900 "$@" </dev/null
}

# No package may start its service while we install, unless the machine's owner has a rule of their own for that.
policy_file=/usr/sbin/policy-rc.d
hold_services() {
    [ -e $policy_file ] && return
    trap 'release_services' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\n# bootstrap.sh of helod, while it installs\nexit 101\n' | $as_root tee $policy_file >/dev/null
    $as_root chmod 755 $policy_file
    held=yes
}
release_services() {
    [ "${held:-no}" = yes ] && $as_root rm -f $policy_file
    held=no
    trap - EXIT INT TERM HUP
}

# Services of packages that this very run has installed.
disable_services() {
    packages | while read -r _ package service _; do
        case " $1 " in *" $package "*) ;; *) continue ;; esac
        [ "$service" = - ] && continue
        if command -v systemctl >/dev/null; then
            $as_root systemctl --quiet disable "$service" 2>/dev/null || say "note: could not disable $service"
            [ ! -d /run/systemd/system ] || $as_root systemctl --quiet stop "$service"
        else
            $as_root update-rc.d "$service" disable >/dev/null || say "note: could not disable $service"
        fi
    done
}

install_packages() {
    if ! command -v apt-get >/dev/null; then
        say "This is no Debian: building with what is here; configure names what is missing."
        return
    fi
    wanted=$(missing "$1" | tr '\n' ' ')
    wanted=${wanted% }
    [ -n "$wanted" ] || return 0
    [ "$(id -u)" = 0 ] || [ -n "$as_root" ] || die "not root and no sudo; as root: apt-get install $wanted"
    say "Installing with apt: $wanted"
    hold_services
    # shellcheck disable=SC2086 # a list of words
    apt-get --simulate install $wanted >/dev/null 2>&1 || apt update
    # shellcheck disable=SC2086
    apt --no-install-recommends --no-remove install $wanted || {
        say "Once more, with fresh package lists."
        apt update
        apt --no-install-recommends --no-remove install $wanted || die "apt-get could not install: $wanted"
    }
    release_services
    disable_services "$wanted"
}

# ---- building

# What is installed of the packages we know, with versions: another set of libraries asks for another configure.
inventory() {
    # shellcheck disable=SC2046
    dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' $(chosen "build check") 2>/dev/null | sort || true
}

# configure_in FOLDER ARGUMENTS...: autoreconf and configure, each only where it was not done.
configure_in() {
    folder=$1
    shift
    [ -x configure ] || autoreconf -fi || return 1
    if [ ! -f "$folder/Makefile" ] || [ "$(cat "$folder/.inventory" 2>/dev/null)" != "$(inventory)" ]; then
        mkdir -p "$folder"
        top=$PWD
        (cd "$folder" && "$top/configure" --quiet "$@") || return 1
        inventory >"$folder/.inventory"
    fi
}

build() {
    install_packages build
    configure_in build
    make --no-print-directory -C build -j "$jobs"
}

hints() {
    cat <<'END'

helod answers on 127.0.0.1:10045. In Postfix's main.cf, after what permits your own users:

    smtpd_helo_required = yes
    smtpd_helo_restrictions = permit_mynetworks, permit_sasl_authenticated,
        check_policy_service { inet:127.0.0.1:10045, timeout=10s, default_action=DUNNO }

To see what it would say of a greeting, from another terminal:

    build/heloctl check -c conf/helod.conf 192.0.2.1 localhost.localdomain

Decisions follow. Control-C ends it.

END
}

# What helod says, and the hints once it is ready to be asked. It ends with helod.
pass_on() {
    trap '' INT TERM
    while IFS= read -r line; do
        printf '%s\n' "$line"
        case $line in *' is ready: '*) hints ;; esac
    done
}

run() {
    build
    policy=conf/helod.conf
    if [ "$(id -u)" = 0 ]; then # not as root, when there is somebody else to be
        policy=build/helod.conf
        { cat conf/helod.conf; printf 'server { user = "%s" }\n' "${SUDO_USER:-nobody}"; } >$policy
    fi
    rm -f build/said
    mkfifo build/said
    pass_on <build/said &
    exec build/helod -f -c $policy >build/said 2>&1
}

# ---- testing

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

# The system tests start a Postfix, which takes root; where we cannot be root they say that they are skipped.
suite() {
    find "$1" -name '*.trs' -exec rm -f {} +
    result=0
    $as_root timeout 1200 make -C "$1" -j "$jobs" -k check || result=1
    [ -z "$as_root" ] || $as_root chown -R "$(id -u):$(id -g)" "$1"
    return $result
}

# Unit tests of a finished suite, as `make check TESTS=…` wants them.
unit_tests() { (cd build/gcc && find tests/unit -name '*.trs' | sed 's/\.trs$//' | sort | tr '\n' ' '); }

unit_suite() {
    find "$1" -name '*.trs' -exec rm -f {} +
    timeout 1200 make -C "$1" -j "$jobs" -k check TESTS="$(unit_tests)"
}

# The soak of ten minutes runs beside all that follows, few questions at a time: it takes a fifth of a processor.
begin_soak() {
    trap 'kill "$soak" 2>/dev/null || true' EXIT
    trap 'exit 130' INT TERM HUP
    RELIABILITY_SOAK=600 RELIABILITY_RATE=400 timeout 1400 make -C build/gcc soak SOAK_RESULTS="$PWD/build/soak" \
        >build/soak-beside.log 2>&1 </dev/null &
    soak=$!
}
end_soak() {
    soaked=0
    wait "$soak" || soaked=$?
    cat build/soak-beside.log
    trap - EXIT INT TERM HUP
    return "$soaked"
}

install_into() {
    rm -rf build/root
    make -C build/gcc install DESTDIR="$PWD/build/root" && [ -x build/root/usr/local/sbin/helod ] &&
        [ -x build/root/usr/local/sbin/heloctl ]
}

# One line per test result of the suites: RESULT<tab>SUITE<tab>FILE<tab>NAME
results() {
    for suite_name in gcc asan clang soak; do
        [ -d build/$suite_name ] || continue
        find build/$suite_name -name '*.trs' | sort | while read -r trs; do
            file=${trs#build/"$suite_name"/}
            # Why something is skipped only the log says.
            why=$(sed -n '/^1\.\.0 # SKIP\|^ok .* # SKIP/{s/.*# SKIP //p;q}' "${trs%.trs}.log" 2>/dev/null || true)
            awk -v suite="$suite_name" -v file="${file%.trs}" -v why="$why" '/^:test-result: / {
                result = $2
                sub(/^:test-result: [A-Z]+ */, "")
                print result "\t" suite "\t" file "\t" $0 why
            }' "$trs"
        done
    done
}

report() {
    results >build/results
    awk -F '\t' '$1 ~ /^(FAIL|XPASS|ERROR)$/ { print $2, $3 }' build/results | sort -u |
        while read -r suite_name file; do
            say "---- $suite_name: $file"
            { grep -Ev '^(ok |PASS: )' "build/$suite_name/$file.log" || true; } | tail -n 120
        done
    awk -F '\t' '$1 == "SKIP" { print "skipped: " $2 ": " $3 ": " $4 }' build/results
    # A skip in CI is a failure, but for what the machine itself cannot do (these say so), and for what makes no sense
    # under sanitizers and has run whole in the gcc suite.
    awk -F '\t' -v broken="$broken" -v ci="${CI:-}" '
        $1 == "PASS" || $1 == "XFAIL" { passed++ }
        $1 == "FAIL" || $1 == "XPASS" || $1 == "ERROR" { failed++ }
        $1 == "PASS" && $2 == "gcc" { ran[$3] = 1 }
        $1 != "SKIP" || ci != "true" || /this machine/ { next }
        $2 == "asan" { late[$3]++; next }
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

check() {
    install_packages "build check"
    mkdir -p build
    export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}"
    export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
    rm -f build/*.log build/results
    find build -name '*.trs' -exec rm -f {} +
    if must "gcc build" compile build/gcc --enable-werror CFLAGS='-O2 -g'; then
        [ "${CI:-}" != true ] || begin_soak
        step "gcc suite" suite build/gcc || suite_failed=yes
    fi
    if must "sanitizers build" compile build/asan --enable-werror --enable-sanitizers CFLAGS='-O1 -g'; then
        step "sanitizers suite" suite build/asan || suite_failed=yes
    fi
    if must "clang build" compile build/clang --enable-werror CC=clang CFLAGS='-O1 -g'; then
        step "clang unit tests" unit_suite build/clang || suite_failed=yes
    fi
    if [ -f build/gcc/Makefile ]; then
        must "distcheck" make -C build/gcc -j "$jobs" distcheck TESTS="$(unit_tests)" \
            DISTCHECK_CONFIGURE_FLAGS='CFLAGS=-O0' || true
        must "install" install_into || true
    fi
    [ -z "${soak:-}" ] || must "soak beside all that" end_soak || true
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

clean() {
    rm -rf build autom4te.cache build-aux aclocal.m4 configure configure~ config.h.in config.h.in~ Makefile.in
}

case ${1:-} in
run | check | build | clean) "$1" ;;
*)
    sed -n '3,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p;}' "$0"
    exit 64
    ;;
esac
