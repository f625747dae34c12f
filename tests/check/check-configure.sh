#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# configure says so when it will install no systemd unit, and only then. systemd.pc is hidden from it by a pkg-config
# of our own.
set -eu
cd "$top_srcdir"
top=$PWD
if [ -f config.status ]; then
    echo "1..0 # SKIP built inside the source folder, where configure allows no second build folder"
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/pkg-config" <<'END'
#!/bin/sh
case " $* " in *" systemd "*) exit 1 ;; esac
exec pkg-config "$@"
END
chmod +x "$scratch/pkg-config"
cd "$scratch"

configured() {
    PKG_CONFIG="$scratch/pkg-config" "$top/configure" --quiet --cache-file="$scratch/cache" "$@" >said 2>&1 || {
        cat said
        echo "Bail out! configure failed"
        exit 1
    }
}

echo 1..3
configured
if grep -q 'will install no systemd unit.*apt install systemd-dev' said; then
    echo "ok 1 - a missing systemd.pc is reported, with the package's name"
else
    echo "not ok 1 - a missing systemd.pc is reported, with the package's name"
    sed 's/^/# /' said
fi
configured --with-systemdsystemunitdir=no
if grep systemd said; then
    echo "not ok 2 - who wants no units is not warned"
else
    echo "ok 2 - who wants no units is not warned"
fi
configured --with-systemdsystemunitdir=/opt/units
if grep systemd said || ! grep -q '^systemdsystemunitdir = /opt/units$' Makefile; then
    echo "not ok 3 - a folder that was given is used without a warning"
else
    echo "ok 3 - a folder that was given is used without a warning"
fi
