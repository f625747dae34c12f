/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_reply: an action as an admin may write it, and the same bytes as the text of each kind of reply. What is
 * formatted is one line of printable bytes, and is none of the answers that let mail in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "reply.h"

static void check(const struct reply *r)
{
    char out[REPLY_SIZE];
    size_t n = reply_format(r, out);
    const char *action = out + 7;

    if (n < 10 || n >= sizeof out || strlen(out) != n || strncmp(out, "action=", 7) != 0 ||
        strcmp(out + n - 2, "\n\n") != 0)
        abort();
    for (size_t i = 0; i < n - 2; i++) {
        if (out[i] < 0x20 || out[i] > 0x7e)
            abort();
    }
    if (strspn(action, "0123456789") == strlen(action) - 2 || strncasecmp(action, "permit", 6) == 0 ||
        strcasecmp(action, "ok\n\n") == 0 || strcasecmp(action, "relay\n\n") == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char enhanced[12];
    const char *error = NULL;
    struct reply r;

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (reply_parse_action(text, &r, enhanced, &error))
        check(&r);
    else if (error == NULL)
        abort();
    for (int verb = REPLY_DUNNO; verb <= REPLY_RESTRICTION; verb++) {
        check(&(struct reply){.verb = (enum reply_verb)verb, .code = 550, .text = text});
        check(&(struct reply){.verb = (enum reply_verb)verb, .code = 450, .enhanced = text, .text = text});
    }
    free(text);
    return 0;
}
