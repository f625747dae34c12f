/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request_text: one policy request as Postfix 3.7 sends it, with all attributes in Postfix's order.
 */
#ifndef HELOD_BENCH_REQUEST_TEXT_H
#define HELOD_BENCH_REQUEST_TEXT_H

#include "greetings.h"

enum { REQUEST_SIZE = 3072 };

/* Returns the length. `number` makes the instance unique within a run; the process id makes runs differ. */
size_t request_text(char out[REQUEST_SIZE], const struct greeting *g, uint32_t number);

#endif
