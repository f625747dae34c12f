/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ascii: ASCII letters and digits, independent of the locale. Unlike <ctype.h>, any int may be passed, negative ones
 * and 8-bit bytes included.
 */
#ifndef HELOD_ASCII_H
#define HELOD_ASCII_H

#include <stdbool.h>

static inline bool ascii_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Converts A-Z to lower case and returns everything else unchanged. */
static inline int ascii_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* The value of a hex digit, 0 to 15, or -1. Lower case only: call ascii_lower() first to accept both cases. */
static inline int ascii_hex(int c)
{
    if (ascii_is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
