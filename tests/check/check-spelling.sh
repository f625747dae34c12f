#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# codespell finds no misspelling in what people read: texts, manual pages, comments, messages.
# tests/check/spelling lists the words of the trade that it takes for one.
set -eu
cd "$top_srcdir"

if ! command -v codespell >/dev/null; then
    echo "1..0 # SKIP codespell is not installed"
    exit 0
fi
echo "1..1"
if complaints=$(codespell --quiet-level 3 --ignore-words tests/check/spelling \
    --skip '*/Makefile.in,*/data/*,*.yml,*.zone,*/seeds/*,*.cases,*/corpus/*,*.dict,*.svg,*.tsv' \
    README.md CONTRIBUTING.md NEWS.md SECURITY.md configure.ac Makefile.am bootstrap.sh conf contrib debian doc include \
    rpm src systemd tests 2>&1); then
    echo "ok 1 - no misspelling"
else
    echo "$complaints" | sed 's/^/# /'
    echo "not ok 1 - no misspelling"
fi
