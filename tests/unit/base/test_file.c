/* SPDX-License-Identifier: BSD-2-Clause */
/* test_file: only regular files of a bounded size are read, that nobody else may write, and whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

enum { LIMIT = 1 << 20 };

static char folder[] = "/tmp/helod-test-file-XXXXXX", path[64];

static void write_bytes(const char *bytes, size_t n, mode_t mode)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(out);
    assert_int_equal(chmod(path, mode), 0);
}

static void reads_all_bytes(void **state)
{
    struct file_text file;
    char error[FILE_ERROR_SIZE];

    (void)state;
    write_bytes("a\0b\n", 4, 0644);
    assert_true(file_read(path, 4, &file, error));
    assert_int_equal(file.n, 4);
    assert_memory_equal(file.text, "a\0b\n", 5); /* with the NUL behind them */
    assert_true(file.world_readable);
    free(file.text);
    write_bytes("", 0, 0600);
    assert_true(file_read(path, 4, &file, error));
    assert_int_equal(file.n, 0);
    assert_string_equal(file.text, "");
    assert_false(file.world_readable);
    free(file.text);
}

static void refused(const char *name, const char *why)
{
    struct file_text file = {.text = NULL};
    char error[FILE_ERROR_SIZE] = "";

    assert_false(file_read(name, LIMIT, &file, error));
    assert_null(file.text);
    if (strstr(error, why) == NULL)
        fail_msg("%s: '%s', expected '%s'", name, error, why);
}

/* Each of these would keep a careless reader for good, or for gigabytes. */
static void never_ends(void **state)
{
    (void)state;
    refused("/dev/zero", "is a device or socket, expected a file");
    refused("/dev/full", "is a device or socket, expected a file");
    refused(folder, "is a directory, expected a file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(path, "is a pipe, expected a file");
    assert_int_equal(unlink(path), 0);
    write_bytes("x", 1, 0600);
    assert_int_equal(truncate(path, 3LL << 30), 0);
    refused(path, "larger than 1048576 bytes");
    assert_int_equal(truncate(path, LIMIT + 1), 0);
    refused(path, "larger than 1048576 bytes");
    assert_int_equal(unlink(path), 0);
    refused(path, "No such file or directory");
}

static void written_by_others(void **state)
{
    (void)state;
    write_bytes("x", 1, 0646);
    refused(path, "everybody may write to it");
}

/* Another process rewrites the file all the time: sooner or later that is noticed, and what is read is one state. */
static void changes_meanwhile(void **state)
{
    static char bytes[LIMIT];
    char error[FILE_ERROR_SIZE] = "";
    struct file_text file;
    pid_t writer;

    (void)state;
    write_bytes(bytes, sizeof(bytes), 0600);
    writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        int fd = open(path, O_WRONLY);

        for (off_t at = 0; fd >= 0 && pwrite(fd, "y", 1, at) == 1; at = (at + 4096) % LIMIT)
            ;
        _exit(1);
    }
    while (strstr(error, "was written to while it was read") == NULL)
        if (file_read(path, LIMIT, &file, error))
            free(file.text);
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/file", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_bytes),
        cmocka_unit_test(never_ends),
        cmocka_unit_test(written_by_others),
        cmocka_unit_test(changes_meanwhile),
    };

    return cmocka_run_group_tests_name("file", tests, setup, teardown);
}
