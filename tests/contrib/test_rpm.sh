#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The RPM package, from what `make dist` makes: rpmbuild builds it, every installed file has its place in the spec, the
# policy file is configuration, and what it unpacks works. What Fedora's systemd macros say is given by hand where rpm
# does not know them. Once a run is enough: not under sanitizers. Its %check is what `make check` does anyway.
set -u
plan=4
n=0

if ! command -v rpmbuild >/dev/null; then
    echo "1..0 # SKIP rpm is not installed"
    exit 0
fi
if grep -q "^SANITIZE_CFLAGS = -f" "${top_builddir:?}/Makefile"; then
    echo "1..0 # SKIP this machine's sanitizer build packages nothing"
    exit 0
fi
echo "1..$plan"
unset MAKEFLAGS MFLAGS MAKELEVEL

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
export HOME="$folder" # rpm and lintian write into it
version=$(sed -n 's/^Version: *//p' "${top_srcdir:?}/rpm/helod.spec")
tarball=helod-$version.tar.xz

# result NAME STATUS LOG
result() {
    n=$((n + 1))
    if [ "$2" = 0 ]; then
        echo "ok $n - $1"
    else
        tail -n 40 "$3" | sed 's/^/# /'
        echo "not ok $n - $1"
    fi
}

mkdir "$folder/SOURCES"
{ make -C "$top_builddir" dist-xz && mv "$top_builddir/$tarball" "$folder/SOURCES"; } >"$folder/dist.log" 2>&1
result "make dist makes the archive that the spec names" $? "$folder/dist.log"

set -- --define "_topdir $folder" --define "_tmppath $folder" --define "optflags -O0" --define "debug_package %{nil}" \
    --define "_smp_mflags -j2"
set -- "$@" --define "_unitdir /usr/lib/systemd/system" --define "_sysusersdir /usr/lib/sysusers.d" \
    --define "_tmpfilesdir /usr/lib/tmpfiles.d"
for script in systemd_post systemd_preun systemd_postun_with_restart; do
    set -- "$@" --define "$script() true"
done
rpmbuild -bb --nodeps --nocheck "$@" "$top_srcdir/rpm/helod.spec" >"$folder/build.log" 2>&1
result "rpmbuild builds the package, no file is left over" $? "$folder/build.log"

package=$(find "$folder/RPMS" -name 'helod-*.rpm')
rpm -qp --configfiles "$package" >"$folder/config.log" 2>&1 && grep -qx /etc/helod/helod.conf "$folder/config.log"
result "helod.conf is configuration" $? "$folder/config.log"

mkdir "$folder/root"
# rpm2archive writes a file beside the package up to rpm 4.18, and to standard output since 4.20, if that is no terminal.
rpm2archive "$package" >"$folder/stdout.tgz" 2>"$folder/unpack.log"
[ -s "$folder/stdout.tgz" ] || mv "$package.tgz" "$folder/stdout.tgz"
tar -xzf "$folder/stdout.tgz" -C "$folder/root" >>"$folder/unpack.log" 2>&1 &&
    sed -i "s|\"/etc/helod|\"$folder/root/etc/helod|" "$folder/root/etc/helod/helod.conf" && # names other files there
    "$folder/root/usr/sbin/helod" -t -c "$folder/root/etc/helod/helod.conf" >>"$folder/unpack.log" 2>&1 &&
    "$folder/root/usr/bin/heloctl" rules >>"$folder/unpack.log" 2>&1 &&
    [ -f "$folder/root/usr/lib/systemd/system/helod.service" ] &&
    [ -n "$(find "$folder/root/usr/share/man/man8" -name 'helod.8*')" ]
result "its programs run, its unit and manual pages are in their places" $? "$folder/unpack.log"
