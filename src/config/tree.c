/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree: the only file that uses libconfuse. The option arrays are built from our tables. For libconfuse every option
 * is a string, because values.c checks the types. Whatever the text, no state remains in libconfuse.
 */
#include "tree.h"

#include <confuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libconfuse passes no argument to its error function. This is set only while it parses. */
static struct problems *listener;

__attribute__((format(printf, 2, 0))) static void on_error(cfg_t *cfg, const char *format, va_list args)
{
    char what[256];

    vsnprintf(what, sizeof(what), format, args);
    if (listener)
        problems_error(listener, problems_base(listener) + (unsigned)cfg->line, "%s", what);
}

static cfg_flag_t flags_of(enum section section, const char *name)
{
    const struct option *option = option_find(section, name);

    return CFGF_NODEFAULT | (option && option_is_list(option) ? CFGF_LIST : CFGF_NONE);
}

/* Returns the option array of a section and its nested ones, built once; libconfuse copies it. NULL: no memory. */
static cfg_opt_t *option_array(enum section section)
{
    static cfg_opt_t *made[SECTION_COUNT];
    cfg_opt_t *array;
    enum section inner;
    const char *name;
    size_t n = 0;

    if (made[section])
        return made[section];
    for (size_t at = 0; option_name_next(section, &at);)
        n++;
    array = calloc(n + 1, sizeof(*array));
    for (size_t at = 0, i = 0; array && (name = option_name_next(section, &at)); i++) {
        array[i].name = name;
        if (option_section(section, name, &inner)) {
            array[i].type = CFGT_SEC;
            array[i].flags = sections[inner].titled ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE;
            array[i].subopts = option_array(inner);
            if (!array[i].subopts) {
                free(array);
                return NULL;
            }
        } else {
            array[i].type = CFGT_STR;
            array[i].flags = flags_of(section, name);
        }
    }
    made[section] = array;
    return array;
}

static bool parse(cfg_t *cfg, char *text, size_t n, struct problems *p)
{
    FILE *file = fmemopen(text, n, "r");
    int result;

    if (!file)
        return false;
    listener = p;
    result = cfg_parse_fp(cfg, file);
    listener = NULL;
    fclose(file);
    return result == CFG_SUCCESS;
}

static cfg_t *section_of(cfg_t *cfg, const struct scan *shape, unsigned block)
{
    const struct block *b = &shape->blocks[block];
    const struct section_row *row = &sections[b->section];
    cfg_t *parent;

    if (block == 0)
        return cfg;
    parent = section_of(cfg, shape, b->parent);
    if (!parent)
        return NULL;
    return row->titled ? cfg_gettsec(parent, row->name, b->title) : cfg_getsec(parent, row->name);
}

/* When it runs out of memory, libconfuse can store values that are NULL. */
static const char *const *values_of(cfg_t *section, const struct assignment *a, struct region *r)
{
    const char **list = region_alloc(r, (a->value_count + 1) * sizeof(*list));

    if (!section || !list || cfg_size(section, a->name) != a->value_count)
        return NULL;
    for (unsigned i = 0; i < a->value_count; i++) {
        const char *value = cfg_getnstr(section, a->name, i);

        if (!value)
            return NULL;
        list[i] = region_strdup(r, value);
    }
    return (const char *const *)list;
}

static void take_values(cfg_t *cfg, struct scan *shape, struct problems *p)
{
    for (unsigned i = 0; i < shape->assignment_count; i++) {
        struct assignment *a = &shape->assignments[i];

        if (a->file != p->file_count - 1)
            continue;
        a->values = values_of(section_of(cfg, shape, a->block), a, p->memory);
        if (!a->values)
            problems_error(p, a->line, "%s: libconfuse disagrees about this value", a->name);
    }
}

bool tree_read(char *text, size_t n, struct scan *shape, struct problems *p)
{
    cfg_opt_t *array = option_array(SECTION_ROOT);
    cfg_t *cfg = array ? cfg_init(array, CFGF_NONE) : NULL;
    unsigned errors = p->errors;

    if (!cfg)
        return false;
    cfg_set_error_function(cfg, on_error);
    cfg->filename = strdup(p->files[p->file_count - 1].name);
    if (parse(cfg, text, n, p)) {
        take_values(cfg, shape, p);
        cfg_free(cfg);
        return true;
    }
    if (p->errors == errors)
        problems_error(p, problems_base(p), "libconfuse could not read it");
    /*
     * The scan has removed everything that libconfuse could reject, so memory ran out. libconfuse 3.3 crashes when it
     * frees a half-built tree. Leaking it is safer.
     */
    return false;
}

const char *policyfile_version(void)
{
    return confuse_version;
}
