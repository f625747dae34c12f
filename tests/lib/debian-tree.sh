#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# debian-tree.sh RELEASE FOLDER [CACHE]: makes a minimal Debian of that release in a folder, from this machine's mirror
# and with its security updates. CACHE keeps the downloaded packages for the next time. On failure the last line of the
# output says why.
set -eu
release=$1 tree=$2 cache=${3:-}
die() {
    printf '%s\n' "$*"
    exit 1
}

[ "$(id -u)" = 0 ] || die "making a Debian tree takes root"
command -v debootstrap >/dev/null || die "debootstrap is not installed"
[ -e "/usr/share/debootstrap/scripts/$release" ] || die "debootstrap does not know $release"

sources=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
# The first address that ends in this word.
mirror_of() { printf '%s\n' "$sources" | grep -Eo "^[^#]*https?://[^ ]+/$1/?( |\$)" | grep -Eo 'https?://[^ ]+' | head -n 1; }
mirror=$(mirror_of debian)
mirror=${mirror:-http://deb.debian.org/debian}
security=$(mirror_of debian-security)
proxy=$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null | sed -n "s/^proxy='\(.*\)'$/\1/p")

printf 'making a minimal %s from %s\n' "$release" "$mirror"
http_proxy=${proxy:-${http_proxy:-}} debootstrap --variant=minbase ${cache:+--cache-dir="$cache"} "$release" "$tree" \
    "$mirror" || die "debootstrap failed"
chmod 755 "$tree" # mktemp makes folders for one user alone
printf 'deb %s\n' "$mirror $release main" "${security:-http://deb.debian.org/debian-security} $release-security main" \
    >"$tree/etc/apt/sources.list"
# Two things cost most of the time: syncing each file that dpkg unpacks, and manuals that nobody reads here.
printf '%s\n' force-unsafe-io 'path-exclude /usr/share/doc/*' 'path-include /usr/share/doc/helod/*' \
    'path-exclude /usr/share/man/*' 'path-exclude /usr/share/locale/*' >"$tree/etc/dpkg/dpkg.cfg.d/small-tree"
printf '%s\n' 'Acquire::Languages "none";' 'APT::Install-Recommends "false";' \
    ${proxy:+"Acquire::http::Proxy \"$proxy\";"} >"$tree/etc/apt/apt.conf.d/90small-tree"
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d" # no service starts in the tree
chmod 755 "$tree/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$tree/etc/resolv.conf"
