/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address_in_name: looks for the client's own address in the host part of a name. Pure.
 *
 * It looks for the client's own address, not for any four numbers or eight hexadecimal digits: pools number their
 * hosts, and random names may be hexadecimal, too. A form counts only if it is unlikely to occur by chance: two
 * neighbouring octets need three or more digits together, hextets five or more. Every search is one walk over at
 * most 253 bytes.
 */
#include "address_in_name.h"

#include <string.h>

#include "ascii.h"
#include "text.h"

enum { OCTETS = 4, HEXTETS = 8, NIBBLES = 32 };
enum {
    CONCATENATED_MIN = 7,
    DECIMAL_MIN = 8,
    PAIR_DIGITS_MIN = 3,
    OTHER_PAIR_DIGITS_MIN = 5,
    HEXTET_DIGITS_MIN = 5,
    NIBBLE_RUN_MIN = 8
};

struct number {
    unsigned value; /* greater than 999: not an octet */
    const struct host_atom *atom;
};

static unsigned read_numbers(struct number *out, const struct host_part *host)
{
    unsigned count = 0;

    for (unsigned i = 0; i < host->atoms; i++) {
        const struct host_atom *atom = &host->atom[i];
        unsigned value = 0;

        if (!atom->number)
            continue;
        for (unsigned j = 0; j < atom->length && value <= 999; j++)
            value = value * 10 + (unsigned)(atom->s[j] - '0');
        out[count++] = (struct number){.value = atom->length <= 3 ? value : 1000, .atom = atom};
    }
    return count;
}

/* One separator or a single letter between the two, as in 12-34 and 12x34. */
static bool close_by(const struct number *a, const struct number *b)
{
    return b->atom->s - (a->atom->s + a->atom->length) <= 1;
}

/* The four in any order. */
static bool same_four(const struct number *n, const uint8_t octet[OCTETS])
{
    bool used[OCTETS] = {false};

    for (unsigned i = 0; i < OCTETS; i++) {
        unsigned j = 0;

        while (j < OCTETS && (used[j] || octet[j] != n[i].value))
            j++;
        if (j == OCTETS)
            return false;
        used[j] = true;
    }
    return true;
}

/* `count` neighbouring octets from `from` on, forwards or backwards. */
static bool neighbours(const struct number *n, unsigned count, const uint8_t octet[OCTETS], unsigned from)
{
    bool forward = true, backward = true;

    for (unsigned i = 0; i < count; i++) {
        forward = forward && n[i].value == octet[from + i];
        backward = backward && n[count - 1 - i].value == octet[from + i];
        if (i > 0 && !close_by(&n[i - 1], &n[i]))
            return false;
    }
    return forward || backward;
}

static bool pair_of(const struct number *n, const uint8_t octet[OCTETS])
{
    unsigned digits = (unsigned)n[0].atom->length + n[1].atom->length;

    if (digits >= PAIR_DIGITS_MIN && neighbours(n, 2, octet, 2))
        return true;
    return digits >= OTHER_PAIR_DIGITS_MIN && (neighbours(n, 2, octet, 0) || neighbours(n, 2, octet, 1));
}

static const char *find_octets(const struct host_part *host, const uint8_t octet[OCTETS])
{
    struct number n[HOST_PART_MAX];
    unsigned count = read_numbers(n, host);

    for (unsigned i = 0; i + 3 <= count; i++) {
        if (i + 4 <= count && same_four(n + i, octet))
            return "address";
        if (neighbours(n + i, 3, octet, 0) || neighbours(n + i, 3, octet, 1))
            return "three octets of the address";
    }
    return NULL;
}

static const char *find_pair(const struct host_part *host, const uint8_t octet[OCTETS])
{
    struct number n[HOST_PART_MAX];
    unsigned count = read_numbers(n, host);

    for (unsigned i = 0; i + 2 <= count; i++)
        if (pair_of(n + i, octet))
            return "two octets of the address";
    return NULL;
}

/* Whether the host part contains `text`; with `whole`, only as a complete number. */
static bool carries(const struct host_part *host, const char *text, bool whole)
{
    size_t n = strlen(text);

    if (!whole)
        return host->length >= n && memmem(host->text, host->length, text, n) != NULL;
    for (unsigned i = 0; i < host->atoms; i++)
        if (host->atom[i].number && host->atom[i].length == n && memcmp(host->atom[i].s, text, n) == 0)
            return true;
    return false;
}

/*
 * How four octets are written as one number. `whole`: only as a complete number. The other forms are so long that they
 * do not occur by chance, so they may be part of a longer one.
 */
static const struct {
    const char *name;
    bool hexadecimal, whole;
    size_t width;
    const char *separator;
    size_t min;
} pieces[] = {
    {"address without separators", false, true, 1, "", CONCATENATED_MIN},
    {"padded address", false, true, 3, "", 0},
    {"hexadecimal address", true, false, 2, "", 0},
    {"hexadecimal address", true, false, 2, "-", 0},
    {"hexadecimal address", true, false, 2, ".", 0},
};

static void add_padded(struct text *t, unsigned value, unsigned base, size_t width)
{
    char digits[3];
    size_t at = sizeof digits;

    for (; value > 0 || sizeof digits - at < width; value /= base)
        digits[--at] = "0123456789abcdef"[value % base];
    text_add_bytes(t, digits + at, sizeof digits - at);
}

static void write_piece(struct text *t, size_t form, const uint8_t octet[OCTETS])
{
    for (unsigned i = 0; i < OCTETS; i++) {
        text_add(t, i > 0 ? pieces[form].separator : "");
        add_padded(t, octet[i], pieces[form].hexadecimal ? 16 : 10, pieces[form].width);
    }
}

static const char *find_piece_in_order(const struct host_part *host, const uint8_t o[OCTETS])
{
    uint32_t number = (uint32_t)o[0] << 24 | (uint32_t)o[1] << 16 | (uint32_t)o[2] << 8 | o[3];
    char space[24];
    struct text t;

    for (size_t form = 0; form < sizeof pieces / sizeof pieces[0]; form++) {
        text_init(&t, space, sizeof space);
        write_piece(&t, form, o);
        if (t.used >= pieces[form].min && carries(host, t.base, pieces[form].whole))
            return pieces[form].name;
    }
    text_init(&t, space, sizeof space);
    text_add_number(&t, number);
    return t.used >= DECIMAL_MIN && carries(host, t.base, true) ? "address as one number" : NULL;
}

static const char *find_piece(const struct host_part *host, const uint8_t octet[OCTETS])
{
    const uint8_t backward[OCTETS] = {octet[3], octet[2], octet[1], octet[0]};
    const char *found = find_piece_in_order(host, octet);

    return found != NULL ? found : find_piece_in_order(host, backward);
}

/* The character between this number and the next: one separator, or the x of 12x34; '\0' for anything else. */
static char separator_after(const struct number *n)
{
    const char *end = n[0].atom->s + n[0].atom->length;

    return n[1].atom->s == end + 1 && strchr(".-_x", *end) != NULL ? *end : '\0';
}

/* Whether the number ends a word, as the 2 of ec2-203-0-113-9 does. Then it is not part of the address that follows. */
static bool is_in_word(const struct host_part *host, const struct number *n)
{
    const char *before = n->atom->s - 1;

    return before >= host->text && ascii_is_letter(*before);
}

/* Whether the four numbers that end at `last` could be an address, with the same separator between them. */
static bool looks_like_address(const struct number *last)
{
    const struct number *first = last - (OCTETS - 1);

    return first->value >= 1 && first->value <= 223 && separator_after(first) == separator_after(first + 1) &&
           separator_after(first + 1) == separator_after(first + 2);
}

/*
 * Whether four numbers in a row could be an address. Five in a row are a serial number, unless the first of them
 * belongs to a word.
 */
static bool has_four(const struct host_part *host)
{
    struct number n[HOST_PART_MAX];
    unsigned count = read_numbers(n, host), run = 0;

    for (unsigned i = 0; i < count; i++) {
        char separator = i + 1 < count ? separator_after(&n[i]) : '\0';

        run = n[i].value <= 255 ? run + 1 : 0;
        if (run > OCTETS && is_in_word(host, &n[i - OCTETS]))
            run = OCTETS;
        if (separator == '\0' && run == OCTETS && looks_like_address(&n[i]))
            return true;
        run = separator == '\0' ? 0 : run;
    }
    return false;
}

/* Reads the groups of hexadecimal digits in order, each at most a hextet. Any other group is -1, which equals none. */
static unsigned read_hextets(int *value, const struct host_part *host)
{
    unsigned count = 0;

    for (size_t i = 0; i <= host->length; i++) {
        size_t start = i;
        int v = 0;

        for (; i < host->length && host->text[i] != '-' && host->text[i] != '.' && host->text[i] != '_'; i++)
            v = v < 0 || ascii_hex(host->text[i]) < 0 || i - start >= 4 ? -1 : v * 16 + ascii_hex(host->text[i]);
        if (i == start) /* "--" stands for the zeros that "::" leaves out */
            continue;
        value[count++] = v;
    }
    return count;
}

/*
 * Compares the numbers in `row` with those of the address, beginning at every place, in steps of `step`. Returns how
 * many significant digits agree.
 */
static unsigned agreeing(const int *row, unsigned count, const int *address, unsigned size, int step)
{
    unsigned best = 0;

    for (unsigned start = 0; start < size; start++) {
        unsigned sum = 0, parts = 0;

        for (unsigned i = 0; i < count; i++) {
            int at = (int)start + step * (int)i;

            if (at < 0 || at >= (int)size || row[i] < 0 || row[i] != address[at])
                break;
            parts++;
            for (int v = row[i]; v > 0; v /= 16)
                sum++;
        }
        if (parts >= 2 && sum > best)
            best = sum;
    }
    return best;
}

static bool find_hextets(const struct host_part *host, const int hextet[HEXTETS])
{
    int value[HOST_PART_MAX];
    unsigned count = read_hextets(value, host);

    for (unsigned i = 0; i < count; i++)
        if (agreeing(value + i, count - i, hextet, HEXTETS, 1) >= HEXTET_DIGITS_MIN ||
            agreeing(value + i, count - i, hextet, HEXTETS, -1) >= HEXTET_DIGITS_MIN)
            return true;
    return false;
}

/* The nibbles with dots between them, as ip6.arpa writes them, or without dots. */
static bool find_nibbles(const struct host_part *host, const int nibble[NIBBLES], bool in_one_piece)
{
    int row[HOST_PART_MAX];
    unsigned count = 0;

    for (size_t i = 0; i <= host->length; i++) {
        bool end = i == host->length, separator = !end && (host->text[i] == '.' || host->text[i] == '-');
        int v = end || separator ? -1 : ascii_hex(host->text[i]);

        if (v >= 0 && (in_one_piece || i == 0 || host->text[i - 1] == '.' || host->text[i - 1] == '-')) {
            row[count++] = v;
            continue;
        }
        if (separator && !in_one_piece)
            continue;
        if (count >= NIBBLE_RUN_MIN && (agreeing(row, count, nibble, NIBBLES, 1) >= NIBBLE_RUN_MIN ||
                                        agreeing(row, count, nibble, NIBBLES, -1) >= NIBBLE_RUN_MIN))
            return true;
        count = 0;
    }
    return false;
}

static const char *find_ipv6(const struct host_part *host, const uint8_t bytes[16])
{
    int hextet[HEXTETS], nibble[NIBBLES];

    for (unsigned i = 0; i < HEXTETS; i++)
        hextet[i] = bytes[2 * i] << 8 | bytes[2 * i + 1];
    for (unsigned i = 0; i < NIBBLES; i++)
        nibble[i] = i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15;
    if (find_hextets(host, hextet))
        return "hextets of the address";
    if (find_nibbles(host, nibble, false) || find_nibbles(host, nibble, true))
        return "nibbles of the address";
    return NULL;
}

struct address_in_name address_in_name(const struct host_part *host, const struct address *client)
{
    struct address_in_name found = {.four = has_four(host)};

    if (client->family == ADDRESS_IPV4) {
        found.own = find_octets(host, client->bytes);
        if (found.own == NULL)
            found.own = find_piece(host, client->bytes);
        if (found.own == NULL)
            found.part = find_pair(host, client->bytes);
    } else if (client->family == ADDRESS_IPV6) {
        found.own = find_ipv6(host, client->bytes);
    }
    return found;
}
