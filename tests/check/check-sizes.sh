#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Files to 500 lines, functions to 60, blocks to three levels, lines to 120 columns. A table may be as long as it is.
set -eu
# shellcheck source=tests/check/findings.sh
. "$top_srcdir/tests/check/findings.sh"

sizes() {
    c_files "$1" src include tests | while read -r file; do
        awk -v file="$file" '
            { columns = $0; gsub(/[\200-\277]/, "", columns) } # of UTF-8, first bytes count
            length(columns) > 120 { print file ":" NR ": " length(columns) " columns" }
            $0 == "{" { begin = NR; level = own = 0 }
            begin && /(\)|else|do) \{$/ { block[++depth] = 1; level++ }
            begin && /[^)] \{$|=\{$|^ *\{$/ && !/(else|do) \{$/ && $0 != "{" { block[++depth] = 0 }
            begin && /^ +\}/ && depth > 0 { level -= block[depth--] }
            level > 3 && !told { print file ":" NR ": more than three levels"; told = 1 }
            /^ *[a-z}].*= \{$/ { table = NR }
            /^ *\};$/ && table { rows += NR - table; own += NR - table; table = 0 }
            $0 == "}" && begin {
                lines = NR - begin - 1 - own
                if (lines > 60) print file ":" begin ": function of " lines " lines"
                begin = depth = level = told = 0
            }
            END { if (NR - rows > 500) print file ": " NR - rows " lines" }' "$1/$file"
    done
}

finds_nothing "files, functions, levels and lines are small" sizes "$top_srcdir"

repeat() {
    awk -v n="$1" -v line="$2" 'BEGIN { while (n-- > 0) print line }'
}
{ echo "int f(void)"; echo "{"; repeat 61 "    x;"; echo "}"; } | bad_file src/base/function.c
{ echo "int f(void)"; echo "{"; repeat 60 "    x;"; echo "}"; } | bad_file src/base/just.c
{ echo "int f(void)"; echo "{"; echo "    static const int table[] = {"; repeat 99 "        1,"; echo "    };"; echo "}"; } |
    bad_file src/base/inner.c
{ echo "static const int table[] = {"; repeat 600 "    1,"; echo "};"; } | bad_file src/base/data.c
repeat 501 "int x;" | bad_file src/base/file.c
{ printf '/* '; repeat 1 "$(repeat 118 x | tr -d '\n')"; } | bad_file include/columns.h
{ printf '/* '; repeat 1 "$(repeat 117 … | tr -d '\n')"; } | bad_file include/ellipses.h
bad_file tests/levels.c <<'END'
void f(void)
{
    while (a) {
        for (b) {
            if (c) {
                d();
            } else if (e) {
                do {
                    g();
                } while (h);
            }
        }
    }
}
END
bad_file tests/three.c <<'END'
void f(void)
{
    static const struct x rows[] = {
        {1, {2, {3}}},
    };
    while (a) {
        if (b) {
            c();
        } else if (d) {
            e();
        } else {
            for (;;) {
                g();
            }
        }
    }
}
END
finds "a function of 61 lines is found" sizes "src/base/function.c:2: function of 61 lines"
finds "a file of 501 lines is found" sizes "src/base/file.c: 501 lines"
finds "a line of 121 columns is found" sizes "include/columns.h:1: 121 columns"
finds "a fourth level is found" sizes "tests/levels.c:8: more than three levels"
rm "$bad_tree/src/base/function.c" "$bad_tree/src/base/file.c" "$bad_tree/include/columns.h" "$bad_tree/tests/levels.c"
finds_nothing "tables, 60 lines, three levels and 120 wide characters are no findings" sizes "$bad_tree"
echo "1..$number"
