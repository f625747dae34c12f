/* SPDX-License-Identifier: BSD-2-Clause */
/* The head of a request, row by row; arguments of the query; hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define LONG32 "0123456789abcdef0123456789abcdef"
#define LONG256 LONG32 LONG32 LONG32 LONG32 LONG32 LONG32 LONG32 LONG32

static const struct {
    const char *name, *bytes;
    unsigned status;
    enum http_method method;
    const char *path, *query, *host;
} heads[] = {
    {"plain", "GET / HTTP/1.1\r\n\r\n", 200, HTTP_GET, "/", "", ""},
    {"old version", "GET /metrics HTTP/1.0\r\n\r\n", 200, HTTP_GET, "/metrics", "", ""},
    {"head", "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 200, HTTP_HEAD, "/metrics", "", "localhost"},
    {"query", "POST /a?b=c&d HTTP/1.1\r\nHost: x\r\n\r\n", 200, HTTP_POST, "/a", "b=c&d", "x"},
    {"port", "GET / HTTP/1.1\r\nhost:\t127.0.0.1:9145 \r\n\r\n", 200, HTTP_GET, "/", "", "127.0.0.1"},
    {"IPv6", "GET / HTTP/1.1\r\nHost: [::1]:9145\r\n\r\n", 200, HTTP_GET, "/", "", "::1"},
    {"empty body", "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 200, HTTP_POST, "/", "", ""},
    {"nothing", "", HTTP_MORE, 0, NULL, NULL, NULL},
    {"half a line", "GET / HT", HTTP_MORE, 0, NULL, NULL, NULL},
    {"no empty line", "GET / HTTP/1.1\r\nHost: a\r\n", HTTP_MORE, 0, NULL, NULL, NULL},
    {"no CR", "GET / HTTP/1.1\n\n", 400, 0, NULL, NULL, NULL},
    {"CR alone inside", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"first line empty", "\r\nGET / HTTP/1.1\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"two blanks", "GET /  HTTP/1.1\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"blank in target", "GET /a b HTTP/1.1\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"no target", "GET HTTP/1.1\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"absolute target", "GET http://a/ HTTP/1.1\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"other method", "PUT / HTTP/1.1\r\n\r\n", 405, 0, NULL, NULL, NULL},
    {"method in small", "get / HTTP/1.1\r\n\r\n", 405, 0, NULL, NULL, NULL},
    {"other version", "GET / HTTP/2.0\r\n\r\n", 505, 0, NULL, NULL, NULL},
    {"policy question", "request=smtpd_access_policy\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"long path", "GET /" LONG256 " HTTP/1.1\r\n\r\n", 414, 0, NULL, NULL, NULL},
    {"long query", "GET /?" LONG256 LONG256 " HTTP/1.1\r\n\r\n", 414, 0, NULL, NULL, NULL},
    {"body", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 413, 0, NULL, NULL, NULL},
    {"chunks", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 413, 0, NULL, NULL, NULL},
    {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"folded", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", 400, 0, NULL, NULL, NULL},
    {"open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, 0, NULL, NULL, NULL},
};

static void test_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(heads); i++) {
        struct http_request r;
        unsigned status = http_request_read(heads[i].bytes, strlen(heads[i].bytes), &r);

        if (status != heads[i].status)
            fail_msg("%s: status %u", heads[i].name, status);
        if (status != HTTP_WHOLE)
            continue;
        print_message("# %s\n", heads[i].name);
        assert_int_equal(r.method, heads[i].method);
        assert_string_equal(r.path, heads[i].path);
        assert_string_equal(r.query, heads[i].query);
        assert_string_equal(r.host, heads[i].host);
    }
}

static void test_too_long(void **state)
{
    static char bytes[2 * HTTP_HEAD_MAX];
    struct http_request r;
    size_t n = (size_t)snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\nA: ");

    (void)state;
    memset(bytes + n, 'x', sizeof(bytes) - n);
    assert_int_equal(http_request_read(bytes, HTTP_HEAD_MAX - 1, &r), HTTP_MORE);
    assert_int_equal(http_request_read(bytes, HTTP_HEAD_MAX, &r), 431);
    memcpy(bytes + HTTP_HEAD_MAX, "\r\n\r\n", 4);
    assert_int_equal(http_request_read(bytes, HTTP_HEAD_MAX + 4, &r), 431);
    bytes[20] = '\0';
    memcpy(bytes + 30, "\r\n\r\n", 4);
    assert_int_equal(http_request_read(bytes, 34, &r), 400);
}

static const struct {
    const char *query, *name, *value; /* NULL: none */
} arguments[] = {
    {"a=1", "a", "1"},      {"a=1&b=2", "b", "2"},
    {"ab=1&b=2", "b", "2"}, {"a=%41%2f+x", "a", "A/ x"},
    {"a=", "a", ""},        {"a", "a", NULL},
    {"", "a", NULL},        {"a=%4", "a", NULL},
    {"a=%00", "a", NULL},   {"a=%zz", "a", NULL},
    {"&&a=1", "a", "1"},    {"a=12345678", "a", NULL},
    {"b=%", "b", NULL},     {"a=1234567", "a", "1234567"},
};

static void test_arguments(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(arguments); i++) {
        struct http_request r = {.method = HTTP_GET};
        char value[8];
        bool found;

        strncpy(r.query, arguments[i].query, sizeof(r.query) - 1);
        found = http_argument(&r, arguments[i].name, value, sizeof(value));
        if (found != (arguments[i].value != NULL) || (found && strcmp(value, arguments[i].value) != 0))
            fail_msg("%s: %s", arguments[i].query, found ? value : "none");
    }
}

static void test_hosts(void **state)
{
    static const struct {
        const char *host;
        bool local;
    } hosts[] = {{"", true},
                 {"localhost", true},
                 {"LocalHost", true},
                 {"127.0.0.1", true},
                 {"::1", true},
                 {"192.0.2.1", true},
                 {"attacker.example", false},
                 {"localhost.example", false},
                 {"127.0.0.1.x", false}};

    (void)state;
    for (size_t i = 0; i < ROWS(hosts); i++) {
        struct http_request r = {.method = HTTP_GET};

        strncpy(r.host, hosts[i].host, sizeof(r.host) - 1);
        if (http_host_is_local(&r) != hosts[i].local)
            fail_msg("host %s", hosts[i].host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_hosts),
    };

    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
