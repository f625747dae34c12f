#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A real boot: systemd as process 1 of a container, over an overlay of this system, starts the installed helod.service.
# It gets ready, answers, reloads, is run as the unit says; when it hangs the watchdog replaces it; it stops cleanly.
set -u
plan=8

if [ ! -f "${top_builddir:?}/systemd/helod.service" ]; then
    echo "1..0 # SKIP configured without systemd"
    exit 0
fi
if grep -q "^SANITIZE_CFLAGS = -f" "$top_builddir/Makefile"; then
    echo "1..0 # SKIP this machine's sanitizer build cannot live in the unit's sandbox"
    exit 0
fi
cannot() {
    echo "1..0 # SKIP this machine cannot boot a container: $1"
    exit 0
}
[ "$(id -u)" = 0 ] || cannot "not root"
command -v systemd-nspawn >/dev/null || cannot "no systemd-nspawn"

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/over"

# The unit names where the program will be; the watchdog of 30 s is made short.
cat >"$folder/inside" <<'END'
ask() { /usr/bin/python3 /helod-boot/ask; }
# waits CONDITION: up to twenty seconds
waits() {
    for _ in $(seq 200); do
        ! eval "$1" || return 0
        sleep 0.1
    done
    return 1
}
property() { systemctl show helod.service -p "$1" --value; }
systemd-sysusers /helod-boot/helod.sysusers
echo "booted"
systemctl start helod.service || { journalctl --no-pager -b | tail -n 60; exit 0; }
[ "$(property ActiveState)/$(property SubState)/$(property Type)" = active/running/notify ] && echo "ready"
pid=$(property MainPID)
case $(ask) in action=5*) echo "answers" ;; esac
# Without the name of a log, heloctl reads the journal.
id=$(ask | sed -n 's/.*\[id \([0-9A-Z]*\)\].*/\1/p')
logs() { heloctl-boot "$1" -c /etc/helod/helod-boot.conf ${2:+-o "$2"} 2>&1; }
waits 'logs explain "$id" | grep -q "HELO name  *bad_name!"' && logs report | grep -q "^1 decisions from" &&
    logs explain AAAAAAA | grep -q "no decision AAAAAAA among the 1 decisions in the journal" && echo "explained"
[ "$(property User)" = helod ] && [ "$(stat -c %U "/proc/$pid")" = helod ] &&
    grep -Eq '^CapEff:.0+$' "/proc/$pid/status" && grep -Eq '^NoNewPrivs:.1$' "/proc/$pid/status" &&
    grep -Eq '^Seccomp:.2$' "/proc/$pid/status" && echo "confined"
systemctl reload helod.service && waits 'property StatusText | grep -q "policy 2"' && [ "$(property MainPID)" = "$pid" ] &&
    echo "reloaded"
kill -STOP "$pid"
waits '[ "$(property NRestarts)" = 1 ] && [ "$(property ActiveState)" = active ] && [ "$(property MainPID)" != "$pid" ]' &&
    journalctl -u helod.service --no-pager | grep -qi watchdog && case $(ask) in action=5*) echo "replaced" ;; esac
systemctl stop helod.service && [ "$(property Result)/$(property ActiveState)" = success/inactive ] && echo "stopped"
journalctl -u helod.service --no-pager | tail -n 30
END
cat >"$folder/ask" <<'END'
import socket
with socket.create_connection(("127.0.0.1", 10045), 10) as s:
    s.sendall(b"request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=203.0.113.5\n"
              b"client_name=unknown\nreverse_client_name=unknown\nhelo_name=bad_name!\nsender=a@kiln-street.net\n"
              b"recipient=b@example.net\ninstance=1.2.3\n\n")
    print(s.recv(999).decode())
END
cat >"$folder/outside" <<'END'
set -eu
mount -t tmpfs none "$1/over"
mkdir "$1/over/upper" "$1/over/work" "$1/over/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/over/upper,workdir=$1/over/work" "$1/over/root"
root=$1/over/root
rm -f "$root/etc/machine-id"
: >"$root/etc/machine-id"
units=$root/etc/systemd/system
mkdir -p "$units" "$root/helod-boot" "$root/etc/helod"
cp "$1/inside" "$1/ask" "$top_srcdir/systemd/helod.sysusers" "$root/helod-boot"
install -m 755 "$HELOD" "$root/usr/sbin/helod-boot"
install -m 644 "$top_srcdir/conf/helod.conf" "$root/etc/helod/helod-boot.conf"
install -m 755 "$HELOCTL" "$root/usr/bin/heloctl-boot"
sed -e 's|=[^ ]*/helod |=/usr/sbin/helod-boot |' -e 's|=[^ ]*/heloctl |=/usr/bin/heloctl-boot |' \
    -e 's|/[^ ]*/helod.conf|/etc/helod/helod-boot.conf|' \
    -e 's|^WatchdogSec=.*|WatchdogSec=3s|' "$top_builddir/systemd/helod.service" >"$units/helod.service"
cat >"$units/helod-boot.service" <<'UNIT'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/sh /helod-boot/inside
ExecStopPost=/bin/sh -c "systemctl --no-block poweroff >/dev/null 2>&1"
TimeoutStartSec=80s
StandardOutput=file:/helod-boot/out
StandardError=file:/helod-boot/out
UNIT
# A target of our own: nothing else that is installed here starts.
cat >"$units/helod-boot.target" <<'UNIT'
[Unit]
Requires=basic.target helod-boot.service
After=basic.target
AllowIsolate=yes
UNIT
timeout --foreground 90 systemd-nspawn -q -b -D "$root" -M "helod-boot-$$" --private-network --register=no --keep-unit \
    --console=pipe systemd.unit=helod-boot.target </dev/null >"$1/console" 2>&1 || echo "systemd-nspawn: $?" >>"$1/console"
cp "$root/helod-boot/out" "$1/out"
END
export top_srcdir top_builddir HELOD HELOCTL
unshare --mount sh "$folder/outside" "$folder" >"$folder/log" 2>&1
if ! grep -qx booted "$folder/out" 2>/dev/null; then
    cannot "$(cat "$folder/console" "$folder/log" 2>/dev/null | tr -d '\r' | grep -v '^$' | tail -n 1)"
fi

echo "1..$plan"
n=0
result() {
    n=$((n + 1))
    if grep -qx "$1" "$folder/out"; then
        echo "ok $n - $2"
    else
        tail -n 60 "$folder/out" | sed 's/^/# /'
        echo "not ok $n - $2"
    fi
}
result ready "systemd starts helod.service, which tells that it is ready"
result answers "it answers a question"
result explained "heloctl explain and report read its decisions from the journal"
result confined "it runs as helod, without capabilities, without new privileges, behind a filter of system calls"
result reloaded "systemctl reload loads the policy, in the same process"
result replaced "when it hangs, the watchdog has it replaced, and the new one answers"
result stopped "systemctl stop ends it cleanly"
# What came of the boot stays in the overlay.
n=$((n + 1))
if [ ! -e /usr/sbin/helod-boot ] && [ ! -e /helod-boot ]; then
    echo "ok $n - nothing of it is left here"
else
    echo "not ok $n - nothing of it is left here"
fi
