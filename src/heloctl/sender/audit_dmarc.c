/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_dmarc: the pairs from DMARC aggregate reports, and the map of who sends in the name of the domains. Receivers
 * report the HELO name where they give the SPF result of scope helo; without it only the reverse side is checked. Rows
 * of one address and HELO name are summed as they are read, so memory grows with the sources, not with the rows.
 */
#include <ctype.h>
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit.h"
#include "dmarc.h"
#include "lines.h"

enum { KEY_SIZE = 300, DOMAINS_SIZE = 200, NAMES_SIZE = 120, KNOWN_LINE = 1000, TROUBLES_MAX = 20 };

/* A pair of address and HELO name. */
struct source {
    struct table_entry entry;
    size_t host; /* its index in the audit, plus 1; 0: new */
};

/* The files that are being read, and what was found in them. */
struct reading {
    struct audit *audit;
    struct table *reports; /* the identities of the reports that were read */
    struct table *sources;
    const char *path; /* the present file, for messages */
    struct dmarc_tally tally;
    unsigned troubles;
    size_t strangers; /* files of folders without a report */
};

/* The host of the record. NULL: there are too many. */
static struct audit_host *find_host(const struct reading *reading, const struct dmarc_record *record)
{
    struct audit *audit = reading->audit;
    char key[KEY_SIZE] = {(char)record->source.family};
    size_t n = 1 + sizeof(record->source.bytes), helo = strlen(record->helo);
    struct source *source;

    if (helo > 0 && record->helo[helo - 1] == '.')
        helo--; /* some receivers write the dot of the root */
    if (helo > sizeof(key) - n)
        helo = sizeof(key) - n;
    memcpy(key + 1, record->source.bytes, sizeof(record->source.bytes));
    for (size_t i = 0; i < helo; i++)
        key[n + i] = (char)tolower((unsigned char)record->helo[i]);
    source = sure_entry(reading->sources, key, n + helo, sizeof(*source));
    if (source->host == 0) {
        if (!audit_add(audit, &record->source, helo ? region_strndup(audit->keep, record->helo, helo) : NULL))
            return NULL;
        source->host = audit->count;
    }
    return &audit->hosts[source->host - 1];
}

/* Whether `word` is one of the words of `list`. */
static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (; *list; list += strcspn(list, " "), list += *list == ' ')
        if (strcspn(list, " ") == n && strncmp(list, word, n) == 0)
            return true;
    return false;
}

static bool take_row(void *arg, const struct dmarc_record *record)
{
    const struct reading *reading = arg;
    struct region *keep = reading->audit->keep;
    struct audit_host *host = find_host(reading, record);

    if (!host)
        return false;
    host->messages += record->count;
    host->aligned += record->dkim_aligned || record->spf_aligned ? record->count : 0;
    if (!host->header_from)
        host->header_from = region_strdup(keep, record->header_from);
    else if (record->header_from[0] && !has_word(host->header_from, record->header_from) &&
             strlen(host->header_from) < DOMAINS_SIZE)
        host->header_from = region_printf(keep, "%s %s", host->header_from, record->header_from);
    return true;
}

/* A report that was read before does not count again. One without an identifier cannot be recognised. */
static bool begin(void *arg, const struct dmarc_identity *id)
{
    const struct reading *reading = arg;
    size_t known = table_count(reading->reports);
    const char *key =
        region_printf(reading->audit->keep, "%s\n%s\n%s\n%s\n%s", id->org, id->id, id->domain, id->begin, id->end);

    if (!*id->id)
        return true;
    sure_entry(reading->reports, key, strlen(key), sizeof(struct table_entry));
    return table_count(reading->reports) > known;
}

static void trouble_of(void *arg, const char *text)
{
    struct reading *reading = arg;

    if (++reading->troubles <= TROUBLES_MAX)
        ctl_fail(reading->audit->ctl, CTL_DATA, "%s: %s", reading->path, text);
}

static bool read_one(struct reading *reading, const char *path, bool in_folder)
{
    static const struct dmarc_handler handler = {begin, take_row, trouble_of};
    unsigned long long before = reading->tally.reports;
    bool good;

    reading->path = path;
    reading->troubles = 0;
    good = dmarc_file_read(path, &handler, reading, reading->audit->unpacked_max, &reading->tally);
    if (!good || reading->tally.reports > before)
        return good;
    if (in_folder) {
        reading->strangers++;
        return true;
    }
    trouble_of(reading, "there is no DMARC report in it");
    return false;
}

/* A folder with everything below it, a Maildir for example; other mail in it is no trouble. */
static bool read_folder(struct reading *reading, char *path)
{
    char *const paths[] = {path, NULL};
    unsigned long long before = reading->tally.reports;
    FTS *walk = sure(fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, NULL));
    bool good = true;
    FTSENT *entry;

    while ((entry = fts_read(walk)) != NULL) {
        if (entry->fts_info == FTS_F) {
            good = read_one(reading, entry->fts_path, true) && good;
        } else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
            ctl_fail(reading->audit->ctl, CTL_DATA, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
            good = false;
        }
    }
    fts_close(walk);
    if (good && reading->tally.reports == before) {
        ctl_fail(reading->audit->ctl, CTL_DATA, "%s: there is no DMARC report in it", path);
        good = false;
    }
    return good;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void remark(const struct reading *reading)
{
    if (reading->tally.doubles > 0)
        fprintf(stderr, "heloctl audit: note: %llu of %llu reports are duplicates and do not count\n",
                reading->tally.doubles, reading->tally.reports);
    if (reading->strangers > 0)
        fprintf(stderr, "heloctl audit: note: %zu files in the folders hold no DMARC report\n", reading->strangers);
}

int audit_read_reports(struct audit *audit, char **paths, int count)
{
    struct reading reading = {
        .audit = audit, .reports = sure_table(AUDIT_HOSTS_MAX), .sources = sure_table(AUDIT_HOSTS_MAX)};
    bool good = true;

    for (int i = 0; i < count; i++)
        good = (is_folder(paths[i]) ? read_folder(&reading, paths[i]) : read_one(&reading, paths[i], false)) && good;
    remark(&reading);
    table_free(reading.sources);
    table_free(reading.reports);
    return good ? CTL_OK : CTL_DATA;
}

static bool add_known(struct audit *audit, char *word)
{
    struct network network;

    if (network_parse(&network, word, strlen(word)))
        return network_set_add(audit->known_networks, &network, 0);
    for (char *c = word; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
        if (!isalnum((unsigned char)*c) && !strchr(".-_", *c))
            return false;
    }
    return strchr(word, '.') && suffix_set_add(audit->known_names, word, 0);
}

int audit_read_known(struct audit *audit, const char *path)
{
    struct lines *lines = lines_open_file(audit->ctl, path);
    char line[KNOWN_LINE];
    const char *wrong;
    bool good = true;
    int status;

    audit->known_networks = sure(network_set_new());
    audit->known_names = sure(suffix_set_new());
    while (good && lines_next_text(lines, line, sizeof(line), &wrong)) {
        char *word = line + strspn(line, " \t");

        word[strcspn(word, "#\r\n")] = '\0';
        for (size_t n = strlen(word); n > 0 && strchr(" \t", word[n - 1]); n--)
            word[n - 1] = '\0';
        good = !wrong && (!*word || add_known(audit, word));
        if (wrong)
            ctl_fail(audit->ctl, CTL_DATA, "%s: %s", path, wrong);
        else if (!good)
            ctl_fail(audit->ctl, CTL_DATA, "%s: \"%s\" is neither a network nor a name", path, word);
    }
    status = lines_close(lines);
    return status != CTL_OK ? status : good ? CTL_OK : CTL_DATA;
}

/* By its network, or by a name that points to it. */
static bool is_known(const struct audit *audit, const struct audit_host *host)
{
    return network_set_find(audit->known_networks, &host->address) != LOOKUP_NONE ||
           (host->ptr_confirmed && suffix_set_find(audit->known_names, host->ptr) != LOOKUP_NONE) ||
           (host->now.points_here && host->name && suffix_set_find(audit->known_names, host->name) != LOOKUP_NONE);
}

void audit_sort_out(struct audit *audit)
{
    for (size_t i = 0; i < audit->count; i++) {
        struct audit_host *host = &audit->hosts[i];

        host->unlisted = audit->known_names && !is_known(audit, host);
        host->foreign = audit->known_names ? host->unlisted : host->aligned == 0;
    }
}

/* A network that sends in the domains' name. */
struct sender {
    struct network network;
    size_t addresses, unlisted;
    unsigned long long messages, aligned;
    const char *names, *domains; /* some, separated by blanks */
};

static struct network network_of(const struct audit_host *host)
{
    return address_network(&host->address, host->address.family == ADDRESS_IPV4 ? 24 : 48);
}

static int compare_senders(const void *a, const void *b)
{
    const struct sender *x = a, *y = b;

    if (x->messages != y->messages)
        return x->messages < y->messages ? 1 : -1;
    return memcmp(&x->network, &y->network, sizeof(x->network));
}

static void add_word(struct region *r, const char **list, const char *word)
{
    if (!word || has_word(*list, word) || strlen(*list) > NAMES_SIZE)
        return;
    *list = **list ? region_printf(r, "%s %s", *list, word) : word;
}

static void add_host(struct audit *audit, struct sender *sender, const struct audit_host *host)
{
    char *words = region_strdup(audit->keep, host->header_from ? host->header_from : "");

    sender->messages += host->messages;
    sender->aligned += host->aligned;
    sender->unlisted += host->unlisted;
    add_word(audit->keep, &sender->names, host->ptr_domain ? host->ptr_domain : host->ptr);
    for (char *word = words, *next; *word; word = next) {
        next = word + strcspn(word, " ");
        if (*next)
            *next++ = '\0';
        add_word(audit->keep, &sender->domains, word);
    }
}

static size_t senders_of(struct audit *audit, struct sender **senders)
{
    struct audit_host **hosts = audit_sorted(audit, audit_compare_addresses);
    size_t n = 0;

    *senders = region_alloc(audit->keep, (audit->count + 1) * sizeof(struct sender));
    for (size_t i = 0; i < audit->count; i++) {
        if (i == 0 || !address_in(&hosts[i]->address, &(*senders)[n - 1].network))
            (*senders)[n++] = (struct sender){.network = network_of(hosts[i]), .names = "", .domains = ""};
        (*senders)[n - 1].addresses += i == 0 || !address_equal(&hosts[i - 1]->address, &hosts[i]->address);
        add_host(audit, &(*senders)[n - 1], hosts[i]);
    }
    qsort(*senders, n, sizeof(struct sender), compare_senders);
    return n;
}

static const char *listed(const struct audit *audit, const struct sender *sender)
{
    return !audit->known_names ? "" : sender->unlisted ? "NOT LISTED" : "listed";
}

void audit_print_map(struct audit *audit)
{
    struct sender *senders;
    size_t n = senders_of(audit, &senders);

    printf("%-20s %9s %10s %8s  %s\n", "network", "addresses", "messages", "aligned", "in the name of; reverse names");
    for (size_t i = 0; i < n; i++) {
        const struct sender *s = &senders[i];
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
    struct sender *senders;
    size_t n = senders_of(audit, &senders);

    json_open(j, "senders", '[');
    for (size_t i = 0; i < n; i++) {
        const struct sender *s = &senders[i];
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
