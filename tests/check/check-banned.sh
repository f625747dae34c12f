#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# No function that cannot be used safely, or runs a shell; no mark of unfinished work.
set -eu
# shellcheck source=tests/check/findings.sh
. "$top_srcdir/tests/check/findings.sh"

banned='strcpy|strcat|strncat|sprintf|vsprintf|gets|strtok|alloca|atoi|atol|atoll|atof|system|popen'
marks='TO[D]O|FIX[M]E|X[X]X|HA[C]K' # written so that this line is none itself

banned_calls() {
    c_files "$1" src include | while read -r file; do
        without_comments "$1/$file" | grep -nE "(^|[^A-Za-z0-9_])($banned)[[:space:]]*\(" | sed "s|^|$file:|"
    done
}

unfinished() {
    (cd "$1" || exit; grep -rnE "(^|[^A-Za-z0-9_])($marks)([^A-Za-z0-9_]|\$)" --include='*.[ch]' --include='*.sh' \
        --include='*.py' --include='*.inc' --include='*.am' --include='*.ac' --include='*.[58]' --include='*.md' \
        --include='*.conf' src include tests doc conf systemd Makefile.am configure.ac README.md 2>/dev/null || :)
}

finds_nothing "no banned function is called" banned_calls "$top_srcdir"
finds_nothing "no mark of unfinished work" unfinished "$top_srcdir"

bad_file src/base/bad.c <<'END'
/* strcpy(a, b) in a comment
   and gets(c) too */
int a = snprintf(x) + vsnprintf(y) + file_system(z) + my_gets(1);
int b = strcpy(x, y);
int c = atoi (x); /* twice */ int d = !system("true");
END
bad_file include/bad.h <<'END'
char *e = strtok(f, g);
END
bad_file src/base/marks.c <<END
/* $(echo TO DO | tr -d ' '): later */
/* WIN-XXXXXXXX mkstemp("XXXXXX") */
END
finds "strcpy is found" banned_calls "src/base/bad.c:4:"
finds "atoi with a blank is found" banned_calls "src/base/bad.c:5:"
finds "a header is searched" banned_calls "include/bad.h:1:"
finds "a mark is found" unfinished "src/base/marks.c:1:"
sed -i '4,$d' "$bad_tree/src/base/bad.c"
sed -i '1d' "$bad_tree/src/base/marks.c"
rm "$bad_tree/include/bad.h"
finds_nothing "comments and longer names are no findings" banned_calls "$bad_tree"
finds_nothing "factory names are no marks" unfinished "$bad_tree"
echo "1..$number"
