# SPDX-License-Identifier: BSD-2-Clause
"""walk: the steps of test_walk.sh, inside the booted container. Each builds on the one before it.

/walk/first.deb and /walk/second.deb are the package in two versions. Postfix is there and not yet configured; it is
removed at first, and dpkg installs it again after helod. Clients are pretended by XCLIENT, and a DNS server of the tests
has their names."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

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


def repack(package):
    """A .deb of an installed package, for dpkg to install it once more: there is no network."""
    deb, info = WALK / f"{package}.deb", "/var/lib/dpkg/info/" + package
    control = sh(f"dpkg-query -s {package}")
    control = re.sub(r"(?m)^(Status|Conffiles):.*\n(?: .*\n)*", "", control)
    (WALK / "repacked/DEBIAN").mkdir(parents=True)
    (WALK / "repacked/DEBIAN/control").write_text(control)
    for part in ("conffiles", "config", "templates", "preinst", "postinst", "prerm", "postrm", "triggers"):
        sh(f"! [ -e {info}.{part} ] || cp -a {info}.{part} /walk/repacked/DEBIAN/{part}")
    # Names below /lib, which is a link to /usr/lib, get a folder of their own in the package, as they had in the first.
    sh(f"dpkg-query -L {package} | while read -r file; do [ -e $file ] || continue; [ -L $file ] && [ -d $file ] || "
       f"echo $file; done | tar -c --no-recursion -P -T - | tar -x -C /walk/repacked; dpkg-deb -Znone -b /walk/repacked {deb}")
    return deb


def configure_postfix():
    """Chrooted as Debian ships it, with a main.cf for the walk."""
    for name in ("main.cf.debian", "master.cf.dist"):
        target = {"main.cf.debian": "main.cf", "master.cf.dist": "master.cf"}[name]
        sh(f"cp /usr/share/postfix/{name} /etc/postfix/{target}")
    sh("postconf -e mynetworks=127.0.0.2/32 mydestination=localhost inet_interfaces=loopback-only inet_protocols=ipv4 "
       "smtpd_authorized_xclient_hosts=127.0.0.1 home_mailbox=Maildir/ alias_maps= alias_database= in_flow_delay=0 "
       "myhostname=mx.walk.example smtpd_recipient_restrictions=reject_unauth_destination mailbox_command= "
       "maillog_file= compatibility_level=3.6")
    contains(sh("grep '^smtp  *inet' /etc/postfix/master.cf"), " y ", "chroot of smtpd")


@test("install: the package installs, helod runs, helod.conf is short and in monitor mode, heloctl is in everybody's path")
def _():
    (WALK / "zone").write_text(ZONE)
    subprocess.Popen([sys.executable, str(HERE.parent / "lib/faultdns.py"), "-p", "53", "-z", str(WALK / "zone")],
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    sh("useradd -m walk; hostname mx.walk.example; echo '127.0.0.1 mx.walk.example localhost' >/etc/hosts")
    repack("postfix")
    sh("dpkg --purge --force-depends postfix; rm -rf /etc/postfix /var/spool/postfix /var/lib/postfix", None)
    sh("userdel postfix; groupdel postfix; groupdel postdrop", None)
    sh("getent group postfix", 2)
    sh("dpkg -i /walk/first.deb")
    equal(prop("ActiveState"), "active", journal())
    equal(prop("User"), "helod")
    assert len(CONF.read_text().splitlines()) <= 30, CONF.read_text()
    contains(CONF.read_text(), 'mode = "monitor"')
    sh("helod -t -q")
    for path in ("/usr/bin/heloctl", "/usr/sbin/helod-postfix-setup", "/usr/share/doc/helod/README.md",
                 "/usr/share/doc/helod/helod.conf", "/usr/share/doc/helod/examples/profiles/monitor.conf"):
        assert pathlib.Path(path).exists() or pathlib.Path(path + ".gz").exists(), path
    readme = pathlib.Path("/usr/share/doc/helod/README.md")
    guides = re.findall(r"\]\((doc/[\w.-]+\.md)\)", readme.read_text())
    assert "doc/first-week.md" in guides and all((readme.parent / guide).exists() for guide in guides), guides
    equal(sh("dpkg -L helod | grep Makefile.inc", 1), "")
    assert not SPOOL.exists(), "a directory in the spool of a Postfix that is not there"
    policy(FOR_WALK)
    sh("systemctl reload helod")


@test("Postfix after helod: the spool directory appears, and helod may write there, as soon as dpkg has installed Postfix")
def _():
    before = prop("MainPID")
    sh("DEBIAN_FRONTEND=noninteractive dpkg -i /walk/postfix.deb")
    equal(sh("stat -c '%U %G %a' /var/spool/postfix/helod").split(), ["helod", "postfix", "2750"])
    assert prop("MainPID") != before, "helod was not restarted, so it cannot write there"
    sh("systemctl stop postfix", None)
    configure_postfix()


@test("unix socket: reload opens the socket of the manual, in Postfix's group; a chrooted smtpd asks over it")
def _():
    policy(UNIX, "40-unix.conf")
    sh("systemctl reload helod")
    equal(sh("stat -c '%U %G %a' /var/spool/postfix/helod/policy").split(), ["helod", "postfix", "660"])
    sh("helod-postfix-setup --apply --address unix:helod/policy")
    sh("systemctl start postfix")
    wait_for(lambda: offer("mail.kiln-street.net", "198.51.100.7", "mail.kiln-street.net")[0] == 250, what="Postfix")
    said = sh("helod-postfix-setup --check", 1)
    contains(said, "helod answers there: action=")
    contains(said, "That is normal if main.cf permits this address (mynetworks)")
    equal(sh("journalctl --no-pager -t postfix/smtpd -g 'problem talking to server'", None).count("policy"), 0)


@test("monitor mode: what would be rejected passes, and the log says what would have happened")
def _():
    equal(offer("first_name!", "198.51.100.10", "[UNAVAILABLE]")[0], 250)
    line = decision("first_name!")
    equal((line["action"], line["mode"]), ("dunno", "monitor"))


@test("enforce by a file in conf.d: reload warns of it, and no command warns that the file overrides helod.conf")
def _():
    policy(ENFORCE, "60-enforce.conf")
    sh("systemctl reload helod")
    said = journal()
    contains(said, 'reload: policy "default" now enforces what it only logged before')
    equal(sh("helod -t -q; heloctl exempt list 2>&1 >/dev/null"), "")


@cases(MAILS, lambda row: f"mail: a {row[0]} one gets its reply and its decision line")
def _(_kind, helo, address, name, code, action):
    had = len(delivered())
    got, text = offer(helo, address, name, data=True)
    equal(got, code, text)
    line = decision(helo)
    equal(line["action"], action)
    equal(line["client"], address)
    if code == 250:
        new = wait_for(lambda: len(delivered()) > had and max(delivered(), key=lambda file: file.stat().st_mtime_ns),
                       what="the message").read_text()
        equal("Authentication-Results:" in new, action == "mark", new)
    else:
        contains(text, line["id"])


@test("reload of a bad file: systemctl says so, the log says why, and the running policy stays")
def _():
    policy('policy "default" { tresh_old = 1 }\n', "70-bad.conf")
    contains(sh("systemctl reload helod", 1), "helod.service")
    contains(sh("journalctl --no-pager -o cat -u helod | tail -n 20"),
             '/etc/helod/conf.d/70-bad.conf:1: unknown option "tresh_old" in section policy')
    equal(offer("bad_name!", "198.51.100.11", "[UNAVAILABLE]")[0], 550)
    sh("rm /etc/helod/conf.d/70-bad.conf; systemctl reload helod")


@test("restart with a bad file: helod comes back by itself once the file is good, however often it failed")
def _():
    policy("nothing\n", "70-bad.conf")
    sh("systemctl restart helod", 1)
    wait_for(lambda: int(prop("NRestarts")) > 6, what="more tries than a start limit allows")
    (CONF_D / "70-bad.conf").unlink()
    wait_for(lambda: prop("ActiveState") == "active", what="helod")
    equal(offer("bad_name!", "198.51.100.12", "[UNAVAILABLE]")[0], 550)


@test("heloctl over the unix socket: stats, reload, history, forget")
def _():
    contains(sh("heloctl stats"), "helod_decisions_total")
    contains(sh("heloctl reload"), "the new policy file is in force")
    contains(sh("heloctl history 198.51.100.8"), "printer")
    sh("heloctl forget 198.51.100.8")
    assert "printer" not in sh("heloctl history 198.51.100.8", None)


@test("heloctl exempt: an exemption counts at once, and a removed one no longer")
def _():
    sh("heloctl exempt --why walk add client 198.51.100.20")
    equal(offer("bad_name!", "198.51.100.20", "[UNAVAILABLE]")[0], 250)
    contains(sh("heloctl exempt list"), "198.51.100.20 # walk (root, ")
    sh("heloctl exempt remove client 198.51.100.20")
    equal(offer("bad_name!", "198.51.100.20", "[UNAVAILABLE]")[0], 550)


@test("every owner, group, mode, snapshot and log setting works under the shipped unit")
def _():
    policy('server { socket_owner = "postfix" socket_group = "mail" socket_mode = "0600" }\n'
           'status { socket_group = "adm" socket_mode = "0640" }\n'
           'history { file = "/var/lib/helod/other" snapshot = "1s" }\n'
           'log { to = "file" file = "/var/log/helod/helod.json" }\n', "80-all.conf")
    sh("systemctl restart helod")
    equal(sh("stat -c '%U %G %a' /var/spool/postfix/helod/policy /run/helod/status").split(),
          ["postfix", "mail", "600", "postfix", "adm", "640"])
    status = open(f"/proc/{prop('MainPID')}/status").read()
    for name in ("CapPrm", "CapEff", "CapAmb"):
        assert re.search(rf"^{name}:\t0+$", status, re.M), status
    equal(offer("bad_name!", "198.51.100.13", "[UNAVAILABLE]")[0], 550)
    # Something to remember: a greeting that is certainly not the client's own. A near miss would not be recorded.
    offer("printer", "198.51.100.8", "mail.fern-hill.net")
    wait_for(pathlib.Path("/var/lib/helod/other").exists, what="a snapshot")
    changed = pathlib.Path("/var/lib/helod/other").stat().st_mtime_ns
    offer("scanner", "198.51.100.8", "mail.fern-hill.net")
    wait_for(lambda: "bad_name!" in pathlib.Path("/var/log/helod/helod.json").read_text(), what="the line in the file")
    sh("systemctl stop helod")
    log = pathlib.Path("/var/log/helod/helod.json").read_text()
    assert pathlib.Path("/var/lib/helod/other").stat().st_mtime_ns > changed, log[-3000:]
    sh("systemctl start helod")
    contains(sh("heloctl history 198.51.100.8"), "scanner")
    (CONF_D / "80-all.conf").unlink()
    sh("systemctl restart helod")


@test("confined: no new privileges, a filter of system calls; the watchdog replaces a helod that hangs; stop ends it cleanly")
def _():
    status = open(f"/proc/{prop('MainPID')}/status").read()
    contains(status, "NoNewPrivs:\t1\n")
    contains(status, "Seccomp:\t2\n")
    shorter = pathlib.Path("/run/systemd/system/helod.service.d/walk.conf")
    shorter.parent.mkdir(parents=True)
    shorter.write_text("[Service]\nWatchdogSec=3s\n")
    sh("systemctl daemon-reload; systemctl restart helod")
    hangs, restarts = prop("MainPID"), int(prop("NRestarts"))
    os.kill(int(hangs), signal.SIGSTOP)
    wait_for(lambda: int(prop("NRestarts")) > restarts and prop("ActiveState") == "active", what="another helod")
    assert prop("MainPID") != hangs
    contains(sh("journalctl --no-pager -u helod"), "atchdog")
    sh(f"rm -r {shorter.parent}; systemctl daemon-reload; systemctl restart helod")
    equal(offer("bad_name!", "198.51.100.17", "[UNAVAILABLE]")[0], 550)
    sh("systemctl stop helod")
    equal((prop("Result"), prop("ActiveState")), ("success", "inactive"))
    sh("systemctl start helod")


@test("history: the log says at start when its file cannot be written under the shipped unit")
def _():
    policy('history { file = "/srv/helod-history" }\n', "80-elsewhere.conf")
    sh("systemctl restart helod")
    contains(journal(), "history /srv/helod-history: the snapshot cannot be created: ")
    (CONF_D / "80-elsewhere.conf").unlink()
    sh("systemctl restart helod")


@test("upgrade: under load no mail is lost, no question is asked, and helod.socket stays active")
def _():
    sh("rm /etc/helod/conf.d/40-unix.conf; systemctl stop helod; systemctl enable --now helod.socket; systemctl start helod")
    sh("helod-postfix-setup --apply --address inet:127.0.0.1:10045; systemctl reload postfix")
    had, sent, wrong, stop = len(delivered()), [], [], threading.Event()

    def send(number):
        while not stop.is_set():
            try:
                code, text = offer("mail.kiln-street.net", "198.51.100.7", "mail.kiln-street.net", data=True)
                sent.append(code)
                if code != 250:
                    wrong.append(text)
            except (OSError, AssertionError) as error:
                wrong.append(f"{number}: {error}")
    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(sent) > 40 or wrong, what="mails before")
    before = prop("MainPID")
    said = sh("DEBIAN_FRONTEND=noninteractive dpkg -i /walk/second.deb </dev/null")
    at = len(sent)
    wait_for(lambda: len(sent) > at + 40 or wrong, what="mails after")
    stop.set()
    for thread in threads:
        thread.join()
    equal(wrong, [])
    assert "onfiguration file" not in said, said
    contains(CONF.read_text(), "(changed in the second version)")
    equal((prop("ActiveState", "helod.socket"), prop("ActiveState")), ("active", "active"))
    assert prop("MainPID") != before, "the new version runs"
    wait_for(lambda: len(delivered()) - had == len(sent), what=f"all of {len(sent)} mails")
    tap.note(f"{len(sent)} mails during the upgrade")


def at_terminal(command, answer):
    """Output of a command that has a terminal, at which this is typed."""
    master, slave = os.openpty()
    os.write(master, answer.encode() + b"\n")
    done = subprocess.run(["/bin/sh", "-c", command], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    os.close(slave)
    os.close(master)
    equal(done.returncode, 0, done.stdout)
    return done.stdout


def left():
    """Files named after helod that this system has written and still has. /walk/upper is the upper layer of the overlay:
    what is only in the layer below belongs to the host, where other tests create such files while this system runs. A
    character device in the upper layer marks a deleted file."""
    found = sh("cd /walk/upper && find etc usr var -iname '*helod*' ! -type c ! -path 'var/lib/dpkg/*' ! -path "
               "'var/log/journal/*' ! -path 'var/tmp/*' ! -path 'etc/apparmor.d/cache*'").split()
    return sorted(["/" + path for path in found] + sh("find /run -xdev -iname '*helod*'").split())


QUESTION = "Restore the settings from before helod-postfix-setup --apply"


@test("remove: it warns that Postfix still asks, and how to stop that; the policy stays, and mail passes")
def _():
    said = sh("dpkg --remove helod")
    contains(said, "WARNING: main.cf still names helod")
    contains(said, "postconf -X smtpd_helo_restrictions")
    equal(QUESTION in said, False, "nobody is there to answer")
    assert CONF.exists()
    equal(offer("bad_name!", "198.51.100.14", "[UNAVAILABLE]")[0], 250)


@test("purge while main.cf still asks: a no at the terminal changes nothing, and mail passes")
def _():
    sh("dpkg -i /walk/second.deb")
    said = at_terminal("dpkg --purge helod", "n")
    contains(said, QUESTION)
    contains(said, "postconf -X smtpd_helo_restrictions")
    contains(sh("postconf -n smtpd_helo_restrictions"), "inet:127.0.0.1:10045")
    equal(offer("bad_name!", "198.51.100.15", "[UNAVAILABLE]")[0], 250)
    equal(left(), ["/etc/helod", "/etc/postfix/helod-setup.saved"])


@test("purge: a yes at the terminal disconnects Postfix; nothing of helod is left but what the administrator wrote")
def _():
    sh("dpkg -i /walk/second.deb")
    contains(at_terminal("dpkg --purge helod", "y"), QUESTION)
    equal(sh("postconf -n smtpd_helo_restrictions smtpd_helo_required"), "")
    equal(offer("bad_name!", "198.51.100.16", "[UNAVAILABLE]")[0], 250)
    equal(left(), ["/etc/helod"])
    equal(sorted(os.listdir("/etc/helod/conf.d")), ["50-walk.conf", "60-enforce.conf"])
    sh("getent passwd helod", 2)


if __name__ == "__main__":
    if "--list" in sys.argv:
        print("\n".join(name.split(":")[0] for name, _, _ in tap._tests))
        sys.exit(0)
    tap.run()
