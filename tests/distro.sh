#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# distro.sh: helod on another release of Debian than this machine's.
#
#   tests/distro.sh RELEASE             a minimal RELEASE, in it ./bootstrap.sh check, the package, and its walk
#   tests/distro.sh --reduced RELEASE   gcc and clang build, tests of units, scenarios, SPF, TLS, the package, its walk
#
# RELEASE is a code name (trixie). It needs root and debootstrap. The tree is made in a folder of its own under /var/tmp
# and removed at the end; what is mounted for it, and every process in it, belongs to namespaces that end with it.
# Downloaded packages are kept in build/distro for the next time. The output goes to the terminal, and the logs of tests
# to build/distro/RELEASE.
#
# Exit status: 0 all passed, 1 something failed, 77 nothing was shown, and the last line says why.
set -eu

usage() {
    sed -n '3,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p;}' "$0"
    exit 64
}
mode=full
[ "${1:-}" != --reduced ] || { mode=reduced && shift; }
[ $# = 1 ] || usage
release=$1
case $release in *[!a-z]* | "") usage ;; esac

top=$(cd "$(dirname "$0")/.." && pwd)
kept=$top/build/distro # results, and downloads: a folder for each release, because apt locks it
say() { printf '%s\n' "$*"; }
not_shown() {
    say "not shown on this machine: $release: $*"
    exit 77
}

[ "$(id -u)" = 0 ] || not_shown "making its tree takes root"
unshare --mount --pid --fork true 2>/dev/null || not_shown "this machine allows no namespaces"

tree=$(mktemp -d "/var/tmp/helod-$release-XXXXXX")
trap 'rm -rf --one-file-system "$tree"' EXIT
# A shell handles a signal only between commands, so what takes long runs in the background, in a process group of its
# own. The first process of a namespace is ended only by SIGKILL, which unshare passes on.
long=
run_long() {
    ended=0
    setsid "$@" </dev/null &
    long=$!
    wait "$long" || ended=$?
    long=
    return $ended
}
trap '[ -z "$long" ] || kill -KILL -- "-$long"; exit 130' INT TERM HUP
mkdir -p "$kept/packages/$release/partial" "$kept/$release"

say "making a minimal $release"
run_long "$top/tests/lib/debian-tree.sh" "$release" "$tree" "$kept/packages/$release" >"$kept/$release/debian-tree.log" 2>&1 ||
    not_shown "$(tail -n 1 "$kept/$release/debian-tree.log"), see $kept/$release/debian-tree.log"
echo 'Binary::apt-get::APT::Keep-Downloaded-Packages "true";' >"$tree/etc/apt/apt.conf.d/91keep"
mkdir "$tree/src"
(cd "$top" && tar -c --exclude=./build --exclude=./.git --exclude=./autom4te.cache --exclude=./configure \
    --exclude=./config.status .) | tar -x --no-same-owner -C "$tree/src"
chown -R 0:0 "$tree/src" # the tests expect that root owns the tree

# What runs inside. Each step is one line; the output of one that failed follows it.
cat >"$tree/inside" <<'END'
set -u
failed=0
jobs=$(nproc)
export DEBIAN_FRONTEND=noninteractive
step() {
    name=$1 began=$(date +%s)
    shift
    log=/logs/$(printf %s "$name" | tr -c a-z0-9 -).log
    printf '  %-44s' "$name"
    if "$@" >"$log" 2>&1 </dev/null; then
        echo "done in $(($(date +%s) - began)) s$(awk '/^# PASS:/ && $3 { print ", " $3 " passed" }' "$log")"
    else
        echo "FAILED after $(($(date +%s) - began)) s"
        { grep -E '^(FAIL|ERROR|XPASS)|: (fatal )?error:|^E: ' "$log" || tail -n 30 "$log"; } | sed 's/^/    /'
        failed=1
    fi
}
install() { apt-get -y -q -o APT::Sandbox::User=root install "$@"; }

compile() {
    folder=$1
    shift
    [ -x configure ] || autoreconf -fi || return 1
    mkdir -p "$folder"
    (cd "$folder" && ../../configure --quiet --enable-werror "$@") && make -C "$folder" -j "$jobs" &&
        make -C "$folder" -j "$jobs" check TESTS=
}
# Those of a folder's tests whose names match.
tests() { printf 'print:\n\t@echo $(TESTS)\n' | make -s -C "$1" -f - -f Makefile print | tr ' ' '\n' | grep -E "$2"; }
run() { make -C "$1" -j "$jobs" -k check TESTS="$(tests "$1" "$2" | tr '\n' ' ')"; }
logs_of_tests() { find build -name '*.log' -path '*/tests/*' -exec cp --parents {} /logs ';'; }

# With another mail server installed, bootstrap.sh refuses in words and changes nothing.
beside_exim() {
    install exim4-daemon-light && dpkg -l >/before || return 1
    CI='' ./bootstrap.sh check >/said 2>&1 && return 1
    cat /said
    grep '^bootstrap.sh: postfix cannot be installed beside .*exim4-daemon-light' /said && dpkg -l | cmp - /before &&
        apt-get -y -q purge exim4-base exim4-config
}

# What sudo builds and runs in a user's folder is the user's, who then builds and runs there. It also installs what the
# builds after it need.
with_sudo() {
    install sudo procps && useradd -m user && echo 'user ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/user || return 1
    (cd /src && tar -c --exclude=./build .) | tar -x -C /home/user && chown -R user: /home/user || return 1
    for as in "sudo " ""; do
        su user -c "cd && $as./bootstrap.sh build && exec $as./bootstrap.sh run" >/said 2>&1 &
        for _ in $(seq 600); do
            ! grep -q ' is ready: ' /said && kill -0 $! || break
            sleep 1
        done
        pkill -TERM -x helod
        wait $! || true
        cat /said
        grep -q ' is ready: ' /said || return 1
        [ -z "$(find /home/user ! -user user -print)" ] || return 1
    done
}

# What the package depends on, and what its own test wants: it is installed without a network.
for_package="systemd postfix publicsuffix"

cd /src
step "package lists" apt-get -q update
step "bootstrap.sh beside exim4" beside_exim
step "bootstrap.sh with sudo, then without" with_sudo
if [ "$1" = full ]; then
    step "bootstrap.sh check" env CI= ./bootstrap.sh check
    step "packages for the package" install debhelper dh-apparmor dpkg-dev lintian $for_package
else
    step "packages for tests, clang and the package" install libcmocka-dev python3 python3-spf openssl redis-server \
        iproute2 procps clang debhelper dh-apparmor dpkg-dev lintian $for_package
    step "gcc build" compile build/gcc CFLAGS='-O2 -g'
    step "units, scenarios, SPF, TLS with gcc" run build/gcc '^tests/(unit|scenario|spf)/|^tests/system/test_redis'
    step "clang build" compile build/clang CC=clang CFLAGS='-O1 -g'
    step "units, scenarios with clang" run build/clang '^tests/(unit|scenario)/'
fi
mkdir /packages # for the walk
step "package" env PACKAGE_KEEP=/packages make -C build/gcc check TESTS=tests/contrib/test_package.sh
logs_of_tests
exit $failed
END

cat >"$tree/enter" <<'END'
set -eu
mount --bind "$1" "$1" # a tree that is no mount point allows no mount namespaces inside
mount -t proc proc "$1/proc"
mount -t sysfs sysfs "$1/sys"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/run"
mkdir -p "$1/logs"
mount --bind "$2" "$1/var/cache/apt/archives"
mount --bind "$3" "$1/logs"
exec chroot "$1" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    sh /inside "$4"
END
status=0
run_long unshare --mount --pid --fork --kill-child \
    sh "$tree/enter" "$tree" "$kept/packages/$release" "$kept/$release" $mode || status=1

# The administrator's way, with this machine's systemd-nspawn over the tree.
walk=$kept/$release/walk.log
if [ -e "$tree/packages/second.deb" ]; then
    began=$(date +%s)
    rm -f "$tree/usr/sbin/policy-rc.d"
    printf '  %-44s' "booted: install, mail, upgrade, purge"
    run_long env top_srcdir="$top" WALK_ROOT="$tree" WALK_PACKAGES="$tree/packages" \
        sh "$top/tests/contrib/test_walk.sh" >"$walk" 2>&1 || true
    passed=$(grep -c '^ok ' "$walk" || true)
    if grep -q '^1\.\.0 # SKIP' "$walk"; then
        say "not shown: $(sed 's/^1\.\.0 # SKIP //' "$walk")"
    elif [ "$(sed -n 's/^1\.\.//p' "$walk")" = "$passed" ]; then
        say "done in $(($(date +%s) - began)) s, $passed passed"
    else
        say "FAILED after $(($(date +%s) - began)) s"
        sed 's/^/    /' "$walk"
        status=1
    fi
fi
if [ $status = 0 ]; then
    say "$release: all passed"
else
    say "$release: FAILED, see $kept/$release"
fi
exit $status
