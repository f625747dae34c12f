#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# unpack-packages.sh FOLDER PACKAGE...: unpacks Debian packages into a folder, with the libraries that they need and
# this machine has not. Nothing is installed, so mail servers that exclude each other can be tested side by side.
set -eu
folder=$1
shift
mkdir -p "$folder/deb"

missing_libraries() {
    apt-cache depends "$@" | awk '/^ *\|?(Pre)?Depends: lib/ { print $2 }' | sort -u | while read -r library; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$library" 2>/dev/null | grep -q '^.i' || printf '%s\n' "$library"
    done
}

# shellcheck disable=SC2046 # a list of words
set -- "$@" $(missing_libraries "$@")
(cd "$folder/deb" && apt-get -q download "$@")
for package in "$folder"/deb/*.deb; do
    dpkg -x "$package" "$folder"
done
rm -r "$folder/deb"
