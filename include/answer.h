/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: the result of a test of the evidence. OPEN means that the answer is unknown so far: evidence that is still
 * missing could make it YES. So YES and NO are final; more evidence only ever turns OPEN into one of them.
 *
 * The functions below are the logic of three values (Kleene's). Whoever combines final answers with them gets an answer
 * that is final as soon as the known half of the evidence settles it: NO and OPEN is NO, YES or OPEN is YES.
 */
#ifndef HELOD_ANSWER_H
#define HELOD_ANSWER_H

#include <stdbool.h>

/* In this order, so that "and" is the smaller of two answers and "or" is the larger. */
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
