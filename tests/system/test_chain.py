# SPDX-License-Identifier: BSD-2-Clause
"""The whole chain, nothing pretended: a Postfix with an address and a name of its own mails another Postfix, which helod
guards. Two network namespaces, NSD for forward and reverse DNS, IPv4 and IPv6.

The same sending host is configured well on one address and badly on another: what differs is its DNS and smtp_helo_name.
"""
import ipaddress
import re

import nameserver
import netns
import postfix
from helod import Helod
from tap import cases, contains, equal, run, skip_all, test

if postfix.possible():
    skip_all(postfix.possible())
if not netns.possible():
    skip_all("this machine gives us no network namespaces")

MX, MX_IPV6, DNS = "203.0.113.25", "2001:db8::25", "203.0.113.53"
# name of the transport -> source address, smtp_helo_name
SENDERS = {
    "good4": ("203.0.113.5", "mail.kiln-street.net"),
    "good6": ("2001:db8::5", "mail.kiln-street.net"),
    "bad4": ("203.0.113.9", "gone.kiln-street.net"),   # no reverse name, and a HELO name that does not exist
    "bad6": ("2001:db8::9", "gone.kiln-street.net"),
    "forged4": ("203.0.113.6", "mail.kiln-street.net"),  # a reverse name that does not point back
}
REVERSE = {"203.0.113.5": "mail.kiln-street.net", "2001:db8::5": "mail.kiln-street.net",
           "203.0.113.6": "mail.loom-yard.net"}


def zones():
    """Forward and reverse zones, as NSD reads them."""
    reverse = {"113.0.203.in-addr.arpa": [], "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": []}
    for address, name in REVERSE.items():
        pointer = ipaddress.ip_address(address).reverse_pointer
        zone = next(zone for zone in reverse if pointer.endswith(zone))
        reverse[zone].append(f"{pointer}. PTR {name}.")
    return {"kiln-street.net": "mail A 203.0.113.5\nmail AAAA 2001:db8::5",
            "loom-yard.net": "mail A 192.0.2.77",
            **{zone: "\n".join(lines) for zone, lines in reverse.items()}}


wire = netns.Wire({"out": [f"{address}/{64 if ':' in address else 24}" for address, _ in SENDERS.values()],
                   "mx": [f"{MX}/24", f"{DNS}/24", f"{MX_IPV6}/64"]}, resolver=DNS)
nameserver.Nsd(zones(), host=DNS, port=53, wrapper=wire.inside("mx"))
daemon = Helod('policy "default" { threshold "mark" { score = 1 action = "prepend" } '
               'threshold "reject" { score = 30 action = "reject" } }',
               resolver=f"{DNS}:53", wrapper=wire.inside("mx"))
mx = postfix.Postfix(
    {name: {"address": address,
            "smtpd_helo_restrictions": postfix.policy(f"inet:127.0.0.1:{daemon.port}")}
     for name, address in (("mx4", f"{MX}:25"), ("mx6", f"[{MX_IPV6}]:25"))},
    main={"inet_interfaces": "all", "smtpd_peername_lookup": "yes", "smtpd_authorized_xclient_hosts": "",
          "mynetworks": "127.0.0.0/8"},
    wrapper=wire.inside("mx"))


def sending_host():
    """A Postfix that sends from the address and with the name that the sender's local part selects."""
    services = "".join(
        f"{name} unix - - n - - smtp\n"
        f"  -o {'smtp_bind_address6' if ':' in address else 'smtp_bind_address'}={address}\n"
        f"  -o inet_protocols={'ipv6' if ':' in address else 'ipv4'}\n"
        f"  -o smtp_helo_name={helo}\n"
        for name, (address, helo) in SENDERS.items())
    host = postfix.Postfix(
        {}, services=services, wrapper=wire.inside("out"), start=False,
        main={"inet_interfaces": "all", "virtual_mailbox_domains": "", "myhostname": "out.kiln-street.net",
              "default_transport": "smtp", "sender_dependent_default_transport_maps": "inline:{" + ", ".join(
                  f"{name}@kiln-street.net={name}:[{MX_IPV6 if ':' in address else MX}]"
                  for name, (address, _) in SENDERS.items()) + "}"})
    host.start()
    return host


out = sending_host()


def mail(sender, recipient):
    """Sends one message; returns what the sending host's log says became of it."""
    out.submit(f"{sender}@kiln-street.net", f"{recipient}@test.example", f"Subject: from {sender}\n\nbody\n")
    line = out.wait_log(f"to=<{recipient}@test.example>")
    return re.search(r"status=(\S+) \((.*)\)$", line).groups()


def decision(sender):
    address = str(ipaddress.ip_address(SENDERS[sender][0]))
    return daemon.decision(client=address)


@cases([("good4", "IPv4"), ("good6", "IPv6")], name=lambda row: f"a well configured host is accepted over {row[1]}, unmarked")
def _(sender, _family):
    mailbox = {"good4": "r1", "good6": "r2"}[sender]
    status, why = mail(sender, mailbox)
    equal(status, "sent", why)
    message = mx.delivered(mailbox)[0]
    contains(message, f"Subject: from {sender}")
    assert "Authentication-Results" not in message.split("\n\n", 1)[0], message
    equal(decision(sender)["action"], "dunno")
    equal(decision(sender)["fcrdns"], "pass")
    equal(decision(sender)["rdns"], "mail.kiln-street.net")


@cases([("bad4", "IPv4"), ("bad6", "IPv6")], name=lambda row: f"a badly configured host is refused over {row[1]}, with the reason")
def _(sender, _family):
    status, why = mail(sender, {"bad4": "r3", "bad6": "r4"}[sender])
    equal(status, "bounced", why)
    assert re.search(r"said: 5\d\d 5\.\d\.\d+ <gone\.kiln-street\.net>: Helo command rejected: .+ \(in reply to RCPT TO", why), why
    logged = decision(sender)
    contains(why, logged["id"])
    equal(logged["action"], "reject")
    contains(logged["findings"], {"bad4": "rdns_missing", "bad6": "rdns_missing_ipv6"}[sender], "findings")


@test("a reverse name that does not point back is seen as such, though the greeting is another host's good name")
def _():
    mail("forged4", "r5")
    logged = decision("forged4")
    equal(logged["fcrdns"], "fail")
    contains(logged["findings"], "rdns_unconfirmed", "findings")


run()
