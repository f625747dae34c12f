# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Read by the checks beside it. A check is a function that prints what it finds wrong in the tree it is given, and nothing
# when all is well. So that it cannot rot into one that never finds anything, each is also shown a bad tree.

number=0
bad_tree=$(mktemp -d)
trap 'rm -rf "$bad_tree"' EXIT

# finds_nothing NAME CHECK TREE: the check is content with a tree.
finds_nothing() {
    number=$((number + 1))
    found=$("$2" "$3" 2>&1) || found="$found
$2 failed"
    if [ -z "$found" ]; then
        echo "ok $number - $1"
    else
        echo "$found" | head -n 200 | sed 's/^/# /'
        echo "not ok $number - $1"
    fi
}

# finds NAME CHECK TEXT: in the bad tree, the check finds what TEXT (a fixed string) is part of.
finds() {
    number=$((number + 1))
    if "$2" "$bad_tree" 2>&1 | grep -qF -- "$3"; then
        echo "ok $number - $1"
    else
        echo "# not found: $3"
        echo "not ok $number - $1"
    fi
}

# bad_file PATH: its content from standard input.
bad_file() {
    mkdir -p "$bad_tree/${1%/*}"
    cat >"$bad_tree/$1"
}

# c_files TREE FOLDER…: C sources and headers there.
c_files() {
    (cd "$1" && shift && find "$@" -name '*.[ch]' 2>/dev/null | sort)
}

# Comments become blanks, so that line numbers stay. Strings that hold a comment's beginning are not known here.
without_comments() {
    awk '{
        line = ""
        rest = $0
        while (rest != "") {
            if (inside) {
                end = index(rest, "*/")
                if (!end) break
                rest = substr(rest, end + 2)
                inside = 0
                continue
            }
            begin = index(rest, "/*")
            if (!begin) { line = line rest; break }
            line = line substr(rest, 1, begin - 1) " "
            rest = substr(rest, begin + 2)
            inside = 1
        }
        print line
    }' "$1"
}
