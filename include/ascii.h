/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ascii: the letters and digits of protocols, whatever the locale. Every other byte, and any int, is none.
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

/* A capital as its small letter, all else as it is. */
static inline int ascii_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* 0 to 15, or -1. Small letters only: ascii_lower() takes in the others. */
static inline int ascii_hex(int c)
{
    if (ascii_is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
