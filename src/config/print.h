/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print: formats values, for the whole file and for reported changes.
 */
#ifndef HELOD_CONFIG_PRINT_H
#define HELOD_CONFIG_PRINT_H

#include "options.h"
#include "policyfile.h"

/* The value of an option as the file would have it. */
void print_value(FILE *out, const struct option *option, const void *base);

#endif
