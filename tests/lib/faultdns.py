#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""faultdns: a scripted DNS server for tests, over UDP and TCP on one port, that can misbehave in every known way.

usage: faultdns.py [-p PORT] [-a ADDRESS] [-z ZONEFILE]... [-l LOG] [-P FILE] [--default FAULT] [--delay MS] [-x]

    -p PORT     0 (the default) takes a free port
    -a ADDRESS  default 127.0.0.1; an IPv6 address works too
    -z FILE     zone lines, see below; may be given several times; SIGHUP reads them again ("reloaded" on stdout)
    -l LOG      one line per query, flushed at once: TIME udp|tcp NAME TYPE EDNS-SIZE FAULT
    -P FILE     the port is written there, complete once the file exists
    -x          ends by itself when the process that started it is gone
    --default   what names in no line get: nxdomain (the default), nodata, servfail, refused, drop, any fault
    --delay     every answer waits so many milliseconds

When it can be asked it prints "ready PORT" on stdout, once. SIGTERM ends it.

Zone lines (# begins a comment; names may be in quotes with \\DDD for any byte; all names are complete):
    NAME TTL TYPE RDATA...      A AAAA PTR CNAME NS MX TXT SOA SRV   (TXT: "quoted" strings; \\DDD for any byte)
    ADDRESS TTL PTR NAME        an IPv4 or IPv6 address as owner stands for its reverse name
    NAME fault FAULT...         every query for NAME
    NAME fault/TYPE FAULT...    queries of that type only
    NAME zone                   this suffix is served; with one such line, everything outside is REFUSED
*.NAME works as a wildcard for records and faults. A name that exists without the type asked is NODATA. A negative
answer carries the SOA of the nearest name above that has one.

FAULT is one word of the table below (`faultdns.py --faults` prints it), WORD=ARGUMENT where it takes one;
`slow=MS` may stand beside another: `fault slow=200 servfail`.
"""
import argparse
import heapq
import ipaddress
import os
import re
import selectors
import shlex
import signal
import socket
import struct
import sys
import time

TYPES = {'A': 1, 'NS': 2, 'CNAME': 5, 'SOA': 6, 'PTR': 12, 'MX': 15, 'TXT': 16, 'AAAA': 28, 'SRV': 33, 'OPT': 41,
         'SPF': 99, 'ANY': 255}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODES = {'formerr': 1, 'servfail': 2, 'nxdomain': 3, 'notimp': 4, 'refused': 5}
CNAME, SOA = TYPES['CNAME'], TYPES['SOA']
QUAD = b'\x01\x02\x03\x04'


def unescape(text):
    """\\DDD is any byte, backslash and another character that character; the rest one byte each."""
    return re.sub(rb'\\(\d{3}|.)', lambda m: bytes([int(m[1]) & 255]) if len(m[1]) == 3 else m[1],
                  text.encode('latin-1'), flags=re.S)


def wire(name):
    """A name in text to labels; only an unescaped dot parts them."""
    out = b''
    for label in re.findall(r'(?:\\\d{3}|\\.|[^.\\])+', name):
        raw = unescape(label)
        out += bytes([len(raw)]) + raw
    return out + b'\0'


def unwire(data, at=0):
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode('latin-1'))
        at += 1 + data[at]
    return '.'.join(labels), at + 1


def rdata(kind, words):
    if kind == 'A':
        return socket.inet_pton(socket.AF_INET, words[0])
    if kind == 'AAAA':
        return socket.inet_pton(socket.AF_INET6, words[0])
    if kind in ('PTR', 'CNAME', 'NS'):
        return wire(words[0])
    if kind == 'MX':
        return struct.pack('>H', int(words[0])) + wire(words[1])
    if kind in ('TXT', 'SPF'):
        raw = [unescape(word) for word in words]
        return b''.join(bytes([len(piece)]) + piece for piece in raw)
    if kind == 'SOA':
        return wire(words[0]) + wire(words[1]) + struct.pack('>5I', *map(int, words[2:7]))
    if kind == 'SRV':
        return struct.pack('>3H', *map(int, words[:3])) + wire(words[3])
    raise ValueError('unknown type ' + kind)


def split(line):
    """shlex only where a line needs it: a zone of 50,000 names must load in a second."""
    if '"' in line or "'" in line or '\\' in line:
        return shlex.split(line, comments=True)
    return line.split('#', 1)[0].split()


class Zone:
    """All that the zone lines say. Never changed once it is read: SIGHUP makes a new one."""

    def __init__(self, files):
        self.records = {}   # (name, type): [(ttl, rdata)]
        self.faults = {}    # (name, type or 0): [(word, argument)]
        self.names = set()  # all that exist, empty non-terminals too
        self.suffixes = []
        for path in files:
            with open(path, encoding='latin-1') as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        self.add(split(line))
                    except (ValueError, IndexError, KeyError, OSError, struct.error) as error:
                        sys.exit('%s:%d: %s' % (path, number, error))

    def add(self, words):
        if not words:
            return
        name = words[0].lower().rstrip('.')
        if name[-1:].isdigit() or ':' in name:
            try:
                name = ipaddress.ip_address(name).reverse_pointer
            except ValueError:
                pass
        if words[1] == 'zone':
            self.suffixes.append(name)
            return
        if words[1].startswith('fault'):
            kind = words[1].partition('/')[2].upper()
            self.faults[name, TYPES[kind] if kind else 0] = fault_words(words[2:])
        else:
            kind = words[2].upper()
            self.records.setdefault((name, TYPES[kind]), []).append((int(words[1]), rdata(kind, words[3:])))
        while name and name not in self.names:
            self.names.add(name)
            name = name.partition('.')[2]

    def served(self, name):
        return not self.suffixes or any(name == s or name.endswith('.' + s) for s in self.suffixes)

    def fault(self, name, kind):
        if not self.faults:
            return None
        key, rest = name, name
        while True:
            found = self.faults.get((key, kind)) or self.faults.get((key, 0))
            if found:
                return found
            if '.' not in rest:
                return None
            rest = rest.partition('.')[2]
            key = '*.' + rest

    def owner(self, name):
        """The name whose records answer for it: itself, a wildcard, or None."""
        if name in self.names:
            return name
        rest = name
        while '.' in rest:
            rest = rest.partition('.')[2]
            if '*.' + rest in self.names:
                return '*.' + rest
            if rest in self.names:
                return None
        return None

    def soa(self, name):
        while name:
            found = self.records.get((name, SOA))
            if found:
                return [(name, SOA, found[0][0], found[0][1])]
            name = name.partition('.')[2]
        return []

    def lookup(self, name, kind):
        """-> (rcode, answer, authority), records as (owner, type, ttl, rdata)"""
        answer, seen = [], set()
        while True:
            owner = self.owner(name)
            if owner is None:
                return 3, answer, self.soa(name)
            found = self.records.get((owner, kind))
            if found:
                return 0, answer + [(name, kind, ttl, data) for ttl, data in found], []
            alias = self.records.get((owner, CNAME))
            if not alias:
                return 0, answer, self.soa(name)
            answer.append((name, CNAME, alias[0][0], alias[0][1]))
            if name in seen or len(answer) > 16:
                return 0, answer, []
            seen.add(name)
            name = unwire(alias[0][1])[0].lower()
            if not self.served(name):
                return 0, answer, []


class Query:
    """One question, and the means to build good and bad answers to it."""

    def __init__(self, message, tcp):
        self.id, self.flags, questions = struct.unpack('>HHH', message[:6])
        self.name, at = unwire(message, 12)
        self.type = struct.unpack('>H', message[at:at + 2])[0]
        self.question = message[12:at + 4]
        self.lower = self.name.lower()
        self.tcp = tcp
        rest = message[at + 4:]
        extra = struct.unpack('>H', message[10:12])[0]
        opt = extra and len(rest) >= 11 and rest[0] == 0 and struct.unpack('>H', rest[1:3])[0] == TYPES['OPT']
        self.edns = struct.unpack('>H', rest[3:5])[0] if opt else None
        self.limit = 0 if tcp else max(512, self.edns or 512)
        self.rcode, self.answer, self.authority = 0, [], []
        self.tries = 1      # how often this question has come
        self.argument = ''  # of the fault at work

    def record(self, owner, kind, ttl, data):
        head = b'\xc0\x0c' if owner == self.lower else wire(owner)
        return head + struct.pack('>HHIH', kind, 1, ttl, len(data)) + data

    def header(self, answers, rcode=0, truncated=False, authority=0, extra=0):
        bits = 0x8480 | (self.flags & 0x0100) | (0x0200 if truncated else 0) | rcode
        return struct.pack('>HHHHHH', self.id, bits, 1, answers, authority, extra)

    def reply(self, rcode, answer, authority=(), limit=None, truncate=None, edns=True):
        """truncate: None where it is needed, 'empty' or 'part' to claim it."""
        limit = self.limit if limit is None else limit
        opt = b'\0' + struct.pack('>HHIH', TYPES['OPT'], 1232, 0, 0) if self.edns and edns else b''
        body, count, cut = b'', 0, truncate is not None
        for record in answer if truncate != 'empty' else ():
            data = self.record(*record)
            if limit and 12 + len(self.question) + len(body) + len(data) + len(opt) > limit:
                cut = True
                break
            body, count = body + data, count + 1
        if cut and truncate != 'part':
            body, count = b'', 0
        tail = b''.join(self.record(*record) for record in authority) if not cut else b''
        head = self.header(count, rcode, cut, len(authority) if not cut else 0, 1 if opt else 0)
        return head + self.question + body + tail + opt

    def good(self):
        return self.reply(self.rcode, self.answer, self.authority)

    def raw(self, record):
        """One hand-made answer record."""
        return self.header(1) + self.question + record

    def fixed(self, kind, data, size=None, owner=b'\xc0\x0c'):
        return self.raw(owner + struct.pack('>HHIH', kind, 1, 60, len(data) if size is None else size) + data)

    def many(self):
        make = {12: lambda n: wire('host%d.example' % n), 28: lambda n: bytes(12) + struct.pack('>I', n),
                15: lambda n: struct.pack('>H', n) + wire('mx%d.example' % n),
                16: lambda n: bytes([6]) + b'%06d' % n}.get(self.type, lambda n: struct.pack('>I', 0xcb007100 + n))
        return [(self.lower, self.type, 60, make(n)) for n in range(self.number(10))]

    def number(self, default):
        return int(self.argument or default)


class Close:
    """In place of an answer: the TCP connection is closed."""


CLOSE = Close()


def truncated(query, part=None):
    """UDP answers TC; what TCP does is the caller's."""
    return query.reply(query.rcode, query.answer, limit=0 if query.tcp else 512, truncate=part or 'empty')


def wrong_id(query):
    good = query.good()
    return struct.pack('>H', query.id ^ 0x5555) + good[2:]


def wrong_question(query):
    other = wire('other.invalid')
    return (query.header(1) + other + struct.pack('>HH', query.type, 1) +
            b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, 60, 4) + QUAD)


def no_question(query):
    good = query.good()
    return good[:4] + b'\0\0' + good[6:12] + good[12 + len(query.question):]


def loop(query):
    names = [query.lower, 'x.' + query.lower]
    return query.reply(0, [(names[n], CNAME, 60, wire(names[1 - n])) for n in (0, 1)])


def chain(query):
    """A CNAME chain of N links that ends in a record."""
    names = [query.lower] + ['c%d.%s' % (n, query.lower) for n in range(1, query.number(8) + 1)]
    links = [(a, CNAME, 60, wire(b)) for a, b in zip(names, names[1:])]
    return query.reply(0, links + [(names[-1], query.type, 60, QUAD if query.type == 1 else wire('end.example'))])


def upper(query):
    query.question = wire(query.name.upper()) + query.question[-4:]
    return query.good()


# word: (what it does, query -> bytes | None for silence | CLOSE | list of (delay in s, bytes)).
FAULTS = {
    'good': ('no fault', lambda q: q.good()),
    'servfail': ('rcode 2', lambda q: q.reply(2, [])),
    'refused': ('rcode 5', lambda q: q.reply(5, [])),
    'formerr': ('rcode 1', lambda q: q.reply(1, [])),
    'notimp': ('rcode 4', lambda q: q.reply(4, [])),
    'nxdomain': ('rcode 3', lambda q: q.reply(3, [])),
    'rcode': ('=N, that rcode', lambda q: q.reply(q.number(6), [])),
    'nodata': ('no records', lambda q: q.reply(0, [])),
    'drop': ('never answers; =N the first N times', lambda q: None if q.tries <= q.number(1 << 30) else q.good()),
    'drop1': ('the first time only', lambda q: None if q.tries == 1 else q.good()),
    'servfail1': ('SERVFAIL the first time only', lambda q: q.reply(2, []) if q.tries == 1 else q.good()),
    'slow': ('=MS, good but late; delays another fault beside it', lambda q: q.good()),
    'tc': ('UDP: TC; TCP answers', lambda q: q.good() if q.tcp else truncated(q)),
    'tcpart': ('TC with the records that fit 512', lambda q: q.good() if q.tcp else truncated(q, 'part')),
    'tcall': ('TC on TCP too', truncated),
    'tcdrop': ('TC; TCP accepts and never answers', lambda q: None if q.tcp else truncated(q)),
    'tcclose': ('TC; TCP closes', lambda q: CLOSE if q.tcp else truncated(q)),
    'tcshort': ('TC; TCP claims 50 bytes more than it sends', lambda q: q.good() if q.tcp else truncated(q)),
    'wrongid': ('another id', wrong_id),
    'wrongid+good': ('another id, then the good one', lambda q: [(0, wrong_id(q)), (0.01, q.good())]),
    'wrongq': ('answers another question', wrong_question),
    'noq': ('no question section', no_question),
    'qr0': ('a query in place of an answer', lambda q: q.good()[:2] + bytes([q.good()[2] & 0x7f]) + q.good()[3:]),
    'short': ('10 bytes', lambda q: q.good()[:10]),
    'empty': ('0 bytes', lambda q: b''),
    'trunc': ('=N, cut after N bytes', lambda q: q.good()[:q.number(20)]),
    'garbage': ('=N random bytes behind the id', lambda q: q.good()[:2] + os.urandom(q.number(40))),
    'ptrloop': ('owner is a compression loop',
                lambda q: q.fixed(q.type, QUAD, owner=struct.pack('>H', 0xc000 | 12 + len(q.question)))),
    'ptrfwd': ('owner points past the end', lambda q: q.fixed(q.type, QUAD, owner=b'\xff\xff')),
    'badrdlen': ('rdata longer than the message', lambda q: q.fixed(q.type, QUAD, size=400)),
    'badlabel': ('PTR with a reserved label type', lambda q: q.fixed(12, b'\x80abc\0')),
    'badtype': ('A record with 5 bytes', lambda q: q.fixed(1, QUAD + b'\x05')),
    'badptr': ('PTR that is no host name', lambda q: q.fixed(12, b'\x06a\x00b\n c\x00')),
    'extra': ('trailing bytes', lambda q: q.good() + b'\xde\xad\xbe\xef'),
    'manyans': ('=N made-up answers', lambda q: q.reply(0, q.many())),
    'dup': ('sent twice', lambda q: [(0, q.good()), (0.01, q.good())]),
    'cnameloop': ('two CNAMEs in a circle', loop),
    'chain': ('=N, a CNAME chain of N links', chain),
    'cnameonly': ('the first CNAME without its target',
                  lambda q: q.reply(0, [r for r in q.answer if r[1] == CNAME][:1])),
    'wrongsrc': ('from another port', lambda q: q.good()),
    'noedns': ('FORMERR without OPT to a query with EDNS',
               lambda q: q.reply(1, [], edns=False) if q.edns else q.good()),
    'upper': ('the question in upper case', upper),
    'otherowner': ('a record of another name', lambda q: q.fixed(q.type, QUAD, owner=wire('victim.example'))),
}


def fault_words(words):
    out = []
    for word in words:
        name, _, argument = word.partition('=')
        if word.isdigit() and out:
            out[-1] = (out[-1][0], word)
        elif name in FAULTS:
            out.append((name, argument))
        else:
            raise ValueError('unknown fault ' + word)
    if not out:
        raise ValueError('no fault given')
    return out


class Server:
    def __init__(self, options):
        self.options = options
        self.zone = Zone(options.zone)
        self.default = fault_words([options.default])
        self.tries, self.timers, self.sequence = {}, [], 0
        self.log = open(options.log, 'a', 1) if options.log else None
        self.selector = selectors.DefaultSelector()
        self.bind(socket.AF_INET6 if ':' in options.address else socket.AF_INET)
        self.selector.register(self.udp, selectors.EVENT_READ, self.on_udp)
        self.selector.register(self.tcp, selectors.EVENT_READ, self.on_accept)

    def bind(self, family):
        """UDP and TCP on one port: where the kernel's choice for UDP is taken for TCP, another try."""
        for attempt in range(50):
            self.udp = socket.socket(family, socket.SOCK_DGRAM)
            self.tcp = socket.socket(family, socket.SOCK_STREAM)
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self.udp.bind((self.options.address, self.options.port))
                self.port = self.udp.getsockname()[1]
                self.tcp.bind((self.options.address, self.port))
                break
            except OSError:
                self.udp.close()
                self.tcp.close()
                if self.options.port or attempt == 49:
                    raise
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.udp.setblocking(False)
        self.tcp.listen(64)
        self.tcp.setblocking(False)
        self.other = socket.socket(family, socket.SOCK_DGRAM)
        self.other.bind((self.options.address, 0))

    def reload(self):
        self.zone, self.tries = Zone(self.options.zone), {}
        print('reloaded', flush=True)

    def on_signal(self):
        """A signal's number arrives as a byte on a socket. Its handler may do nothing: it can interrupt a write to the
        log or to stdout, and Python refuses a second one inside it."""
        for number in self.signalled.recv(4096):
            if number == signal.SIGHUP:
                self.reload()
            elif number == signal.SIGTERM:
                sys.exit(0)

    def take_signals(self):
        self.signalled, self.waking = socket.socketpair()
        self.waking.setblocking(False)
        signal.set_wakeup_fd(self.waking.fileno(), warn_on_full_buffer=False)
        self.selector.register(self.signalled, selectors.EVENT_READ, self.on_signal)
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, lambda *_: None)

    def answers(self, message, tcp):
        """-> (words of the fault, [(delay, bytes | CLOSE)])"""
        try:
            query = Query(message, tcp)
        except (struct.error, IndexError):
            return [], [(0, message[:2] + struct.pack('>5H', 0x8001, 0, 0, 0, 0))] if len(message) >= 2 else []
        zone = self.zone
        words = zone.fault(query.lower, query.type) or []
        if zone.served(query.lower):
            query.rcode, query.answer, query.authority = zone.lookup(query.lower, query.type)
            if query.rcode == 3 and not query.answer:
                if words:
                    query.rcode = 0
                elif self.default[0][0] != 'nxdomain':
                    words = self.default
        else:
            words = [('refused', '')]
        if self.log:
            self.log.write('%.4f %s %s %s %s %s\n' % (
                time.time(), 'tcp' if tcp else 'udp', query.lower, TYPE_NAMES.get(query.type, query.type),
                query.edns or 0, ','.join(w + ('=' + a if a else '') for w, a in words) or '-'))
        if words:
            key = query.lower, query.type
            query.tries = self.tries[key] = self.tries.get(key, 0) + 1
        delay = self.options.delay / 1000
        make = FAULTS['good'][1]
        for word, argument in words:
            if word == 'slow':
                delay += int(argument or 100) / 1000
            else:
                make, query.argument = FAULTS[word][1], argument
        made = make(query)
        if made is None:
            return words, []
        return words, [(delay + d, m) for d, m in (made if isinstance(made, list) else [(0, made)])]

    def later(self, delay, act):
        if delay <= 0:
            act()
            return
        self.sequence += 1
        heapq.heappush(self.timers, (time.monotonic() + delay, self.sequence, act))

    def on_udp(self):
        for _ in range(64):
            try:
                message, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            words, made = self.answers(message, False)
            source = self.other if any(word == 'wrongsrc' for word, _ in words) else self.udp
            for delay, data in made:
                self.later(delay, lambda s=source, d=data, p=peer: self.send_udp(s, d, p))

    @staticmethod
    def send_udp(source, data, peer):
        try:
            source.sendto(data, peer)
        except OSError:
            pass

    def on_accept(self):
        try:
            connection, _ = self.tcp.accept()
        except OSError:
            return
        connection.settimeout(5)
        buffer = bytearray()
        self.selector.register(connection, selectors.EVENT_READ, lambda: self.on_tcp(connection, buffer))

    def close(self, connection):
        try:
            self.selector.unregister(connection)
        except (KeyError, ValueError):
            pass
        connection.close()

    def on_tcp(self, connection, buffer):
        try:
            data = connection.recv(65536)
        except OSError:
            data = b''
        if not data:
            self.close(connection)
            return
        buffer += data
        while len(buffer) >= 2 and len(buffer) >= 2 + struct.unpack('>H', buffer[:2])[0]:
            size = struct.unpack('>H', buffer[:2])[0]
            message = bytes(buffer[2:2 + size])
            del buffer[:2 + size]
            words, made = self.answers(message, True)
            claim = 50 if any(word == 'tcshort' for word, _ in words) else 0
            for delay, data in made:
                self.later(delay, lambda d=data: self.send_tcp(connection, d, claim))

    def send_tcp(self, connection, data, claim):
        if data is CLOSE:
            self.close(connection)
            return
        try:
            connection.sendall(struct.pack('>H', len(data) + claim) + data)
        except OSError:
            self.close(connection)

    def run(self):
        self.take_signals()
        if self.options.port_file:
            with open(self.options.port_file + '.new', 'w') as out:
                out.write('%d\n' % self.port)
            os.rename(self.options.port_file + '.new', self.options.port_file)
        parent = os.getppid()
        print('ready', self.port, flush=True)
        while not self.options.with_parent or os.getppid() == parent:
            wait = 1 if self.options.with_parent else None
            if self.timers:
                due = max(0, self.timers[0][0] - time.monotonic())
                wait = due if wait is None else min(due, wait)
            for key, _ in self.selector.select(wait):
                key.data()
            while self.timers and self.timers[0][0] <= time.monotonic():
                heapq.heappop(self.timers)[2]()


def main():
    if sys.argv[1:] == ['--faults']:
        for word, (summary, _) in FAULTS.items():
            print('%-13s %s' % (word, summary))
        return
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument('-p', dest='port', type=int, default=0)
    parser.add_argument('-a', dest='address', default='127.0.0.1')
    parser.add_argument('-z', dest='zone', action='append', default=[])
    parser.add_argument('-l', dest='log')
    parser.add_argument('-P', dest='port_file')
    parser.add_argument('-x', dest='with_parent', action='store_true')
    parser.add_argument('--default', default='nxdomain')
    parser.add_argument('--delay', type=float, default=0)
    try:
        Server(parser.parse_args()).run()
    except KeyboardInterrupt:
        pass


if __name__ == '__main__':
    main()
