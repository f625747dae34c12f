/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_smtp: lines of an SMTP session, as a client sends them to heloctl listen, and as a server answers heloctl probe.
 * Replies are whole lines, and what is kept is within its bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "ehlo.h"
#include "fuzz.h"
#include "sink.h"

static void check(bool kept)
{
    if (!kept)
        abort();
}

/* Of its own, so that a read past its end is seen. */
static char *copy(const char *line, size_t n)
{
    char *exact = malloc(n > 0 ? n : 1);

    check(exact != NULL);
    if (n > 0)
        memcpy(exact, line, n);
    return exact;
}

static bool as_command(struct sink *sink, const char *line, size_t n)
{
    char reply[SINK_REPLY_SIZE];
    enum sink_event event = sink_line(sink, line, n, reply);
    size_t size = strlen(reply);

    check(size < sizeof(reply) && (size == 0 || (size > 2 && strcmp(reply + size - 2, "\r\n") == 0)));
    check(event != SINK_GREETING || (sink->greeted && memchr(sink->helo, '\0', sizeof(sink->helo))));
    check(sink->errors <= SINK_ERRORS_MAX);
    return event != SINK_END;
}

static void look_at(const struct ehlo_reply *reply)
{
    char parameters[EHLO_LINE_MAX];

    check(reply->lines <= EHLO_LINES_MAX && reply->used <= sizeof(reply->text));
    for (const struct ehlo_keyword *k = ehlo_keywords; k->name; k++)
        if (ehlo_offers(reply, k->name, parameters, sizeof(parameters)))
            ehlo_size_is_tiny(parameters);
    for (unsigned i = 0; ehlo_keyword_line(reply, i, parameters, sizeof(parameters)); i++)
        check(i < EHLO_LINES_MAX);
    fuzz_accept();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    static struct ehlo_reply reply;
    struct sink sink = {.can_tls = size > 0 && data[0] != ' '};
    bool commands = true, replies = true;

    reply.code = 0;
    reply.lines = 0;
    reply.used = 0;
    while (at < end && (commands || replies)) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        char *line = copy(at, n);

        commands = commands && as_command(&sink, line, n);
        if (replies) {
            enum ehlo_step step = ehlo_read(&reply, line, n);

            if (step == EHLO_DONE)
                look_at(&reply);
            replies = step == EHLO_MORE;
        }
        free(line);
        at += n + (stop != NULL);
    }
    return 0;
}
