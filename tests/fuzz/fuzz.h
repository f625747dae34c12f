/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz: what libFuzzer, or replay.c in its place, calls. A target aborts when something is wrong. */
#ifndef HELOD_FUZZ_H
#define HELOD_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
