/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_token_file: an admin's token file. It is read whole, or refused with a place and a reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "name_data.h"
#include "token_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char file[] = "fuzz:";
    static struct name_data *data; /* its public suffix list is what the examples need */
    char error[256] = "", *text = malloc(size + 1);
    struct tokens tokens = {0};
    struct token_text from = {.file = "fuzz", .at = text};

    if (data == NULL)
        data = name_data_new(NULL, NULL, error, sizeof error);
    if (data == NULL || text == NULL)
        abort();
    if (size > 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
    if (!token_file_add(&tokens, &from, data, error, sizeof error) &&
        (strncmp(error, file, strlen(file)) != 0 || strstr(error, ": ") == NULL))
        abort();
    token_file_done(&tokens);
    token_file_release(&tokens);
    free(text);
    return 0;
}
