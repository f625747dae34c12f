/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text: a bounded text builder over memory that the caller owns.
 *
 * Invariants: the text is NUL-terminated after every call, and nothing is ever written past `size`. Once something did
 * not fit, `full` stays true, and the text keeps what fitted before. Nothing here allocates.
 *
 * Foreign bytes (HELO, DNS, sender, recipient) enter a reply, a header, a log line, JSON or metrics only
 * through text_add_as(). It is one function with one row per form, so escaping is tested in one place.
 */
#ifndef HELOD_TEXT_H
#define HELOD_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
    char *base;
    size_t size; /* bytes at base, at least 1 */
    size_t used; /* bytes before the NUL */
    bool full;   /* something did not fit */
};

enum text_form {
    TEXT_PLAIN,      /* 0x20..0x7e kept, every other byte becomes '?' */
    TEXT_REPLY,      /* as PLAIN, and < > \ ( ) " ; become '?': safe inside an SMTP reply or a header comment */
    TEXT_LOGFMT,     /* bare when it is one safe word, else quoted, always closed; \xNN for other bytes; "" if empty */
    TEXT_JSON,       /* the inside of a JSON string: well-formed UTF-8 is kept; controls, < and any other 8-bit byte
                        become \u00NN */
    TEXT_PROMETHEUS, /* label value: \\ \" \n escaped, other controls and 8-bit bytes as '?' */
};

void text_init(struct text *t, char *base, size_t size);
void text_add_bytes(struct text *t, const char *trusted, size_t n);
/* Inline, so that the compiler computes the length of a constant. */
static inline void text_add(struct text *t, const char *trusted)
{
    text_add_bytes(t, trusted, strlen(trusted));
}
void text_add_char(struct text *t, char c);
void text_add_number(struct text *t, long long n);
void text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_addv(struct text *t, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* n == SIZE_MAX: up to the NUL. NULL counts as the empty text. */
void text_add_as(struct text *t, enum text_form form, const char *foreign, size_t n);
/* Writes the error text "what: why", where `what` may be untrusted. Always returns false, for the caller to return. */
bool text_error(char *error, size_t error_size, const char *what, const char *why);
/* Removes everything that was added since t->used had the value `used`, and clears `full`. */
void text_rewind(struct text *t, size_t used);

#endif
