/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_mailbox: a file of a mail folder, whatever it is: a message, an mbox, a mail log, plain or compressed. Every
 * mail that is found has a foreign client and texts within their bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "labels.h"
#include "mailbox.h"
#include "memory_file.h"
#include "policyfile.h"
#include "sure.h"

static void check(bool kept)
{
    if (!kept)
        abort();
}

static void visit(void *arg, const struct mailbox_mail *mail)
{
    unsigned long long *found = arg;

    check(mail->hop->client.family != ADDRESS_NONE && address_scope(&mail->hop->client) != ADDRESS_LOOPBACK);
    check(strlen(mail->hop->helo) < sizeof(mail->hop->helo) && strlen(mail->hop->name) < sizeof(mail->hop->name));
    check(strlen(mail->hop->protocol) < sizeof(mail->hop->protocol));
    check(mail->sender == NULL || strlen(mail->sender) < 256);
    check(mail->label == LABEL_NONE || mail->label == LABEL_HAM || mail->label == LABEL_SPAM);
    ++*found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct settings *settings;
    static struct region *region;
    unsigned long long found = 0;
    char *paths[] = {(char *)memory_file(data, size)};
    struct ctl ctl = {.verb = NULL};
    struct mailbox m = {.ctl = &ctl, .visit = visit, .arg = &found};

    if (settings == NULL)
        settings = policyfile_read_text("fuzz", "", 0, NULL, NULL);
    if (region == NULL)
        region = sure_region();
    ctl.memory = region;
    m.settings = settings;
    m.mx = size > 0 && data[0] == 'f' ? "mx.example" : NULL; /* "from" begins a message, and "From" an mbox */
    m.mail_log = mail_log_new();
    m.servers = sure_table(10);
    check(settings != NULL);
    mailbox_read(&m, paths, 1);
    check(m.logs > 0 || found + m.without_hop == m.messages);
    if (found > 0)
        fuzz_accept();
    mail_log_free(m.mail_log);
    table_free(m.servers);
    region_reset(region);
    return 0;
}
