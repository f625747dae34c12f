#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# distro.sh: helod on another release of Debian than this machine's.
#
#   tests/distro.sh RELEASE             a minimal RELEASE, in it ./bootstrap.sh check and the package
#   tests/distro.sh --reduced RELEASE   gcc and clang build, tests of units, scenarios, SPF and TLS, the package
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
kept=$top/build/distro # downloads and results
say() { printf '%s\n' "$*"; }
not_shown() {
    say "not shown on this machine: $release: $*"
    exit 77
}

[ "$(id -u)" = 0 ] || not_shown "making its tree takes root"
command -v debootstrap >/dev/null || not_shown "debootstrap is not installed"
[ -e "/usr/share/debootstrap/scripts/$release" ] || not_shown "debootstrap does not know this release"
unshare --mount --pid --fork true 2>/dev/null || not_shown "this machine allows no namespaces"

# The mirror and the proxy that this machine uses.
sources=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
mirror=$(say "$sources" | grep -Eo '^[^#]*https?://[^ ]+/debian/?( |$)' | grep -Eo 'https?://[^ ]+' | head -n 1)
mirror=${mirror:-http://deb.debian.org/debian}
proxy=$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null | sed -n "s/^proxy='\(.*\)'$/\1/p")

tree=$(mktemp -d "/var/tmp/helod-$release-XXXXXX")
trap 'rm -rf --one-file-system "$tree"' EXIT
# What runs inside is the first process of its namespace, which only SIGKILL ends; unshare passes that on.
inside=
trap '[ -z "$inside" ] || kill -KILL "$inside"; exit 130' INT TERM HUP
mkdir -p "$kept/packages" "$kept/$release"

# Two things cost most of the time: syncing each file that dpkg unpacks, and manuals that nobody reads here.
prepare_tree() {
    mkdir -p "$tree/etc/dpkg/dpkg.cfg.d" "$tree/etc/apt/apt.conf.d"
    printf '%s\n' force-unsafe-io 'path-exclude /usr/share/doc/*' 'path-include /usr/share/doc/helod/*' \
        'path-exclude /usr/share/man/*' 'path-exclude /usr/share/locale/*' >"$tree/etc/dpkg/dpkg.cfg.d/small-tree"
    printf '%s\n' 'Acquire::Languages "none";' 'APT::Install-Recommends "false";' \
        'Binary::apt-get::APT::Keep-Downloaded-Packages "true";' ${proxy:+"Acquire::http::Proxy \"$proxy\";"} \
        >"$tree/etc/apt/apt.conf.d/90small-tree"
    printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d" # no service starts in the tree
    chmod 755 "$tree/usr/sbin/policy-rc.d"
    cp /etc/resolv.conf "$tree/etc/resolv.conf"
    mkdir "$tree/src"
    (cd "$top" && tar -c --exclude=./build --exclude=./.git --exclude=./autom4te.cache --exclude=./configure \
        --exclude=./config.status .) | tar -x --no-same-owner -C "$tree/src"
    # The tests look for root's tree to be theirs.
    chown -R 0:0 "$tree/src"
}

make_tree() {
    http_proxy=${proxy:-${http_proxy:-}} debootstrap --variant=minbase --cache-dir="$kept/packages" "$release" "$tree" \
        "$mirror" >"$kept/$release/debootstrap.log" 2>&1
}
say "making a minimal $release from $mirror"
make_tree || {
    tail -n 5 "$kept/$release/debootstrap.log"
    not_shown "debootstrap failed, see $kept/$release/debootstrap.log"
}
# mktemp made it for us alone; users inside must be able to enter "/".
chmod 755 "$tree"
prepare_tree

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

# What the package depends on, and what its own test wants: it is installed without a network.
for_package="systemd-standalone-sysusers postfix publicsuffix"

cd /src
step "package lists" apt-get -q update
if [ "$1" = full ]; then
    step "bootstrap.sh check" env CI= ./bootstrap.sh check
    step "packages for the package" install debhelper dh-apparmor dpkg-dev lintian $for_package
else
    step "bootstrap.sh build" ./bootstrap.sh build
    step "packages for tests, clang and the package" install libcmocka-dev python3 python3-spf openssl redis-server \
        iproute2 procps clang debhelper dh-apparmor dpkg-dev lintian $for_package
    step "gcc build" compile build/gcc CFLAGS='-O2 -g'
    step "units, scenarios, SPF, TLS with gcc" run build/gcc '^tests/(unit|scenario|spf)/|^tests/system/test_redis'
    step "clang build" compile build/clang CC=clang CFLAGS='-O1 -g'
    step "units, scenarios with clang" run build/clang '^tests/(unit|scenario)/'
fi
step "package" run build/gcc '^tests/contrib/test_package'
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
mkdir -p "$kept/packages/partial"
status=0
unshare --mount --pid --fork --kill-child sh "$tree/enter" "$tree" "$kept/packages" "$kept/$release" $mode </dev/null &
inside=$!
wait "$inside" || status=1
inside=
if [ $status = 0 ]; then
    say "$release: all passed"
else
    say "$release: FAILED, see $kept/$release"
fi
exit $status
