/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * series: numbered names. The form of a name is the name without its last number left of the registrable domain. Once
 * all names are sorted by domain, form and number, names of one form are neighbours. Pure; sorting dominates the cost.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "series.h"

enum { MEMBERS_MIN = 3, POOL_MIN = 10, NUMBER_DIGITS_MAX = 9, SPELLINGS_MAX = 200 };

struct key {
    struct series_name *name;
    const char *domain, *form; /* form: "mail#.kiln.net", the name itself where it has no number */
    size_t number_at;
    unsigned width; /* digits of the number; 0: it has none */
    uint32_t number;
    bool zero;  /* begins with a zero */
    bool again; /* the same name precedes it */
};

/* A slice of the keys. */
struct group {
    struct key *first;
    size_t size; /* names; one that was given twice counts once */
    size_t keys;
    unsigned padded; /* width that most names have, where numbers are padded; else 0 */
    uint32_t given;  /* the number that series_next() gave last */
};

struct domain {
    const char *name;
    size_t names, in_series, group_first, groups;
};

struct series {
    struct key *keys;
    size_t key_count;
    struct group *groups;
    size_t group_count;
    struct domain *domains;
    size_t domain_count, names;
};

static bool read_key(struct key *key, struct series_name *name, struct region *r)
{
    const char *end = name->domain, *last;
    size_t n;

    *key = (struct key){.name = name, .domain = name->domain ? name->domain : "", .form = name->name};
    name->odd = NULL;
    if (!end || end <= name->name)
        return true;
    for (last = end; last > name->name && !(last[-1] >= '0' && last[-1] <= '9'); last--)
        ;
    for (n = 0; last > name->name && last[-1] >= '0' && last[-1] <= '9'; last--)
        n++;
    if (n == 0 || n > NUMBER_DIGITS_MAX)
        return true;
    key->number_at = (size_t)(last - name->name);
    key->width = (unsigned)n;
    key->number = (uint32_t)strtoul(last, NULL, 10);
    key->zero = n > 1 && *last == '0';
    key->form = region_printf(r, "%.*s#%s", (int)key->number_at, name->name, last + n);
    return key->form != NULL;
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int by = strcmp(x->domain, y->domain);

    if (by == 0)
        by = strcmp(x->form, y->form);
    if (by == 0 && x->number != y->number)
        by = x->number < y->number ? -1 : 1;
    return by ? by : strcmp(x->name->name, y->name->name);
}

/* The width that most padded names of the group have; 0: nobody pads. */
static unsigned common_width(const struct group *group)
{
    size_t by_width[NUMBER_DIGITS_MAX + 1] = {0};
    bool padded = false;
    unsigned best = 0;

    for (size_t i = 0; i < group->keys; i++) {
        by_width[group->first[i].width]++;
        padded = padded || group->first[i].zero;
    }
    for (unsigned width = 1; width <= NUMBER_DIGITS_MAX; width++)
        if (by_width[width] > by_width[best])
            best = width;
    return padded ? best : 0;
}

static bool is_series(const struct group *group)
{
    return group->size >= MEMBERS_MIN && group->first->width > 0;
}

/* The group that begins at `at`, appended; returns where it ends. */
static size_t take_group(struct series *series, size_t at)
{
    struct group *group = &series->groups[series->group_count++];

    *group = (struct group){.first = &series->keys[at]};
    for (size_t i = at; i < series->key_count; i++) {
        struct key *key = &series->keys[i];

        if (strcmp(key->domain, group->first->domain) != 0 || strcmp(key->form, group->first->form) != 0)
            break;
        key->again = i > at && strcmp(key->name->name, key[-1].name->name) == 0;
        group->size += !key->again;
        group->keys++;
    }
    group->padded = common_width(group);
    return at + group->keys;
}

static void take_domains(struct series *series)
{
    struct domain *domain = NULL;

    for (size_t at = 0; at < series->key_count;) {
        const struct group *group = &series->groups[series->group_count];

        at = take_group(series, at);
        if (!domain || strcmp(domain->name, group->first->domain) != 0) {
            domain = &series->domains[series->domain_count++];
            *domain = (struct domain){.name = group->first->domain, .group_first = series->group_count - 1};
        }
        domain->groups++;
        domain->names += group->size;
        domain->in_series += is_series(group) ? group->size : 0;
        series->names += group->size;
    }
}

static void mark(const struct group *group, const char *why)
{
    for (size_t i = 0; i < group->keys; i++)
        group->first[i].name->odd = why;
}

static void mark_padding(const struct group *group, struct region *r)
{
    for (size_t i = 0; group->padded && i < group->keys; i++) {
        const struct key *key = &group->first[i];

        if (key->width < group->padded || (key->width > group->padded && key->zero))
            key->name->odd = region_printf(r, "others are numbered with %u digits", group->padded);
    }
}

static struct group *largest_series(const struct series *series, const struct domain *domain)
{
    struct group *best = NULL;

    for (size_t i = 0; i < domain->groups; i++) {
        struct group *group = &series->groups[domain->group_first + i];

        if (is_series(group) && (!best || group->size > best->size))
            best = group;
    }
    return best;
}

/* Whether two forms differ in hyphens alone: mail#.example.net and mail-#.example.net. */
static bool same_but_hyphens(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == '-')
            a++;
        while (*b == '-')
            b++;
        if (*a != *b)
            return false;
        if (!*a)
            return true;
    }
}

/* One series written in two ways: the rarer one is odd. The groups of a domain are few, but there is no promise. */
static void mark_spellings(const struct series *series, const struct domain *domain, struct region *r)
{
    struct group *groups = &series->groups[domain->group_first];

    for (size_t i = 0; i < domain->groups && domain->groups <= SPELLINGS_MAX; i++)
        for (size_t k = 0; k < domain->groups && groups[i].first->width > 0; k++) {
            bool rarer = groups[k].size > groups[i].size || (groups[k].size == groups[i].size && k < i);

            if (k != i && rarer && groups[k].first->width > 0 &&
                same_but_hyphens(groups[i].first->form, groups[k].first->form))
                mark(&groups[i], region_printf(r, "others are written like %s", groups[k].first->name->name));
        }
}

static void mark_domain(const struct series *series, const struct domain *domain, struct region *r)
{
    const struct group *largest = largest_series(series, domain);

    for (size_t i = 0; i < domain->groups; i++) {
        const struct group *group = &series->groups[domain->group_first + i];

        if (is_series(group))
            mark_padding(group, r);
        else if (largest && domain->in_series * 2 > domain->names)
            mark(group, region_printf(r, "most names are like %s", largest->first->name->name));
    }
    mark_spellings(series, domain, r);
}

static const struct domain *main_domain(const struct series *series)
{
    const struct domain *best = NULL;

    for (size_t i = 0; i < series->domain_count; i++)
        if (!best || series->domains[i].names > best->names)
            best = &series->domains[i];
    return best;
}

static void mark_all(const struct series *series, struct region *r)
{
    const struct domain *most = main_domain(series);
    bool one_domain = most && most->name[0] && series->names >= POOL_MIN && most->names * 10 >= series->names * 9;

    for (size_t i = 0; i < series->domain_count; i++) {
        const struct domain *domain = &series->domains[i];

        mark_domain(series, domain, r);
        if (!one_domain || domain == most)
            continue;
        for (size_t g = 0; g < domain->groups; g++)
            mark(&series->groups[domain->group_first + g], region_printf(r, "most names are of %s", most->name));
    }
}

struct series *series_judge(struct series_name *names, size_t count, struct region *r)
{
    struct series *series = region_alloc(r, sizeof(*series));

    if (!series)
        return NULL;
    series->key_count = count;
    series->keys = region_alloc(r, (count + 1) * sizeof(*series->keys));
    series->groups = region_alloc(r, (count + 1) * sizeof(*series->groups));
    series->domains = region_alloc(r, (count + 1) * sizeof(*series->domains));
    if (!series->keys || !series->groups || !series->domains)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!read_key(&series->keys[i], &names[i], r))
            return NULL;
    qsort(series->keys, count, sizeof(*series->keys), compare_keys);
    take_domains(series);
    mark_all(series, r);
    return region_failed(r) ? NULL : series;
}

static bool has_number(const struct group *group, uint32_t number)
{
    size_t low = 0, high = group->keys;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (group->first[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < group->keys && group->first[low].number == number;
}

const char *series_next(struct series *series, const char *domain, struct region *r)
{
    const struct domain *place = NULL;
    const struct key *like;
    struct group *group;

    for (size_t i = 0; domain && i < series->domain_count; i++)
        if (strcmp(series->domains[i].name, domain) == 0)
            place = &series->domains[i];
    if (!domain)
        place = main_domain(series);
    group = place ? largest_series(series, place) : NULL;
    if (!group)
        return NULL;
    do
        group->given++;
    while (has_number(group, group->given));
    like = group->first;
    return region_printf(r, "%.*s%0*u%s", (int)like->number_at, like->name->name, (int)group->padded, group->given,
                         like->name->name + like->number_at + like->width);
}
