#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The arrows between the rooms (CONTRIBUTING.md): which file includes what, and what the pure rooms' archives ask for.
set -eu
# shellcheck source=tests/check/findings.sh
. "$top_srcdir/tests/check/findings.sh"

# Header (a prefix of what stands in <>), and the only places under src/ that may include it.
outside_headers() {
    cat <<'END'
confuse.h src/config/
ares src/dns/
event2/ src/dns/ src/evidence/ src/history/ src/report/ src/helod/ src/heloctl/
evhttp src/report/ src/helod/
libpsl.h src/names/
idn2.h src/names/
hiredis/ src/history/
seccomp.h src/helod/
syslog.h src/base/log.c src/base/log_syslog.c src/base/log_fields.c
zlib.h src/heloctl/
expat.h src/heloctl/
zip.h src/heloctl/
openssl/ src/heloctl/ src/history/
END
}

# Archive, and the symbols (extended regular expression, whole name) that it must not need.
forbidden_symbols() {
    io='event_.*|evbuffer_.*|bufferevent_.*|evtimer_.*|ares_.*|cfg_.*|redis.*'
    net='socket|connect|bind|listen|accept4?|send|sendto|sendmsg|recv|recvfrom|recvmsg|getaddrinfo|getnameinfo'
    world='v?syslog|openlog|log_[a-z]*|open|open64|fopen|fopen64|write|read|getenv|time|gettimeofday|clock_[a-z]*|rand|random'
    cat <<END
protocol $io|$net|$world|psl_.*|idn2_.*
rules $io|$net|$world|psl_.*|idn2_.*
decision $io|$net|$world|psl_.*|idn2_.*
spf $io|$net|v?syslog|openlog|log_[a-z]*|f?open(64)?|write|read|getenv|rand|random|psl_.*|idn2_.*
names $io|$net|v?syslog|openlog|log_[a-z]*|write|getenv|rand|random
base $io|bind|listen|accept4?|sendto|recv|recvfrom|recvmsg|getaddrinfo|getnameinfo|psl_.*|idn2_.*
END
}

# Tests may share what lies above them, but reach into no room.
upward() {
    (
        cd "$1" || exit
        grep -rnE '#[[:space:]]*include[[:space:]]*"[^"]*\.\./' --include='*.[ch]' src include || :
        grep -rnE '#[[:space:]]*include[[:space:]]*"[^"]*\.\./[^"]*src/' --include='*.[ch]' tests || :
    ) 2>/dev/null
}

# file:line:header of each #include <…> of a prefix.
including() {
    (cd "$1" || exit; grep -rnE "#[[:space:]]*include[[:space:]]*[<\"]$2" --include='*.[ch]' src include 2>/dev/null || :)
}

outside() {
    outside_headers | while read -r header places; do
        including "$1" "$header" | while read -r line; do
            allowed=no
            for place in $places; do
                case $line in "$place"*) allowed=yes ;; esac
            done
            [ "$allowed" = yes ] || echo "$line"
        done
    done
}

# Own headers: contracts, those of the own folder and of the room that it is in, and config.h.
other_rooms() {
    c_files "$1" src include | while read -r file; do
        sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\(.*\)".*/\1/p' "$1/$file" | while read -r header; do
            [ "$header" = config.h ] || [ -e "$1/include/$header" ] || [ -e "$1/${file%/*}/$header" ] ||
                [ -e "$1/$(echo "$file" | cut -d / -f 1-2)/$header" ] ||
                echo "$file: includes $header"
        done
        case $file in include/*) grep -n 'config\.h"' "$1/$file" | sed "s|^|$file:|" ;; esac
    done
}

# The build folder's archives: what they need from elsewhere, and data that can change.
impure() {
    forbidden_symbols | while read -r room forbidden; do
        archive=$1/src/lib$room.a
        [ -e "$archive" ] || { echo "$archive: not built"; continue; }
        nm -u "$archive" | awk '{print $2}' | grep -xE "$forbidden" | sort -u | sed "s|^|lib$room.a needs |"
    done
}

writable() {
    for room in protocol rules decision spf; do
        objdump -t "$1/src/lib$room.a" 2>/dev/null |
            awk -v room="$room" '/ O \.(data|bss)(\.[^r]|[ \t])/ && $NF !~ /^(__|\.L|_ZN?)/ {
                print "lib" room ".a has the variable " $NF }'
    done
}

finds_nothing "no include leads upward" upward "$top_srcdir"
finds_nothing "outside libraries stay in their rooms" outside "$top_srcdir"
finds_nothing "no room includes another room's headers" other_rooms "$top_srcdir"
finds_nothing "the pure rooms need nothing that does I/O" impure "$top_builddir"
finds_nothing "the pure rooms keep no variables" writable "$top_builddir"

bad_file src/rules/up.c <<'END'
#include "../dns/wire.h"
END
bad_file tests/unit/reach.c <<'END'
#include "../../src/dns/wire.h"
#include "../builder.h"
END
bad_file src/rules/ares.c <<'END'
#include <ares.h>
# include  <event2/event.h>
END
bad_file src/dns/wire.h <<'END'
#include <ares_dns.h>
END
bad_file src/rules/other.c <<'END'
#include "wire.h"
#include "config.h"
END
bad_file include/contract.h <<'END'
#include "config.h"
END
finds "an include upward is found" upward "src/rules/up.c:1:"
finds "a test that reaches into a room is found" upward "tests/unit/reach.c:1:"
finds "c-ares outside its room is found" outside "src/rules/ares.c:1:"
finds "libevent in a pure room is found" outside "src/rules/ares.c:2:"
finds "another room's header is found" other_rooms "src/rules/other.c: includes wire.h"
finds "config.h in a contract is found" other_rooms "include/contract.h:1:"
cat >"$bad_tree/impure.c" <<'END'
extern void syslog(int, const char *, ...);
extern int clock_ms(void);
int counter;
void f(void);
void f(void) { syslog(1, "%d", counter += clock_ms()); }
END
${CC:-cc} -c -o "$bad_tree/impure.o" "$bad_tree/impure.c"
for room in protocol rules decision spf names base; do
    ar cr "$bad_tree/src/lib$room.a" "$bad_tree/impure.o"
done
finds "syslog in a pure room is found" impure "librules.a needs syslog"
finds "the clock in a pure room is found" impure "libprotocol.a needs clock_ms"
finds "a variable in a pure room is found" writable "libdecision.a has the variable counter"
rm "$bad_tree"/src/lib*.a
finds "an archive that is missing is found" impure "libspf.a: not built"
rm "$bad_tree"/src/rules/* "$bad_tree"/include/*
finds_nothing "c-ares in its own room is no finding" outside "$bad_tree"
echo "1..$number"
