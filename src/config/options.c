/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options: the rows. Adding an option is one row here and one paragraph in helod.conf(5) and conf/helod.conf, which
 * tests/check/check-docs compares with the rows.
 */
#include "options.h"

#include <string.h>

#include "settings.h"

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    KIB = 1024,
    MIB = 1024 * KIB,
};

static const char *const mode_choices[] = {"enforce", "soft", "monitor", NULL};
static const char *const header_choices[] = {"authentication-results", "score", NULL};
static const char *const starttls_choices[] = {"auto", "yes", "no", NULL};
static const char *const store_choices[] = {"none", "memory", "redis", NULL};
static const char *const log_choices[] = {"syslog", "journal", "file", NULL};

#define SERVER(name, type) SECTION_SERVER, #name, type, .offset = offsetof(struct settings, server.name)
#define DNS(name, type) SECTION_DNS, #name, type, .offset = offsetof(struct settings, dns.name)
#define POLICY(name, type) SECTION_POLICY, #name, type, .offset = offsetof(struct policy, name)
/* The store stays open; a reload changes only the counts from which rules hit. */
#define HISTORY(name, type) IN(HISTORY, #name, history.name, type), .restart = true
/* An option whose field has another name. */
#define IN(section, name, field, type) SECTION_##section, name, type, .offset = offsetof(struct settings, field)

const struct option options[] = {
    {IN(SERVER, "listen", server.listen, OPTION_ENDPOINTS), .initial = "inet:127.0.0.1:10045",
     .summary = "Sockets for policy requests: inet:ADDRESS:PORT or unix:PATH."},
    {IN(SERVER, "allow", server.allow_list, OPTION_NETWORKS), .initial = "",
     .summary = "Networks that may connect over TCP; empty allows every client."},
    {SERVER(user, OPTION_WORD), .restart = true, .initial = "",
     .summary = "User to become once the sockets are open; empty keeps the current one."},
    {SERVER(group, OPTION_WORD), .restart = true, .initial = "", .summary = "Group to become; empty uses the user's."},
    {SERVER(socket_owner, OPTION_WORD), .restart = true, .initial = "",
     .summary = "Owner of unix sockets; empty uses the user."},
    {SERVER(socket_group, OPTION_WORD), .restart = true, .initial = "",
     .summary = "Group of unix sockets; empty uses the group."},
    {SERVER(socket_mode, OPTION_MODE), .restart = true, .initial = "0660", .max = 0777,
     .summary = "Mode of unix sockets, octal."},
    {SERVER(pid_file, OPTION_PATH), .restart = true, .initial = "",
     .summary = "File for the process id, written only when helod forks; empty for none."},
    {SERVER(max_connections, OPTION_NUMBER), .initial = "1000", .min = 1, .max = 100000,
     .summary = "Maximum number of open connections; further ones wait."},
    {IN(SERVER, "deadline", server.deadline_ms, OPTION_DURATION), .initial = "8s", .min = 100, .max = 90 * SECOND,
     .summary = "Time after which a request is answered from the evidence known by then."},
    {IN(SERVER, "idle", server.idle_ms, OPTION_DURATION), .initial = "1h", .min = SECOND, .max = DAY,
     .summary = "Time after which an idle connection is closed."},
    {SERVER(instances, OPTION_NUMBER), .restart = true, .initial = "10000", .min = 16, .max = 10000000,
     .summary = "Number of answers that are remembered for the other recipients of a message."},
    {IN(SERVER, "instance_time", server.instance_ms, OPTION_DURATION), .initial = "10m", .min = SECOND, .max = DAY,
     .summary = "How long such an answer is remembered."},
    {SERVER(log_dunno, OPTION_SWITCH), .initial = "yes", .summary = "Log a decision line for clean greetings, too."},
    {SERVER(seccomp, OPTION_SWITCH), .restart = true, .initial = "yes",
     .summary = "Allow only the system calls that helod needs, if it is built with libseccomp."},
    {SERVER(client_rate, OPTION_NUMBER), .initial = "600", .max = 1000000, .unit = "requests a minute",
     .summary = "Requests per client network that may cost DNS lookups; 0 for no limit."},

    {DNS(servers, OPTION_SERVERS), .initial = "",
     .summary = "Resolvers, ADDRESS or ADDRESS:PORT; empty uses those of /etc/resolv.conf."},
    {IN(DNS, "timeout", dns.timeout_ms, OPTION_DURATION), .initial = "1s", .min = 10, .max = 30 * SECOND,
     .summary = "Time after which an unanswered query is repeated."},
    {DNS(tries, OPTION_NUMBER), .initial = "4", .min = 1, .max = 5,
     .summary = "Maximum number of times that a query is sent; a lookup times out after tries times timeout."},
    {DNS(cache, OPTION_NUMBER), .initial = "65536", .max = 10000000, .unit = "answers",
     .summary = "Number of cached answers; 0 for no cache."},
    {DNS(in_flight, OPTION_NUMBER), .initial = "2048", .min = 1, .max = 10000,
     .summary = "Maximum number of lookups in flight."},
    {DNS(client_share, OPTION_NUMBER), .initial = "12", .max = 100, .unit = "percent",
     .summary = "Requests of one client network that may wait for DNS, as a share of in_flight; 0 for no limit."},
    {DNS(guard, OPTION_NUMBER), .initial = "50", .max = 100, .unit = "percent",
     .summary = "Share of temporary failures above which DNS findings are suspended; 0 for never."},
    {DNS(probe, OPTION_SUFFIXES), .initial = "root-servers.net",
     .summary = "Names below which a random name is looked up while the resolver is suspected."},
    {DNS(ptr_names, OPTION_NUMBER), .initial = "6", .min = 1, .max = EVIDENCE_RDNS_MAX,
     .summary = "How many names of a reverse record are checked."},
    {IN(DNS, "ttl_min", dns.ttl_min_ms, OPTION_DURATION), .initial = "1m", .max = HOUR,
     .summary = "Shortest time for which an answer is cached."},
    {IN(DNS, "ttl_max", dns.ttl_max_ms, OPTION_DURATION), .initial = "1h", .min = SECOND, .max = 7 * DAY,
     .summary = "Longest time for which an answer is cached."},
    {IN(DNS, "ttl_negative", dns.negative_ttl_ms, OPTION_DURATION), .initial = "15m", .min = SECOND, .max = DAY,
     .summary = "Longest time for which the answer that a name does not exist is cached."},
    {IN(DNS, "ttl_failure", dns.failure_ttl_ms, OPTION_DURATION), .initial = "30s", .max = 5 * MINUTE,
     .summary = "Time for which a temporary failure is cached."},
    {DNS(edns, OPTION_SWITCH), .initial = "yes", .summary = "Use EDNS; some forwarders fail with it."},
    {DNS(void_limit, OPTION_NUMBER), .initial = "2", .max = 10,
     .summary = "Empty lookups that an SPF record may cause (RFC 7208 section 4.6.4)."},

    {IN(LOCAL, "names", local.names, OPTION_SUFFIXES), .initial = "",
     .summary = "Names that nobody else may greet with; empty uses this host's name."},
    {IN(LOCAL, "networks", local.network_list, OPTION_NETWORKS), .initial = "",
     .summary = "Our networks; this host's addresses always count."},

    {IN(EXEMPT, "clients", exempt.client_list, OPTION_NETWORKS),
     .initial = "127.0.0.0/8, ::1/128, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, fc00::/7, fe80::/10",
     .summary = "Client addresses and networks that are never judged."},
    {IN(EXEMPT, "rdns", exempt.rdns_list, OPTION_SUFFIXES), .initial = "",
     .summary = "Confirmed reverse names that are never judged."},
    {IN(EXEMPT, "helo", exempt.helo_list, OPTION_SUFFIXES), .initial = "",
     .summary = "HELO names that are never judged once they are confirmed."},
    {IN(EXEMPT, "helo_unverified", exempt.helo_unverified, OPTION_SWITCH), .initial = "no",
     .summary = "Exempt by HELO name even where address and SPF do not confirm it."},
    {IN(EXEMPT, "certificates", exempt.certificates, OPTION_SWITCH), .initial = "yes",
     .summary = "Clients with a certificate that Postfix trusts are never judged."},
    {IN(EXEMPT, "files", exempt.files, OPTION_PATHS), .initial = "", .summary = "Files with more exemptions."},

    {IN(NAMES, "psl_file", names.psl_file, OPTION_PATH), .initial = "",
     .summary = "Public suffix list; empty takes the system's."},
    {IN(NAMES, "token_files", names.token_files, OPTION_PATHS), .initial = "",
     .summary = "Files with more tokens for the naming rules."},

    {POLICY(mode, OPTION_CHOICE), .initial = "enforce", .choices = mode_choices,
     .summary = "enforce; soft turns rejections into deferrals; monitor only logs."},
    {SECTION_POLICY, "shadow", OPTION_WORD, .initial = "", .offset = offsetof(struct policy, shadow_name),
     .summary = "Another policy, judged and logged beside this one, never affecting the answer; empty for none."},
    {POLICY(starttls, OPTION_CHOICE), .initial = "auto", .choices = starttls_choices,
     .summary = "Whether Postfix offers STARTTLS to the clients of this policy: yes, no, or auto to learn it."},
    {POLICY(header, OPTION_CHOICE), .initial = "authentication-results", .choices = header_choices,
     .summary = "Header that prepend adds: authentication-results (RFC 8601) or score (X-HELO-Score)."},
    {POLICY(header_always, OPTION_SWITCH), .initial = "no", .summary = "Add the header below every threshold too."},
    {POLICY(authserv_id, OPTION_HOST), .initial = "",
     .summary = "Name of this server in Authentication-Results; empty uses this host's name."},
    {POLICY(reject_text, OPTION_TEMPLATE), .initial = "",
     .summary = "Text of a rejection; empty takes the advice of the heaviest finding."},
    {POLICY(defer_text, OPTION_TEMPLATE), .initial = "",
     .summary = "Text of a deferral; empty takes the advice of the heaviest finding."},
    {POLICY(help_url, OPTION_TEMPLATE), .initial = "",
     .summary = "Address of a page for senders, appended to the text; empty for none."},
    {POLICY(credit, OPTION_NUMBER), .initial = "60", .max = POINTS_MAX, .unit = "points",
     .summary = "Maximum that all credits together may subtract."},

    {SECTION_THRESHOLD, "score", OPTION_POINTS, .min = 1, .max = 100000, .offset = offsetof(struct threshold, score),
     .summary = "Score from which the threshold is reached."},
    {SECTION_THRESHOLD, "action", OPTION_ACTION, .offset = offsetof(struct threshold, action),
     .summary = "The action that Postfix then receives."},

    {HISTORY(store, OPTION_CHOICE), .initial = "memory", .choices = store_choices,
     .summary = "Where earlier greetings are remembered: none, memory or redis."},
    {HISTORY(file, OPTION_PATH), .initial = "", .summary = "Snapshot of the memory store; empty for none."},
    {IN(HISTORY, "snapshot", history.snapshot_ms, OPTION_DURATION), .restart = true, .initial = "1m", .min = SECOND,
     .max = DAY, .summary = "Time between two snapshots."},
    {IN(HISTORY, "window", history.window_ms, OPTION_DURATION), .restart = true, .initial = "7d", .min = MINUTE,
     .max = 365 * (int64_t)DAY, .summary = "How long a greeting is remembered."},
    {HISTORY(ipv4_bits, OPTION_NUMBER), .initial = "32", .min = 8, .max = 32, .unit = "bits",
     .summary = "Prefix length by which IPv4 clients are grouped."},
    {HISTORY(ipv6_bits, OPTION_NUMBER), .initial = "64", .min = 16, .max = 128, .unit = "bits",
     .summary = "Prefix length by which IPv6 clients are grouped."},
    {HISTORY(entries, OPTION_NUMBER), .initial = "200000", .min = 100, .max = 100000000, .unit = "networks",
     .summary = "Maximum number of client networks remembered."},
    {IN(HISTORY, "memory", history.bytes, OPTION_SIZE), .restart = true, .initial = "64m", .min = 64 * KIB,
     .max = 65536 * (int64_t)MIB, .summary = "Maximum memory of the memory store."},
    {HISTORY(hashed, OPTION_SWITCH), .initial = "no", .summary = "Keep addresses and names as keyed hashes."},
    {HISTORY(hash_key, OPTION_TEXT), .initial = "", .secret = true,
     .summary = "The key of these hashes; the same on all hosts that share a store."},
    {HISTORY(redis, OPTION_REMOTES), .initial = "inet:127.0.0.1:6379",
     .summary = "Redis or Valkey server or servers: inet:HOST:PORT or unix:PATH."},
    {HISTORY(redis_sentinel, OPTION_WORD), .initial = "",
     .summary = "Name by which the sentinels in redis monitor the master; empty without sentinels."},
    {HISTORY(redis_user, OPTION_TEXT), .initial = "", .summary = "User name for the Redis servers; empty for none."},
    {HISTORY(redis_password, OPTION_TEXT), .initial = "", .secret = true,
     .summary = "Password for the Redis servers; "
                "empty for none."},
    {HISTORY(redis_prefix, OPTION_TEXT), .initial = "helod:", .summary = "Prefix of every key."},
    {HISTORY(redis_tls, OPTION_SWITCH), .initial = "no", .summary = "Use TLS for Redis."},
    {IN(HISTORY, "redis_timeout", history.redis_timeout_ms, OPTION_DURATION), .restart = true, .initial = "50ms",
     .min = 1, .max = 5 * SECOND, .summary = "Time after which a request continues without the store."},
    {IN(HISTORY, "churn_domains", history.churn_domains, OPTION_NUMBER), .initial = "5", .min = 2, .max = 64,
     .unit = "domains", .summary = "helo_churn: unrelated domains from one client network in the window."},
    {IN(HISTORY, "shared_networks", history.shared_networks, OPTION_NUMBER), .initial = "20", .min = 2, .max = 64,
     .unit = "networks",
     .summary = "helo_shared: unrelated networks (IPv4 /16, IPv6 /32) with one unverified name in the window."},
    {IN(HISTORY, "known_days", history.known_days, OPTION_NUMBER), .initial = "3", .min = 1, .max = 365, .unit = "days",
     .summary = "identity_known: days since the first verified greeting."},
    {IN(HISTORY, "known_count", history.known_count, OPTION_NUMBER), .initial = "5", .min = 1, .max = 1000000,
     .unit = "greetings", .summary = "identity_known: verified greetings."},

    {IN(STATUS, "listen", status.listen, OPTION_ENDPOINTS), .initial = "",
     .summary = "Status page and metrics: inet:ADDRESS:PORT or unix:PATH; empty for none."},
    {IN(STATUS, "allow", status.allow_list, OPTION_NETWORKS), .initial = "",
     .summary = "Networks that may read the page over TCP; empty allows only loopback addresses in listen."},
    {IN(STATUS, "socket_mode", status.socket_mode, OPTION_MODE), .restart = true, .initial = "0660", .max = 0777,
     .summary = "Mode of the unix socket, octal."},
    {IN(STATUS, "socket_group", status.socket_group, OPTION_WORD), .restart = true, .initial = "",
     .summary = "Group of the unix socket; empty uses the group."},

    {IN(LOG, "to", log.to, OPTION_CHOICE), .initial = "syslog", .choices = log_choices,
     .summary = "syslog, journal (with fields) or file (JSON lines)."},
    {IN(LOG, "file", log.file, OPTION_PATH), .initial = "", .summary = "File for the JSON lines."},
};
const size_t options_count = sizeof(options) / sizeof(options[0]);

const struct section_row sections[SECTION_COUNT] = {
    [SECTION_ROOT] = {"", "", SECTION_ROOT, false, "The file."},
    [SECTION_SERVER] = {"server", "server", SECTION_ROOT, false, "Sockets, limits and privileges."},
    [SECTION_DNS] = {"dns", "dns", SECTION_ROOT, false, "Resolvers and the DNS cache."},
    [SECTION_LOCAL] = {"local", "local", SECTION_ROOT, false, "Who we are."},
    [SECTION_EXEMPT] = {"exempt", "exempt", SECTION_ROOT, false, "Clients that are never judged."},
    [SECTION_NAMES] = {"names", "names", SECTION_ROOT, false, "Data about names."},
    [SECTION_POLICY] = {"policy", "policy", SECTION_ROOT, true, "Points, thresholds and actions."},
    [SECTION_THRESHOLD] = {"policy.threshold", "threshold", SECTION_POLICY, true, "A score and its action."},
    [SECTION_POINTS] = {"policy.points", "points", SECTION_POLICY, false, "Points of the rules."},
    [SECTION_CAPS] = {"policy.caps", "caps", SECTION_POLICY, false, "Maximum that a family of rules may add."},
    [SECTION_HISTORY] = {"history", "history", SECTION_ROOT, false, "Names that clients used in earlier greetings."},
    [SECTION_STATUS] = {"status", "status", SECTION_ROOT, false, "Status page and metrics."},
    [SECTION_LOG] = {"log", "log", SECTION_ROOT, false, "Where messages go."},
};

const struct option *option_find(enum section section, const char *name)
{
    for (size_t i = 0; i < options_count; i++) {
        if (options[i].section == section && strcmp(options[i].name, name) == 0)
            return &options[i];
    }
    return NULL;
}

bool option_section(enum section parent, const char *name, enum section *out)
{
    for (int i = SECTION_ROOT + 1; i < SECTION_COUNT; i++) {
        if (sections[i].parent == parent && strcmp(sections[i].name, name) == 0) {
            *out = (enum section)i;
            return true;
        }
    }
    return false;
}

static const char *family_name(const char *name)
{
    for (int i = 0; i < FAMILY_COUNT; i++) {
        if (strcmp(families[i].name, name) == 0)
            return families[i].name;
    }
    return NULL;
}

bool option_known(enum section section, const char *name)
{
    if (section == SECTION_POINTS)
        return rules_find(name, strlen(name)) >= 0;
    if (section == SECTION_CAPS)
        return family_name(name) != NULL;
    return option_find(section, name) != NULL;
}

const char *option_name_next(enum section section, size_t *at)
{
    if (section == SECTION_POINTS)
        return *at < rules_count ? rule_names[(*at)++] : NULL;
    if (section == SECTION_CAPS)
        return *at < FAMILY_COUNT ? families[(*at)++].name : NULL;
    while (*at < options_count) {
        const struct option *option = &options[(*at)++];
        if (option->section == section)
            return option->name;
    }
    while (*at < options_count + SECTION_COUNT) {
        const struct section_row *inner = &sections[(*at)++ - options_count];
        if (inner->parent == section && inner != &sections[SECTION_ROOT])
            return inner->name;
    }
    return NULL;
}

bool option_is_list(const struct option *option)
{
    return option->type >= OPTION_ENDPOINTS;
}
