#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""convert_rfc7208: the RFC 7208 suite from YAML to the plain form that fixture.c reads.

usage: convert_rfc7208.py rfc7208-tests.yml > rfc7208.cases

For maintainers, when the suite has a new release: it needs python3-yaml, `make check` does not. What a driver of the
suite has to know is done here: an SPF entry doubles as TXT unless its owner has a TXT of its own, the text NONE means
that there is none, and the explanation DEFAULT means that there is none.
"""
import re
import sys

import yaml


def quote(value):
    text = str(value)
    if text and re.fullmatch(r'[!#-\[\]-~]+', text) and not text.startswith('#'):
        return text
    return '"' + re.sub(r'[^ !#-\[\]-~]', lambda m: '\\x%02x' % ord(m[0]), text) + '"'


def strings(value):
    return [value] if isinstance(value, str) else list(value)


def zone_lines(zonedata):
    for owner, entries in zonedata.items():
        own_txt = any(isinstance(entry, dict) and 'TXT' in entry for entry in entries)
        for entry in entries:
            if entry == 'TIMEOUT':
                yield owner, 'TIMEOUT', []
                continue
            (kind, value), = entry.items()
            if kind == 'SPF':
                if not own_txt:
                    yield owner, 'TXT', strings(value)
            elif kind == 'TXT':
                if value != 'NONE':
                    yield owner, 'TXT', strings(value)
            elif kind == 'MX':
                yield owner, 'MX', list(value)
            else:
                yield owner, kind, [value]


def main():
    print('# SPDX-License-Identifier: BSD-3-Clause')
    print('# Made from rfc7208-tests.yml by convert_rfc7208.py: change those, not this. See rfc7208-tests.LICENSE.')
    with open(sys.argv[1], encoding='utf-8') as suite:
        for scenario in yaml.safe_load_all(suite):
            print('\nscenario', quote(scenario['description']))
            for owner, kind, words in zone_lines(scenario['zonedata']):
                print(' '.join(['zone', quote(owner), kind] + [quote(word) for word in words]))
            for name, case in scenario['tests'].items():
                print('\ncase', name)
                for key, field in (('client', 'host'), ('helo', 'helo'), ('sender', 'mailfrom')):
                    print(key, quote(case[field]))
                result = case['result']
                print('result', result if isinstance(result, str) else ' '.join(result))
                if 'explanation' in case:
                    text = case['explanation']
                    print('explanation', quote('' if text == 'DEFAULT' else text))


main()
