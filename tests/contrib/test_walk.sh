#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The way an administrator goes, on a booted system: install the package, connect Postfix over the unix socket, send
# mail, reload, use heloctl, upgrade under load, remove, purge. systemd is process 1 of a container whose root is an
# overlay of this system, or of the tree that WALK_ROOT names, with packages from the folder WALK_PACKAGES (tests/distro.sh
# does so for another release). What happens inside is tests/contrib/walk.py. Where no container boots, the run names the
# steps that it left out.
set -u

here=${top_srcdir:?}/tests/contrib
cannot() {
    echo "1..0 # SKIP $1; not run: $(python3 "$here/walk.py" --list | tr '\n' ';' | sed 's/;$//; s/;/; /g')"
    exit 0
}
[ "$(id -u)" = 0 ] || cannot "only root can boot a container"
command -v systemd-nspawn >/dev/null || cannot "systemd-nspawn is not installed"
if [ -z "${WALK_PACKAGES:-}" ]; then
    if ! command -v dpkg-buildpackage >/dev/null || ! command -v dh_apparmor >/dev/null; then
        cannot "debhelper is not installed"
    fi
    ! grep -q "^SANITIZE_CFLAGS = -f" "${top_builddir:?}/Makefile" || cannot "a sanitizer build packages nothing"
fi

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/over" "$folder/walk/tests/contrib" "$folder/walk/tests/lib"

if [ -n "${WALK_PACKAGES:-}" ]; then # somebody has built them already
    cp "$WALK_PACKAGES"/first.deb "$WALK_PACKAGES"/second.deb "$folder/walk"
elif "$here/build-package.sh" "$top_srcdir" "$folder/built" >"$folder/build.log" 2>&1; then
    mv "$folder"/built/first.deb "$folder"/built/second.deb "$folder/walk"
else
    [ $? != 77 ] || cannot "$(tail -n 1 "$folder/build.log")"
    tail -n 40 "$folder/build.log" | sed 's/^/# /'
    echo "1..1"
    echo "not ok 1 - the package builds"
    exit 1
fi
cp "$here/walk.py" "$folder/walk/tests/contrib"
cp "$top_srcdir"/tests/lib/*.py "$folder/walk/tests/lib"

cat >"$folder/outside" <<'END'
set -eu
mount -t tmpfs none "$1/over"
mkdir "$1/over/upper" "$1/over/work" "$1/over/root"
mount -t overlay overlay -o "lowerdir=${WALK_ROOT:-/},upperdir=$1/over/upper,workdir=$1/over/work" "$1/over/root"
root=$1/over/root
rm -f "$root/etc/machine-id" "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf"
: >"$root/etc/machine-id"
echo "nameserver 127.0.0.1" >"$root/etc/resolv.conf"
echo "mx.walk.example" >"$root/etc/hostname"
units=$root/etc/systemd/system
mkdir -p "$units"
cp -r "$1/walk" "$root/walk"
mkdir "$root/walk/upper"
cat >"$units/walk.service" <<'UNIT'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /walk/tests/contrib/walk.py
ExecStopPost=/bin/sh -c "systemctl --no-block poweroff >/dev/null 2>&1"
TimeoutStartSec=1500s
StandardOutput=file:/walk/out
StandardError=inherit
UNIT
# A target of our own: nothing else that is installed here starts.
cat >"$units/walk.target" <<'UNIT'
[Unit]
Requires=basic.target walk.service
After=basic.target
AllowIsolate=yes
UNIT
timeout --foreground 1600 systemd-nspawn -q -b -D "$root" -M "helod-walk-$$" --private-network --register=no --keep-unit \
    --bind-ro="$1/over/upper:/walk/upper" --console=pipe systemd.unit=walk.target \
    </dev/null >"$1/console" 2>&1 || echo "systemd-nspawn: $?" >>"$1/console"
cp "$root/walk/out" "$1/out"
[ -z "${WALK_KEEP:-}" ] || cp "$1/out" "$1/console" "$WALK_KEEP"
END
unshare --mount sh "$folder/outside" "$folder" >"$folder/log" 2>&1
if [ ! -s "$folder/out" ]; then
    cannot "this machine cannot boot a container: $(cat "$folder/console" "$folder/log" 2>/dev/null | tr -d '\r' |
        grep -v '^$' | tail -n 1)"
fi
cat "$folder/out"
