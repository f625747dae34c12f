#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""compare_pyspf: our evaluator and pyspf (Debian's python3-spf) on the same 2,000 generated records and zones.

usage: compare_pyspf.py [-n CASES] [-s SEED] [-k]     -k keeps the generated fixture and prints where

The generator is deterministic. A difference is explained only by a class of the table below that is seen in the case
*and* whose cause, once taken away from pyspf (or from both), makes the two agree: a class cannot hide anything else.
What no class explains fails the test and is printed with its zone.
"""
import argparse
import collections
import ipaddress
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile

try:
    import spf
except ImportError:
    print('1..0 # SKIP python3-spf is not installed')
    sys.exit(0)

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get('top_builddir', TOP / 'build')) / 'tests/spf/spf_eval_cli'
DOMAIN = 'mail.d.example'
MANY = 1000

Case = collections.namedtuple('Case', 'name client helo sender zone')


# The generator: a zone is a list of (owner, type, words).

class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def host(self):
        return self.pick('h%d.d.example' % self.random.randrange(8), 'alias%d.d.example' % self.random.randrange(3),
                         'no%d.d.example' % self.random.randrange(4), 'slow.d.example')

    def domain_spec(self):
        if self.chance(70):
            return self.host()
        return self.pick('%{d}', '%{h}', '%{o}', '%{d2}', '%{d1r}.d.example', '%{i}.x.example', '%{ir}.%{v}.x.example',
                         '%{l}.x.example', '%{l-}.x.example', '%{l1r-}.x.example', '%{s}.x.example', '%{S}.x.example',
                         '%{p}.x.example', '%{p}', '%{h2}.x.example', '%{hr-}.x.example', 'a%%b%_c%-.x.example',
                         'h1..d.example', 'h0.d.example.', '%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.'
                         '%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.x.example', '%{h}' + 'x' * 60 + '.x.example')

    def cidr(self):
        if self.chance(75):
            return ''
        return self.pick('/24', '/0', '/32', '/16', '//64', '//0', '//128', '/24//64', '/30//126', '//48')

    def address(self):
        if self.chance(70):
            return '192.0.2.%d' % self.random.randrange(16)
        return '2001:db8::%x' % self.random.randrange(16)

    def broken(self):
        return self.pick('moo', 'a:', 'a:localhost', 'ip4:192.0.2', 'ip4:192.0.2.1/33', 'ip6:2001:db8::/129', 'include',
                         'exists', 'exists:%{x}.example', 'a/033', 'a//129', 'mx/24/64', 'all:x', 'ptr/24', 'ip4',
                         'redirect:h0.d.example', 'redirect=', 'exp=', 'a:%{c}.x.example', 'x=%', '1x=y', '=x', 'a,',
                         'ip4:192.0.2.1,', 'a:x.example.1', 'a:%{d', 'a:%{d0}.x.example', 'a:%{d0}.x.example',
                         'a:%{dd}.x.example', '--all',
                         'include:h0.d.example/24', 'ip6:192.0.2.1', 'ip4:::1', 'ipv4:192.0.2.1', 'a:h%0.example')

    def term(self):
        kind = self.random.randrange(100)
        sign = self.pick('', '', '', '', '+', '-', '?', '~')
        if kind < 18:
            name = sign + self.pick('a', 'a', 'A')
            return name + (':' + self.domain_spec() if self.chance(65) else '') + self.cidr()
        if kind < 32:
            return sign + 'mx' + (':' + self.domain_spec() if self.chance(65) else '') + self.cidr()
        if kind < 44:
            return '%sip4:192.0.2.%d%s' % (sign, self.random.randrange(16), self.pick('', '', '/30', '/28', '/0'))
        if kind < 52:
            return '%sip6:2001:DB8::%x%s' % (sign, self.random.randrange(16), self.pick('', '', '/126', '/64', '/0'))
        if kind < 66:
            return sign + 'include:' + self.pick('i%d.d.example' % self.random.randrange(6), self.domain_spec())
        if kind < 76:
            return sign + 'exists:' + self.domain_spec()
        if kind < 82:
            return sign + 'ptr' + self.pick('', ':d.example', ':' + self.domain_spec())
        if kind < 86:
            return sign + self.pick('all', 'ALL')
        if kind < 91:
            return self.pick('redirect=', 'Redirect=') + self.pick('i%d.d.example' % self.random.randrange(6),
                                                                   self.domain_spec())
        if kind < 94:
            return 'exp=' + self.domain_spec()
        if kind < 96:
            return self.pick('x=y', 'x=%{d}', 'moo.cow-1=a:b/c', 'x=', 'x=y x=z')
        return self.broken() if self.chance(50) else self.term()

    def costly(self):
        """About as many terms with lookups as the limit allows, and a redirect, followed or not."""
        return 'v=spf1 %sredirect=i0.d.example%s' % ('a:w.d.example ' * self.pick(8, 9, 10, 11),
                                                     self.pick('', ' all', ' ip4:192.0.2.0/24', ' ?all'))

    def record(self):
        if self.chance(3):
            return self.costly()
        if self.chance(3):
            return 'v=spf1 %sexists:%s.x.example ?all' % (self.pick('-', ''), self.pick('%{h-}', '%{hr-}', '%{h2-}'))
        terms = [self.term() for _ in range(self.pick(1, 1, 2, 2, 3, 4, 5, 7, 12))]
        if self.chance(50):
            terms.append(self.pick('-all', '~all', '?all', 'redirect=i%d.d.example' % self.random.randrange(6)))
        return self.pick('v=spf1', 'v=spf1', 'v=spf1', 'V=SPF1', 'v=spf1 ') + ' ' + ' '.join(terms)

    def hosts(self):
        for n in range(8):
            name = 'h%d.d.example' % n
            for _ in range(self.random.randrange(3)):
                address = self.address()
                yield name, 'AAAA' if ':' in address else 'A', [address]
            for preference in range(self.pick(0, 0, 1, 2, 2, 11)):
                yield name, 'MX', [str(preference), self.host()]
        for n in range(3):
            yield 'alias%d.d.example' % n, 'CNAME', [self.pick('h1.d.example', 'h2.d.example', 'no1.d.example')]
        yield 'slow.d.example', 'TIMEOUT', []
        yield 'w.d.example', 'A', ['198.51.100.1']

    def zone(self, client):
        yield from self.hosts()
        for _ in range(self.pick(0, 1, 1, 1, 1, 1, 1, 1, 1, 2)):
            yield DOMAIN, 'TXT', [self.record()]
        if self.chance(30):
            yield DOMAIN, 'TXT', [self.pick('unrelated', 'v=spf10', 'v=spf1-all', '')]
        if self.chance(50):
            yield DOMAIN, 'A', ['192.0.2.%d' % self.random.randrange(16)]
        if self.chance(50):
            yield DOMAIN, 'MX', ['10', self.host()]
        for n in range(6):
            if self.chance(85):
                yield 'i%d.d.example' % n, 'TXT', [self.record()]
        reverse = ipaddress.ip_address(client).reverse_pointer
        for _ in range(self.pick(0, 1, 1, 2, 3)):
            yield reverse, 'PTR', [self.pick(self.host(), DOMAIN)]
        if self.chance(5):
            yield reverse, 'TIMEOUT', []
        for name in ('postmaster.x.example', 'strong.x.example', 'd.example.x.example', DOMAIN + '.x.example',
                     '%s.x.example' % client, 'h1.d.example.x.example', 'unknown.x.example', 'a%b c%20.x.example',
                     'host.example.other.x.example', 'other.host.example.x.example'):
            if self.chance(30):
                yield name, 'A', ['127.0.0.2']

    def case(self, number):
        client = self.address()
        helo = self.pick(DOMAIN, DOMAIN, DOMAIN, 'h1.d.example', 'other-host.example', 'other-host.example')
        sender = self.pick('strong-bad@' + DOMAIN, 'strong-bad@' + DOMAIN, '@' + DOMAIN, 'postmaster@' + DOMAIN)
        return Case('c%d' % number, client, helo, sender, list(self.zone(client)))


def quote(text):
    return '"' + re.sub(r'[^ !#-\[\]-~]', lambda m: '\\x%02x' % ord(m[0]), text) + '"'


def write(out, case, void_limit=None):
    print('scenario %s' % case.name, file=out)
    for owner, kind, data in case.zone:
        print('zone', quote(owner), kind, *map(quote, data), file=out)
    print('case %s\nclient %s\nhelo %s\nsender %s' % (case.name, case.client, case.helo, case.sender), file=out)
    if void_limit is not None:
        print('void_limit %d' % void_limit, file=out)
    print(file=out)


def ours(cases, keep=False, void_limit=None):
    """Result and reason by the name of the case."""
    with tempfile.NamedTemporaryFile('w', suffix='.cases', delete=not keep) as out:
        for case in cases:
            write(out, case, void_limit)
        out.flush()
        if keep:
            print('# the cases are in', out.name)
        run = subprocess.run([str(PROGRAM), '-p', out.name], stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    return {line.split()[0]: (line.split()[1], line.partition(' ')[2].partition(' ')[2])
            for line in run.stdout.splitlines()}


# pyspf, with its lookups replaced by the zone.

def look_up(zone, name, kind, level=0):
    records = [(t, data) for owner, t, data in zone if owner.lower() == name.lower()]
    found = [data for t, data in records if t == kind]
    if not found and any(t == 'TIMEOUT' for t, _ in records):
        raise spf.TempError('DNS timeout')
    for data in found:
        if kind == 'AAAA':
            value = socket.inet_pton(socket.AF_INET6, data[0])
        elif kind == 'TXT':
            value = tuple(word.encode('latin-1') for word in data)
        elif kind == 'MX':
            value = (int(data[0]), data[1])
        else:
            value = data[0]
        yield (name, kind), value
    if not found and level < 8:
        for t, data in records:
            if t == 'CNAME':
                yield (name, 'CNAME'), data[0]
                yield from look_up(zone, data[0], kind, level + 1)


def theirs(case, settings=()):
    """Result and reason of pyspf. `settings` are (name, value) of its module to change for the time."""
    saved = {name: getattr(spf, name) for name, _ in settings}
    spf.DNSLookup = lambda name, kind, strict=True, timeout=0: look_up(case.zone, name, kind)
    for name, value in settings:
        setattr(spf, name, value)
    try:
        query = spf.query(i=case.client, s=case.sender, h=case.helo, strict=True)
        result, _, text = query.check()
        return result, text
    except Exception as error:  # its own mistakes are differences, too
        return 'crash', '%s: %s' % (type(error).__name__, error)
    finally:
        for name, value in saved.items():
            setattr(spf, name, value)


# The classes.

class Joiners(dict):
    """Every letter's parts are joined with dots."""
    def get(self, key, default=None):
        return '.'


class SelfInclude(spf.query):
    """An include of the own domain is looked up like any other."""
    def validate_mechanism(self, mech):
        try:
            return super().validate_mechanism(mech)
        except spf.PermError as error:
            if 'trivial recursion' not in error.msg:
                raise
            return mech, 'include', self.d, self.cidrmax, spf.RESULTS.get(mech[0], 'pass')


def rewrite(case, function):
    """The case with every SPF record changed."""
    zone = [(owner, kind, [function(data[0])] if kind == 'TXT' and data[0].lower().startswith('v=spf1 ') else data)
            for owner, kind, data in case.zone]
    return case._replace(zone=zone)


def records(case):
    return [data[0] for _, kind, data in case.zone if kind == 'TXT']


def uses(case, pattern):
    return any(re.search(pattern, record, re.I) for record in records(case))


def lower_modifiers(record):
    return re.sub(r'(?i)(?<= )(redirect|exp)=', lambda m: m[0].lower(), record)


def drop_duplicates(record):
    """Unknown modifiers go: they mean nothing, only their syntax counts."""
    terms = [t for t in record.split(' ')[1:]
             if not re.match(r'(?i)(?!redirect=|exp=)[a-z][a-z0-9_.-]*=(%\{d\}|[^%]*)$', t)]
    return ' '.join([record.split(' ')[0]] + terms)


def refuse_macros(record):
    return re.sub(r'%\{d[0d]\}', '%{x}', record)


def reverse_names(case):
    reverse = ipaddress.ip_address(case.client).reverse_pointer
    return {reverse} | {data[0] for owner, kind, data in case.zone if owner == reverse and kind == 'PTR'}


def without_reverse_trouble(case):
    """Timeouts of the client's names become missing records, also for other terms that ask for the same names."""
    names = reverse_names(case)
    return case._replace(zone=[r for r in case.zone if not (r[1] == 'TIMEOUT' and r[0] in names)])


# `applies` sees the case and what pyspf said; `both`: our side runs the changed case, too.
Class = collections.namedtuple('Class', 'name why applies change settings both')

NO_VOID_LIMIT = (('MAX_VOID_LOOKUPS', MANY),)

CLASSES = [
    Class('names of the client count as void',
          'pyspf counts lookups of the names in the PTR, and those for %{p} in terms that are never reached; we count '
          'what a term asks of the names that its publisher chose',
          lambda c, said: 'Void lookup' in said and uses(c, r'ptr|%\{p'), None, NO_VOID_LIMIT, True),
    Class('a void lookup behind an alias counts twice',
          'a CNAME to a name without the type is one question and one void lookup to us, two to pyspf',
          lambda c, said: 'Void lookup' in said and uses(c, 'alias|mx'), None, NO_VOID_LIMIT, True),
    Class('a redirect counts when it is read',
          'pyspf counts a redirect as one of the ten terms when it parses it, even where another term matches first; '
          'RFC 7208 section 4.6.4 counts terms as they are evaluated',
          lambda c, said: 'Too many DNS' in said and uses(c, 'redirect='), None, (('MAX_LOOKUP', MANY),), False),
    Class("DNS trouble with the client's names",
          'section 5.5: an error of the PTR lookup means no match, one of a name skips it; pyspf says temperror',
          lambda c, said: 'DNS timeout' in said and uses(c, r'ptr|%\{p'), without_reverse_trouble, NO_VOID_LIMIT, True),
    Class('modifier names compare with case',
          'pyspf takes "Redirect=" for an unknown modifier; names are case-insensitive (section 4.6.1)',
          lambda c, said: any(lower_modifiers(r) != r for r in records(c)), lambda c: rewrite(c, lower_modifiers), (),
          True),
    Class('an unknown modifier twice',
          'pyspf refuses any modifier that is there twice; section 6 does so for redirect and exp alone',
          lambda c, said: 'at most once' in said, lambda c: rewrite(c, drop_duplicates), (), True),
    Class('delimiters are kept',
          'section 7.3 joins parts with dots whatever they were split at; pyspf does so for %{l} and %{s} only',
          lambda c, said: uses(c, r'%\{[^}ls]\d*r?-'), None, (('JOINERS', Joiners()),), False),
    Class('a record that includes itself',
          'pyspf refuses it as soon as it is read; RFC 7208 has the limit of terms for it, and a term before may match',
          lambda c, said: 'trivial recursion' in said, None, (('query', SelfInclude),), False),
    Class('malformed macros are taken',
          'pyspf takes %{d0} and %{dd}; section 7.1 wants digits over zero and nothing but delimiters behind them',
          lambda c, said: uses(c, r'%\{d[0d]\}'), lambda c: rewrite(c, refuse_macros), (), True),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-n', type=int, default=2000)
    parser.add_argument('-s', type=int, default=7208)
    parser.add_argument('-k', action='store_true')
    options = parser.parse_args()
    generator = Generator(options.s)
    cases = [generator.case(number) for number in range(options.n)]
    mine = ours(cases, options.k)
    results, explained, unexplained = collections.Counter(), collections.Counter(), []
    for case in cases:
        got, wanted = mine[case.name], theirs(case)
        results[got[0]] += 1
        if got[0] != wanted[0]:
            names = explain(case, got, wanted[1])
            if names:
                explained[tuple(names)] += 1
            else:
                unexplained.append((case, got, wanted))
    report(options.n, results, explained, unexplained)


def without(case, got, classes):
    """Our result, and what pyspf says, once the causes of these classes are gone."""
    settings, changed = {}, case
    for row in classes:
        settings.update(row.settings)
        changed = row.change(changed) if row.change else changed
    if any(row.both for row in classes):
        got = ours([changed], void_limit=MANY if 'MAX_VOID_LOOKUPS' in settings else None)[case.name]
    return got[0], theirs(changed, tuple(settings.items()))


def explain(case, got, said, classes=()):
    """The names of the fewest classes, at most four, that together make the two agree; empty when there are none."""
    rest = [row for row in CLASSES if row not in classes and row.applies(case, said)]
    outcomes = [(row, without(case, got, classes + (row,))) for row in rest]
    for row, (mine, (wanted, _)) in outcomes:
        if mine == wanted:
            return [c.name for c in classes + (row,)]
    for row, (_, (_, text)) in outcomes:
        names = explain(case, got, text, classes + (row,)) if len(classes) < 3 else []
        if names:
            return names
    return []


def report(count, results, explained, unexplained):
    print('1..%d' % (2 + len(CLASSES)))
    print('# results:', ', '.join('%s %d' % item for item in results.most_common()))
    for case, got, wanted in unexplained[:20]:
        print('# %s: we say %s (%s), pyspf %s (%s)' % (case.name, *got, *wanted))
        for owner, kind, data in case.zone:
            if kind == 'TXT':
                print('#   ', owner, *data)
        print('#    client %s helo %s sender %s' % case[1:4])
    total = sum(explained.values())
    print('%s 1 - %d of %d alike, %d explained, %d not' % ('not ok' if unexplained else 'ok', count - total -
                                                           len(unexplained), count, total, len(unexplained)))
    varied = all(results[name] >= count // 100 for name in ('pass', 'fail', 'softfail', 'neutral', 'permerror',
                                                            'temperror', 'none'))
    print('%s 2 - the generator reaches every result' % ('ok' if varied else 'not ok'))
    dead = False  # a class that explains nothing would only hide what comes
    for number, row in enumerate(CLASSES, 3):
        hits = sum(n for names, n in explained.items() if row.name in names)
        dead = dead or not hits
        print('%s %d - %s: %d' % ('ok' if hits else 'not ok', number, row.name, hits))
        print('#', row.why)
    sys.exit(bool(unexplained) or not varied or dead)


main()
