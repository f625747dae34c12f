# SPDX-License-Identifier: BSD-2-Clause
"""walk: the steps of test_walk.sh, inside the booted container. Each builds on the one before it.

/walk/first.deb and /walk/second.deb are the package in two versions. Postfix is there, chrooted as Debian ships
it, and not yet configured. Clients are pretended by XCLIENT, and a DNS server of the tests has their names."""
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
import tap
from helod import decision_fields, wait_for
from tap import cases, contains, equal, test

WALK = pathlib.Path("/walk")
CONF, CONF_D = pathlib.Path("/etc/helod/helod.conf"), pathlib.Path("/etc/helod/conf.d")
SPOOL = pathlib.Path("/var/spool/postfix/helod")
MAILDIR = pathlib.Path("/home/walk/Maildir/new")
ZONE = """
mail.kiln-street.net 300 A 198.51.100.7
198.51.100.7 300 PTR mail.kiln-street.net
mail.fern-hill.net 300 A 198.51.100.8
198.51.100.8 300 PTR mail.fern-hill.net
mail.salt-pond.net 300 A 198.51.100.9
198.51.100.9 300 PTR mail.salt-pond.net
"""
# What a client says, who it is, what Postfix answers in enforce mode, and what the decision line says.
MAILS = [
    ("good", "mail.kiln-street.net", "198.51.100.7", "mail.kiln-street.net", 250, "dunno"),
    ("marked", "printer", "198.51.100.8", "mail.fern-hill.net", 250, "mark"),
    ("deferred", "198.51.100.9", "198.51.100.9", "mail.salt-pond.net", 450, "defer"),
    ("rejected", "bad_name!", "198.51.100.10", "[UNAVAILABLE]", 550, "reject"),
]


def sh(command, status=0):
    """Output of a shell command; AssertionError on another exit status. `status` None: any."""
    done = subprocess.run(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    assert status is None or done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}"
    return done.stdout


def prop(name, unit="helod.service"):
    return sh(f"systemctl show -p {name} --value {unit}").strip()


def journal(more=""):
    return sh(f"journalctl --no-pager -o cat -t helod {more}", None)


def decision(helo):
    """The last decision line about this HELO, once it is there."""
    def found():
        lines = [fields for fields in map(decision_fields, journal().splitlines()) if fields]
        return [fields for fields in lines if fields["helo"] == helo]
    return wait_for(found, what=f"decision line about {helo}")[-1]


def offer(helo, address, name, data=False, recipient="walk@localhost"):
    """(code, text) of RCPT TO, or of the message where it is sent."""
    from postfix import Smtp
    with Smtp(25) as smtp:
        smtp.xclient(ADDR=address, NAME=name, REVERSE_NAME=name)
        smtp.ehlo(helo)
        smtp.must(250, f"MAIL FROM:<sender@{helo if '.' in helo and helo[0].isalpha() else 'kiln-street.net'}>")
        code, text = smtp.command(f"RCPT TO:<{recipient}>")
        if code == 250 and data:
            code, text = smtp.data(f"Subject: {helo}\n\nbody\n")
        return code, text


def delivered():
    return list(MAILDIR.iterdir()) if MAILDIR.exists() else []


def policy(text, name="50-walk.conf"):
    """A file in conf.d, in one step."""
    new = CONF_D / "new"
    new.write_text(text)
    new.rename(CONF_D / name)


UNIX = 'server { listen = { "unix:/var/spool/postfix/helod/policy" }  socket_group = "postfix" }\n'
ENFORCE = 'policy "default" { mode = "enforce" }\n'
FOR_WALK = 'exempt { clients = { "127.0.0.1" } }\ndns { servers = { "127.0.0.1" } }\n'


def begin():
    """DNS, a user to deliver to, Postfix as Debian ships it with a main.cf for the walk."""
    (WALK / "zone").write_text(ZONE)
    subprocess.Popen([sys.executable, str(HERE.parent / "lib/faultdns.py"), "-p", "53", "-z", str(WALK / "zone")],
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    sh("useradd -m walk; hostname mx.walk.example; echo '127.0.0.1 mx.walk.example localhost' >/etc/hosts")
    for name in ("main.cf.debian", "master.cf.dist"):
        target = {"main.cf.debian": "main.cf", "master.cf.dist": "master.cf"}[name]
        sh(f"cp /usr/share/postfix/{name} /etc/postfix/{target}")
    sh("postconf -e mynetworks=127.0.0.2/32 mydestination=localhost inet_interfaces=loopback-only inet_protocols=ipv4 "
       "smtpd_authorized_xclient_hosts=127.0.0.1 home_mailbox=Maildir/ alias_maps= alias_database= in_flow_delay=0 "
       "myhostname=mx.walk.example smtpd_recipient_restrictions=reject_unauth_destination mailbox_command= "
       "maillog_file= compatibility_level=3.6")
    contains(sh("grep '^smtp  *inet' /etc/postfix/master.cf"), " y ", "chroot of smtpd")


@test("install: the package installs, helod runs, and helod.conf is short and in monitor mode")
def _():
    begin()
    sh(f"dpkg -i {WALK}/first.deb")
    equal(prop("ActiveState"), "active", journal())
    equal(prop("User"), "helod")
    lines = CONF.read_text().splitlines()
    assert len(lines) <= 40, f"{len(lines)} lines"
    contains(CONF.read_text(), 'mode = "monitor"')
    sh("helod -t")


if __name__ == "__main__":
    if "--list" in sys.argv:
        print("\n".join(name.split(":")[0] for name, _, _ in tap._tests))
        sys.exit(0)
    tap.run()
