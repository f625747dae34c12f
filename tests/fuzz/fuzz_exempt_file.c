/* SPDX-License-Identifier: BSD-2-Clause */
/* Exempt files: any bytes. What was taken is found by its own set, and every message is printable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exempt.h"
#include "fuzz.h"

enum { FUZZ_MEMORY = 64 * 1024 * 1024 };

static void require(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "fuzz_exempt_file: %s\n", what);
    abort();
}

static void message(void *arg, bool is_error, const char *text)
{
    (void)arg;
    (void)is_error;
    for (; *text; text++)
        require(*text >= ' ' && *text <= '~', "a message with a byte that is not printable");
}

static void find_again(const struct exempt_settings *sets, const struct exemption *entry)
{
    struct network net;
    const char *name = entry->pattern + (entry->pattern[0] == '.');

    if (entry->kind == EXEMPT_CLIENT) {
        require(network_parse(&net, entry->pattern, strlen(entry->pattern)), "kept a pattern that is not a network");
        require(network_set_find(sets->clients, &net.base) != LOOKUP_NONE, "a network that is in no set");
        return;
    }
    require(suffix_set_find(entry->kind == EXEMPT_RDNS ? sets->rdns : sets->helo, name) != LOOKUP_NONE,
            "a name that is in no set");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region *region = region_new(FUZZ_MEMORY);
    struct problems problems;
    struct exempt_settings sets = {.clients = network_set_new(), .rdns = suffix_set_new(), .helo = suffix_set_new()};
    struct exempt_list list = {.region = region, .problems = &problems, .sets = &sets, .now = 1793491200};
    static struct name_data *names;
    char error[256];

    if (!names)
        names = name_data_new(NULL, NULL, error, sizeof(error));
    list.names = names;
    list.scratch = region_new(FUZZ_MEMORY);
    require(names && list.scratch && region && sets.clients && sets.rdns && sets.helo, "no memory");
    problems_init(&problems, "fuzz", region);
    exempt_read_text(&list, "file", size > 0 ? (const char *)data : "", size);
    for (size_t i = 0; i < sets.count; i++)
        find_again(&sets, &sets.entries[i]);
    if (problems.errors == 0)
        fuzz_accept();
    problems_tell(&problems, message, NULL);
    network_set_free(sets.clients);
    suffix_set_free(sets.rdns);
    suffix_set_free(sets.helo);
    free(sets.entries);
    region_free(list.scratch);
    region_free(region);
    return 0;
}
