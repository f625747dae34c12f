#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The Debian package: builds, lintian has nothing to say, and in a copy of this system (an overlay, with a network of
# its own): it installs, its autopkgtest passes, an upgrade keeps the admin's file, a purge leaves nothing. The RPM spec
# parses and rpmlint has no error. Once a run is enough: not under sanitizers.
set -u
plan=7
n=0

if ! command -v dpkg-buildpackage >/dev/null || ! command -v dh >/dev/null || ! command -v dh_apparmor >/dev/null; then
    echo "1..0 # SKIP debhelper is not installed"
    exit 0
fi
if grep -q "^SANITIZE_CFLAGS = -f" "${top_builddir:?}/Makefile"; then
    echo "1..0 # SKIP this machine's sanitizer build packages nothing"
    exit 0
fi

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
export HOME="$folder" # rpm and lintian write into it; lintian also leaves files in TMPDIR
tree=$folder/helod-0.1.0
"${top_srcdir:?}/tests/contrib/build-package.sh" "$top_srcdir" "$folder" >"$folder/build.log" 2>&1
built=$?
if [ $built = 77 ]; then
    echo "1..0 # SKIP $(tail -n 1 "$folder/build.log")"
    exit 0
fi
echo "1..$plan"

# result NAME STATUS [LOG]
result() {
    n=$((n + 1))
    if [ "$2" = 0 ]; then
        echo "ok $n - $1"
    else
        [ -z "${3:-}" ] || tail -n 40 "$3" | sed 's/^/# /'
        echo "not ok $n - $1"
    fi
}

result "dpkg-buildpackage builds the package" $built "$folder/build.log"
[ -z "${PACKAGE_KEEP:-}" ] || cp "$folder/first.deb" "$folder/second.deb" "$PACKAGE_KEEP" # for tests/distro.sh

if command -v lintian >/dev/null; then
    TMPDIR=$folder lintian --allow-root --fail-on error,warning "$folder"/*.changes >"$folder/lintian.log" 2>&1
    result "lintian: no error, no warning" $? "$folder/lintian.log"
else
    result "lintian # SKIP lintian is not installed" 0
fi

cat >"$folder/inside" <<'END'
set -eu
ip link set lo up
cd /
dpkg -i /package/helod_*.deb
helod -t >/dev/null
getent passwd helod >/dev/null
echo "installed"
printf '\n# the admin was here\n' >>/etc/helod/helod.conf
dpkg -i /package/helod_*.deb
tail -n 1 /etc/helod/helod.conf | grep -q 'the admin was here'
echo "upgraded"
/package/helod-0.1.0/debian/tests/postfix
echo "tested"
mkdir -p /var/lib/helod /var/log/helod
touch /var/lib/helod/history /var/log/helod/helod.json
dpkg --purge helod
# /upper is the upper layer of the overlay. What is only in the layer below belongs to the host, where other tests create
# such files meanwhile. A character device in the upper layer marks a deleted file.
left=$(cd /upper && find etc usr var -iname '*helod*' ! -type c ! -path 'var/log/*autopkgtest*' ! -path 'var/log/journal/*' \
    ! -path 'var/lib/dpkg/*' ! -path 'usr/share/doc/*' ! -path 'var/tmp/*' ! -path 'etc/apparmor.d/cache*')
left=$left$(find /run -xdev -iname '*helod*')
[ -z "$left" ] || { echo "left: $left"; exit 1; }
! getent passwd helod >/dev/null
echo "purged"
END
mkdir "$folder/over" && cat >"$folder/outside" <<'END'
set -eu
mount -t tmpfs none "$1/over"
mkdir "$1/over/upper" "$1/over/work" "$1/over/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/over/upper,workdir=$1/over/work" "$1/over/root"
root=$1/over/root
mkdir "$root/package" "$root/upper"
mount --bind "$1" "$root/package"
mount --bind "$1/over/upper" "$root/upper"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs none "$root/run"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
exec chroot "$root" /bin/sh /package/inside
END
if [ "$(id -u)" = 0 ] &&
    unshare --mount --net --pid --fork sh "$folder/outside" "$folder" >"$folder/inside.log" 2>&1; then
    :
elif [ "$(id -u)" != 0 ] || grep -q 'mount: .*overlay' "$folder/inside.log"; then
    for step in installs upgrades passes purges; do
        result "the package $step # SKIP this machine: no overlay for us" 0
    done
fi
if [ -s "$folder/inside.log" ] && ! grep -q 'mount: .*overlay' "$folder/inside.log"; then
    for step in installed upgraded tested purged; do
        grep -qx "$step" "$folder/inside.log"
        result "the package in a copy of this system: $step" $? "$folder/inside.log"
    done
fi

if command -v rpmlint >/dev/null && command -v rpmspec >/dev/null; then
    sed 's/^BuildRequires:.*systemd-rpm-macros//' "$tree/rpm/helod.spec" >"$folder/helod.spec"
    { rpmspec --parse "$folder/helod.spec" >/dev/null && rpmlint "$tree/rpm/helod.spec"; } >"$folder/rpm.log" 2>&1
    result "the RPM spec parses; rpmlint has no error" $? "$folder/rpm.log"
else
    result "the RPM spec # SKIP rpmlint is not installed" 0
fi
