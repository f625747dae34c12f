#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The RFC 7208 suite and our HELO cases with `heloctl spf`, asking a name server over UDP, and over TCP.

Each scenario gets a server of its own, loaded with the scenario's zone. For TCP every answer over UDP is truncated, so
that the resolver must ask again. A TIMEOUT is a server that does not answer.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('top_builddir', TOP / 'build'))
HELOCTL = os.environ.get('HELOCTL') or BUILD / 'heloctl'
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
    """Name, zone (a list of [owner, type, words...]) and cases (a dictionary of lists of words) of each, in order."""
    found = []
    for line in path.read_text(encoding='latin-1').splitlines():
        if line.startswith('#') or not line.strip():
            continue
        word, *rest = words(line)
        if word == 'scenario':
            found.append((rest[0], [], []))
        elif word == 'zone':
            found[-1][1].append(rest)
        elif word == 'case':
            found[-1][2].append({'name': rest[0]})
        else:
            found[-1][2][-1][word] = rest
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


def evaluate(case, address):
    """What `heloctl spf --json` says about a case, with a name server at this address."""
    helo, sender = (case.get(word, [None])[0] for word in ('helo', 'sender'))
    domain = case['domain'][0] if 'domain' in case else sender.rpartition('@')[2] if sender else helo
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as conf:
        conf.write('dns { servers = { "%s" } timeout = "2s" tries = 1 ttl_min = "1s" void_limit = %s }\n'
                   % (address, case.get('void_limit', ['2'])[0]))
        conf.flush()
        command = [str(HELOCTL), 'spf', '-j', '-c', conf.name]
        command += ['-H', helo] if helo is not None else []
        command += ['-s', sender] if sender is not None else []
        command += [case['client'][0], domain]
        out = subprocess.run([word.encode('latin-1') for word in command], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=120, check=False)
    if out.returncode not in (0, 1):
        return {'result': 'status %d: %s' % (out.returncode, out.stderr.decode('latin-1').strip())}
    return json.loads(out.stdout)


def differences(case, got):
    """What a case expects and `got` does not have. The time of an explanation is that of the test."""
    found = [] if got['result'] in case['result'] else ['result: ' + got['result']]
    if got.keys() == {'result'}:
        return found
    for word, key in (('explanation', 'explanation'), ('term', 'term'), ('record', 'record')):
        value = re.sub(r' at \d{10}$', ' at 1000000000', got[key])
        if word in case and value != case[word][0]:
            found.append('%s: got "%s", wanted "%s"' % (word, value, case[word][0]))
    for word, value in (('lookups', got['terms']), ('voids', got['voids'])):
        if word in case and value != int(case[word][0]):
            found.append('%s: got %d, wanted %s' % (word, value, case[word][0]))
    if 'asks' in case and len(got['lookups']) > int(case['asks'][0]):
        found.append('%d queries, wanted at most %s' % (len(got['lookups']), case['asks'][0]))
    if 'deny_all' in case and got['deny_all'] != (case['deny_all'][0] == 'yes'):
        found.append('deny_all: got %s' % got['deny_all'])
    if 'reason' in case and case['reason'][0] not in got['reason']:
        found.append('reason: "%s" has no "%s"' % (got['reason'], case['reason'][0]))
    return found


def run(zone, cases, transport):
    """What each case of a scenario got, and how many queries came over TCP."""
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
                with concurrent.futures.ThreadPoolExecutor(4) as pool:
                    got = list(pool.map(lambda case: evaluate(case, '127.0.0.1:' + port.strip()), cases))
            finally:
                server.terminate()
        return got, sum(' tcp ' in line for line in log)


def main():
    number, good = 1, True
    for path in FIXTURES:
        for transport in ANSWER_FAULT:
            total = 0
            for _, zone, cases in scenarios(path):
                cases = [case for case in cases if case.get('helo') != ['']]  # heloctl refuses an empty domain
                answers, over_tcp = run(zone, cases, transport)
                total += over_tcp
                for case, got in zip(cases, answers):
                    wrong = differences(case, got)
                    for line in wrong:
                        print('#', line)
                    good = good and not wrong
                    print('%s %d - %s: %s, over %s' % ('not ok' if wrong else 'ok', number, case['name'],
                                                       got['result'], transport), flush=True)
                    number += 1
            as_meant = (total > 100) == (transport == 'TCP') and (total == 0) == (transport == 'UDP')
            good = good and as_meant
            print('%s %d - %s over %s: %d queries over TCP' % ('ok' if as_meant else 'not ok', number, path.stem,
                                                                transport, total))
            number += 1
    print('1..%d' % (number - 1))
    sys.exit(not good)


main()
