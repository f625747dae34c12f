#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The units: systemd reads them without a word, and what they leave open is little.
set -u
plan=3
units=${top_builddir:?}/systemd

if ! command -v systemd-analyze >/dev/null 2>&1; then
    echo "1..0 # SKIP no systemd-analyze"
    exit 0
fi
if [ ! -f "$units/helod.service" ]; then
    echo "1..0 # SKIP configured without systemd"
    exit 0
fi
echo "1..$plan"

# The program is not installed yet: the built one stands in its place.
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
sed -e "s|=[^ ]*/helod |=${HELOD:?} |" -e "s|=[^ ]*/heloctl |=${HELOCTL:?} |" "$units/helod.service" >"$folder/helod.service"
cp "$units/helod.socket" "$folder/"

if said=$(systemd-analyze verify --man=no "$folder/helod.service" "$folder/helod.socket" 2>&1) && [ -z "$said" ]; then
    echo "ok 1 - systemd-analyze verify has nothing to say"
else
    echo "$said" | sed 's/^/# /'
    echo "not ok 1 - systemd-analyze verify has nothing to say"
fi

# 1.7, of which the owners and groups of sockets cost 0.5: CAP_CHOWN, which helod drops before it serves anybody, the
# system calls that use it, and the other users' ids, which PrivateUsers= would hide.
if said=$(systemd-analyze security --offline=true --threshold=17 "$folder/helod.service" 2>&1); then
    echo "ok 2 - exposure is at most 1.7"
else
    echo "$said" | sed 's/^/# /'
    echo "not ok 2 - exposure is at most 1.7"
fi

if grep -q '@[a-z]*@' "$units/helod.service" "$units/helod.socket"; then
    echo "not ok 3 - every path is filled in"
else
    echo "ok 3 - every path is filled in"
fi
