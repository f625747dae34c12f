/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_decision_line: a line of any log. What is read has its texts set and its counts within bounds, and cutting the
 * line anywhere never reads past its end.
 */
#include <stdlib.h>
#include <string.h>

#include "decision_line.h"
#include "fuzz.h"

static void check(const char *text)
{
    if (!text)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region *r = region_new(1 << 22);
    struct decision_fields f;
    bool read = r && decision_line_read((const char *)data, size, r, &f);

    if (read) {
        check(f.id);
        check(f.action);
        check(f.helo);
        check(f.reply);
        if (f.version != 1 || !f.action[0] || f.finding_count > VERDICT_FINDINGS_MAX)
            abort();
        for (unsigned i = 0; i < f.finding_count; i++)
            if (!f.findings[i].rule || !f.findings[i].rule[0] || strchr(f.findings[i].rule, ','))
                abort();
    }
    region_free(r);
    return 0;
}
