/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signs of a Postfix that is set up wrongly: each is said once, and never about a sound one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "deployment.h"
#include "request.h"

enum { MANY = 1500 };

static struct request sound(unsigned i)
{
    struct request req = {.state = REQUEST_STATE_RCPT,
                          .client = {.family = ADDRESS_IPV4, .bytes = {8, 8, (uint8_t)(i >> 8), (uint8_t)i}},
                          .client_name = i % 3 == 0 ? "mail.client.example" : "unknown",
                          .helo_name = "mail.client.example",
                          .server_port = "25"};

    return req;
}

static void not_at_all(struct request *req, unsigned i)
{
    (void)req;
    (void)i;
}

static void private_clients(struct request *req, unsigned i)
{
    req->client = (struct address){.family = ADDRESS_IPV4, .bytes = {10, 0, (uint8_t)(i >> 8), (uint8_t)i}};
}

static void one_client(struct request *req, unsigned i)
{
    (void)i;
    req->client = (struct address){.family = ADDRESS_IPV4, .bytes = {8, 8, 8, 8}};
}

static void one_private_client(struct request *req, unsigned i)
{
    private_clients(req, i * 0);
}

static void one_public_among_private(struct request *req, unsigned i)
{
    if (i != 100)
        private_clients(req, i);
}

static void names_unknown(struct request *req, unsigned i)
{
    (void)i;
    req->client_name = "unknown";
}

static void asked_at_helo(struct request *req, unsigned i)
{
    (void)i;
    req->state = REQUEST_STATE_HELO;
}

static void some_submission(struct request *req, unsigned i)
{
    if (i % 10 == 0)
        req->server_port = i % 20 == 0 ? "587" : "465";
}

static void some_without_helo(struct request *req, unsigned i)
{
    if (i % 10 == 0)
        req->helo_name = "";
}

static void none_at_connect(struct request *req, unsigned i)
{
    (void)i;
    req->state = REQUEST_STATE_CONNECT;
    req->helo_name = "";
}

static void test_signs(void **state)
{
    static const struct {
        const char *name;
        void (*change)(struct request *req, unsigned i);
        const char *said; /* a part of it; NULL: nothing */
        unsigned lookups;
    } rows[] = {
        {"a sound Postfix", not_at_all, NULL, 4},
        {"private clients only", private_clients, "private network", 4},
        {"one client only", one_client, "same client", 4},
        {"one private client is private, not a second sign", one_private_client, "private network", 4},
        {"one public client among private ones", one_public_among_private, NULL, 4},
        {"no name is ever known", names_unknown, "client_name was never known", 4},
        {"no name is ever known, and every client is exempt", names_unknown, NULL, 0},
        {"asked at HELO", asked_at_helo, "smtpd_delay_reject", 4},
        {"submission among others", some_submission, "submission", 4},
        {"some greet nobody", some_without_helo, "smtpd_helo_required", 4},
        {"nobody has greeted yet", none_at_connect, NULL, 4},
    };

    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct deployment d = {.seen = 0};
        unsigned times = 0;

        print_message("# %s\n", rows[row].name);
        for (unsigned i = 0; i < MANY; i++) {
            struct request req = sound(i);
            const char *text;

            rows[row].change(&req, i);
            text = deployment_watch(&d, &req, rows[row].lookups);
            if (text == NULL)
                continue;
            times++;
            assert_non_null(rows[row].said);
            assert_non_null(strstr(text, rows[row].said));
        }
        assert_int_equal(times, rows[row].said != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signs),
    };

    return cmocka_run_group_tests_name("deployment", tests, NULL, NULL);
}
