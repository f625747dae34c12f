/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "reading.h"

char messages[MESSAGES_SIZE];
char folder[] = "/tmp/helod-test-settings-XXXXXX";

void keep(void *arg, bool is_error, const char *message)
{
    size_t used = strlen(messages);

    (void)arg;
    snprintf(messages + used, sizeof(messages) - used, "%s%s\n", is_error ? "" : "warning: ", message);
}

struct settings *read_text(const char *text)
{
    messages[0] = '\0';
    return policyfile_read_text("t", text, strlen(text), keep, NULL);
}

struct settings *read_good(const char *text)
{
    struct settings *s = read_text(text);

    if (!s)
        fail_msg("%s", messages);
    return s;
}

struct address client(const char *text)
{
    struct address a;

    assert_true(address_parse(&a, text, strlen(text)));
    return a;
}

const char *write_file(const char *name, const char *text)
{
    static char path[256];
    FILE *out;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    fclose(out);
    assert_int_equal(chmod(path, 0644), 0);
    return path;
}

int make_folder(void **state)
{
    (void)state;
    clock_freeze(NOVEMBER_1, 0);
    return mkdtemp(folder) ? 0 : -1;
}

int remove_folder(void **state)
{
    static const char *const names[] = {"exempt", "policy", "many"};
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}
