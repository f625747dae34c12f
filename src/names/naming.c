/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naming: how a name is built, seen from the client's address. Pure. Except for the top-level domain, only the part
 * left of the registrable domain is examined: the provider chooses that part, while the owner of dyni.example did
 * not mean "dyn".
 *
 * A word for dynamic addresses or customers counts only beside a number, or with an address in the name. People
 * choose names such as dhcp.example and host.example, but not dhcp-17.example.
 */
#include <string.h>

#include "address_in_name.h"
#include "random_label.h"
#include "text.h"

enum { SERIAL_DIGITS = 3, STOCK_SERIAL_DIGITS = 4, BARE_SERIAL_DIGITS = 5, COMPOUND_MIN = 2, LONG_LABEL = 18 };

struct reading {
    const struct host_part *host;
    const struct tokens *tokens;
    bool address;  /* the name contains an address */
    bool has_task; /* one of its words says what the machine is for */
    unsigned flags;
    char detail[120];
    struct text words;
};

/* A number of `digits` or more in the word's group or the one before or after it. */
static bool number_near(const struct host_part *host, unsigned group, unsigned digits)
{
    return host->digits[group] >= digits || (group > 0 && host->digits[group - 1] >= digits) ||
           (group + 1 < host->groups && host->digits[group + 1] >= digits);
}

/* One label before the domain, with or without a number: server.example.com, vps3.example.com. */
static bool is_one_word(const struct host_part *host)
{
    bool alone = host->atoms == 1 || (host->atoms == 2 && host->atom[1].number && host->atom[1].first_label);

    return alone && *host->domain != '\0';
}

/*
 * The flag that the word sets at its position; 0: none. A hosting company numbers its own machines with up to three
 * digits (web170.example.com), and its customers' machines with more.
 */
static unsigned flag_of(const struct reading *in, const struct host_atom *atom, enum token_class class)
{
    unsigned digits = SERIAL_DIGITS;

    switch (class) {
    case TOKEN_DYNAMIC:
        return in->address || number_near(in->host, atom->group, 1) ? NAMING_DYNAMIC : 0;
    case TOKEN_LINE:
        return in->address ? NAMING_DYNAMIC : 0;
    case TOKEN_GENERIC:
    case TOKEN_STOCK:
        if (class == TOKEN_STOCK && is_one_word(in->host))
            digits = STOCK_SERIAL_DIGITS;
        return in->address || number_near(in->host, atom->group, digits) ? NAMING_GENERIC : 0;
    case TOKEN_FIXED:
        return NAMING_SERVER | NAMING_FIXED | (in->address && !(in->flags & NAMING_ADDRESS) ? NAMING_GENERIC : 0u);
    case TOKEN_SERVER:
        return NAMING_SERVER;
    case TOKEN_MAIL:
        return atom->first_label ? NAMING_SERVER | NAMING_MAIL_ROLE : NAMING_SERVER;
    case TOKEN_MASS:
        return NAMING_MASS;
    case TOKEN_IGNORED:
    case TOKEN_TLD:
        break;
    }
    return 0;
}

static void note(struct reading *in, unsigned flags, const char *word, size_t n)
{
    if ((in->flags & flags) != flags) {
        text_add(&in->words, in->words.used > 0 ? ", " : "");
        text_add_bytes(&in->words, word, n);
    }
    in->flags |= flags;
}

static void read_word(struct reading *in, const struct host_atom *atom, const struct token *token)
{
    in->has_task = in->has_task || token->class == TOKEN_SERVER || token->class == TOKEN_MAIL;
    note(in, flag_of(in, atom, token->class), token->text, token->length);
}

/* NULL when there is none. */
static const struct token *find_token(const struct tokens *tokens, const char *s, size_t n)
{
    size_t low = 0, high = tokens->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct token *row = &tokens->rows[middle];
        size_t least = row->length < n ? row->length : n;
        int order = memcmp(s, row->text, least);

        if (order == 0 && row->length == n)
            return row->class != TOKEN_IGNORED ? row : NULL;
        if (order < 0 || (order == 0 && n < row->length))
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* A word of the table, or two of them written together: "mailrelay", "dyndsl". */
static void read_words(struct reading *in)
{
    for (unsigned i = 0; i < in->host->atoms; i++) {
        const struct host_atom *atom = &in->host->atom[i];
        const struct token *whole = atom->number ? NULL : find_token(in->tokens, atom->s, atom->length);

        if (whole != NULL)
            read_word(in, atom, whole);
        for (size_t n = COMPOUND_MIN; !atom->number && whole == NULL && n + COMPOUND_MIN <= atom->length; n++) {
            const struct token *left = find_token(in->tokens, atom->s, n);
            const struct token *right = left == NULL ? NULL : find_token(in->tokens, atom->s + n, atom->length - n);

            if (right == NULL)
                continue;
            read_word(in, atom, left);
            read_word(in, atom, right);
            break;
        }
    }
}

/* The first label is a word and the number 0, and nothing else is before the domain. */
static bool counts_from_zero(const struct host_part *host)
{
    return host->atoms == 2 && !host->atom[0].number && host->atom[0].length > 1 && host->atom[1].number &&
           host->atom[1].first_label && host->atom[1].length == 1 && *host->atom[1].s == '0';
}

/*
 * Names that a program filled in, alone before the domain. Hosting panels write server.example.com or vps3.example.com.
 * Programs that set up throw-away mailers count from 0: mail0.example.com, slot0.example.com. People count from 1.
 */
static void read_stock(struct reading *in)
{
    const struct host_part *host = in->host;
    const struct token *token = host->atoms > 0 ? find_token(in->tokens, host->atom[0].s, host->atom[0].length) : NULL;

    if (*host->domain == '\0')
        return;
    if (is_one_word(host) && token != NULL && token->class == TOKEN_STOCK)
        note(in, NAMING_STOCK, token->text, token->length);
    else if (counts_from_zero(host))
        note(in, NAMING_STOCK, host->atom[0].s, (size_t)(host->atom[1].s + 1 - host->atom[0].s));
}

/* Nothing but numbers before the domain, which is how hosting companies number their customers: 48213.example.net. */
static void read_bare_serial(struct reading *in)
{
    const struct host_part *host = in->host;
    unsigned most = 0;

    for (unsigned i = 0; i < host->atoms; i++) {
        if (!host->atom[i].number)
            return;
        most = host->atom[i].length > most ? host->atom[i].length : most;
    }
    if (*host->domain != '\0' && most >= BARE_SERIAL_DIGITS)
        note(in, NAMING_GENERIC, "number", strlen("number"));
}

static void read_domain(struct reading *in)
{
    const char *domain = in->host->domain, *tld = strrchr(domain, '.');
    const struct token *token = tld != NULL ? find_token(in->tokens, tld + 1, strlen(tld + 1)) : NULL;

    if (token != NULL && token->class == TOKEN_TLD)
        note(in, NAMING_BULK, tld, strlen(tld));
    if (tld != NULL && strcspn(domain, ".") >= LONG_LABEL)
        note(in, NAMING_LONG, "long domain", strlen("long domain"));
}

static void read_random(struct reading *in)
{
    for (const char *label = in->host->text; *label != '\0';) {
        size_t n = strcspn(label, ".");

        if (random_label(label, n)) {
            note(in, NAMING_RANDOM, label, n < 40 ? n : 40);
            return;
        }
        label += n + (label[n] == '.');
    }
}

static struct naming read_naming(const struct name *name, const struct address *client, const struct name_data *data,
                                 struct region *r)
{
    struct naming naming = {.detail = ""};
    struct host_part host;
    struct reading in = {.host = &host, .tokens = &data->tokens};
    struct address_in_name found;

    text_init(&in.words, in.detail, sizeof in.detail);
    host_part_split(&host, name, data);
    found = address_in_name(&host, client);
    in.address = found.own != NULL || found.part != NULL || found.four;
    if (found.own != NULL)
        note(&in, NAMING_ADDRESS, found.own, strlen(found.own));
    else if (found.part != NULL)
        note(&in, NAMING_PARTIAL, found.part, strlen(found.part));
    else if (found.four && client->family != ADDRESS_NONE)
        note(&in, NAMING_FOREIGN, "another address", strlen("another address"));
    read_words(&in);
    read_stock(&in);
    read_domain(&in);
    if (!in.address) {
        read_bare_serial(&in);
        read_random(&in);
    }
    if (in.has_task)
        in.flags &= ~(unsigned)NAMING_FIXED;
    /*
     * A mail role needs a name of one's own, not one that a provider or a program made. A host that is called after
     * advertising gets no credit for its role either.
     */
    if ((in.flags & (NAMING_ADDRESS | NAMING_FOREIGN | NAMING_DYNAMIC | NAMING_MASS | NAMING_STOCK)) != 0 ||
        name->kind != NAME_HOST)
        in.flags &= ~(unsigned)NAMING_MAIL_ROLE;
    naming.flags = in.flags;
    naming.detail = region_strdup(r, in.detail);
    if (naming.detail == NULL)
        naming.detail = "";
    return naming;
}

struct naming name_naming(const struct name *name, const struct address *client, const struct name_data *data,
                          struct region *r)
{
    struct naming naming = {.detail = ""};

    if (name->kind != NAME_HOST && name->kind != NAME_SINGLE)
        return naming;
    if (name_memory_recall_naming(data->memory, name, client, &naming, r))
        return naming;
    naming = read_naming(name, client, data, r);
    name_memory_keep_naming(data->memory, name, client, &naming);
    return naming;
}

bool naming_is_assigned(const struct naming *naming)
{
    unsigned flags = naming->flags;

    return (flags & NAMING_DYNAMIC) ||
           ((flags & (NAMING_GENERIC | NAMING_ADDRESS)) && (!(flags & NAMING_SERVER) || (flags & NAMING_FIXED)));
}
