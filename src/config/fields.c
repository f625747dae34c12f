/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields: reads the options of one section by the rows of the table. Afterwards every field of the section holds a
 * valid value, from the file or the default, so that later steps need not check whether an earlier one failed.
 */
#include "reading.h"

#include <string.h>

#include "values.h"

enum { INITIAL_MAX = 128 };

unsigned fields_block(const struct reading *rd, enum section section, unsigned parent, const char *title)
{
    if (parent == NO_BLOCK)
        return NO_BLOCK;
    for (unsigned i = 1; i < rd->scan.block_count; i++) {
        const struct block *b = &rd->scan.blocks[i];
        if (b->section == section && b->parent == parent && strcmp(b->title, title ? title : "") == 0)
            return i;
    }
    return NO_BLOCK;
}

unsigned fields_line(const struct reading *rd, unsigned block, const char *name)
{
    return block == NO_BLOCK ? 0 : scan_line(&rd->scan, block, name);
}

unsigned fields_value_line(const struct reading *rd, unsigned block, const char *name, unsigned i)
{
    const struct assignment *a = block == NO_BLOCK ? NULL : scan_find(&rd->scan, block, name);

    return a && i < a->value_count ? rd->scan.lines[a->first_line + i] : fields_line(rd, block, name);
}

/* Splits a list separated by ", ", which is how the table writes defaults. */
static const char *const *initial_list(const char *initial, struct region *r)
{
    const char **list = region_alloc(r, INITIAL_MAX / 2 * sizeof(*list));
    size_t n = 0;

    for (const char *at = initial; list && *at; n++) {
        size_t size = strcspn(at, ",");
        list[n] = region_strndup(r, at, size);
        at += size + strspn(at + size, ", ");
    }
    return (const char *const *)list;
}

static void set_list(const struct option *option, void *base, const char *const *list)
{
    static const char *const none[] = {NULL};

    *(const char *const **)(void *)((char *)base + option->offset) = list ? list : none;
}

static void take_initial(struct reading *rd, const struct option *option, void *base)
{
    char error[VALUE_ERROR_SIZE];

    if (!option->initial)
        return;
    if (option_is_list(option))
        set_list(option, base, initial_list(option->initial, rd->region));
    else if (!value_read(option, option->initial, base, rd->region, error))
        problems_error(&rd->problems, 0, "default of %s.%s: %s", sections[option->section].path, option->name, error);
}

static void take_list(struct reading *rd, const struct option *option, const struct assignment *a, void *base)
{
    const char **list = region_alloc(rd->region, (a->value_count + 1) * sizeof(*list));
    char error[VALUE_ERROR_SIZE];
    size_t kept = 0;

    for (unsigned i = 0; list && i < a->value_count; i++) {
        const char *value = a->values[i];
        if (value_read(option, value, base, rd->region, error))
            list[kept++] = region_strdup(rd->region, value);
        else
            problems_error(&rd->problems, rd->scan.lines[a->first_line + i], "%s: %s", option->name, error);
    }
    set_list(option, base, list);
}

static void take_value(struct reading *rd, const struct option *option, const struct assignment *a, void *base)
{
    char error[VALUE_ERROR_SIZE];

    if (option_is_list(option)) {
        take_list(rd, option, a, base);
    } else if (!value_read(option, a->values[0], base, rd->region, error)) {
        problems_error(&rd->problems, rd->scan.lines[a->first_line], "%s: %s", option->name, error);
        take_initial(rd, option, base);
    }
}

void fields_read(struct reading *rd, enum section section, unsigned block, void *base)
{
    for (size_t i = 0; i < options_count; i++) {
        const struct option *option = &options[i];
        const struct assignment *a;
        if (option->section != section)
            continue;
        a = block == NO_BLOCK ? NULL : scan_find(&rd->scan, block, option->name);
        if (a && a->values)
            take_value(rd, option, a, base);
        else
            take_initial(rd, option, base);
        if (!a && !option->initial && block != NO_BLOCK)
            problems_error(&rd->problems, rd->scan.blocks[block].line, "%s \"%s\" has no %s, expected %s = VALUE",
                           sections[section].name, rd->scan.blocks[block].title, option->name, option->name);
    }
}
