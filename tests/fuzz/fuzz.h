/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz: what libFuzzer, or replay.c in its place, calls. A target aborts when something is wrong. */
#ifndef HELOD_FUZZ_H
#define HELOD_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exists only together with replay.c: each seed runs once and may take its time. */
extern const int fuzz_replays __attribute__((weak));

/*
 * Whether the parser accepted the input; exists only together with replay.c. Of the seeds that are named good*,
 * replay.c requires it: otherwise a new version of a format would turn every seed into one that is rejected at its
 * first bytes.
 */
extern bool fuzz_accepted __attribute__((weak));

static inline void fuzz_accept(void)
{
    if (&fuzz_accepted)
        fuzz_accepted = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
