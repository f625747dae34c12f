/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scanner of policy files by itself: pre-pass and scan, without libconfuse, whose set-up takes most of the time of
 * fuzz_policyfile. A form feed begins the next file of the same policy, as an include does. Whatever the bytes, the
 * scan's tables refer to each other within their bounds, and what the scan leaves is no longer than the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "prepass.h"
#include "scan.h"

enum { FUZZ_MEMORY = 64 * 1024 * 1024 };

static void require(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "fuzz_policy_scan: %s\n", what);
    abort();
}

static void check_scan(const struct scan *s, const struct problems *p)
{
    require(s->include_count <= INCLUDES_MAX, "more includes than there is room for");
    for (unsigned i = 0; i < s->include_count; i++)
        require(s->includes[i].pattern != NULL, "an include without a pattern");
    for (unsigned i = 0; i < s->block_count; i++) {
        require(s->blocks[i].parent < s->block_count, "a block in no block");
        require(s->blocks[i].title != NULL && s->blocks[i].file < p->file_count, "a block without title or file");
    }
    for (unsigned i = 0; i < s->assignment_count; i++) {
        const struct assignment *a = &s->assignments[i];

        require(a->block < s->block_count && a->file < p->file_count, "an option in no block, or in no file");
        require(a->first_line <= s->line_count && a->value_count <= s->line_count - a->first_line,
                "values without lines");
        require(a->name != NULL && scan_find(s, a->block, a->name) != NULL, "an option that is not found");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "", *end = text + size;
    static struct region *region; /* of all runs: setting one up costs more than most scans */
    struct scan shape = {.block_count = 0};
    struct problems problems;

    if (region == NULL)
        region = region_new(FUZZ_MEMORY);
    require(region != NULL, "no memory");
    problems_init(&problems, "fuzz", region);
    for (const char *next; text != NULL; text = next) {
        const char *stop = text < end ? memchr(text, '\f', (size_t)(end - text)) : NULL;
        size_t n = (size_t)((stop ? stop : end) - text), clean_n;
        char *clean = prepass(text, n, &problems, &clean_n);

        next = stop ? stop + 1 : NULL;
        require(clean != NULL || problems.errors > 0, "the pre-pass gave up without a word");
        problems_count_lines(&problems, text, n);
        if (!clean || !scan_text(&shape, clean, clean_n, &problems))
            break;
        check_scan(&shape, &problems);
        if (next && !problems_next_file(&problems, "next"))
            break;
    }
    if (problems.errors == 0)
        fuzz_accept();
    region_reset(region);
    return 0;
}
