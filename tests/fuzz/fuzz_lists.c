/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_lists: the first byte chooses which list of an admin the rest is: pairs for audit, senders that are known to
 * audit, labels for report, or an earlier audit. A list is taken, or an error is reported.
 */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "fuzz.h"
#include "labels.h"
#include "memory_file.h"
#include "sure.h"

static void check(bool kept)
{
    if (!kept)
        abort();
}

/* Returns whether it was taken. */
static bool read_audit(struct audit *audit, uint8_t which, const char *path)
{
    struct address address;
    int status;

    if (which == 'k')
        return audit_read_known(audit, path) == CTL_OK;
    if (which == 'p') {
        status = audit_read_pairs(audit, path);
        for (size_t i = 0; i < audit->count; i++)
            check(audit->hosts[i].address.family != ADDRESS_NONE);
        return status == CTL_OK;
    }
    check(address_parse(&address, "192.0.2.1", 9) && audit_add(audit, &address, "mail.example"));
    audit->hosts[0].faults = 1;
    return audit_compare(audit, path) == CTL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct region *region;
    struct ctl ctl = {.verb = NULL};
    struct audit audit = {.ctl = &ctl};
    const char *path = size > 0 ? memory_file(data + 1, size - 1) : NULL;
    bool taken;

    if (path == NULL)
        return 0;
    if (region == NULL)
        region = sure_region();
    audit.keep = ctl.memory = region;
    if (data[0] == 'l') {
        struct labels *labels = labels_read(&ctl, path);
        taken = labels != NULL;
        labels_free(labels);
    } else {
        taken = read_audit(&audit, data[0], path);
    }
    check(taken == (memory_file_complaints == 0));
    if (taken)
        fuzz_accept();
    free(audit.hosts);
    network_set_free(audit.known_networks);
    suffix_set_free(audit.known_names);
    region_reset(region);
    return 0;
}
