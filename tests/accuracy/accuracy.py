# SPDX-License-Identifier: BSD-2-Clause
"""accuracy: what the built helod says of labelled greetings, with its default policy, in monitor mode.

    accuracy.py [--update] [--quick] [--every-row] GREETINGS.tsv
                                    (make accuracy GREETINGS=FILE; the sample where none is given)

Columns: label ip rdns helo fcrdns proto mail_from_domain year count corpus mx tls. Every row is asked over the policy
protocol. The DNS server knows what the row knows, the reverse name and its confirmation; all else is SERVFAIL. Rows
that know different things of one name are asked in different rounds, each with a daemon of its own. A domain with "~"
before it is the From: header's and no envelope sender: it is not sent. Where tls is yes or no, the row is asked under a
policy whose Postfix offers STARTTLS.

The rates are compared with tests/accuracy/result.json; --update writes them there, and the plot of this file's curve.
--quick leaves out what others would have done; --every-row asks SpamAssassin every row of a large file, not a sample.
"""
import collections
import ipaddress
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import threading

import helod
import yardsticks

HERE = pathlib.Path(__file__).resolve().parent
RESULT = HERE / "result.json"
PLOT = HERE.parents[1] / "doc" / "calibration.svg"
JUDGE = pathlib.Path(os.environ.get("top_builddir", "build")) / "tests/accuracy/judge"
COLUMNS = "label ip rdns helo fcrdns proto sender year count corpus mx tls".split()
LEVELS = (0.0005, 0.001, 0.0025, 0.005, 0.01)
CONNECTIONS, ADDRESSES_MAX = 24, 12
A, PTR, AAAA = 1, 12, 28
POLICIES = '''policy "default" { mode = "monitor" starttls = "no" }
policy "encrypting" { mode = "monitor" starttls = "yes" }'''
SHARED = 20         # rows of ham from which on a HELO domain is a big shared sender


class Row:
    def __init__(self, line, number):
        for name, value in zip(COLUMNS, line.split("\t")):
            setattr(self, name, value)
        self.number, self.spam = number, self.label == "spam"
        self.named = self.rdns not in ("unknown", "-")
        self.new = not self.year.isdigit() or int(self.year) >= 2019
        labels = self.helo.lower().rstrip(".").split(".")
        deep = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
        self.domain = ".".join(labels[-3 if deep else -2:])
        self.score, self.outcome, self.findings = None, None, {}

    def knows(self):
        """(owner, what) of all that the row tells; what is not told is SERVFAIL."""
        reverse = ipaddress.ip_address(self.ip).reverse_pointer
        if self.rdns != "-":
            yield reverse, self.rdns.lower() if self.named else "none"
        if self.helo.rstrip(".").lower() != self.rdns.lower():
            yield self.helo.rstrip(".").lower(), "servfail"
        if self.named:
            yield self.rdns.lower(), {"pass": "pass", "fail": "none"}.get(self.fcrdns, "servfail")

    def request(self):
        confirmed = self.named and self.fcrdns == "pass"
        sender = "" if self.sender[:1] in "<-~" else "someone@" + self.sender
        return helod.request(
            client=self.ip, helo=self.helo, instance=f"row{self.number}.0", sender=sender, recipient="",
            client_name=self.rdns if confirmed else "unknown",
            reverse_client_name=self.rdns if self.named else "unknown",
            policy_context="default" if self.tls == "unknown" else "encrypting",
            encryption_protocol="TLSv1.3" if self.tls == "yes" else "",
            protocol_name="SMTP" if self.proto == "SMTP" else "ESMTP").decode("utf-8").encode("latin-1")


def read(path):
    with open(path, encoding="latin-1", newline="\n") as file:
        lines = [line.rstrip("\n") for line in file]
    return [Row(line, i) for i, line in enumerate(line for line in lines if line.startswith(("ham\t", "spam\t")))]


def rounds(rows):
    """Each round is (rows, what the DNS knows); within one, no two rows contradict each other."""
    result = []
    for row in rows:
        for members, known, addresses in result:
            if all(known.get(owner, what) == what for owner, what in row.knows()) and \
                    len(addresses[row.rdns.lower()]) < ADDRESSES_MAX:
                break
        else:
            members, known, addresses = [], {}, collections.defaultdict(set)
            result.append((members, known, addresses))
        members.append(row)
        known.update(row.knows())
        if row.named and row.fcrdns == "pass":
            addresses[row.rdns.lower()].add(ipaddress.ip_address(row.ip))
    return result


def encode(name):
    return b"".join(bytes([len(x)]) + x for x in name.encode("latin-1").split(b".") if 0 < len(x) < 64) + b"\0"


def answer(query, known, addresses):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]])
        at += 1 + query[at]
    kind, owner = struct.unpack("!H", query[at + 1:at + 3])[0], b".".join(labels).decode("latin-1").lower()
    what, records, code = known.get(owner, "servfail"), [], 0
    if what == "servfail":
        code = 2
    elif what == "none":
        code = 3 if owner.endswith(".arpa") or kind in (A, AAAA) else 2
    elif kind in (A, AAAA) and what == "pass":
        records = [x.packed for x in addresses[owner] if (x.version == 4) == (kind == A)]
    elif kind == PTR and what != "pass":
        records = [encode(what)]
    else:
        code = 2
    head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
    return head + query[12:at + 5] + b"".join(
        struct.pack("!HHHIH", 0xc00c, kind, 1, 300, len(data)) + data for data in records)


def serve(sock, known, addresses):
    """Until it is killed. In a process of its own."""
    while True:
        query, peer = sock.recvfrom(4096)
        try:
            sock.sendto(answer(query, known, addresses), peer)
        except (IndexError, OSError, struct.error):
            continue


def ask(daemon, members):
    todo, trouble = iter(members), []
    lock = threading.Lock()

    def work():
        with daemon.connect() as connection:
            while True:
                with lock:
                    row = next(todo, None)
                if row is None:
                    return
                connection.send(row.request())
                if connection.answer() != "DUNNO":
                    trouble.append(row)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble, "not DUNNO in monitor mode"


def take(daemon, members):
    by_number = {row.number: row for row in members}
    for fields in daemon.decisions():
        row = by_number[int(re.match(r"row(\d+)", fields["instance"]).group(1))]
        row.score, row.findings = int(fields.get("score", 0)), fields["findings"]
        row.outcome = fields.get("threshold", "").strip("-") or "dunno"
        if row.outcome == "reject" and int(fields.get("doubt", 0)) > 0:
            row.outcome = "defer"


def judge_all(rows):
    for members, known, addresses in rounds(rows):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            sock.bind(("127.0.0.1", 0))
            child = os.fork()
            if child == 0:
                try:
                    serve(sock, known, addresses)
                finally:
                    os._exit(1)
            try:
                with helod.Helod(POLICIES, server="client_rate = 0", dns="guard = 0",
                                 resolver="127.0.0.1:%d" % sock.getsockname()[1]) as daemon:
                    ask(daemon, members)
                    daemon.stop()
                    take(daemon, members)
            finally:
                os.kill(child, 9)
                os.waitpid(child, 0)


def share(rows, test):
    rows = list(rows)
    return sum(1 for row in rows if test(row)) / len(rows) if rows else 0.0


def curve(rows, levels=LEVELS):
    ham = collections.Counter(row.score for row in rows if not row.spam)
    spam = collections.Counter(row.score for row in rows if row.spam)
    result, wrong, caught = [], 0, 0
    values = sorted(set(ham) | set(spam), reverse=True)
    for level in levels:
        while values and values[0] > 0 and wrong + ham[values[0]] <= level * sum(ham.values()):
            wrong, caught = wrong + ham[values[0]], caught + spam[values[0]]
            values.pop(0)
        result.append(caught / max(1, sum(spam.values())))
    return result


def rates(rows):
    result = {}
    for label, spam in (("ham", False), ("spam", True)):
        for name, least in (("rejected", ("reject",)), ("deferred_or_rejected", ("defer", "reject")),
                            ("marked", ("mark",))):
            part = share((r for r in rows if r.spam == spam), lambda r, least=least: r.outcome in least)
            result[f"{label}_{name}"] = round(100 * part, 3)
    for level, caught in zip(LEVELS, curve(rows)):
        result["spam_at_%g_ham" % (100 * level)] = round(100 * caught, 2)
    return result


def views(rows):
    ham = collections.Counter(row.domain for row in rows if not row.spam)
    votes = {(row.label, row.domain): row for row in sorted(rows, key=lambda r: (r.score, r.number))}
    return {"all": rows, "without_shared_senders": [r for r in rows if ham[r.domain] < SHARED],
            "one_vote_per_domain": list(votes.values()), "from_2019": [r for r in rows if r.new]}


def show(title, rows):
    r = rates(rows)
    print("%-26s %6d %6d  ham %5.3f %5.3f %5.2f  spam %5.1f %5.1f %5.1f  curve %s" % (
        title[:26], sum(not x.spam for x in rows), sum(x.spam for x in rows), r["ham_rejected"],
        r["ham_deferred_or_rejected"], r["ham_marked"], r["spam_rejected"], r["spam_deferred_or_rejected"],
        r["spam_marked"], " ".join("%5.1f" % r["spam_at_%g_ham" % (100 * x)] for x in LEVELS)))


def show_rules(rows):
    print("\nrule                        ham %   spam %     LR  decisive")
    hams, spams = max(1, sum(not r.spam for r in rows)), max(1, sum(r.spam for r in rows))
    for rule in sorted({rule for row in rows for rule in row.findings}):
        hit = [row for row in rows if rule in row.findings]
        ham, spam = sum(not r.spam for r in hit) / hams, sum(r.spam for r in hit) / spams
        decisive = sum(1 for r in hit if r.score >= 70 > r.score - r.findings[rule])
        print("%-26s %6.3f %8.3f %6.1f %9d" % (rule, 100 * ham, 100 * spam, spam / max(ham, 0.5 / hams), decisive))


def show_mistakes(rows):
    print("\nham deferred or rejected, with findings:")
    for row in rows:
        if not row.spam and row.outcome in ("defer", "reject"):
            print("  %-6s %3d %s %s %s (%s): %s" % (row.outcome, row.score, row.corpus, row.ip, row.helo, row.rdns,
                                                   ",".join("%s:%d" % x for x in row.findings.items())))
    print("\nspam that scored nothing, by findings:")
    groups = collections.Counter(",".join(sorted(r.findings)) for r in rows if r.spam and r.score == 0)
    for findings, count in groups.most_common(20):
        print("  %6d %s" % (count, findings or "none"))


def plot(rows):
    levels = [0.0002 * 1.1 ** i for i in range(48)]
    lines = []
    for name, part, colour in (("all rows", rows, "#1f5fa8"), ("from 2019 on", [r for r in rows if r.new], "#b03a2e")):
        points = " ".join("%.1f,%.1f" % (60 + 11 * i, 320 - 300 * y) for i, y in enumerate(curve(part, levels)))
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points}"/>'
                     f'<text x="70" y="{40 if part is rows else 58}" fill="{colour}">{name}</text>')
    for y in range(0, 101, 20):
        lines.append(f'<text x="52" y="{324 - 3 * y}" text-anchor="end">{y}</text>'
                     f'<path d="M60 {320 - 3 * y}h520" stroke="#ccc"/>')
    for i in (0, 10, 17, 24, 34, 41):
        lines.append(f'<text x="{60 + 11 * i}" y="340" text-anchor="middle">{100 * levels[i]:.2g}</text>')
    PLOT.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 370" font-family="sans-serif" '
                    'font-size="13">\n<text x="320" y="362" text-anchor="middle">percent of ham over the score; '
                    'upwards percent of spam</text>\n' + "\n".join(lines) + "\n</svg>\n")


def worse(now, kept):
    """What is worse than the kept result, beyond the luck of a row or two."""
    found = []
    for view, figures in kept.items():
        for name, value in figures.items():
            slack = 0.5 if name.startswith("spam") else 0.02
            bad = value - now[view][name] if name.startswith("spam") else now[view][name] - value
            if not name.endswith("marked") and bad > slack:
                found.append(f"{view} {name}: {value} was kept, {now[view][name]} now")
    return found


def main():
    paths = [arg for arg in sys.argv[1:] if not arg.startswith("--")] or [os.environ.get("GREETINGS") or ""]
    path = pathlib.Path(paths[0] or HERE / "sample.tsv")
    rows = read(path)
    judge_all(rows)
    silent = sum(row.score is None for row in rows)
    assert rows and silent == 0, f"{silent} of {len(rows)} rows without a decision"
    print(" " * 28 + "ham   spam  rejected, deferred or rejected, marked in percent; spam caught at "
          ".05 .1 .25 .5 1 % of ham")
    parts = views(rows)
    for name, part in parts.items():
        show(name, part)
    for corpus in sorted({row.corpus for row in rows}):
        show("corpus " + corpus, [row for row in rows if row.corpus == corpus])
    for first, last in ((2000, 2004), (2005, 2009), (2010, 2018), (2019, 2022), (2023, 2030)):
        show(f"{first} to {last}", [r for r in rows if r.year.isdigit() and first <= int(r.year) <= last])
    show_rules(rows)
    show_mistakes(rows)
    if "--quick" not in sys.argv:
        yardsticks.all_of_them(rows, LEVELS, "--every-row" in sys.argv)
    out = subprocess.run([str(JUDGE), str(path)], stdout=subprocess.PIPE, check=True).stdout.split(b"\n")
    differ = [row for row, line in zip(rows, out) if row.outcome != line.split(b"\t")[4].decode()]
    print(f"\nthe verdict of the daemon over sockets and of judge differs in {len(differ)} of {len(rows)} rows")
    for row in differ[:5]:
        print("  ", row.ip, row.helo, row.rdns, row.fcrdns, row.score, row.findings)
    now = {name: rates(part) for name, part in parts.items()}
    kept = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    if "--update" in sys.argv:
        kept[path.stem] = now
        RESULT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        if path.stem != "sample":
            plot(rows)
    bad = worse(now, kept.get(path.stem, {}))
    return bad + ([f"{len(differ)} rows differ"] if len(differ) > len(rows) / 200 else [])


if __name__ == "__main__":
    bad = main()
    for line in bad:
        print("worse:", line)
    sys.exit(1 if bad else 0)
