/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * score: findings to score to verdict. decision.h says how the sum is made; here it is made over a set of hits, so that
 * the same arithmetic serves the verdict itself and the bounds of what it might become once more is known.
 *
 * The bounds rest on two properties that the tests hold the catalogue to: a hit stays a hit whatever comes to be known,
 * and a rule whose needs are all known does not begin to hit. Between them lie the open rules. The arithmetic only
 * grows with further positive hits but for one thing, implication: so a finding that an open rule might silence counts
 * for the upper bound alone.
 */
#include <string.h>

#include "decision.h"

enum { WORD_BITS = 64, WORDS = (RULES_MAX + WORD_BITS - 1) / WORD_BITS };

/* Which rules hit: a bit for each. Few do, and only these are walked over. */
struct hits {
    uint64_t words[WORDS];
};

static bool has(const struct hits *hits, size_t rule)
{
    return (hits->words[rule / WORD_BITS] >> rule % WORD_BITS & 1) != 0;
}

static void add(struct hits *hits, size_t rule)
{
    hits->words[rule / WORD_BITS] |= UINT64_C(1) << rule % WORD_BITS;
}

static void take_out(struct hits *hits, size_t rule)
{
    hits->words[rule / WORD_BITS] &= ~(UINT64_C(1) << rule % WORD_BITS);
}

/* The first hit from `from` on; RULES_MAX: none. */
static size_t next(const struct hits *hits, size_t from)
{
    for (size_t word = from / WORD_BITS; word < WORDS; word++, from = word * WORD_BITS) {
        uint64_t rest = hits->words[word] >> from % WORD_BITS;

        if (rest != 0)
            return from + (size_t)__builtin_ctzll(rest);
    }
    return RULES_MAX;
}

#define EACH(rule, hits) (size_t rule = next(hits, 0); rule < RULES_MAX; rule = next(hits, rule + 1))

/* What a set of hits comes to. */
struct tally {
    int positive, credit, floor; /* credit as a positive number, bounded by the policy */
    int counted[RULES_MAX];
};

/* A note has no points whatever the policy says: it tells of trouble, and trouble never counts. */
static int points_of(const struct policy *policy, size_t rule)
{
    return rules[rule]->points == 0 ? 0 : policy->points[rule];
}

static int weight(int points)
{
    return points < 0 ? -points : points;
}

/* Whether `rule` counts nothing because one of `others` says the same and is at least as heavy. */
static bool silenced(const struct policy *policy, const struct hits *others, size_t rule)
{
    int points = points_of(policy, rule);

    for EACH(i, others) {
        int other = points_of(policy, i);

        if (!rules[i]->implies && !rules[rule]->implies) /* most pairs */
            continue;
        if (i == rule || other == 0 || (other < 0) != (points < 0) || weight(other) < weight(points))
            continue;
        if (rules_implies((int)i, (int)rule) || (weight(other) > weight(points) && rules_implies((int)rule, (int)i)))
            return true;
    }
    return false;
}

static void silence(const struct policy *policy, const struct hits *others, struct hits *hits)
{
    struct hits kept = *hits;

    for EACH(i, hits)
        if (silenced(policy, others, i))
            take_out(&kept, i);
    *hits = kept;
}

/* The hits of one family stand together: `first` is the first of them, and this the first after them. */
static size_t family_end(const struct hits *hits, size_t first)
{
    size_t rule = first;

    while (rule < RULES_MAX && rules[rule]->family == rules[first]->family)
        rule = next(hits, rule + 1);
    return rule;
}

/* The heaviest of a family's hits of one sign; RULES_MAX: there is none. */
static size_t heaviest(const struct policy *policy, const struct hits *hits, size_t first, int sign)
{
    size_t best = RULES_MAX;
    int most = 0;

    for (size_t i = first; i < RULES_MAX && rules[i]->family == rules[first]->family; i = next(hits, i + 1)) {
        if (points_of(policy, i) * sign > most) {
            most = points_of(policy, i) * sign;
            best = i;
        }
    }
    return best;
}

/* What of `part` there is room for. */
static int count_part(struct tally *t, size_t rule, int sign, int part, int room)
{
    if (part > room)
        part = room > 0 ? room : 0;
    t->counted[rule] = sign * part;
    return part;
}

/* One sign of one family: the heaviest in full, of the others their share, as long as `room` is left. */
static int add_family(const struct policy *policy, const struct hits *hits, size_t first, int sign, struct tally *t)
{
    size_t top = heaviest(policy, hits, first, sign);
    int room = sign > 0 ? policy->caps[rules[first]->family] : policy->credit - t->credit;
    int sum;

    if (top == RULES_MAX)
        return 0;
    sum = count_part(t, top, sign, weight(points_of(policy, top)), room);
    for (size_t i = first; i < RULES_MAX && rules[i]->family == rules[first]->family; i = next(hits, i + 1))
        if (i != top && points_of(policy, i) * sign > 0)
            sum += count_part(t, i, sign, weight(points_of(policy, i)) * (int)rules[i]->adds / 100, room - sum);
    return sum;
}

/* `hits` are already rid of what is silenced. */
static void add_up(const struct policy *policy, const struct hits *hits, struct tally *t)
{
    memset(t, 0, sizeof(*t));
    for EACH(i, hits)
        if (rules[i]->certain && points_of(policy, i) > t->floor)
            t->floor = points_of(policy, i);
    for (size_t first = next(hits, 0); first < RULES_MAX; first = family_end(hits, first)) {
        t->positive += add_family(policy, hits, first, 1, t);
        t->credit += add_family(policy, hits, first, -1, t);
    }
}

static int score_of(int positive, int credit, int floor)
{
    int score = positive - credit;

    if (score < floor)
        score = floor;
    return score > 0 ? score : 0;
}

static const struct threshold *reached(const struct policy *policy, int score)
{
    const struct threshold *best = NULL;

    for (unsigned i = 0; i < policy->threshold_count; i++)
        if (score >= policy->thresholds[i].score)
            best = &policy->thresholds[i];
    return best;
}

static enum outcome outcome_at(const struct policy *policy, int score)
{
    const struct threshold *t = reached(policy, score);

    return t ? t->outcome : OUTCOME_DUNNO;
}

static bool unknown(enum known known)
{
    return known == KNOWN_NOT_ASKED || known == KNOWN_TEMPERROR;
}

static bool some_name_unconfirmed(const struct evidence *e)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (unknown(e->rdns[i].confirmed))
            return true;
    return false;
}

/* The kinds of evidence that are not, or not wholly, known. */
static unsigned unknown_needs(const struct evidence *e)
{
    unsigned needs = 0;
    bool verified = e->confirmed && name_equal(&e->confirmed->name, &e->helo);

    if (unknown(e->reverse) || e->rdns_partial)
        needs |= NEED_REVERSE | NEED_CONFIRM;
    if (some_name_unconfirmed(e))
        needs |= NEED_CONFIRM;
    if (unknown(e->helo_address) || (e->helo_address == KNOWN_PRESENT && unknown(e->helo_is_client)))
        needs |= NEED_HELO_ADDRESS;
    if (unknown(e->helo_mx))
        needs |= NEED_HELO_MX;
    /* A name that the reverse side verified is not asked for SPF on purpose: that is no doubt. */
    if (e->helo_spf ? e->helo_spf->result == SPF_TEMPERROR : !verified)
        needs |= NEED_HELO_SPF;
    if (!e->history.known)
        needs |= NEED_HISTORY;
    return needs;
}

/* The rules that do not hit and might, were the kinds in `needs` known. */
static void find_open(const struct policy *policy, const struct evidence *e, const struct hits *hits, unsigned needs,
                      struct hits *open)
{
    *open = (struct hits){{0}};
    for (size_t i = 0; i < rules_count; i++)
        if ((rules[i]->needs & needs) && points_of(policy, i) != 0 && !has(hits, i) &&
            (!rules[i]->possible || rules[i]->possible(e)))
            add(open, i);
}

/* The hits as they count: `sign` > 0 keeps penalties, < 0 credits. Those silenced by `others` are left out. */
static struct hits counting(const struct policy *policy, const struct hits *hits, const struct hits *others, int sign)
{
    struct hits kept = {{0}};

    for EACH(i, hits)
        if (points_of(policy, i) * sign > 0)
            add(&kept, i);
    silence(policy, others, &kept);
    return kept;
}

static void unite(struct hits *into, const struct hits *more)
{
    for (size_t i = 0; i < WORDS; i++)
        into->words[i] |= more->words[i];
}

/*
 * A bound of the score over every way in which the `open` rules may turn out. `sign` > 0: the highest, with all open
 * penalties, no open credit; < 0: the lowest, with all open credits, no open penalty. What is added may not silence
 * anything; what is held back silences all it can.
 */
static int bound(const struct policy *policy, const struct hits *hits, const struct hits *open, int sign)
{
    struct hits all = *hits, gains, losses, added;
    struct tally t;
    int positive, credit, floor;

    unite(&all, open);
    gains = counting(policy, hits, hits, sign);
    added = counting(policy, open, hits, sign);
    unite(&gains, &added);
    losses = counting(policy, hits, &all, -sign);

    add_up(policy, &gains, &t);
    positive = t.positive;
    credit = t.credit;
    floor = t.floor;
    add_up(policy, &losses, &t);
    positive = sign > 0 ? positive : t.positive;
    credit = sign > 0 ? t.credit : credit;
    /* A certain finding's floor stands, silenced or not. */
    for EACH(i, sign > 0 ? &all : hits)
        if (rules[i]->certain && points_of(policy, i) > floor)
            floor = points_of(policy, i);
    return score_of(positive, credit, floor);
}

static int order(const struct finding *a, const struct finding *b)
{
    if (a->counted != b->counted)
        return b->counted - a->counted;
    if (a->points != b->points)
        return b->points - a->points;
    return a->rule - b->rule;
}

/* Few and nearly in order: an insertion sort. */
static void sort_findings(struct verdict *v)
{
    for (unsigned i = 1; i < v->finding_count; i++) {
        struct finding f = v->findings[i];
        unsigned at = i;

        for (; at > 0 && order(&v->findings[at - 1], &f) > 0; at--)
            v->findings[at] = v->findings[at - 1];
        v->findings[at] = f;
    }
}

static enum outcome by_mode(enum policy_mode mode, enum outcome judged)
{
    if (mode == MODE_MONITOR)
        return OUTCOME_DUNNO;
    return mode == MODE_SOFT && judged == OUTCOME_REJECT ? OUTCOME_DEFER : judged;
}

static void conclude(const struct policy *policy, struct verdict *v)
{
    v->threshold = reached(policy, v->score);
    v->judged = outcome_at(policy, v->score);
    if (v->judged == OUTCOME_REJECT && v->doubt > 0 && outcome_at(policy, v->score - v->doubt) != OUTCOME_REJECT)
        v->judged = OUTCOME_DEFER;
    v->outcome = by_mode(policy->mode, v->judged);
}

/* Points, counted parts and the score of the findings in *v. */
static void sum_findings(const struct policy *policy, const struct hits *hits, struct verdict *v)
{
    struct hits counted = *hits;
    struct tally t;
    int floor = 0;

    silence(policy, hits, &counted);
    add_up(policy, &counted, &t);
    for (unsigned i = 0; i < v->finding_count; i++) {
        struct finding *f = &v->findings[i];
        size_t rule = (size_t)f->rule;

        f->points = points_of(policy, rule);
        f->counted = t.counted[rule];
        if (rules[rule]->certain && f->points > floor)
            floor = f->points;
    }
    v->score = score_of(t.positive, t.credit, floor);
    sort_findings(v);
}

/* Keeps a doubt only where it averts a rejection: then it belongs in the log. */
static void weigh_doubt(const struct policy *policy, const struct evidence *e, const struct hits *hits,
                        struct verdict *v)
{
    struct hits open;
    int lowest;

    if (outcome_at(policy, v->score) != OUTCOME_REJECT)
        return;
    find_open(policy, e, hits, unknown_needs(e), &open);
    lowest = bound(policy, hits, &open, -1);
    if (lowest < v->score && outcome_at(policy, lowest) != OUTCOME_REJECT)
        v->doubt = v->score - lowest;
}

static bool runs(const struct policy *policy, size_t rule)
{
    return policy->points[rule] != 0 || rules[rule]->points == 0;
}

void decision_make(const struct policy *policy, const struct evidence *e, struct region *r, struct verdict *out)
{
    struct hits hits = {{0}};

    memset(out, 0, sizeof(*out));
    out->policy = policy;
    out->skip = e->skip;
    out->exemption = e->skip == SKIP_EXEMPT ? e->exemption : -1;
    if (e->skip != SKIP_NONE)
        return;
    for (size_t i = 0; i < rules_count && out->finding_count < VERDICT_FINDINGS_MAX; i++) {
        const char *detail = "";

        if (!runs(policy, i) || !rules[i]->test(e, &detail, r))
            continue;
        add(&hits, i);
        out->findings[out->finding_count++] = (struct finding){.rule = (int16_t)i, .detail = detail};
    }
    if (region_failed(r)) {
        memset(out, 0, sizeof(*out));
        out->policy = policy;
        out->exemption = -1;
        out->skip = SKIP_TROUBLE;
        return;
    }
    sum_findings(policy, &hits, out);
    weigh_doubt(policy, e, &hits, out);
    conclude(policy, out);
}

static void hits_of(const struct verdict *v, struct hits *hits)
{
    memset(hits, 0, sizeof(*hits));
    for (unsigned i = 0; i < v->finding_count; i++)
        add(hits, (size_t)v->findings[i].rule);
}

/*
 * A short way to "not settled": one open penalty, in full up to its family's cap, less all credits there are, is at
 * most the upper bound; when that alone crosses a threshold the bounds need not be computed.
 */
static bool one_may_cross(const struct policy *policy, const struct hits *hits, const struct hits *open,
                          const struct verdict *so_far)
{
    int credit = 0;

    for EACH(i, hits)
        credit += points_of(policy, i) < 0 ? -points_of(policy, i) : 0;
    credit = credit < policy->credit ? credit : policy->credit;
    for EACH(i, open) {
        int points = points_of(policy, i), cap = policy->caps[rules[i]->family];

        points = (points < cap ? points : cap) - credit;
        if (points > so_far->score && reached(policy, points) != reached(policy, so_far->score) &&
            !silenced(policy, hits, i))
            return true;
    }
    return false;
}

bool decision_settled(const struct policy *policy, const struct evidence *e, const struct verdict *so_far,
                      unsigned missing)
{
    struct hits hits, may_rise, may_fall;
    int highest, lowest;

    if (so_far->skip != SKIP_NONE)
        return true;
    hits_of(so_far, &hits);
    find_open(policy, e, &hits, missing | unknown_needs(e), &may_fall);
    may_rise = (struct hits){{0}};
    for EACH(i, &may_fall)
        if (rules[i]->needs & missing)
            add(&may_rise, i);
    if (one_may_cross(policy, &hits, &may_rise, so_far))
        return false;
    highest = bound(policy, &hits, &may_rise, 1);
    lowest = bound(policy, &hits, &may_fall, -1);
    return reached(policy, highest) == reached(policy, lowest);
}

void decision_rescore(const struct policy *policy, struct verdict *v)
{
    struct hits hits;

    v->policy = policy;
    v->threshold = NULL;
    v->score = 0;
    v->judged = v->outcome = OUTCOME_DUNNO;
    if (v->skip != SKIP_NONE)
        return;
    hits_of(v, &hits);
    sum_findings(policy, &hits, v);
    conclude(policy, v);
}
