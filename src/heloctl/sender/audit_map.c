/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_map: prints who sends in the domains' name, by network, most messages first.
 */
#include "audit.h"

static const char *listed(const struct audit *audit, const struct audit_sender *sender)
{
    return !audit->known_names ? "" : sender->unlisted ? "NOT LISTED" : "listed";
}

void audit_print_map(struct audit *audit)
{
    struct audit_sender *senders;
    size_t n = audit_senders(audit, &senders);

    printf("%-20s %9s %10s %8s  %s\n", "network", "addresses", "messages", "aligned", "in the name of; reverse names");
    for (size_t i = 0; i < n; i++) {
        const struct audit_sender *s = &senders[i];
        char network[NETWORK_TEXT_SIZE];

        printf("%-20s %9zu %10llu %6llu %%  ", network_format(&s->network, network), s->addresses, s->messages,
               s->messages ? s->aligned * 100 / s->messages : 0);
        ctl_put(stdout, s->domains);
        fputs("; ", stdout);
        ctl_put(stdout, s->names[0] ? s->names : "no reverse name");
        printf("%s%s\n", audit->known_names ? "; " : "", listed(audit, s));
    }
    fputc('\n', stdout);
}

void audit_json_map(struct audit *audit, struct json *j)
{
    struct audit_sender *senders;
    size_t n = audit_senders(audit, &senders);

    json_open(j, "senders", '[');
    for (size_t i = 0; i < n; i++) {
        const struct audit_sender *s = &senders[i];
        char network[NETWORK_TEXT_SIZE];

        json_open(j, NULL, '{');
        json_text(j, "network", network_format(&s->network, network));
        json_number(j, "addresses", (long long)s->addresses);
        json_number(j, "messages", (long long)s->messages);
        json_number(j, "aligned", (long long)s->aligned);
        json_text(j, "domains", s->domains);
        json_text(j, "names", s->names);
        if (audit->known_names)
            json_bool(j, "listed", s->unlisted == 0);
        json_close(j, '}');
    }
    json_close(j, ']');
}
