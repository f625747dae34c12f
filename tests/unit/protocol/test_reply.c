/* SPDX-License-Identifier: BSD-2-Clause */
/* test_reply: every reply is one of the few that are allowed, whatever goes in; actions as admins write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "reply.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static const struct {
    const char *name;
    struct reply reply;
    const char *out; /* between "action=" and the two line ends */
} formats[] = {
    {"dunno", {.verb = REPLY_DUNNO}, "DUNNO"},
    {"dunno has no text", {.verb = REPLY_DUNNO, .text = "x"}, "DUNNO"},
    {"prepend", {.verb = REPLY_PREPEND, .text = "X-A: b; c=\"d\" (e)"}, "PREPEND X-A: b; c=\"d\" (e)"},
    {"prepend cannot add a header", {.verb = REPLY_PREPEND, .text = "X-A: b\r\nBcc: x"}, "PREPEND X-A: b??Bcc: x"},
    {"prepend without a colon", {.verb = REPLY_PREPEND, .text = "X-A"}, "DUNNO"},
    {"prepend without a value", {.verb = REPLY_PREPEND, .text = "X-A:  "}, "DUNNO"},
    {"prepend without a name", {.verb = REPLY_PREPEND, .text = ": b"}, "DUNNO"},
    {"prepend with a blank name", {.verb = REPLY_PREPEND, .text = "X A: b"}, "DUNNO"},
    {"prepend with an 8-bit name", {.verb = REPLY_PREPEND, .text = "X\xe9: b"}, "DUNNO"},
    {"status", {.verb = REPLY_STATUS, .code = 550, .enhanced = "5.7.25", .text = "no"}, "550 5.7.25 no"},
    {"status 421", {.verb = REPLY_STATUS, .code = 421, .enhanced = "4.7.0", .text = "no"}, "421 4.7.0 no"},
    {"enhanced code left out", {.verb = REPLY_STATUS, .code = 451, .text = "no"}, "451 4.7.1 no"},
    {"enhanced code empty", {.verb = REPLY_STATUS, .code = 550, .enhanced = "", .text = "no"}, "550 5.7.1 no"},
    {"text filtered", {.verb = REPLY_STATUS, .code = 550, .text = "a\n\naction=OK\xc3"}, "550 5.7.1 a??action=OK?"},
    {"no text", {.verb = REPLY_STATUS, .code = 550, .enhanced = "5.7.1"}, "DUNNO"},
    {"blank text", {.verb = REPLY_STATUS, .code = 550, .enhanced = "5.7.1", .text = " \t "}, "DUNNO"},
    {"class mismatch", {.verb = REPLY_STATUS, .code = 550, .enhanced = "4.7.1", .text = "no"}, "DUNNO"},
    {"bad enhanced code", {.verb = REPLY_STATUS, .code = 550, .enhanced = "5.7.1 x", .text = "no"}, "DUNNO"},
    {"enhanced with a line end", {.verb = REPLY_STATUS, .code = 550, .enhanced = "5.7.1\n", .text = "no"}, "DUNNO"},
    {"code too low", {.verb = REPLY_STATUS, .code = 250, .text = "no"}, "DUNNO"},
    {"code too high", {.verb = REPLY_STATUS, .code = 600, .text = "no"}, "DUNNO"},
    {"code zero", {.verb = REPLY_STATUS, .text = "no"}, "DUNNO"},
    {"warn", {.verb = REPLY_WARN, .text = "look"}, "WARN look"},
    {"warn without text", {.verb = REPLY_WARN}, "WARN"},
    {"info", {.verb = REPLY_INFO, .text = "look"}, "INFO look"},
    {"hold", {.verb = REPLY_HOLD, .text = "  look"}, "HOLD look"},
    {"defer_if_permit", {.verb = REPLY_DEFER_IF_PERMIT, .enhanced = "4.7.25", .text = "x"}, "DEFER_IF_PERMIT 4.7.25 x"},
    {"defer_if_permit bare", {.verb = REPLY_DEFER_IF_PERMIT}, "DEFER_IF_PERMIT 4.7.1"},
    {"defer_if_permit class", {.verb = REPLY_DEFER_IF_PERMIT, .enhanced = "5.7.1", .text = "x"}, "DUNNO"},
    {"restriction", {.verb = REPLY_RESTRICTION, .text = "greylist"}, "greylist"},
    {"restriction permit", {.verb = REPLY_RESTRICTION, .text = "permit"}, "DUNNO"},
    {"restriction permit_x", {.verb = REPLY_RESTRICTION, .text = "Permit_Mynetworks"}, "DUNNO"},
    {"restriction ok", {.verb = REPLY_RESTRICTION, .text = "oK"}, "DUNNO"},
    {"restriction digits", {.verb = REPLY_RESTRICTION, .text = "550"}, "DUNNO"},
    {"restriction with a digit first", {.verb = REPLY_RESTRICTION, .text = "550x"}, "DUNNO"},
    {"restriction empty", {.verb = REPLY_RESTRICTION, .text = ""}, "DUNNO"},
    {"restriction two words", {.verb = REPLY_RESTRICTION, .text = "a b"}, "DUNNO"},
    {"restriction with a line end", {.verb = REPLY_RESTRICTION, .text = "a\n"}, "DUNNO"},
    {"unknown verb", {.verb = (enum reply_verb)99, .text = "x"}, "DUNNO"},
};

static void format_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(formats); i++) {
        char out[REPLY_SIZE], want[REPLY_SIZE];
        size_t n = reply_format(&formats[i].reply, out);

        snprintf(want, sizeof want, "action=%s\n\n", formats[i].out);
        if (strcmp(out, want) != 0)
            fail_msg("%s: got %s", formats[i].name, out);
        assert_int_equal(n, strlen(out));
    }
}

/* The grammar of what we may say, written once more. Moves *s past what matches. */
static bool eat(const char **s, const char *literal)
{
    size_t n = strlen(literal);

    if (strncmp(*s, literal, n) != 0)
        return false;
    *s += n;
    return true;
}

static bool eat_set(const char **s, const char *set, size_t at_least, size_t at_most)
{
    size_t n = strspn(*s, set);

    *s += n;
    return n >= at_least && n <= at_most;
}

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool eat_enhanced(const char **s, char class)
{
    if (**s != class)
        return false;
    ++*s;
    return eat(s, ".") && eat_set(s, DIGITS, 1, 3) && eat(s, ".") && eat_set(s, DIGITS, 1, 3);
}

static bool eat_text(const char **s, size_t at_most)
{
    size_t n = 0;

    while ((*s)[n] >= 0x20 && (*s)[n] <= 0x7e)
        n++;
    *s += n;
    return n > 0 && n <= at_most;
}

static bool is_action(const char *s)
{
    char class = s[0];

    if (strncasecmp(s, "permit", 6) == 0 || strcasecmp(s, "ok\n\n") == 0 || strcasecmp(s, "relay\n\n") == 0)
        return false;
    if (class == '4' || class == '5')
        return s++ && eat_set(&s, DIGITS, 2, 2) && eat(&s, " ") && eat_enhanced(&s, class) && eat(&s, " ") &&
               eat_text(&s, REPLY_TEXT_MAX) && strcmp(s, "\n\n") == 0;
    if (eat(&s, "PREPEND "))
        return eat_set(&s, LETTERS DIGITS "!#$%&'*+-.^_`|~\"(),/;<=>?@[\\]{}", 1, 500) && eat(&s, ":") &&
               eat_text(&s, REPLY_HEADER_MAX) && strcmp(s, "\n\n") == 0;
    if (eat(&s, "DEFER_IF_PERMIT "))
        return eat_enhanced(&s, '4') && (s[0] == '\n' || (eat(&s, " ") && eat_text(&s, REPLY_TEXT_MAX))) &&
               strcmp(s, "\n\n") == 0;
    if (eat(&s, "WARN") || eat(&s, "INFO") || eat(&s, "HOLD"))
        return (s[0] == '\n' || (eat(&s, " ") && eat_text(&s, REPLY_TEXT_MAX))) && strcmp(s, "\n\n") == 0;
    return strspn(s, LETTERS) > 0 && eat_set(&s, DIGITS LETTERS "_-", 1, 100) && strcmp(s, "\n\n") == 0;
}

static uint64_t seed = 42;

static uint64_t draw(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed >> 30;
}

/* Random bytes between words that mean something to Postfix or to us. */
static void draw_text(char *out, size_t size)
{
    static const char *const words[] = {
        "OK",   "permit", "550",  "\n\n", "action=", "X-A:", " ",     "4.7.1", "5.7.1", "DUNNO",
        "\r\n", ".",      "\xff", "1",    "reject",  ":",    "DUNNO", "-",     "grey",  "relay",
    };
    static const char *const starts[] = {"", "", "X-A: ", "grey"};
    size_t used = (size_t)snprintf(out, size, "%s", starts[draw() % ROWS(starts)]);

    for (uint64_t pieces = draw() % 12; pieces > 0; pieces--) {
        if (draw() % 2)
            used += (size_t)snprintf(out + used, size - used, "%s", words[draw() % ROWS(words)]);
        else
            used += (size_t)snprintf(out + used, size - used, "%c", (int)(draw() % 255 + 1));
        if (draw() % 200 == 0)
            used += (size_t)snprintf(out + used, size - used, "%01200d", 7);
        if (used >= size)
            return;
    }
}

static void strict_grammar(void **state)
{
    unsigned seen[256] = {0};

    (void)state;
    for (int round = 0; round < 300000; round++) {
        char text[3000], enhanced[3000], out[REPLY_SIZE];
        size_t length;
        struct reply r = {.verb = (enum reply_verb)(draw() % 9), .code = (uint16_t)(380 + draw() % 250)};

        draw_text(text, sizeof text);
        draw_text(enhanced, sizeof enhanced);
        r.text = draw() % 20 ? text : NULL;
        r.enhanced = draw() % 4 ? NULL : draw() % 2 ? enhanced : "5.7.1";
        memset(out, '#', sizeof out);
        length = reply_format(&r, out);
        assert_int_equal(length, strlen(out));
        if (strncmp(out, "action=", 7) != 0 || !is_action(out + 7))
            fail_msg("verb %d: %s", (int)r.verb, out);
        seen[(unsigned char)out[7]]++;
    }
    for (const char *p = "DPWIH45g"; *p != '\0'; p++) /* the test reaches every kind */
        assert_true(seen[(unsigned char)*p] > 100);
}

static void bounds(void **state)
{
    char text[2000], out[REPLY_SIZE];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(reply_format(&(struct reply){.verb = REPLY_STATUS, .code = 550, .text = text}, out),
                     strlen("action=550 5.7.1 \n\n") + REPLY_TEXT_MAX);
    memcpy(text, "X-A: ", 5);
    assert_int_equal(reply_format(&(struct reply){.verb = REPLY_PREPEND, .text = text}, out),
                     strlen("action=PREPEND \n\n") + REPLY_HEADER_MAX);
    assert_memory_equal(out + strlen(out) - 3, "x\n\n", 3);
}

static const struct {
    const char *in;
    bool ok;
    enum reply_verb verb;
    uint16_t code;
    const char *enhanced, *text; /* of an error: `text` is a part of the message */
} actions[] = {
    {"DUNNO", true, REPLY_DUNNO, 0, "", ""},
    {" dunno ", true, REPLY_DUNNO, 0, "", ""},
    {"PREPEND X-A: b", true, REPLY_PREPEND, 0, "", "X-A: b"},
    {"450 4.7.1 try later", true, REPLY_STATUS, 450, "4.7.1", "try later"},
    {"550 5.7.1 text", true, REPLY_STATUS, 550, "5.7.1", "text"},
    {"550  5.7.25   text", true, REPLY_STATUS, 550, "5.7.25", "text"},
    {"550 text", true, REPLY_STATUS, 550, "", "text"},
    {"550 5 apples", true, REPLY_STATUS, 550, "", "5 apples"},
    {"421 4.7.0 bye", true, REPLY_STATUS, 421, "4.7.0", "bye"},
    {"521 5.7.1 bye", true, REPLY_STATUS, 521, "5.7.1", "bye"},
    {"WARN look here", true, REPLY_WARN, 0, "", "look here"},
    {"warn", true, REPLY_WARN, 0, "", ""},
    {"INFO x", true, REPLY_INFO, 0, "", "x"},
    {"HOLD x", true, REPLY_HOLD, 0, "", "x"},
    {"DEFER_IF_PERMIT", true, REPLY_DEFER_IF_PERMIT, 0, "", ""},
    {"defer_if_permit 4.7.25 x", true, REPLY_DEFER_IF_PERMIT, 0, "4.7.25", "x"},
    {"restriction:greylist", true, REPLY_RESTRICTION, 0, "", "greylist"},
    {"", false, 0, 0, NULL, "empty"},
    {"  ", false, 0, 0, NULL, "empty"},
    {"OK", false, 0, 0, NULL, "say dunno"},
    {"ok", false, 0, 0, NULL, "say dunno"},
    {"permit", false, 0, 0, NULL, "say dunno"},
    {"RELAY", false, 0, 0, NULL, "say dunno"},
    {"550", false, 0, 0, NULL, "bare number"},
    {"550 5.7.1", false, 0, 0, NULL, "bare number"},
    {"12345", false, 0, 0, NULL, "400 to 599"},
    {"250 fine", false, 0, 0, NULL, "400 to 599"},
    {"450 5.7.1 x", false, 0, 0, NULL, "class"},
    {"550 4.7.1 x", false, 0, 0, NULL, "class"},
    {"550 5.7 x", false, 0, 0, NULL, "malformed"},
    {"550 5.7.1.2 x", false, 0, 0, NULL, "malformed"},
    {"550 5.1234.1 x", false, 0, 0, NULL, "malformed"},
    {"DEFER_IF_PERMIT 5.7.1 x", false, 0, 0, NULL, "class"},
    {"REJECT x", false, 0, 0, NULL, "550 5.7.1"},
    {"DEFER x", false, 0, 0, NULL, "450 4.7.1"},
    {"DEFER_IF_REJECT", false, 0, 0, NULL, "DEFER_IF_PERMIT"},
    {"FILTER smtp:x", false, 0, 0, NULL, "all recipients"},
    {"REDIRECT a@b", false, 0, 0, NULL, "all recipients"},
    {"BCC a@b", false, 0, 0, NULL, "all recipients"},
    {"DISCARD", false, 0, 0, NULL, "loses mail"},
    {"DUNNO text", false, 0, 0, NULL, "no text"},
    {"PREPEND", false, 0, 0, NULL, "Name: value"},
    {"PREPEND X-A", false, 0, 0, NULL, "Name: value"},
    {"restriction:", false, 0, 0, NULL, "restriction class"},
    {"restriction:permit_mynetworks", false, 0, 0, NULL, "restriction class"},
    {"restriction:a b", false, 0, 0, NULL, "restriction class"},
    {"restriction:550", false, 0, 0, NULL, "restriction class"},
    {"WARN caf\xc3\xa9", false, 0, 0, NULL, "ASCII"},
    {"WARN a\nb", false, 0, 0, NULL, "ASCII"},
    {"greylist", false, 0, 0, NULL, "unknown action"},
};

static void action_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(actions); i++) {
        const char *in = actions[i].in, *error = NULL;
        char enhanced[12], out[REPLY_SIZE];
        struct reply r;
        bool ok = reply_parse_action(in, &r, enhanced, &error);

        if (ok != actions[i].ok)
            fail_msg("%s: %s", in, ok ? "taken" : error);
        if (!ok) {
            if (error == NULL || strstr(error, actions[i].text) == NULL)
                fail_msg("%s: error is %s", in, error);
            continue;
        }
        if (r.verb != actions[i].verb || r.code != actions[i].code || strcmp(r.enhanced, actions[i].enhanced) != 0 ||
            strcmp(r.text, actions[i].text) != 0)
            fail_msg("%s: verb %d code %u enhanced %s text %s", in, (int)r.verb, r.code, r.enhanced, r.text);
        reply_format(&r, out); /* what is taken can be said */
        if (r.verb != REPLY_DUNNO && strcmp(out, "action=DUNNO\n\n") == 0)
            fail_msg("%s: taken, but not said", in);
    }
}

static void action_too_long(void **state)
{
    char in[1200], enhanced[12];
    const char *error = NULL;
    struct reply r;

    (void)state;
    snprintf(in, sizeof in, "550 5.7.1 %0*d", REPLY_TEXT_MAX, 1);
    assert_true(reply_parse_action(in, &r, enhanced, &error));
    snprintf(in, sizeof in, "550 5.7.1 %0*d", REPLY_TEXT_MAX + 1, 1);
    assert_false(reply_parse_action(in, &r, enhanced, &error));
    assert_non_null(strstr(error, "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_table), cmocka_unit_test(strict_grammar),  cmocka_unit_test(bounds),
        cmocka_unit_test(action_table), cmocka_unit_test(action_too_long),
    };
    return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
