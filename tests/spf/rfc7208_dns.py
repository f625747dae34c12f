#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The RFC 7208 suite and our HELO cases with the daemon's resolver, asking a name server over UDP, and over TCP.

Each scenario gets a server of its own, loaded with the scenario's zone. For TCP every answer over UDP is truncated, so
that the resolver must ask again. A TIMEOUT is a server that does not answer.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('top_builddir', TOP / 'build'))
PROGRAM = BUILD / 'tests/spf/spf_dns_cli'
SERVER = TOP / 'tests/lib/faultdns.py'
FIXTURES = [TOP / 'tests/spf/rfc7208.cases', TOP / 'tests/spf/helo.cases']
TYPES = ('A', 'AAAA', 'MX', 'PTR', 'TXT')
ANSWER_FAULT = {'UDP': None, 'TCP': 'tc'}
TIMEOUT_FAULT = {'UDP': 'drop', 'TCP': 'tcdrop'}


def words(line):
    """The words of a fixture's line, with their escapes undone: each is a string of bytes (latin-1)."""
    for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', line):
        yield re.sub(r'\\x([0-9a-f]{2})', lambda m: chr(int(m[1], 16)), bare or quoted)


def scenarios(path):
    """Name and zone (a list of [owner, type, words...]) of each, in order."""
    found = []
    for line in path.read_text(encoding='latin-1').splitlines():
        if line.startswith('scenario '):
            found.append((list(words(line))[1], []))
        elif line.startswith('zone '):
            found[-1][1].append(list(words(line))[1:])
    return found


def quote(text):
    return '"' + ''.join(c if c.isalnum() or c in '-_.:/%@+=~{}[]' else '\\%03d' % ord(c) for c in text) + '"'


def owner(text):
    """The server takes owners as they are."""
    return '"' + text + '"'


def rdata(kind, data):
    if kind != 'TXT':
        return ' '.join(quote(word) for word in data)
    pieces = [word[at:at + 255] for word in data for at in range(0, len(word), 255)]
    return ' '.join(quote(piece) for piece in pieces) or '""'


def zone_text(zone, transport):
    kinds, timeouts = {}, set()
    for name, kind, *data in zone:
        if kind == 'TIMEOUT':
            timeouts.add(name.lower())
        else:
            kinds.setdefault(name.lower(), set()).add(kind)
            yield '%s 60 %s %s' % (owner(name), kind, rdata(kind, data))
    for name in set(kinds) | timeouts:
        for kind in TYPES:
            silent = name in timeouts and kind not in kinds.get(name, ())
            fault = TIMEOUT_FAULT[transport] if silent else ANSWER_FAULT[transport]
            if fault:
                yield '%s fault/%s %s' % (owner(name), kind, fault)


def run(path, name, zone, transport, first):
    """The TAP lines of one scenario, numbered from `first`, and how many questions came over TCP."""
    with tempfile.NamedTemporaryFile('w', encoding='latin-1', suffix='.zone') as text, \
            tempfile.NamedTemporaryFile('r', encoding='latin-1', suffix='.log') as log:
        text.write('\n'.join(zone_text(zone, transport)) + '\n')
        text.flush()
        command = [sys.executable, str(SERVER), '-x', '-z', text.name, '-l', log.name]
        if transport == 'TCP':
            command += ['--default', 'tc']
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                ready, _, port = server.stdout.readline().partition(' ')
                assert ready == 'ready', ready
                out = subprocess.run([str(PROGRAM), '127.0.0.1:' + port.strip(), name, str(first), str(path)],
                                     stdout=subprocess.PIPE, text=True, timeout=120, check=False)
            finally:
                server.terminate()
        over_tcp = sum(' tcp ' in line for line in log)
    if out.returncode > 1 or out.returncode < 0:
        print('Bail out! %s: status %d: %s' % (name, out.returncode, out.stdout[-500:]))
        sys.exit(99)
    return out.stdout.splitlines(), over_tcp


def main():
    number, good = 1, True
    for path in FIXTURES:
        for transport in ANSWER_FAULT:
            total = 0
            for name, zone in scenarios(path):
                lines, over_tcp = run(path, name, zone, transport, number)
                total += over_tcp
                for line in lines:
                    if re.match(r'(not )?ok ', line):
                        number += 1
                        good = good and line.startswith('ok')
                        line += ', over ' + transport
                    print(line, flush=True)
            as_meant = (total > 100) == (transport == 'TCP') and (total == 0) == (transport == 'UDP')
            good = good and as_meant
            print('%s %d - %s over %s: %d questions over TCP' % ('ok' if as_meant else 'not ok', number, path.stem,
                                                                transport, total))
            number += 1
    print('1..%d' % (number - 1))
    sys.exit(not good)


main()
