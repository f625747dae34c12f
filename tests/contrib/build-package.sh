#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# build-package.sh TOP FOLDER: builds the Debian package of the sources in TOP. FOLDER then has helod_*.deb and its
# .changes, first.deb, which is the same, and second.deb, a higher version whose helod.conf has another comment.
# Exit status 77: this machine cannot install it, and the last line says why.
set -eu
top=$1 folder=$2
installed=$(dpkg-query -W -f '${Version}' libevent-extra-2.1-7 2>/dev/null || true)
fixed=$(sed -n 's/^Breaks: libevent-extra-2.1-7 (<< \(.*\))$/\1/p' "$top/debian/control")
if [ -n "$installed" ] && dpkg --compare-versions "$installed" lt "${fixed:?}"; then
    echo "this machine lacks the security update of libevent that the package asks for"
    exit 77
fi
tree=$folder/helod-0.1.0
mkdir -p "$tree"
(cd "$top" && tar -c --exclude=./build --exclude=./.git --exclude=./autom4te.cache .) | tar -x -C "$tree"
cd "$tree"
rm -f config.status Makefile
autoreconf -fi
DEB_BUILD_OPTIONS='nocheck parallel=2' dpkg-buildpackage -us -uc -b -d
cp "$folder"/helod_*.deb "$folder/first.deb"
dpkg-deb -R "$folder/first.deb" "$folder/next"
sed -i 's/^Version: .*/&+walk2/' "$folder/next/DEBIAN/control"
sed -i '1s/$/ (changed in the second version)/' "$folder/next/etc/helod/helod.conf"
dpkg-deb --root-owner-group -b "$folder/next" "$folder/second.deb"
