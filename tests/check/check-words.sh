#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Plain words: what people read uses the words of the field, see "Language" in CONTRIBUTING.md. The table below has the
# words that this project once used in a sense of its own, and the plain ones. Documents, manual pages, configuration
# files, scripts and packages are searched as a whole; of C sources and headers, the comments and the string literals.
set -eu
# shellcheck source=tests/check/findings.sh
. "$top_srcdir/tests/check/findings.sh"

# One word or phrase per line, as an extended regular expression that matches whole words in any case, then "=" and the
# plain word.
words() {
    cat <<'END'
mend|mends|mended|mending = fix
told|tells = reported, reports, says, shows
tell (of|which|whether|what|how|why) = report, say, show
puts? off|putting off = defer
look-ups? = lookup
(asks?|asked|asking) the DNS = query DNS
well again = recovered
access[ -]lines? = dynamic customer address
(stands|standing|stand) alone = unrelated to the reverse name
left alone = skipped
settled = decided
speaks? for = shows
goes on = continues
takes? away = subtracts
who is there = the client's address
could not be had = is missing
what is kept of = cached
knock|knocks = on_accept
is not whole = is invalid
suggests? to = suggest doing
(is|are|was|were) taken (as|for) = counts as
lately = recently
anew = again
by turns = alternately
of no matter = does not matter
exists? no more = no longer exists
of (its|their) own making = that it makes itself
(at most|after|in|by) so many = a number of
asks? (helod|DNS)|asked (helod|DNS)|DNS (is|was|be|were)( not)? asked = query DNS, send a request to helod
questions? (of|from) Postfix|Postfix's questions? = policy request
for (it|they|we) (is|are|was|were|has|have|had|can|cannot|may|must|would) = because
behind (the|its|a|their) (names?|colons?|quotes?|reply|replies|answers?|messages?|keys?|end) = after
END
}
pattern=$(words | sed 's/ = .*//' | paste -sd '|')

# Text files whole. The name of the plain word is part of the finding.
words_in_text() {
    (cd "$1" && find README.md CONTRIBUTING.md NEWS.md SECURITY.md bootstrap.sh doc conf contrib debian rpm systemd src \
        tests/README.md -type f \( -name '*.md' -o -name '*.[58]' -o -name '*.conf' -o -name '*.sh' -o -name '*.js' \
        -o -name '*.html' -o -path 'contrib/*' \
        -o -path 'debian/*' -o -path 'rpm/*' -o -path 'systemd/*' \) ! -path 'contrib/grafana/*' 2>/dev/null |
        sort | xargs -r grep -HnwiE -- "$pattern") | explain
}

# Comments and strings only: "told" may be a variable, and data tables are no text.
words_in_c() {
    c_files "$1" src include | while read -r file; do
        awk '{
            text = ""
            rest = $0
            while (rest != "") {
                if (inside) {
                    end = index(rest, "*/")
                    text = text " " (end ? substr(rest, 1, end - 1) : rest)
                    if (!end) break
                    rest = substr(rest, end + 2)
                    inside = 0
                } else if (match(rest, /"([^"\\]|\\.)*"|\/\*/)) {
                    if (substr(rest, RSTART, 2) == "/*") inside = 1
                    else text = text " " substr(rest, RSTART + 1, RLENGTH - 2)
                    rest = substr(rest, RSTART + RLENGTH)
                } else break
            }
            print text
        }' "$1/$file" | grep -nwiE -- "$pattern" | sed "s|^|$file:|"
    done | explain
}

# Adds the plain word to each finding.
explain() {
    while IFS= read -r line; do
        text=${line#*:*:}
        plain=$(words | while IFS= read -r row; do
            if printf '%s\n' "$text" | grep -qwiE -- "${row%% = *}"; then printf '%s\n' "${row#* = }" && break; fi
        done)
        printf '%s (plain: %s)\n' "$line" "$plain"
    done
}

finds_nothing "documents and configuration use plain words" words_in_text "$top_srcdir"
finds_nothing "comments and messages use plain words" words_in_c "$top_srcdir"

bad_file doc/page.md <<'END'
It mends itself, and Postfix is told so.
END
bad_file src/base/bad.c <<'END'
/* A comment over two lines: the
   second one is put off. */
bool told, tells = knock(1); /* names are no text */
const char *text = "an \"access line\"";
int x = 1; /* settlement, untold, amended */
END
bad_file include/bad.h <<'END'
/* Look-ups */
END
finds "a word in a document is found, with the plain one" words_in_text \
    "doc/page.md:1:It mends itself, and Postfix is told so. (plain: fix)"
finds "a word on a comment's second line is found" words_in_c "src/base/bad.c:2:"
finds "a word in a string is found" words_in_c "(plain: dynamic customer address)"
finds "a word is found in any case" words_in_c "include/bad.h:1:"
sed -i '1,2d;4d' "$bad_tree/src/base/bad.c"
sed -i '2d' "$bad_tree/src/base/bad.c"
rm "$bad_tree/include/bad.h"
bad_file src/base/good.c <<'END'
int x = 1; /* settlement, untold, amended */
END
finds_nothing "names in code, and longer words, are no findings" words_in_c "$bad_tree"
echo "1..$number"
