/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz: what libFuzzer, or replay.c in its place, calls. A target aborts when something is wrong. */
#ifndef HELOD_FUZZ_H
#define HELOD_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* There only where replay.c is: a seed is run once and may take its time. */
extern const int fuzz_replays __attribute__((weak));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
