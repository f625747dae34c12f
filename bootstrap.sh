#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# bootstrap.sh: from a fresh Debian 12 or 13 to a running or a tested helod, in one command.
#
#   ./bootstrap.sh run          installs what the build needs, builds, starts helod in the foreground
#   ./bootstrap.sh build        builds only: build/helod, build/heloctl
#   ./bootstrap.sh check        builds and tests it: some minutes, few packages
#   ./bootstrap.sh check --all  every test, with a browser, other compilers, mail filters: half an hour, many packages
#   ./bootstrap.sh clean        removes what was built
#
# It installs Debian packages (with sudo when not root), and says first which ones and how large they are. It removes
# none, and leaves none of their services running or enabled. It does not repeat what is done already. Without apt it
# lists missing packages by their names in dnf, apk, pacman or pkg, and builds if none is missing. CI=true means --all.
set -eu
cd "$(dirname "$0")"
umask 022

# Packages have moved between releases: "build>12" is needed from Debian 13 on, "all<13" exists up to Debian 12.
# /etc/debian_version says 12.7, or "trixie/sid" in what will be Debian 13 and in the Ubuntu that was made from it.
case $(cat /etc/debian_version 2>/dev/null) in
[1-9].* | 1[0-2].* | bullseye* | bookworm*) release=12 ;;
*) release=13 ;;
esac

# set      package             why
packages() { cat <<'END'
build      gcc                 C compiler
build      libc6-dev           C library headers
build      make                the build
build      autoconf            makes configure
build      automake            makes the makefiles
build      pkg-config          finds the libraries
build      libevent-dev        event loop
build      libc-ares-dev       DNS
build      libconfuse-dev      the policy file
build      libpsl-dev          registrable domains (public suffix list)
build      libidn2-dev         A-labels
build      zlib1g-dev          compressed logs and reports
build      libhiredis-dev      history in Redis or Valkey
build      libseccomp-dev      system call filter
build      libexpat1-dev       DMARC reports
build      libzip-dev          zipped DMARC reports
build      libssl-dev          heloctl probe after STARTTLS
build>12   systemd-dev         systemd.pc, which says where units go
check      libcmocka-dev       unit tests
check      python3             system tests
check      python3-spf         the SPF evaluator that ours is compared with
check      iproute2            network namespaces
check      procps              sysctl in these
check      postfix             the real mail server
check      swaks               SMTP by hand
check      openssl             certificates
check      nsd                 a real DNS server
check      redis-server        a real Redis
all        bind9-utils         named-checkzone reads the zones that we print
all        clang               second compiler
all        libclang-rt-dev     its sanitizers and libFuzzer
all        llvm                readable sanitizer reports
all        valgrind            memory checker
all        clang-format        formatting
all        clang-tidy          static checks
all        cppcheck            more of them
all        shellcheck          checks of the shell scripts
all        codespell           spelling
all        mandoc              manual pages checked
all        systemd             systemd-analyze on the units
all        systemd-container   a boot in a container
all        xz-utils            make dist
all        chromium            the status page in a browser
all        chromium-driver     its remote control
all        prometheus          a real scrape; promtool
all        fail2ban            its filter
all        rsyslog             its rule
all        logrotate           its rule
all        lnav                its format
all<13     grok                its patterns
all        postgrey            a real greylister
all        spamassassin        its rules
all        spamd               its log lines
all        amavisd-new         its log lines
all        gpg-agent           spamassassin's package imports a key when it is installed
all        rspamd              its rule
all        dovecot-sieve       sieve-test
all        apparmor            the profile parsed
all        debootstrap         Debian 13 in a folder; the base of a container
all        podman              helod in a container
all        runc                which runs it with cgroups of both versions, too
all        debhelper           the Debian package
all        dh-apparmor         its profile
all        dpkg-dev            its build
all        lintian             its checks
all        rpm                 the RPM package
all        rpmlint             its checks
END
}

# The same for systems without apt: a command or a pkg-config module, with "?" if it is optional, then its package for
# each of these package managers.
# need            dnf                 apk            pacman      pkg
needs() { cat <<'END'
cc                gcc                 build-base     gcc         -
make              make                build-base     make        -
autoreconf        autoconf            autoconf       autoconf    autoconf
aclocal           automake            automake       automake    automake
pkg-config        pkgconf-pkg-config  pkgconf        pkgconf     pkgconf
libevent_core     libevent-devel      libevent-dev   libevent    libevent
libcares          c-ares-devel        c-ares-dev     c-ares      c-ares
libconfuse        libconfuse-devel    confuse-dev    confuse     libconfuse
libpsl            libpsl-devel        libpsl-dev     libpsl      libpsl
libidn2           libidn2-devel       libidn2-dev    libidn2     libidn2
zlib              zlib-devel          zlib-dev       zlib        -
musl-fts          -                   musl-fts-dev   -           -
?hiredis          hiredis-devel       hiredis-dev    hiredis     hiredis
?libseccomp       libseccomp-devel    libseccomp-dev libseccomp  -
?expat            expat-devel         expat-dev      expat       expat
?libzip           libzip-devel        libzip-dev     libzip      libzip
?openssl          openssl-devel       openssl-dev    openssl     openssl
?cmocka           libcmocka-devel     cmocka-dev     cmocka      cmocka
END
}

say() { printf '%s\n' "$*"; }
die() { printf 'bootstrap.sh: %s\n' "$*" >&2; exit 1; }

as_root= # the word before a command that needs root
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then
    as_root=sudo
fi
jobs=$(nproc 2>/dev/null || echo 2)

# ---- packages

chosen() {
    packages | awk -v sets="$1" -v release="$release" '
        { split($1, set, /[<>]/) }
        $1 ~ />/ && release <= set[2] || $1 ~ /</ && release >= set[2] { next }
        index(sets, set[1]) { print $2 }'
}

# Names of those packages in the sets that are not installed.
missing() {
    for package in $(chosen "$1"); do
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
        ?i*) ;;
        *) say "$package" ;;
        esac
    done
}

apt() {
    # shellcheck disable=SC2086 # as_root is a word or nothing
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=900 "$@" </dev/null
}

# No package may start its service while we install, unless the machine's owner has a rule of their own for that. What
# the packages enable is disabled again at the end, also when we are interrupted.
policy_file=/usr/sbin/policy-rc.d
hold_services() {
    enabled_before=$(enabled)
    trap 'release_services' EXIT
    trap 'exit 130' INT TERM HUP
    [ ! -e $policy_file ] || return 0
    printf '#!/bin/sh\n# bootstrap.sh of helod, while it installs\nexit 101\n' | $as_root tee $policy_file >/dev/null
    $as_root chmod 755 $policy_file
    held=yes
}
release_services() {
    [ "${held:-no}" = no ] || $as_root rm -f $policy_file
    held=no
    trap - EXIT INT TERM HUP
    enabled | while read -r unit; do
        case "
$enabled_before
" in *"
$unit
"*) continue ;; esac
        case $unit in
        *.*) $as_root systemctl --quiet disable "$unit" 2>/dev/null ;;
        *) $as_root update-rc.d "$unit" disable >/dev/null ;;
        esac || say "note: could not disable $unit"
        [ ! -d /run/systemd/system ] || $as_root systemctl --quiet stop "$unit" || true
    done
}

# Units, or without systemd init scripts, that start when this machine boots.
enabled() {
    if command -v systemctl >/dev/null; then
        find /etc/systemd/system -type l -path '*.wants/*' 2>/dev/null | sed 's,.*/,,' | sort -u
    else
        find /etc/rc[S2345].d -name 'S*' 2>/dev/null | sed 's,.*/S..,,' | sort -u
    fi
}

# What apt would do, without doing it. It needs no rights for that.
apt_plan() {
    LC_ALL=C apt-get -o Debug::NoLocking=1 --print-uris --no-install-recommends install "$@" 2>&1 </dev/null || true
}
# Packages that apt would remove to install these.
removed_by() { apt_plan "$@" | awk '/^[^ ]/ { names = /REMOV/ } names && /^ / { $1 = $1; print }' | tr '\n' ' '; }

# Says what will be installed, and ends here if something would have to be removed for it.
announce_packages() {
    say "Installing with apt: $*"
    apt_plan "$@" | sed -n '/^Need to get/p; /^After this operation/p; /Download size:/p; /Space needed:/p'
    removed=$(removed_by "$@")
    [ -n "$removed" ] || return 0
    for package; do
        [ -z "$(removed_by "$package")" ] || conflicts="${conflicts:-}$package "
    done
    die "${conflicts:-these packages }cannot be installed beside ${removed}here; nothing was changed" \
        "(./bootstrap.sh build needs none of the tests' packages)"
}

install_packages() {
    if ! command -v apt-get >/dev/null; then
        find_elsewhere
        return
    fi
    wanted=$(missing "$1" | tr '\n' ' ')
    wanted=${wanted% }
    [ -n "$wanted" ] || return 0
    [ "$(id -u)" = 0 ] || [ -n "$as_root" ] || die "not root and no sudo; as root: apt-get install $wanted"
    # shellcheck disable=SC2086 # a list of words, here and below
    apt-get --simulate install $wanted >/dev/null 2>&1 || apt update
    # shellcheck disable=SC2086
    announce_packages $wanted
    hold_services
    # shellcheck disable=SC2086
    apt --no-install-recommends --no-remove install $wanted || {
        say "Once more, with fresh package lists."
        apt update
        # shellcheck disable=SC2086
        apt --no-install-recommends --no-remove install $wanted || die "apt-get could not install: $wanted"
    }
    release_services
}

# Without apt: continues if everything is installed; otherwise it says how to install it.
find_elsewhere() {
    manager=none
    for command in pkg pacman apk dnf; do
        ! command -v $command >/dev/null || manager=$command
    done
    case $manager in
    pacman) install="pacman -S" ;;
    apk) install="apk add" ;;
    none) install="install, with your package manager:" ;;
    *) install="$manager install" ;;
    esac
    required=$(absent "$manager" "") optional=$(absent "$manager" "?")
    [ -z "$optional" ] || say "note: helod is built without optional features; for all of them: $install$optional"
    [ -z "$required" ] || die "something that helod needs is missing: $install$required"
}

# The packages of one manager that are not there; "?" for the optional ones.
absent() {
    needs | while read -r need dnf apk pacman pkg; do
        case $need in \?*) kind=\? ;; *) kind= ;; esac
        need=${need#\?}
        [ "$kind" = "$2" ] || continue
        ! command -v "$need" >/dev/null || continue
        ! pkg-config --exists "$need" 2>/dev/null || continue
        case $1 in
        dnf) say "$dnf" ;; apk) say "$apk" ;; pacman) say "$pacman" ;; pkg) say "$pkg" ;;
        none) [ "$need" = musl-fts ] || say "$need" ;;
        esac
    done | grep -vx -e - | sort -u | sed 's/^/ /' | tr -d '\n'
}

# ---- the folder

# Ends with one line if autoconf cannot work in this folder.
look_at_folder() {
    case $PWD in
    *[!A-Za-z0-9/._+,@%:=~-]*) die "make cannot work in a folder with such a name: $PWD; move this tree elsewhere" ;;
    esac
    [ -w . ] || die "this folder cannot be written to: copy it (cp -R $PWD ~/helod), and build there"
}

# The owner of this folder also owns what we make in it with sudo; otherwise their next build could not replace it.
give_back() {
    [ "$(id -u)" = 0 ] || return 0
    # shellcheck disable=SC2012 # of "." there is no odd name
    owner=$(ls -ldn . | awk '{ print $3 ":" $4 }') # stat has other options elsewhere
    [ "$owner" != 0:0 ] || return 0
    for made in $made_here; do
        [ ! -e "$made" ] || find "$made" -user 0 -exec chown -h "$owner" {} +
    done
}
made_here="build autom4te.cache build-aux aclocal.m4 configure configure~ config.h.in config.h.in~ Makefile.in"

# ---- building

# The installed ones of the packages above, with versions: configure runs again when these libraries change.
inventory() {
    # shellcheck disable=SC2046
    dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' $(chosen "build check all") 2>/dev/null |
        sort || true
}

# configure_in FOLDER ARGUMENTS...: runs autoreconf and configure, each only if needed.
configure_in() {
    folder=$1
    shift
    [ -x configure ] || autoreconf -fi || return 1
    if [ ! -f "$folder/Makefile" ] || [ "$(cat "$folder/.inventory" 2>/dev/null)" != "$(inventory)" ]; then
        mkdir -p "$folder"
        top=$PWD
        (cd "$folder" && "$top/configure" --quiet "$@") || return 1
        inventory >"$folder/.inventory"
    fi
}

build() {
    look_at_folder
    install_packages build
    trap give_back EXIT
    trap 'exit 130' INT TERM HUP
    configure_in build
    make --no-print-directory -C build -j "$jobs"
    give_back
    trap - EXIT INT TERM HUP
}

hints() {
    cat <<END

helod answers on 127.0.0.1:10045. As shipped, its policy file $policy rejects and defers mail. Before real mail
depends on it, set mode = "monitor" in its section policy "default": helod then only logs what it would do.
In Postfix's main.cf, add it after what permits your own users:

    smtpd_helo_required = yes
    smtpd_helo_restrictions = permit_mynetworks, permit_sasl_authenticated,
        check_policy_service { inet:127.0.0.1:10045, timeout=10s, default_action=DUNNO }

To see how it would judge a greeting, in another terminal:

    build/heloctl check -c $policy 192.0.2.1 localhost.localdomain

To see what this helod counts, and to make it read its policy file again after a change:

    build/heloctl stats -c $policy
    build/heloctl reload -c $policy

Decisions follow. Control-C ends it.

END
}

# Prints what helod prints, and the hints once helod is ready. It ends with helod.
pass_on() {
    trap '' INT TERM
    while IFS= read -r line; do
        printf '%s\n' "$line"
        case $line in *' is ready: '*) hints ;; esac
    done
}

# Writes conf/helod.conf with a status socket for heloctl and, as root, with another user for helod. A file that
# somebody has edited since then stays as it is.
write_policy() {
    policy=build/helod.conf
    if [ -e $policy ] && [ -e $policy.made ] && ! cmp -s $policy $policy.made; then
        say "note: $policy was edited, so helod uses it as it is; to use conf/helod.conf again, remove $policy"
        return
    fi
    cat conf/helod.conf >$policy
    # The path of a unix socket may have 107 bytes.
    [ ${#PWD} -gt 90 ] || printf 'status { listen = { "unix:%s/build/status" } }\n' "$PWD" >>$policy
    [ "$(id -u)" != 0 ] || printf 'server { user = "%s" }\n' "${SUDO_USER:-nobody}" >>$policy
    cp $policy $policy.made
}

run() {
    build
    write_policy
    rm -f build/said
    mkfifo build/said
    give_back
    pass_on <build/said &
    exec build/helod -f -c $policy >build/said 2>&1
}

# ---- testing

check() {
    # shellcheck source=tests/suite.sh
    . tests/suite.sh
    run_checks "$@"
}

clean() {
    # shellcheck disable=SC2086 # a list of words
    rm -rf $made_here
}

case ${1:-} in
run | build | clean) "$1" ;;
check) check "${2:-}" ;;
*)
    sed -n '3,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p;}' "$0"
    exit 64
    ;;
esac
