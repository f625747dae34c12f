# SPDX-License-Identifier: BSD-2-Clause
"""postfix: a private Postfix for a test, and a raw SMTP client that knows XCLIENT.

    mx = Postfix({"tcp": {"smtpd_helo_restrictions": policy("inet:127.0.0.1:10045")}})
    with Smtp(mx.port("tcp")) as smtp:
        smtp.xclient(ADDR="203.0.113.5", NAME="mail.kiln-street.net", REVERSE_NAME="mail.kiln-street.net")
        smtp.ehlo("mail.kiln-street.net")
        code, text = smtp.command("MAIL FROM:<a@kiln-street.net>")
    mx.delivered("r1")       # the messages in r1@test.example's mailbox

Queue, configuration, log and mailboxes lie in a folder of their own; r1 … r60@test.example are delivered, all else is
discarded. It needs root, as Postfix does. The system's own Postfix, its configuration and its queue are not touched.
"""
import os
import pathlib
import shutil
import socket
import subprocess

import helod
import tap

MAILBOXES = 60

# Why each is here: small waits that would make a test slow or random, limits that many sessions would run into, and
# names that a private instance must not share.
MAIN = {
    "compatibility_level": "3.6",
    "daemon_directory": "/usr/lib/postfix/sbin",
    "command_directory": "/usr/sbin",
    "shlib_directory": "no",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "maillog_file_prefixes": "/tmp",
    "inet_interfaces": "loopback-only",
    "inet_protocols": "all",
    "myhostname": "mx.helod.example",
    "mydestination": "",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "local_transport": "error:no local mail",
    "default_transport": "discard:",
    "mynetworks": "127.0.0.2/32",
    "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
    "virtual_mailbox_domains": "test.example",
    "virtual_minimum_uid": "100",
    "smtpd_helo_required": "yes",
    "smtpd_authorized_xclient_hosts": "127.0.0.1",
    "smtpd_peername_lookup": "no",
    "smtpd_client_connection_rate_limit": "0",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_error_sleep_time": "0",
    "smtpd_soft_error_limit": "1000",
    "smtpd_hard_error_limit": "1000",
    "smtpd_junk_command_limit": "1000",
    "in_flow_delay": "0",
    "smtp_dns_support_level": "disabled",
}
# name, type, private, unprivileged, chroot, wake-up, process limit, command
SERVICES = """\
pickup     unix       n - n 60    1 pickup
cleanup    unix       n - n -     0 cleanup
qmgr       unix       n - n 300   1 qmgr
tlsmgr     unix       - - n 1000? 1 tlsmgr
rewrite    unix       - - n -     - trivial-rewrite
bounce     unix       - - n -     0 bounce
defer      unix       - - n -     0 bounce
trace      unix       - - n -     0 bounce
verify     unix       - - n -     1 verify
flush      unix       n - n 1000? 0 flush
proxymap   unix       - - n -     - proxymap
proxywrite unix       - - n -     1 proxymap
smtp       unix       - - n -     - smtp
relay      unix       - - n -     - smtp
showq      unix       n - n -     - showq
error      unix       - - n -     - error
retry      unix       - - n -     - error
discard    unix       - - n -     - discard
local      unix       - n n -     - local
virtual    unix       - n n -     - virtual
lmtp       unix       - - n -     - lmtp
anvil      unix       - - n -     1 anvil
scache     unix       - - n -     1 scache
postlog    unix-dgram n - n -     1 postlogd
"""


def possible():
    """Why no Postfix can be started here, or None."""
    if os.geteuid() != 0:
        return "this machine: Postfix needs root"
    if not shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        return "postfix is not installed"
    return None


def policy(address, context="", timeout="10s"):
    """The restriction as the README shows it."""
    extra = f", policy_context={context}" if context else ""
    return f"check_policy_service {{ {address}, timeout={timeout}, default_action=DUNNO{extra} }}"


class Postfix:
    """`listeners`: name -> options of main.cf for this smtpd; "chroot" and "address" (HOST:PORT) are the harness's own."""

    def __init__(self, listeners, main=None, services="", wrapper=(), start=True):
        self.folder = helod.scratch()
        self.wrapper = list(wrapper)
        self.etc, self.spool = self.folder / "etc", self.folder / "spool"
        self.process = None
        self.ports = {}
        for part in ("etc", "spool", "lib", "mail", "log"):
            (self.folder / part).mkdir()
        shutil.chown(self.folder / "lib", "postfix")
        shutil.chown(self.folder / "mail", "postfix", "postfix")
        for part in ("postfix-files.d", "dynamicmaps.cf.d"):
            (self.etc / part).mkdir()
        for part in ("postfix-files", "dynamicmaps.cf"):
            source = pathlib.Path("/etc/postfix") / part
            (self.etc / part).write_text(source.read_text() if source.exists() else "")
        (self.etc / "mailboxes").write_text("".join(f"r{n}@test.example r{n}/\n" for n in range(1, MAILBOXES + 1)))
        self._write_main(main or {})
        self._write_master(listeners, services)
        if start:
            self.start()

    def _write_main(self, main):
        own = self.folder / "mail"
        values = {**MAIN, "queue_directory": self.spool, "data_directory": self.folder / "lib",
                  "maillog_file": self.folder / "log/mail.log", "virtual_mailbox_base": own,
                  "virtual_mailbox_maps": f"texthash:{self.etc}/mailboxes",
                  "virtual_uid_maps": f"static:{own.stat().st_uid}", "virtual_gid_maps": f"static:{own.stat().st_gid}",
                  **main}
        (self.etc / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in values.items()))

    def _write_master(self, listeners, services):
        lines = []
        for name, given in listeners.items():
            options = dict(given)
            chroot = "y" if options.pop("chroot", False) else "n"
            address = options.pop("address", None)
            if address is None:
                self.ports[name] = helod.free_port()
                address = f"127.0.0.1:{self.ports[name]}"
            lines.append(f"{address} inet n - {chroot} - - smtpd\n  -o syslog_name={name}\n")
            lines += [f"  -o {{ {option} = {value} }}\n" for option, value in options.items()]
        (self.etc / "master.cf").write_text("".join(lines) + SERVICES + services)

    def command(self, *words, **options):
        return subprocess.run([*self.wrapper, *words], check=False, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, **options)

    def port(self, name):
        return self.ports[name]

    def start(self):
        with open(self.folder / "log/master", "wb") as log:
            self.process = subprocess.Popen([*self.wrapper, "/usr/sbin/postfix", "-c", str(self.etc), "start-fg"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        tap.cleanup(self.stop)
        helod.wait_for(lambda: "daemon started" in self.log() or self.process.poll() is not None,
                       what="postfix starts")
        assert self.process.poll() is None, "postfix did not start:\n" + (self.folder / "log/master").read_text() + self.log()

    def stop(self):
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        self.command("/usr/sbin/postfix", "-c", str(self.etc), "stop")
        try:
            process.wait(helod.PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()

    def log(self):
        path = self.folder / "log/mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_log(self, part, seconds=helod.PATIENCE):
        """The first log line with this part."""
        return helod.wait_for(lambda: next((line for line in self.log().splitlines() if part in line), None), seconds,
                              f"log line with {part!r} of Postfix")

    def delivered(self, mailbox, count=1, seconds=helod.PATIENCE):
        """The messages in a mailbox, as texts, once there are `count` of them."""
        new = self.folder / "mail" / mailbox / "new"
        names = helod.wait_for(lambda: new.exists() and len(list(new.iterdir())) >= count and sorted(new.iterdir()),
                               seconds, f"{count} messages for {mailbox}")
        return [name.read_text(errors="replace") for name in names]

    def empty(self, mailbox):
        shutil.rmtree(self.folder / "mail" / mailbox, ignore_errors=True)

    def submit(self, sender, recipient, text):
        """Hands a message to sendmail(1) of this Postfix."""
        subprocess.run([*self.wrapper, "/usr/sbin/sendmail", "-C", str(self.etc), "-f", sender, recipient], input=text,
                       text=True, check=True)


class Smtp:
    """An SMTP session by hand."""

    def __init__(self, port, host="127.0.0.1", seconds=helod.PATIENCE):
        self.socket = socket.create_connection((host, port), timeout=seconds)
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def reply(self):
        """(code, text) with the lines of the text joined by LF."""
        lines = []
        while True:
            line = self.file.readline().decode("utf-8", "replace").rstrip("\r\n")
            if not line:
                raise ConnectionError("Postfix hung up")
            lines.append(line[4:])
            if line[3:4] != "-":
                return int(line[:3]), "\n".join(lines)

    def command(self, line):
        self.socket.sendall((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.reply()

    def must(self, code, line):
        """A command that has to be answered with this code; returns the text."""
        got, text = self.command(line)
        assert got == code, f"{line!r}: {got} {text}, wanted {code}"
        return text

    def ehlo(self, name):
        return self.must(250, f"EHLO {name}")

    def xclient(self, **attributes):
        """Who the session pretends to be: ADDR, NAME, REVERSE_NAME, HELO, LOGIN, PROTO."""
        self.ehlo("xclient.helod.example")
        values = " ".join(f"{name}={value}" for name, value in attributes.items())
        return self.must(220, f"XCLIENT {values}")

    def data(self, text="Subject: test\n\nbody\n"):
        self.must(354, "DATA")
        return self.command(text.replace("\n", "\r\n") + "\r\n.")
