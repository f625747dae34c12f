#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a TLS client certificate is worth behind a real Postfix: one that Postfix trusts exempts where the policy lets
it, one that the client signed itself never does."""
import shutil
import ssl
import subprocess

import helod
import postfix
from helod import Helod
from tap import cases, equal, run, skip_all

if postfix.possible():
    skip_all(postfix.possible())
if not shutil.which("openssl"):
    skip_all("openssl is not installed")

STRANGER = {"ADDR": "203.0.113.9", "NAME": "[UNAVAILABLE]", "REVERSE_NAME": "[UNAVAILABLE]"}
POLICY = 'policy "default" { threshold "reject" { score = 1  action = "reject" } }\n'
folder = helod.scratch()


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)


def self_signed(name):
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.pem")


self_signed("authority")
self_signed("stranger")
openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=signed", "-keyout", "signed.key", "-out", "signed.csr")
openssl("x509", "-req", "-days", "2", "-in", "signed.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
        "-set_serial", "7", "-out", "signed.pem")

trusting = Helod(POLICY)
strict = Helod(POLICY + "exempt { certificates = no }\n")


def listener(daemon):
    return {"smtpd_helo_restrictions": postfix.policy(f"inet:127.0.0.1:{daemon.port}"),
            "smtpd_tls_security_level": "may", "smtpd_tls_ask_ccert": "yes",
            "smtpd_tls_cert_file": folder / "authority.pem", "smtpd_tls_key_file": folder / "authority.key",
            "smtpd_tls_CAfile": folder / "authority.pem"}


mx = postfix.Postfix({"trusting": listener(trusting), "strict": listener(strict)})


@cases([
    ("no certificate", "trusting", None, 550, None),
    ("a certificate of its own making", "trusting", "stranger", 550, None),
    ("a certificate that Postfix trusts", "trusting", "signed", 250, "authenticated"),
    ("the same, where the policy gives nothing for it", "strict", "signed", 550, None),
], lambda row: f"a client with {row[0]}, {row[1]} policy: {row[3]}")
def _(_what, name, certificate, code, skipped):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
    helo = f"localhost.{certificate}"
    with postfix.Smtp(mx.port(name)) as smtp:
        smtp.xclient(**STRANGER)
        smtp.ehlo("localhost")
        smtp.must(220, "STARTTLS")
        smtp.socket = context.wrap_socket(smtp.socket)
        smtp.file = smtp.socket.makefile("rb")
        smtp.ehlo("localhost")
        smtp.must(250, "MAIL FROM:<s@kiln-street.net>")
        equal(smtp.command("RCPT TO:<r1@test.example>")[0], code, helo)
    daemon = trusting if name == "trusting" else strict
    equal(daemon.decisions()[-1].get("skip"), skipped, "skip")


run()
