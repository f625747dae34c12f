/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * labels: reads the file of known senders into lookup sets.
 */
#include "labels.h"

#include <stdlib.h>
#include <string.h>

#include "lines.h"

enum { LINE_SIZE = 1024 };

struct labels {
    struct network_set *networks;
    struct suffix_set *domains;
};

static const char *const names[LABELS] = {[LABEL_HAM] = "ham", [LABEL_SPAM] = "spam"};

const char *label_name(int label)
{
    return label == LABEL_NONE ? "" : names[label];
}

int label_of(const char *name)
{
    for (int label = 0; label < LABELS; label++)
        if (strcmp(name, names[label]) == 0)
            return label;
    return LABEL_NONE;
}

void labels_free(struct labels *labels)
{
    if (!labels)
        return;
    network_set_free(labels->networks);
    suffix_set_free(labels->domains);
    free(labels);
}

static bool add(struct labels *labels, const char *what, int32_t label)
{
    struct network net;
    char pattern[LINE_SIZE + 1];

    if (network_parse(&net, what, strlen(what)))
        return network_set_add(labels->networks, &net, label);
    snprintf(pattern, sizeof(pattern), "%s%s", what[0] == '.' ? "" : ".", what);
    return suffix_set_add(labels->domains, pattern, label);
}

/* False if the line is not a sender and its label. Blank lines and comments are valid. */
static bool read_line(struct labels *labels, char *line)
{
    char *save = NULL, *what, *word;
    int label;

    line[strcspn(line, "#\r\n")] = '\0';
    what = strtok_r(line, " \t", &save);
    word = what ? strtok_r(NULL, " \t", &save) : NULL;
    if (!what)
        return true;
    label = word ? label_of(word) : LABEL_NONE;
    return label != LABEL_NONE && !strtok_r(NULL, " \t", &save) && add(labels, what, label);
}

/* False if the file cannot be read or a line is wrong, which has been reported. */
static bool read_lines(struct labels *labels, const struct ctl *ctl, const char *file)
{
    struct lines *lines = lines_open_file(ctl, file);
    char line[LINE_SIZE];
    unsigned number = 0;
    bool good = true;
    const char *wrong;

    while (good && lines_next_text(lines, line, sizeof(line), &wrong)) {
        number++;
        if (!wrong && !read_line(labels, line))
            wrong = "expected ADDRESS or DOMAIN, then ham or spam";
        good = !wrong;
        if (wrong)
            ctl_fail(ctl, CTL_DATA, "%s:%u: %s", file, number, wrong);
    }
    return lines_close(lines) == CTL_OK && good;
}

struct labels *labels_read(const struct ctl *ctl, const char *file)
{
    struct labels *labels = sure(calloc(1, sizeof(*labels)));
    bool good;

    labels->networks = sure(network_set_new());
    labels->domains = sure(suffix_set_new());
    good = read_lines(labels, ctl, file);
    if (good)
        return labels;
    labels_free(labels);
    return NULL;
}

int labels_find(const struct labels *labels, const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    int label = LABEL_NONE;

    if (!labels)
        return LABEL_NONE;
    if (l->client.family != ADDRESS_NONE)
        label = network_set_find(labels->networks, &l->client);
    if (label == LABEL_NONE && logged_confirmed(l))
        label = suffix_set_find(labels->domains, logged_lower(l, f->rdns));
    if (label == LABEL_NONE)
        label = suffix_set_find(labels->domains, logged_lower(l, f->helo));
    return label;
}
