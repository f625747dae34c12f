/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of mail logs: what is found lies within the line. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mail_line.h"

static void within(struct mail_part part, const char *line, size_t n)
{
    if (part.n > 0 && (part.at < line || part.at + part.n > line + n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1); /* of its own, so that a read past the end is seen */
    struct mail_line found;

    if (!line)
        return 0;
    if (size > 0)
        memcpy(line, data, size);
    if (mail_line_read(line, size, &found)) {
        within(found.queue_id, line, size);
        within(found.message_id, line, size);
        within(found.client, line, size);
        within(found.name, line, size);
        within(found.sender, line, size);
        within(found.helo, line, size);
        within(found.protocol, line, size);
        within(found.reply, line, size);
    }
    free(line);
    return 0;
}
