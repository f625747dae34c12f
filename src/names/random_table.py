#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes random_table.h: how surprising each pair of letters is in the names of honest hosts.

usage: random_table.py GREETINGS > random_table.h

GREETINGS is a table of labelled greetings as `make accuracy` takes it (tab-separated, with a header naming the columns
label, helo and rdns). Only letter pairs of the ham names are counted, each different word once, so that no large
sender decides. The threshold is the one that few of the ham's own words pass, measured on the half that the table
was not made from; the header's comment carries what was measured.
"""
import collections
import csv
import math
import re
import sys
import textwrap

LETTERS = "abcdefghijklmnopqrstuvwxyz"
EDGE = "."          # begin and end of a word
SMOOTH = 0.3        # added to each count
UNIT = 16           # the table's unit is 1/16 bit
SHORTEST = 6        # letters below which nothing is said
HAM_SHARE = 0.0025  # of the ham's different words


def words(rows, label):
    """The different words of letters in the names of the rows so labelled; no top-level domains, no A-labels."""
    found = set()
    for row in rows:
        if row["label"] != label:
            continue
        for name in (row["helo"], row["rdns"]):
            name = name.lower().rstrip(".")
            if "." not in name or re.search(r"[^a-z0-9._-]", name):
                continue
            for part in name.split(".")[:-1]:
                if not part.startswith("xn--"):
                    found.update(re.findall("[a-z]+", part))
    return found


def pairs(word):
    return zip(EDGE + word, word + EDGE)


def learn(sample):
    seen, total = collections.Counter(), collections.Counter()
    for word in sample:
        for a, b in pairs(word):
            seen[a, b] += 1
            total[a] += 1
    symbols = EDGE + LETTERS
    return {(a, b): min(255, round(-UNIT * math.log2((seen[a, b] + SMOOTH) / (total[a] + SMOOTH * len(symbols)))))
            for a in symbols for b in symbols}


def surprise(table, word):
    """Mean of 1/16 bits a letter."""
    return sum(table[pair] for pair in pairs(word)) / (len(word) + 1)


def main(path):
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    ham = sorted(words(rows, "ham"))
    spam = sorted(words(rows, "spam") - set(ham))
    halves = ham[0::2], ham[1::2]
    unseen = []
    for known, other in (halves, halves[::-1]):
        table = learn(known)
        unseen += [surprise(table, word) for word in other if len(word) >= SHORTEST]
    unseen.sort(reverse=True)
    threshold = math.ceil(unseen[int(HAM_SHARE * len(unseen))])
    table = learn(ham)
    caught = [surprise(table, word) > threshold for word in spam if len(word) >= SHORTEST]
    ham_hit = sum(value > threshold for value in unseen) / len(unseen)
    print(f"""/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_table: made by random_table.py, not by hand. Surprise of the second letter after the first, in 1/{UNIT} bit; row
 * and column 0 are a word's edge. Learned from {len(ham)} different words of honest host names; two-fold, {100 * ham_hit:.2f} % of
 * their words of {SHORTEST} letters and more pass the threshold, and {100 * sum(caught) / len(caught):.1f} % of the words that only spam's names have.
 */
#ifndef HELOD_RANDOM_TABLE_H
#define HELOD_RANDOM_TABLE_H

#include <stdint.h>

enum {{ RANDOM_SHORTEST = {SHORTEST}, RANDOM_THRESHOLD = {threshold} }};

static const uint8_t random_table[27][27] = {{""")
    symbols = EDGE + LETTERS
    for a in symbols:
        print(textwrap.fill(", ".join(str(table[a, b]) for b in symbols) + "},", width=116, initial_indent="    {",
                            subsequent_indent="     "))
    print("};\n\n#endif")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
