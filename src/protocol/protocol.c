/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protocol: parses Postfix's policy protocol (SMTPD_POLICY_README) into struct request.
 *
 *     request   = *line LF
 *     line      = name "=" value LF        ; split at the first "="; a CR is part of the value
 *
 * Each byte is examined a constant number of times, and the result does not depend on the pieces in which the bytes
 * arrive. Nothing outside the buffer is read or written. A request that violates the protocol is rejected as a whole.
 */
#include "protocol.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "address.h"

/* Where a value is stored: one shared place for all skipped ones, then those of struct request in its order. */
enum { VALUE_SKIPPED, VALUE_REQUEST, VALUE_TEXTS };

#define NAME(name) name "=", sizeof name "=" - 1
#define SKIPPED(name) NAME(name), VALUE_SKIPPED
#define TEXT_NUMBER(member)                                                                                            \
    ((offsetof(struct request, member) - offsetof(struct request, protocol_state)) / sizeof(char *))
#define FIELD(member) NAME(#member), VALUE_TEXTS + TEXT_NUMBER(member)

/*
 * The rows are in the order in which Postfix sends the attributes, so the next row is tried first. For that reason the
 * attributes that helod skips have rows, too.
 */
static const struct attribute {
    const char *name; /* includes the "=", so that one comparison finds the name and where the value begins */
    uint16_t size;
    uint16_t value;
} attributes[] = {
    {NAME("request"), VALUE_REQUEST},
    {FIELD(protocol_state)},
    {FIELD(protocol_name)},
    {FIELD(client_address)},
    {FIELD(client_name)},
    {SKIPPED("client_port")},
    {FIELD(reverse_client_name)},
    {FIELD(server_address)},
    {FIELD(server_port)},
    {FIELD(helo_name)},
    {FIELD(sender)},
    {FIELD(recipient)},
    {SKIPPED("recipient_count")},
    {FIELD(queue_id)},
    {FIELD(instance)},
    {SKIPPED("size")},
    {SKIPPED("etrn_domain")},
    {NAME("stress"), VALUE_TEXTS + TEXT_NUMBER(stress_text)},
    {SKIPPED("sasl_method")},
    {FIELD(sasl_username)},
    {SKIPPED("sasl_sender")},
    {FIELD(ccert_subject)},
    {SKIPPED("ccert_issuer")},
    {FIELD(ccert_fingerprint)},
    {FIELD(ccert_pubkey_fingerprint)},
    {FIELD(encryption_protocol)},
    {SKIPPED("encryption_cipher")},
    {SKIPPED("encryption_keysize")},
    {FIELD(policy_context)},
};

enum {
    ATTRIBUTES = sizeof attributes / sizeof attributes[0],
    ATTRIBUTES_SKIPPED = 9,
    TEXTS = TEXT_NUMBER(policy_context) + 1,
    NAME_MAX = sizeof "ccert_pubkey_fingerprint=" - 1,
};

static_assert(VALUE_TEXTS + TEXTS == PROTOCOL_VALUES, "a place for each value");
/* The texts of struct request are adjacent. A text without a row would never be filled in. */
static_assert(TEXTS + ATTRIBUTES_SKIPPED + 1 == ATTRIBUTES, "a row for each text of a request");

static const struct {
    const char *text;
    enum request_state state;
} states[] = {
    {"RCPT", REQUEST_STATE_RCPT}, /* the usual state comes first */
    {"CONNECT", REQUEST_STATE_CONNECT},     {"EHLO", REQUEST_STATE_HELO}, {"HELO", REQUEST_STATE_HELO},
    {"MAIL", REQUEST_STATE_MAIL},           {"DATA", REQUEST_STATE_DATA}, {"BDAT", REQUEST_STATE_DATA},
    {"END-OF-MESSAGE", REQUEST_STATE_DATA}, {"VRFY", REQUEST_STATE_VRFY}, {"ETRN", REQUEST_STATE_VRFY},
};

/* Returns the number of the attribute whose name and "=" are name[0..size), or -1. */
static int find_attribute(const char *name, size_t size)
{
    for (int row = 0; row < ATTRIBUTES; row++) {
        if (attributes[row].size == size && memcmp(attributes[row].name, name, size) == 0)
            return row;
    }
    return -1;
}

/* True when a line, complete or not, is too long and has a known name. */
static bool is_too_long(const char *line, size_t length)
{
    const char *equals;

    if (length <= PROTOCOL_LINE_MAX)
        return false;
    equals = memchr(line, '=', NAME_MAX);
    return equals != NULL && find_attribute(line, (size_t)(equals - line) + 1) >= 0;
}

/* Only the first value of a repeated attribute counts. */
static void note_value(struct protocol_scan *scan, unsigned row, uint32_t begins)
{
    uint32_t *value = &scan->values[attributes[row].value];

    if (*value == 0)
        *value = begins;
}

/*
 * Parses complete lines as long as they come in Postfix's usual order. Lines that are out of order, too long or too
 * many are left to read_line(), which would give the same result for all lines, but more slowly.
 */
static void read_in_order(struct protocol_scan *scan, char *buffer, size_t end)
{
    const unsigned first = scan->next, lines = PROTOCOL_LINES_MAX - scan->lines;
    const unsigned last = ATTRIBUTES - first < lines ? ATTRIBUTES : first + lines;
    char *line = buffer + scan->line_start;
    const char *const last_byte = buffer + end;
    unsigned row = first;

    for (; row < last; row++) {
        size_t size = attributes[row].size, left = (size_t)(last_byte - line);
        char *value = line + size, *stop;

        if (left <= size || memcmp(line, attributes[row].name, size) != 0)
            break;
        stop = *value == '\n' ? value : memchr(value, '\n', left - size);
        if (stop == NULL || stop - line > PROTOCOL_LINE_MAX)
            break;
        *stop = '\0';
        note_value(scan, row, (uint32_t)(value - buffer));
        line = stop + 1;
    }
    scan->lines = (uint16_t)(scan->lines + (row - first));
    scan->next = (uint16_t)(row == ATTRIBUTES ? 0 : row);
    scan->at = scan->line_start = (uint32_t)(line - buffer);
}

/* Stores where the value of a complete line begins. Returns an error text, or NULL. */
static const char *read_line(struct protocol_scan *scan, char *buffer, size_t end)
{
    const char *line = buffer + scan->line_start;
    size_t length = end - scan->line_start;
    const char *equals = memchr(line, '=', length);
    int row;

    if (equals == NULL)
        return "line without \"=\"";
    row = find_attribute(line, (size_t)(equals - line) + 1);
    if (++scan->lines > PROTOCOL_LINES_MAX)
        return "too many lines";
    if (row < 0)
        return NULL;
    if (length > PROTOCOL_LINE_MAX)
        return "line too long";
    buffer[end] = '\0';
    note_value(scan, (unsigned)row, scan->line_start + attributes[row].size);
    scan->next = (uint16_t)(row + 1 == ATTRIBUTES ? 0 : row + 1);
    return NULL;
}

static enum request_state to_state(const char *text)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(text, states[i].text) == 0)
            return states[i].state;
    }
    return REQUEST_STATE_OTHER;
}

static const char *finish(const struct protocol_scan *scan, const char *buffer, struct request *req)
{
    uint32_t request = scan->values[VALUE_REQUEST];

    if (request == 0 || strcmp(buffer + request, "smtpd_access_policy") != 0)
        return "not an smtpd_access_policy request";
    for (size_t i = 0; i < TEXTS; i++) {
        const uint32_t begins = scan->values[VALUE_TEXTS + i];
        const char *text = begins == 0 ? "" : buffer + begins;

        memcpy((char *)req + offsetof(struct request, protocol_state) + i * sizeof text, &text, sizeof text);
    }
    req->state = to_state(req->protocol_state);
    req->esmtp = request_says_ehlo(req->protocol_state, req->protocol_name);
    req->encrypted = req->encryption_protocol[0] != '\0';
    req->stress = strcmp(req->stress_text, "yes") == 0;
    address_parse(&req->client, req->client_address, strlen(req->client_address)); /* else ADDRESS_NONE */
    return NULL;
}

static enum protocol_result violation(const char **error, const char *why)
{
    *error = why;
    return PROTOCOL_VIOLATION;
}

enum protocol_result protocol_parse(struct protocol_scan *scan, char *buffer, size_t n, struct request *req,
                                    size_t *used, const char **error)
{
    /* Bytes beyond the limit cannot be part of a request. Ignoring them makes the result independent of the pieces. */
    size_t end = n < PROTOCOL_REQUEST_MAX ? n : PROTOCOL_REQUEST_MAX;
    const char *nul = scan->at < end ? memchr(buffer + scan->at, '\0', end - scan->at) : NULL;
    const char *why = NULL;

    if (scan->at == scan->line_start)
        read_in_order(scan, buffer, nul != NULL ? (size_t)(nul - buffer) : end);
    while (scan->at < end) {
        const char *fresh = buffer + scan->at;
        const char *line_end = memchr(fresh, '\n', end - scan->at);
        size_t stop = line_end == NULL ? end : (size_t)(line_end - buffer);

        if (nul != NULL && nul < buffer + stop)
            return violation(error, "NUL byte");
        if (line_end == NULL) {
            scan->at = (uint32_t)end;
            break;
        }
        if (stop == scan->line_start) {
            *used = stop + 1;
            why = finish(scan, buffer, req);
            return why == NULL ? PROTOCOL_REQUEST : violation(error, why);
        }
        why = read_line(scan, buffer, stop);
        if (why != NULL)
            return violation(error, why);
        scan->at = scan->line_start = (uint32_t)stop + 1;
    }
    if (end == PROTOCOL_REQUEST_MAX)
        return violation(error, "request too long");
    if (is_too_long(buffer + scan->line_start, end - scan->line_start))
        return violation(error, "line too long");
    return PROTOCOL_MORE;
}
