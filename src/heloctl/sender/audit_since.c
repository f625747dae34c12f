/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_since: compares an audit with the JSON output of an earlier one. It reads that output as a sequence of keys and
 * string values, whatever is around them: "address" begins a host, "helo" and "fault" add to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "audit.h"

enum { STRING_SIZE = 1024 };

struct earlier {
    struct address address;
    const char *helo; /* "" when it had none */
    uint32_t faults;
    bool found; /* the present audit has it too */
};

struct earlier_list {
    struct earlier *all;
    size_t count, room;
};

static bool take_pair(struct audit *audit, struct earlier_list *list, const char *key, const char *value)
{
    struct earlier *last = list->count ? &list->all[list->count - 1] : NULL;
    struct address address;

    if (strcmp(key, "address") == 0) {
        if (list->count == AUDIT_HOSTS_MAX || !address_parse(&address, value, strlen(value)))
            return false;
        list->all = sure_room(list->all, list->count, &list->room, sizeof(*list->all));
        list->all[list->count++] = (struct earlier){.address = address, .helo = ""};
    } else if (last && strcmp(key, "helo") == 0 && !*last->helo && *value) {
        last->helo = region_strdup(audit->keep, value);
    }
    for (unsigned i = 0; last && strcmp(key, "fault") == 0 && i < AUDIT_FAULTS; i++)
        if (strcmp(value, audit_faults[i].name) == 0)
            last->faults |= AUDIT_BIT(i);
    return true;
}

/*
 * Decodes the string after its opening quote into `out`, cut where it is too long. False: it has no end. Our writer
 * escapes quotes, backslashes, and other bytes as \u00NN.
 */
static bool read_string(FILE *in, char out[STRING_SIZE])
{
    char hex[4];
    size_t n = 0;
    int c;

    while ((c = getc_unlocked(in)) != EOF && c != '"') {
        if (c == '\\' && (c = getc_unlocked(in)) == 'u' && fread(hex, 1, sizeof(hex), in) == sizeof(hex))
            c = ascii_hex(ascii_lower(hex[2])) * 16 + ascii_hex(ascii_lower(hex[3]));
        if (n < STRING_SIZE - 1)
            out[n++] = (char)c;
    }
    out[n] = '\0';
    return c == '"';
}

/* Reads the file once, so that memory grows with the hosts and not with the file. False: it is no earlier audit. */
static bool parse(struct audit *audit, struct earlier_list *list, FILE *in)
{
    char key[STRING_SIZE] = "", value[STRING_SIZE];
    bool is_value = false, has_hosts = false;
    int c;

    while ((c = getc_unlocked(in)) != EOF && c != '\0') {
        if (c == ':')
            is_value = true;
        if (strchr(": \t\r\n", c))
            continue;
        if (c == '"' && (!read_string(in, is_value ? value : key) || (is_value && !take_pair(audit, list, key, value))))
            return false;
        has_hosts = has_hosts || (c == '"' && strcmp(key, "hosts") == 0);
        is_value = false;
    }
    return c == EOF && has_hosts;
}

static int compare(const void *a, const void *b)
{
    const struct earlier *x = a, *y = b;
    int by = address_compare(&x->address, &y->address);

    return by ? by : strcasecmp(x->helo, y->helo);
}

/* What DNS does not answer at the moment is neither new nor fixed. */
static void compare_host(struct audit_host *host, struct earlier_list *list)
{
    struct earlier key = {.address = host->address, .helo = host->helo ? host->helo : ""}, *then;

    then = list->count ? bsearch(&key, list->all, list->count, sizeof(key), compare) : NULL;
    host->news = !then;
    if (!then)
        return;
    then->found = true;
    host->fresh = host->faults & ~then->faults;
    host->fixed = then->faults & ~host->faults & ~host->unknown;
}

static void keep_gone(struct audit *audit, const struct earlier_list *list)
{
    const char **gone = region_alloc(audit->keep, (list->count + 1) * sizeof(*gone));
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < list->count; i++)
        if (!list->all[i].found)
            gone[audit->gone_count++] = region_printf(audit->keep, "%s %s", address_format(&list->all[i].address, text),
                                                      *list->all[i].helo ? list->all[i].helo : "-");
    audit->gone = gone;
}

int audit_compare(struct audit *audit, const char *path)
{
    struct earlier_list list = {.all = NULL};
    FILE *in = fopen(path, "r");
    bool good = in && parse(audit, &list, in);
    int status = CTL_OK;

    if (!in || ferror(in))
        status = ctl_fail(audit->ctl, CTL_NO_INPUT, "%s: %s", path, strerror(errno));
    else if (!good)
        status = ctl_fail(audit->ctl, CTL_DATA, "%s is not the output of heloctl audit --json", path);
    if (in)
        fclose(in);
    if (list.count)
        qsort(list.all, list.count, sizeof(*list.all), compare);
    for (size_t i = 0; status == CTL_OK && i < audit->count; i++)
        compare_host(&audit->hosts[i], &list);
    keep_gone(audit, &list);
    free(list.all);
    return status;
}

bool audit_changed(const struct audit_host *host)
{
    return host->fresh || host->fixed || (host->news && (host->faults || host->unknown));
}
