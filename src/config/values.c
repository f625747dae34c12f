/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * values: one row per type of option: how a text is checked and stored, and how the field is printed. Accepted
 * values are printable ASCII, complete and within the row's limits. What is printed reads back to the same field.
 * Numbers are decimal, whereas libconfuse would read 010 as eight.
 */
#include "values.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "address.h"
#include "decision.h"
#include "text.h"
#include "units.h"

struct value {
    const struct option *option;
    const char *text;
    void *field;
    struct region *region;
    struct text error;
};

struct type_row {
    bool bare; /* printed without quotes */
    bool (*read)(struct value *v);
};

static bool wrong(struct value *v, const char *what)
{
    text_addf(&v->error, "\"%.80s\" %s", v->text, what);
    return false;
}

static bool store_text(struct value *v)
{
    const char *copy = region_strdup(v->region, v->text);

    if (!copy)
        return wrong(v, "does not fit in memory");
    *(const char **)v->field = copy;
    return true;
}

static bool check_text(struct value *v)
{
    for (const char *c = v->text; *c; c++) {
        if (*c < ' ' || *c > '~')
            return wrong(v, "contains a byte that is not printable ASCII");
    }
    return true;
}

int value_macro_length(const char *macro)
{
    size_t n = strcspn(macro, "}");

    return n < 40 ? (int)n : 40;
}

static bool read_template(struct value *v)
{
    const char *unknown = NULL;

    if (!template_check(v->text, &unknown)) {
        text_addf(&v->error, "unknown macro %%{%.*s} in \"%.80s\", expected one of helod.conf(5)",
                  value_macro_length(unknown), unknown, v->text);
        return false;
    }
    return store_text(v);
}

static bool only(const char *text, const char *allowed)
{
    return text[strspn(text, allowed)] == '\0';
}

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool read_word(struct value *v)
{
    if (strlen(v->text) > 64 || !only(v->text, LETTERS_AND_DIGITS "._-"))
        return wrong(v, "is not a name, expected letters, digits and . _ -");
    return store_text(v);
}

bool value_is_host(const char *text)
{
    size_t n = strlen(text);

    if (n == 0 || n > 253 || !only(text, LETTERS_AND_DIGITS ".-_"))
        return false;
    for (const char *label = text; label;) {
        size_t size = strcspn(label, ".");
        if (size == 0 || size > 63)
            return false;
        label = label[size] == '.' ? label + size + 1 : NULL;
    }
    return true;
}

static bool read_host(struct value *v)
{
    if (v->text[0] != '\0' && !value_is_host(v->text))
        return wrong(v, "is not a host name");
    return store_text(v);
}

static bool check_suffix(struct value *v)
{
    return value_is_host(v->text + (v->text[0] == '.')) ||
           wrong(v, "is not a host name, expected NAME, or .NAME for all below it too");
}

static bool check_path(struct value *v)
{
    return v->text[0] == '/' || wrong(v, "is not an absolute path, expected one that begins with /");
}

static bool read_path(struct value *v)
{
    return (v->text[0] == '\0' || check_path(v)) && store_text(v);
}

static bool is_port(const char *text)
{
    uint64_t port;

    return (text[0] != '0' || text[1] == '\0') && units_number(text, &port) && port <= 65535;
}

/* Parses ADDRESS, ADDRESS:PORT or [IPV6]:PORT; `host_names` allows a name instead of the address. */
static bool is_host_port(const char *text, bool needs_port, bool host_names)
{
    struct address a;
    size_t n = strlen(text), host;
    char name[256];

    if (!needs_port && address_parse(&a, text, n))
        return true;
    if (text[0] == '[') {
        host = strcspn(text, "]");
        return text[host] == ']' && text[host + 1] == ':' && address_parse(&a, text + 1, host - 1) &&
               a.family == ADDRESS_IPV6 && is_port(text + host + 2);
    }
    host = strcspn(text, ":");
    if (text[host] != ':' || !is_port(text + host + 1) || host >= sizeof(name))
        return false;
    memcpy(name, text, host);
    name[host] = '\0';
    return address_parse(&a, name, host) || (host_names && value_is_host(name) && !only(name, "0123456789."));
}

static bool is_unix(const char *text)
{
    return strncmp(text, "unix:/", 6) == 0 && strlen(text + 5) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

static bool check_endpoint(struct value *v)
{
    if (is_unix(v->text) || (strncmp(v->text, "inet:", 5) == 0 && is_host_port(v->text + 5, true, false)))
        return true;
    return wrong(v, "is not a socket, expected inet:ADDRESS:PORT, inet:[IPV6]:PORT or unix:/PATH");
}

/* A server to connect to may have a name. A socket to listen on may not, because that would require DNS. */
static bool check_remote(struct value *v)
{
    if (is_unix(v->text) || (strncmp(v->text, "inet:", 5) == 0 && is_host_port(v->text + 5, true, true)))
        return true;
    return wrong(v, "is not a server, expected inet:HOST:PORT, inet:[IPV6]:PORT or unix:/PATH");
}

static bool check_server(struct value *v)
{
    return is_host_port(v->text, false, false) ||
           wrong(v, "is not a resolver, expected ADDRESS, ADDRESS:PORT or [IPV6]:PORT");
}

static bool check_network(struct value *v)
{
    struct network net;

    return network_parse(&net, v->text, strlen(v->text)) ||
           wrong(v, "is not a network, expected ADDRESS or ADDRESS/BITS");
}

static bool number(struct value *v, int64_t *out)
{
    const struct option *o = v->option;
    char error[VALUE_ERROR_SIZE];

    if (value_number(v->text, o->min, o->max, out, error))
        return true;
    text_addf(&v->error, "%s%s%s", error, o->unit ? " " : "", o->unit ? o->unit : "");
    return false;
}

static bool read_number(struct value *v)
{
    int64_t n = 0;

    if (!number(v, &n))
        return false;
    *(unsigned *)v->field = (unsigned)n;
    return true;
}

static bool read_points(struct value *v)
{
    int64_t n = 0;

    if (!number(v, &n))
        return false;
    *(int *)v->field = (int)n;
    return true;
}

static bool read_mode(struct value *v)
{
    size_t n = strlen(v->text);
    unsigned mode = 0;

    for (const char *c = v->text; *c >= '0' && *c <= '7'; c++)
        mode = mode * 8 + (unsigned)(*c - '0');
    if (n < 3 || n > 4 || !only(v->text, "01234567") || mode > (unsigned)v->option->max)
        return wrong(v, "is not a mode, expected octal digits such as 0660");
    *(unsigned *)v->field = mode;
    return true;
}

static bool read_switch(struct value *v)
{
    static const struct {
        const char *word;
        bool on;
    } words[] = {{"yes", true}, {"on", true}, {"true", true}, {"no", false}, {"off", false}, {"false", false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(v->text, words[i].word) == 0) {
            *(bool *)v->field = words[i].on;
            return true;
        }
    }
    return wrong(v, "is not a switch, expected yes or no");
}

static bool read_choice(struct value *v)
{
    const char *const *choices = v->option->choices;
    const char *nearest;
    unsigned n = 0;

    for (; choices[n]; n++) {
        if (strcmp(v->text, choices[n]) == 0) {
            memcpy(v->field, &n, sizeof(n)); /* enums of C11 are as wide as unsigned here */
            return true;
        }
    }
    text_addf(&v->error, "\"%.80s\" is unknown, expected", v->text);
    for (unsigned i = 0; i < n; i++)
        text_addf(&v->error, "%s %s", i == 0 ? "" : i + 1 < n ? "," : " or", choices[i]);
    nearest = units_nearest(v->text, choices, n);
    if (nearest)
        text_addf(&v->error, "; did you mean \"%s\"?", nearest);
    return false;
}

static const char *size_text(uint64_t bytes, char room[VALUE_TEXT_SIZE])
{
    static const char units[] = "kmg";
    size_t unit = 0;

    while (bytes > 0 && bytes % 1024 == 0 && unit < 3) {
        bytes /= 1024;
        unit++;
    }
    snprintf(room, VALUE_TEXT_SIZE, "%llu%.1s", (unsigned long long)bytes, unit > 0 ? units + unit - 1 : "");
    return room;
}

/* Stores a duration or a size, if it is within the row's limits. */
static bool store_amount(struct value *v, uint64_t n, const char *(*text)(uint64_t n, char *room))
{
    const struct option *o = v->option;
    char low[VALUE_TEXT_SIZE], high[VALUE_TEXT_SIZE];

    if (n < (uint64_t)o->min || n > (uint64_t)o->max) {
        text_addf(&v->error, "\"%.80s\" is out of range, expected %s to %s", v->text, text((uint64_t)o->min, low),
                  text((uint64_t)o->max, high));
        return false;
    }
    *(uint64_t *)v->field = n;
    return true;
}

static bool read_duration(struct value *v)
{
    uint64_t ms;

    return units_duration(v->text, &ms) ? store_amount(v, ms, units_duration_text)
                                        : wrong(v, "is not a duration, expected a number and ms, s, m, h or d");
}

static bool read_size(struct value *v)
{
    uint64_t bytes;

    return units_size(v->text, &bytes) ? store_amount(v, bytes, size_text)
                                       : wrong(v, "is not a size, expected a number and k, m or g");
}

static const struct type_row types[OPTION_TYPE_COUNT] = {
    [OPTION_TEXT] = {false, store_text},       [OPTION_TEMPLATE] = {false, read_template},
    [OPTION_WORD] = {false, read_word},        [OPTION_HOST] = {false, read_host},
    [OPTION_PATH] = {false, read_path},        [OPTION_REMOTES] = {false, check_remote},
    [OPTION_ACTION] = {false, store_text}, /* it is parsed when the threshold is built */
    [OPTION_NUMBER] = {true, read_number},     [OPTION_POINTS] = {true, read_points},
    [OPTION_MODE] = {false, read_mode},        [OPTION_SWITCH] = {true, read_switch},
    [OPTION_CHOICE] = {false, read_choice},    [OPTION_DURATION] = {false, read_duration},
    [OPTION_SIZE] = {false, read_size},        [OPTION_ENDPOINTS] = {false, check_endpoint},
    [OPTION_SERVERS] = {false, check_server},  [OPTION_NETWORKS] = {false, check_network},
    [OPTION_SUFFIXES] = {false, check_suffix}, [OPTION_PATHS] = {false, check_path},
};

static bool fail_without_memory(char error[VALUE_ERROR_SIZE])
{
    snprintf(error, VALUE_ERROR_SIZE, "no memory");
    return false;
}

bool value_number(const char *text, int64_t min, int64_t max, int64_t *out, char error[VALUE_ERROR_SIZE])
{
    const char *digits = text && text[0] == '-' ? text + 1 : text, *why = NULL;
    size_t n = text ? strlen(digits) : 0;
    int64_t sum = 0;

    if (!text)
        return fail_without_memory(error);
    if (n == 0 || !only(digits, "0123456789"))
        why = "is not a whole number, expected";
    else if (n > 1 && digits[0] == '0')
        why = "begins with 0, expected a decimal number from";
    for (; n <= 15 && !why && *digits; digits++)
        sum = sum * 10 + (*digits - '0');
    if (text[0] == '-')
        sum = -sum;
    if (!why && (n > 15 || sum < min || sum > max))
        why = "is out of range, expected";
    if (why) {
        snprintf(error, VALUE_ERROR_SIZE, "\"%.80s\" %s %lld to %lld", text, why, (long long)min, (long long)max);
        return false;
    }
    *out = sum;
    return true;
}

bool value_read(const struct option *option, const char *text, void *base, struct region *r,
                char error[VALUE_ERROR_SIZE])
{
    struct value v = {.option = option, .text = text, .field = (char *)base + option->offset, .region = r};

    if (!text)
        return fail_without_memory(error);
    text_init(&v.error, error, VALUE_ERROR_SIZE);
    return check_text(&v) && types[option->type].read(&v);
}

const char *value_text(const struct option *option, const void *base, char room[VALUE_TEXT_SIZE])
{
    const void *field = (const char *)base + option->offset;
    unsigned n;

    switch (option->type) {
    case OPTION_NUMBER:
        snprintf(room, VALUE_TEXT_SIZE, "%u", *(const unsigned *)field);
        return room;
    case OPTION_POINTS:
        snprintf(room, VALUE_TEXT_SIZE, "%d", *(const int *)field);
        return room;
    case OPTION_MODE:
        snprintf(room, VALUE_TEXT_SIZE, "%04o", *(const unsigned *)field);
        return room;
    case OPTION_SWITCH:
        return *(const bool *)field ? "yes" : "no";
    case OPTION_CHOICE:
        memcpy(&n, field, sizeof(n));
        return option->choices[n];
    case OPTION_DURATION:
        return units_duration_text(*(const uint64_t *)field, room);
    case OPTION_SIZE:
        return size_text(*(const uint64_t *)field, room);
    default:
        return *(const char *const *)field;
    }
}

bool value_is_bare(const struct option *option)
{
    return types[option->type].bare;
}

const char *const *value_list(const struct option *option, const void *base)
{
    const void *field = (const char *)base + option->offset;

    return *(const char *const *const *)field;
}
