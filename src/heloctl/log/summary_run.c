/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * summary_run: opens what a summary rests on, and frees it.
 */
#include <stdlib.h>

#include "policyfile.h"
#include "summary.h"

/* False where a file that the options name could not be read, which has been reported. */
static bool read_known(struct ctl *ctl, struct labels **labels, struct mail_log **mail_log)
{
    char *file = ctl_given(ctl, 'm') ? (char *)(size_t)ctl_value(ctl, 'm') : NULL;

    *labels = ctl_given(ctl, 'l') ? labels_read(ctl, ctl_value(ctl, 'l')) : NULL;
    *mail_log = NULL;
    if (ctl_given(ctl, 'l') && !*labels)
        return false;
    *mail_log = file ? mail_log_new(ctl) : NULL;
    return !file || (*mail_log && mail_log_add(*mail_log, ctl, file));
}

int summary_run(struct ctl *ctl, int (*use)(struct ctl *ctl, struct summary *s))
{
    struct settings *settings = ctl_settings(ctl);
    struct summary *s = settings ? malloc(sizeof(*s)) : NULL;
    struct labels *labels = NULL;
    struct mail_log *mail_log = NULL;
    int status = settings ? CTL_DATA : CTL_CONFIG;

    if (settings && (!s || !summary_open(s, settings, NULL))) {
        status = ctl_fail(ctl, CTL_TROUBLE, "out of memory");
    } else if (settings) {
        if (read_known(ctl, &labels, &mail_log)) {
            s->labels = labels;
            s->mail_log = mail_log;
            status = use(ctl, s);
        }
        summary_close(s);
    }
    free(s);
    labels_free(labels);
    mail_log_free(mail_log);
    settings_unref(settings);
    return status;
}
