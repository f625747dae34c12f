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

struct tree {
    cfg_t *cfg;
    const struct scan *shape;
    unsigned file;     /* number of the file in the scan */
    struct tree *next; /* the tree of another file of the same policy */
};

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

struct tree *tree_parse(char *text, size_t n, const struct scan *shape, struct problems *p)
{
    struct tree *t = calloc(1, sizeof(*t));
    cfg_opt_t *array = option_array(SECTION_ROOT);
    unsigned errors = p->errors;

    if (!t || !array) {
        free(t);
        return NULL;
    }
    t->shape = shape;
    t->file = p->file_count - 1;
    t->cfg = cfg_init(array, CFGF_NONE);
    if (t->cfg) {
        cfg_set_error_function(t->cfg, on_error);
        t->cfg->filename = strdup(p->files[t->file].name);
    }
    if (t->cfg && parse(t->cfg, text, n, p))
        return t;
    if (p->errors == errors)
        problems_error(p, problems_base(p), "libconfuse could not read it");
    /*
     * The scan has removed everything that libconfuse could reject, so memory ran out. libconfuse 3.3 crashes when it
     * frees a half-built tree. Leaking it is safer.
     */
    free(t);
    return NULL;
}

struct tree *tree_join(struct tree *first, struct tree *second)
{
    struct tree *last = first;

    if (!first)
        return second;
    while (last->next)
        last = last->next;
    last->next = second;
    return first;
}

void tree_free(struct tree *t)
{
    while (t) {
        struct tree *next = t->next;
        if (t->cfg)
            cfg_free(t->cfg);
        free(t);
        t = next;
    }
}

/* Returns the tree of the file that contains an assignment. */
static const struct tree *tree_of(const struct tree *t, const struct assignment *a)
{
    while (t && t->file != a->file)
        t = t->next;
    return t;
}

static cfg_t *section_of(const struct tree *t, unsigned block)
{
    const struct block *b = &t->shape->blocks[block];
    const struct section_row *row = &sections[b->section];
    cfg_t *parent;

    if (block == 0)
        return t->cfg;
    parent = section_of(t, b->parent);
    if (!parent)
        return NULL;
    return row->titled ? cfg_gettsec(parent, row->name, b->title) : cfg_getsec(parent, row->name);
}

unsigned tree_value_count(struct tree *t, const struct assignment *a)
{
    const struct tree *own = tree_of(t, a);
    cfg_t *section = own ? section_of(own, a->block) : NULL;
    unsigned n = section ? cfg_size(section, a->name) : 0;

    /* When it runs out of memory, libconfuse can store values that are NULL. */
    for (unsigned i = 0; i < n; i++)
        if (!cfg_getnstr(section, a->name, i))
            return 0;
    return n;
}

const char *tree_value(struct tree *t, const struct assignment *a, unsigned i)
{
    const struct tree *own = tree_of(t, a);
    cfg_t *section = own ? section_of(own, a->block) : NULL;

    return section ? cfg_getnstr(section, a->name, i) : NULL;
}

const char *policyfile_version(void)
{
    return confuse_version;
}
