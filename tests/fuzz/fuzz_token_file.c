/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_token_file: an admin's token file. It is read whole, or refused with a place and a reason.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "names.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[] = "/tmp/fuzz_token_file.XXXXXX", error[256] = "";
    const char *const files[] = {path, NULL};
    int fd = mkstemp(path);
    struct name_data *data;

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    close(fd);
    data = name_data_new(NULL, files, error, sizeof error);
    unlink(path);
    if (data == NULL && (strncmp(error, path, strlen(path)) != 0 || strstr(error, ": ") == NULL))
        abort();
    name_data_free(data);
    return 0;
}
