/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: the result of a test of the evidence. OPEN means that evidence which is still missing could make it YES. YES
 * and NO are final: more evidence never changes them, it only turns OPEN into one of the two.
 *
 * The functions below implement Kleene's three-valued logic, which keeps this promise: "NO and OPEN" is NO, "YES or
 * OPEN" is YES, so a combined answer becomes final as soon as the known operand decides it.
 */
#ifndef HELOD_ANSWER_H
#define HELOD_ANSWER_H

#include <stdbool.h>

/* The order matters: "and" is the smaller of two answers, "or" the larger. */
enum answer { NO, OPEN, YES };

static inline enum answer answer_if(bool certain)
{
    return certain ? YES : NO;
}

static inline enum answer answer_not(enum answer a)
{
    return (enum answer)(YES - a);
}

static inline enum answer answer_and(enum answer a, enum answer b)
{
    return a < b ? a : b;
}

static inline enum answer answer_or(enum answer a, enum answer b)
{
    return a > b ? a : b;
}

#endif
