# SPDX-License-Identifier: BSD-2-Clause
"""yardsticks: what others would have done with the same greetings. Who is not installed is skipped with a word.

Postfix's restrictions by their definition; SpamAssassin's HELO and reverse name rules by SpamAssassin itself
(spamassassin.pl beside this file); rspamd's hfilter by a private rspamd on a loopback port with that module alone.
What asks the DNS is left out of all of them: the rows do not tell what it would have said.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
HFILTER = pathlib.Path("/usr/share/rspamd/plugins/hfilter.lua")
WEIGHTS = pathlib.Path("/etc/rspamd/scores.d/hfilter_group.conf")
ROWS_MAX = 12000        # of SpamAssassin: a minute or two
ASKED_DNS = re.compile(r"_(NORES_A_OR_MX|NORESOLVE_MX|IP_A)$")
MESSAGE = b"From: <someone@sender.example>\r\nTo: <other@recipient.example>\r\nSubject: hello\r\n\r\nSee you.\r\n"
CONFIG = """
options {{ pidfile = "{0}/pid"; filters = ""; url_tld = "{0}/tld"; cache_file = "{0}/cache"; hs_cache_dir = "{0}";
           dynamic_conf = "{0}/dynamic"; dns {{ nameserver = ["127.0.0.1:{1}"]; timeout = 1s; }} }}
logging {{ type = "file"; filename = "{0}/log"; level = "error"; }}
hfilter {{ helo_enabled = true; hostname_enabled = true; }}
modules {{ path = "{3}"; }}
group "hfilter" {{ .include "{4}" }}
worker "normal" {{ bind_socket = "127.0.0.1:{2}"; count = 1; }}
"""


def percent(rows, test):
    """(of ham, of spam)"""
    hit, size = collections.Counter(r.spam for r in rows if test(r)), collections.Counter(r.spam for r in rows)
    return 100 * hit[False] / max(1, size[False]), 100 * hit[True] / max(1, size[True])


def postfix(rows):
    word = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?\Z")
    literal = re.compile(r"\[.*\]\Z")
    tests = (("reject_unknown_reverse_client_hostname", lambda r: r.rdns == "unknown"),
             ("reject_unknown_client_hostname", lambda r: r.rdns == "unknown" or r.fcrdns == "fail"),
             ("reject_invalid_helo_hostname", lambda r: not word.match(r.helo) and not literal.match(r.helo)),
             ("reject_non_fqdn_helo_hostname", lambda r: not literal.match(r.helo) and "." not in r.helo.rstrip(".")))
    print("\nPostfix, by definition (reject_unknown_helo_hostname: the rows do not tell)   ham %  spam %")
    for name, test in tests:
        print("  %-72s %6.3f  %6.2f" % ((name,) + percent(rows, test)))


def caught(rows, found, level):
    """The spam over the score that this share of ham reaches."""
    ham = collections.Counter(found[row][0] for row in rows if not row.spam)
    spam = collections.Counter(found[row][0] for row in rows if row.spam)
    wrong, right = 0, 0
    for score in sorted(set(ham) | set(spam), reverse=True):
        wrong += ham[score]
        if score <= 0 or wrong > level * sum(ham.values()):
            break
        right += spam[score]
    return 100 * right / max(1, sum(spam.values()))


def show(title, rows, found, marks, levels):
    """found: row -> (score, names). marks: (score, what it is) to tell the share of."""
    print("\n%s, of %d ham and %d spam" % (title, sum(not r.spam for r in rows), sum(r.spam for r in rows)))
    for least, what in marks:
        print("  %-72s %6.3f  %6.2f" % ((what,) + percent(rows, lambda r, least=least: found[r][0] >= least)))
    for name, part in (("all", rows), ("from 2019 on", [row for row in rows if row.new])):
        print("  spam caught at %s %% of ham, %-30s %s" % (
            " ".join("%g" % (100 * x) for x in levels), name,
            " ".join("%5.1f" % caught(part, found, x) for x in levels)))
    for name in sorted({name for _, names in found.values() for name in names}):
        print("  %-72s %6.3f  %6.2f" % ((name,) + percent(rows, lambda r, name=name: name in found[r][1])))


def sample(rows, most):
    """Every n-th row of each corpus and label: the same ones each time."""
    if len(rows) <= most:
        return rows
    seen, chosen, step = collections.Counter(), [], -(-len(rows) // most)
    for row in rows:
        seen[row.corpus, row.spam] += 1
        if seen[row.corpus, row.spam] % step == 1:
            chosen.append(row)
    return chosen


def spamassassin(rows, levels, every):
    chosen = rows if every else sample(rows, ROWS_MAX)
    with tempfile.NamedTemporaryFile("w", encoding="latin-1", newline="\n") as file:
        file.writelines("\t".join((row.label, row.ip, row.rdns, row.helo, row.fcrdns, row.proto)) + "\n"
                        for row in chosen)
        file.flush()
        if not shutil.which("perl"):
            print("\nSpamAssassin: skipped, there is no perl")
            return
        # It makes a folder in its user's home, and that user may be root.
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(["perl", str(HERE / "spamassassin.pl"), file.name, home], capture_output=True,
                                  text=True, errors="replace", check=False, env={**os.environ, "HOME": home})
    if done.returncode == 77:
        print("\nSpamAssassin: skipped, not installed")
        return
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(lines) != len(chosen):
        print("\nSpamAssassin: skipped, it does not run here: " + done.stderr[-300:])
        return
    found = {row: (float(score), list(filter(None, names.split(",")))) for row, (score, names) in zip(chosen, lines)}
    title = "SpamAssassin, the points of its HELO and reverse name rules"
    if len(chosen) < len(rows):
        title += "; one row in %d of each corpus and label" % -(-len(rows) // ROWS_MAX)
    show(title, chosen, found, ((5, "5 points, its threshold, by these rules alone"), (2.5, "half of that")), levels)


def no_such_name(sock):
    while True:
        try:
            query, peer = sock.recvfrom(4096)
        except OSError:
            return
        if len(query) > 12:
            sock.sendto(query[:2] + b"\x81\x83" + query[4:6] + b"\0" * 6 + query[12:], peer)


def scan(port, row):
    named = row.named and row.fcrdns != "fail"
    fields = [b"POST /checkv2 HTTP/1.0", b"IP: " + row.ip.encode(), b"Helo: " + row.helo.encode("latin-1"),
              b"Content-Length: %d" % len(MESSAGE)]
    if named:
        fields.append(b"Hostname: " + row.rdns.encode("latin-1"))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"\r\n".join(fields) + b"\r\n\r\n" + MESSAGE)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    symbols = json.loads(answer.partition(b"\r\n\r\n")[2].decode("latin-1"))["symbols"]
    told = {name: symbol["score"] for name, symbol in symbols.items() if name.startswith("HFILTER_H") and
            not ASKED_DNS.search(name) and (name != "HFILTER_HOSTNAME_UNKNOWN" or row.rdns != "-")}
    return sum(told.values()), list(told)


def answers(port, process, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.1)
    return False


def rspamd(rows, levels):
    program = shutil.which("rspamd")
    if not program or not HFILTER.exists() or not WEIGHTS.exists():
        print("\nrspamd: skipped, not installed")
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dns:
        dns.bind(("127.0.0.1", 0))
        threading.Thread(target=no_such_name, args=(dns,), daemon=True).start()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        pathlib.Path(folder, "tld").write_text("example\n")
        config = pathlib.Path(folder, "rspamd.conf")
        config.write_text(CONFIG.format(folder, dns.getsockname()[1], port, HFILTER, WEIGHTS))
        with subprocess.Popen([program, "-f", "-i", "-c", str(config)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                if not answers(port, process, 20):
                    print("\nrspamd: skipped, this version does not start with hfilter alone")
                    return
                with concurrent.futures.ThreadPoolExecutor(4) as pool:
                    found = dict(zip(rows, pool.map(lambda row: scan(port, row), rows)))
            except (OSError, ValueError, KeyError) as error:
                print(f"\nrspamd: skipped, it does not answer here: {error!r}")
                return
            finally:
                process.terminate()
    show("rspamd, the points of hfilter's HELO and host name rules", rows, found,
         ((6, "6 points, its header threshold, by these rules alone"), (4, "4 points, its greylisting")), levels)


def all_of_them(rows, levels, every):
    postfix(rows)
    spamassassin(rows, levels, every)
    rspamd(rows, levels)
