/* SPDX-License-Identifier: BSD-2-Clause */
/* test_snapshot: saved and read back; a file that is no snapshot is set aside with a warning, and never more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "remembering.h"

enum { START = 1767225600 };

static struct event_base *base;
static char folder[] = "/tmp/helod-test-XXXXXX", file[100], aside[120];
static unsigned reports;
static char last_report[400];

static void told(void *arg, bool is_error, const char *message)
{
    (void)arg;
    (void)is_error;
    if (reports++ == 0)
        snprintf(last_report, sizeof(last_report), "%s", message);
}

static struct history *reopen(uint64_t snapshot_ms, bool read_only)
{
    struct history_settings settings = plain_settings;
    struct history_options options = {.settings = &settings, .report = told, .read_only = read_only};
    char error[200];
    struct history *h;

    settings.file = file;
    settings.snapshot_ms = snapshot_ms;
    reports = 0;
    last_report[0] = '\0';
    h = history_new(base, &options, error, sizeof(error));
    assert_non_null(h);
    return h;
}

static void save(struct history *h)
{
    char error[200] = "";

    if (!history_save(h, error, sizeof(error)))
        fail_msg("%s", error);
}

static void encrypted_client(struct history *h, struct history_greeting *greeting, struct greeting *g, bool noted)
{
    *greeting = greets(g, "25.1.1.1", "t.template.example");
    greeting->policy = "default";
    if (noted)
        history_note_encrypted(h, greeting);
}

static void fill(struct history *h)
{
    struct history_greeting greeting;
    struct greeting g;
    char helo[64], client[32];

    for (unsigned i = 0; i < 100; i++) {
        snprintf(helo, sizeof(helo), "a.b%u.example", i % 40);
        snprintf(client, sizeof(client), "11.%u.1.1", i);
        note(h, "192.0.2.1", helo, false);
        note(h, client, "t.template.example", false);
        note(h, client, "m.good.example", true);
    }
    for (unsigned i = 0; i < 12; i++) {
        snprintf(helo, sizeof(helo), "m.v%u.example", i);
        note(h, "192.0.2.2", helo, true);
    }
    encrypted_client(h, &greeting, &g, true);
}

static void check_filled(struct history *h)
{
    struct history_facts f = known_of(h, "192.0.2.1", "t.template.example");
    struct history_greeting greeting;
    struct greeting g;

    assert_true(f.misfits == 5 && f.misfit_days == 1);
    encrypted_client(h, &greeting, &g, false);
    history_at_once(h, &greeting, &f);
    assert_int_equal(f.encrypted_networks, 1);
    f = known_of(h, "192.0.2.1", "t.template.example");
    assert_int_equal(f.domains, 40);
    assert_int_equal(f.networks, 64); /* as far as a set counts */
    assert_int_equal(f.first_seen, START);
    f = known_of(h, "11.7.1.1", "m.good.example");
    assert_true(f.good == 1 && f.domains == 1);
    assert_int_equal(known_of(h, "192.0.2.2", "m.v11.example").good, 1);
    assert_int_equal(known_of(h, "192.0.2.2", "m.v4.example").good, 1);
    assert_int_equal(known_of(h, "192.0.2.2", "m.v3.example").good, 0); /* eight domains are kept */
}

static void saved_and_read(void **state)
{
    struct history *h;

    (void)state;
    clock_freeze(START, 1000);
    h = reopen(60000, false);
    fill(h);
    check_filled(h);
    save(h);
    history_free(h);
    for (unsigned round = 0; round < 3; round++) {
        h = reopen(60000, false);
        assert_int_equal(reports, 0);
        check_filled(h);
        note(h, "192.0.2.9", "x.y", false);
        save(h);
        history_free(h);
    }
}

static void stale_records_stay_behind(void **state)
{
    struct history_stats stats;
    struct history *h;

    (void)state;
    clock_freeze(START + 8 * 86400, 1000);
    h = reopen(60000, false);
    assert_int_equal(reports, 0);
    assert_int_equal(known_of(h, "192.0.2.1", "t.template.example").domains, 0);
    note(h, "192.0.2.9", "x.y", false);
    save(h);
    history_free(h);
    h = reopen(60000, false);
    history_stats(h, &stats);
    assert_int_equal(stats.networks, 1);
    history_free(h);
}

/* By a process of its own, while the loop runs. */
static void saved_in_the_background(void **state)
{
    static const struct timeval moment = {.tv_usec = 100000};
    struct history *h;

    (void)state;
    unlink(file);
    clock_freeze(START, 1000);
    h = reopen(50, false);
    fill(h);
    for (unsigned i = 0; i < 600 && access(file, F_OK) != 0; i++) {
        event_base_loopexit(base, &moment);
        event_base_dispatch(base);
    }
    assert_int_equal(reports, 0);
    history_free(h); /* does not save */
    h = reopen(60000, false);
    check_filled(h);
    history_free(h);
}

static void write_bytes(const uint8_t *bytes, size_t n)
{
    FILE *out = fopen(file, "wb");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(out);
    unlink(aside);
}

static void check_set_aside(const char *why)
{
    struct history_stats stats;
    struct history *h = reopen(60000, false);

    if (reports == 0 || strstr(last_report, why) == NULL)
        fail_msg("reported \"%s\", not \"%s\"", last_report, why);
    history_stats(h, &stats);
    assert_int_equal(stats.networks + stats.names, 0);
    assert_int_equal(access(aside, F_OK), 0);
    assert_int_not_equal(access(file, F_OK), 0);
    note(h, "192.0.2.9", "x.y", false);
    save(h);
    history_free(h);
    h = reopen(60000, false);
    assert_int_equal(reports, 0);
    assert_int_equal(known_of(h, "192.0.2.9", "x.y").domains, 1);
    history_free(h);
}

static void unusable_files(void **state)
{
    static uint8_t bytes[1 << 20], other[1 << 20];
    struct history *h;
    FILE *in;
    size_t n;

    (void)state;
    clock_freeze(START, 1000);
    unlink(file);
    h = reopen(60000, false);
    fill(h);
    save(h);
    history_free(h);
    in = fopen(file, "rb");
    assert_non_null(in);
    n = fread(bytes, 1, sizeof(bytes), in);
    fclose(in);
    assert_true(n > 1000 && n < sizeof(bytes));
    for (size_t size = 0; size < n; size += 1 + n / 50) {
        write_bytes(bytes, size);
        check_set_aside(size < 15 ? "not a snapshot" : size < 25 ? "too early" : "checksum");
    }
    for (size_t at = 20; at < n; at += 1 + n / 50) {
        memcpy(other, bytes, n);
        other[at] ^= 0x10;
        write_bytes(other, n);
        check_set_aside("checksum");
    }
    memcpy(other, bytes, n);
    other[15] = 9;
    write_bytes(other, n);
    check_set_aside("another format version");
    write_bytes((const uint8_t *)"{\"some\": \"other file\"}", 22);
    check_set_aside("not a snapshot");
}

static void a_reader_changes_no_file(void **state)
{
    struct history *h;

    (void)state;
    write_bytes((const uint8_t *)"not ours", 8);
    h = reopen(60000, true);
    assert_int_equal(reports, 1);
    note(h, "192.0.2.9", "x.y", false);
    save(h);
    history_free(h);
    assert_int_equal(access(file, F_OK), 0);
    assert_int_not_equal(access(aside, F_OK), 0);
}

static void make_pipe(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

/* As root, rename() would replace them. Opening a pipe would wait for its writer: here for an alarm, which ends us. */
static void no_file_in_its_place(void **state)
{
    void (*const make[])(const char *path) = {make_pipe, make_folder};
    struct stat before, after;
    struct history *h;
    char error[200];

    (void)state;
    for (size_t i = 0; i < sizeof(make) / sizeof(make[0]); i++) {
        unlink(file);
        make[i](file);
        assert_int_equal(stat(file, &before), 0);
        alarm(20);
        h = reopen(60000, false);
        assert_int_equal(reports, 2); /* that it cannot be read, and that it cannot be written */
        assert_non_null(strstr(last_report, "it is not a file"));
        note(h, "192.0.2.9", "x.y", false);
        assert_false(history_save(h, error, sizeof(error)));
        assert_non_null(strstr(error, "expected a file"));
        history_free(h);
        alarm(0);
        assert_int_equal(stat(file, &after), 0);
        assert_true(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
        assert_int_not_equal(access(aside, F_OK), 0);
        assert_int_equal(remove(file), 0);
    }
}

static void a_pipe_in_the_place_of_the_next(void **state)
{
    struct history *h;
    char next[sizeof(file) + 4];
    struct stat st;

    (void)state;
    snprintf(next, sizeof(next), "%s.new", file);
    unlink(file);
    assert_int_equal(mkfifo(next, 0600), 0);
    h = reopen(60000, false);
    note(h, "192.0.2.9", "x.y", false);
    alarm(20);
    save(h);
    alarm(0);
    history_free(h);
    assert_int_equal(stat(file, &st), 0);
    assert_true(S_ISREG(st.st_mode) && st.st_size > 0);
    assert_int_not_equal(access(next, F_OK), 0);
}

static void a_folder_that_is_gone(void **state)
{
    struct history *h;
    char error[200] = "";

    (void)state;
    unlink(file);
    h = reopen(60000, false);
    note(h, "192.0.2.9", "x.y", false);
    assert_int_equal(rmdir(folder), 0);
    assert_false(history_save(h, error, sizeof(error)));
    assert_non_null(strstr(error, "cannot be created"));
    history_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_and_read),
        cmocka_unit_test(stale_records_stay_behind),
        cmocka_unit_test(saved_in_the_background),
        cmocka_unit_test(unusable_files),
        cmocka_unit_test(a_reader_changes_no_file),
        cmocka_unit_test(no_file_in_its_place),
        cmocka_unit_test(a_pipe_in_the_place_of_the_next),
        cmocka_unit_test(a_folder_that_is_gone),
    };
    int failed;

    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(file, sizeof(file), "%s/history", folder);
    snprintf(aside, sizeof(aside), "%s.unusable", file);
    base = event_base_new();
    failed = cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
    event_base_free(base);
    return failed;
}
