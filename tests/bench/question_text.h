/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * question_text: one question as Postfix 3.7 sends it, all attributes in its order.
 */
#ifndef HELOD_BENCH_QUESTION_TEXT_H
#define HELOD_BENCH_QUESTION_TEXT_H

#include "greetings.h"

enum { QUESTION_SIZE = 3072 };

/* `number` makes the instance unique within a run; runs differ by the process id. The length. */
size_t question_text(char out[QUESTION_SIZE], const struct greeting *g, uint32_t number);

#endif
