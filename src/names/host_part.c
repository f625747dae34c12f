/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_part: takes a host name apart. Pure; linear in the name, which is at most 253 bytes long.
 */
#include "host_part.h"

#include <string.h>

#include "ascii.h"

/* A name that nobody can own has no registrable domain. Its last label counts as the domain. */
static const char *find_domain(const struct name *name, const struct name_data *data)
{
    const char *domain = NULL, *dot = strrchr(name->text, '.');

    if (name->kind != NAME_HOST)
        return name->text + name->length;
    if (name_reserved_has_owner(name->reserved) && (name->flags & NAME_NUMERIC_TLD) == 0)
        domain = name_icann_domain(name, data);
    else
        domain = dot + 1;
    return domain != NULL ? domain : name->text;
}

void host_part_split(struct host_part *out, const struct name *name, const struct name_data *data)
{
    bool first_label = true, between = true;

    memset(out, 0, sizeof *out);
    out->text = name->text;
    out->domain = find_domain(name, data);
    out->length = (size_t)(out->domain - name->text);
    out->length -= out->length > 0 && out->text[out->length - 1] == '.';
    for (size_t i = 0; i < out->length && out->atoms < HOST_PART_MAX;) {
        struct host_atom *atom = &out->atom[out->atoms];
        bool number = ascii_is_digit(out->text[i]);
        size_t start = i;

        if (!number && !ascii_is_letter(out->text[i])) {
            first_label = first_label && out->text[i] != '.';
            between = true;
            i++;
            continue;
        }
        while (i < out->length && (number ? ascii_is_digit(out->text[i]) : ascii_is_letter(out->text[i])))
            i++;
        out->groups += between && out->groups < HOST_PART_MAX;
        between = false;
        *atom = (struct host_atom){.s = out->text + start,
                                   .length = (unsigned char)(i - start),
                                   .group = (unsigned char)(out->groups - 1),
                                   .number = number,
                                   .first_label = first_label};
        if (number && atom->length > out->digits[atom->group])
            out->digits[atom->group] = atom->length;
        out->atoms++;
    }
}
