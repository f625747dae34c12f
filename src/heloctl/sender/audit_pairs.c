/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_pairs: reads the pairs of addresses and HELO names: "ADDRESS HELO" lines, and CSV as spreadsheets and heloctl
 * itself write it: with a byte order mark, a header line, quotes, commas or semicolons.
 */
#include <string.h>
#include <strings.h>

#include "audit.h"
#include "lines.h"

enum { LINE_MAX_BYTES = 4000, FIELDS_MAX = 32, BAD_SHOWN = 20 };

struct reading {
    struct audit *audit;
    bool any;    /* a line other than comments was read */
    bool header; /* it was a header: other columns are allowed */
    size_t address, helo;
};

/* The next field, decoded in place; *rest: what follows its separator, NULL at the end. */
static char *next_field(char **rest, const char *separators)
{
    char *in = *rest + strspn(*rest, " \t"), *out = in, *field = in;
    bool quoted = *in == '"';

    for (in += quoted; *in && (quoted || !strchr(separators, *in)); in++) {
        if (quoted && *in == '"') {
            if (in[1] != '"')
                quoted = false;
            else
                *out++ = *in++;
            continue;
        }
        *out++ = *in;
    }
    *rest = *in ? in + 1 : NULL;
    *out = '\0';
    while (out > field && strchr(" \t", out[-1]))
        *--out = '\0';
    return field;
}

/* A semicolon never occurs in an address or a name, a comma neither; else blanks separate. */
static size_t split(char *line, char *fields[FIELDS_MAX])
{
    const char *separators = strchr(line, ';') ? ";" : strchr(line, ',') ? "," : " \t";
    size_t n = 0;

    for (char *rest = line; rest && n < FIELDS_MAX;) {
        char *field = next_field(&rest, separators);

        if (*separators != ' ' || *field)
            fields[n++] = field;
        if (*separators == ' ' && *field == '#') {
            n--;
            break;
        }
    }
    while (n > 0 && !*fields[n - 1])
        n--;
    return n;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(word, *words) == 0)
            return true;
    return false;
}

/* Takes the columns of a header. False: the line is not a header, because it has an address or no word that we know. */
static bool read_header(struct reading *reading, char *const *fields, size_t n)
{
    static const char *const addresses[] = {"address", "ip",     "ip address", "ip_address", "ipaddress",
                                            "addr",    "source", "source_ip",  "ipv4",       NULL};
    static const char *const names[] = {"helo", "ehlo", "helo name", "helo_name", "name", "hostname", "host", NULL};
    struct address address;
    bool known = false;

    reading->address = 0;
    reading->helo = 1;
    for (size_t i = 0; i < n; i++)
        if (address_parse(&address, fields[i], strlen(fields[i])))
            return false;
    for (size_t i = n; i-- > 0;) {
        if (is_one_of(fields[i], addresses)) {
            reading->address = i;
            known = true;
        } else if (is_one_of(fields[i], names)) {
            reading->helo = i;
        }
    }
    return known;
}

/* The name of a CSV cell; a spreadsheet's guard against formulas, as heloctl writes it, is dropped. */
static const char *unguard(const char *cell)
{
    return cell[0] == '\'' && cell[1] && strchr("=+-@", cell[1]) ? cell + 1 : cell;
}

/* Why the line is wrong; NULL: it is not. */
static const char *read_line(struct reading *reading, char *line)
{
    char *fields[FIELDS_MAX];
    struct address address;
    const char *helo;
    size_t n;

    line[strcspn(line, "\r\n")] = '\0';
    line += strspn(line, " \t");
    if (!*line || *line == '#' || (n = split(line, fields)) == 0)
        return NULL;
    if (!reading->any) {
        reading->any = true;
        reading->header = read_header(reading, fields, n);
        if (reading->header)
            return NULL;
        reading->address = 0;
        reading->helo = 1;
    }
    if (reading->address >= n || !address_parse(&address, fields[reading->address], strlen(fields[reading->address])))
        return "expected an IPv4 or IPv6 address";
    if (!reading->header && n > 2)
        return "expected only an address and a name";
    helo = reading->helo < n ? unguard(fields[reading->helo]) : "";
    return audit_add(reading->audit, &address, *helo ? helo : NULL) ? NULL : "too many hosts";
}

int audit_read_pairs(struct audit *audit, const char *path)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct lines *lines = lines_open_file(audit->ctl, path);
    struct reading reading = {.audit = audit};
    char line[LINE_MAX_BYTES];
    unsigned long number = 0, bad = 0;
    const char *wrong;
    int status;

    while (lines_next_text(lines, line, sizeof(line), &wrong)) {
        size_t skip = ++number == 1 && strncmp(line, bom, 3) == 0 ? 3 : 0;

        if (!wrong)
            wrong = read_line(&reading, line + skip);
        if (!wrong)
            continue;
        if (bad++ < BAD_SHOWN)
            ctl_fail(audit->ctl, CTL_DATA, "%s:%lu: %s", path, number, wrong);
    }
    status = lines_close(lines);
    if (bad > 0)
        ctl_fail(audit->ctl, CTL_DATA, "%lu of %lu lines of %s are invalid and were skipped", bad, number, path);
    return bad ? CTL_DATA : status;
}
