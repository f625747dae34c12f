/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctl: what the verbs of heloctl share. A verb is one row (name, arguments, options, help, exit statuses) and one file
 * with its run function; usage, help, completion and the checks of the manual come from the rows.
 */
#ifndef HELOD_CTL_H
#define HELOD_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "gather.h"
#include "settings.h"

enum ctl_exit {
    CTL_OK = 0,
    CTL_WRONG = 1,     /* the verb ran and found something wrong */
    CTL_USAGE = 64,    /* EX_USAGE */
    CTL_DATA = 65,     /* EX_DATAERR */
    CTL_NO_INPUT = 66, /* EX_NOINPUT */
    CTL_TROUBLE = 70,  /* EX_SOFTWARE: no memory and the like */
    CTL_UNSURE = 75,   /* EX_TEMPFAIL: nothing wrong was found, but evidence was missing */
    CTL_CONFIG = 78,   /* EX_CONFIG */
};

struct ctl_option {
    char letter;          /* unique within its verb; 0 ends the list */
    const char *name;     /* long name */
    const char *argument; /* NULL: a switch */
    const char *help;
};

enum { CTL_OPTIONS_MAX = 16, CTL_VALUES_MAX = 2 }; /* with the end of the list, which every row has */

/* The words that an option takes, for the completion. */
struct ctl_values {
    char letter;       /* 0 ends the list */
    const char *words; /* separated by blanks */
};

struct ctl;

struct ctl_verb {
    const char *name;
    const char *arguments;            /* for the usage line */
    int arguments_min, arguments_max; /* max -1: any number */
    const char *summary;              /* one line */
    const char *help;                 /* a paragraph */
    const char *exits;                /* "0 dunno, 1 mark, …" */
    int (*run)(struct ctl *ctl);
    struct ctl_option options[CTL_OPTIONS_MAX];
    struct ctl_values values[CTL_VALUES_MAX];
};

/* One run of a verb. */
struct ctl {
    const struct ctl_verb *verb;
    const char *values[128]; /* by option letter; "" for a switch that was given; NULL: not given */
    int argument_count;
    char **arguments;
    bool colour; /* stdout is a terminal and NO_COLOR is not set */
};

extern const struct ctl_verb *const ctl_verbs[]; /* ended by NULL, in the manual's order */

const char *ctl_value(const struct ctl *ctl, char letter); /* NULL when not given */
bool ctl_given(const struct ctl *ctl, char letter);
/* The option's whole number, *out as it was where the option is not given. False: no number of that range, reported. */
bool ctl_number(const struct ctl *ctl, char letter, unsigned long long min, unsigned long long max,
                unsigned long long *out);
/* Foreign text on a terminal or in a file: printable ASCII. */
void ctl_put(FILE *out, const char *foreign);
/* "heloctl VERB: text" on stderr; returns `status`. */
int ctl_fail(const struct ctl *ctl, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The policy file named by -c, or the defaults where there is none; errors are printed. NULL: CTL_CONFIG. */
struct settings *ctl_settings(const struct ctl *ctl);
/*
 * The same for a verb that changes the file and then reads it again, which prints the warnings. With `early`, an exempt
 * file that does not exist yet counts as empty.
 */
struct settings *ctl_settings_before(const struct ctl *ctl, bool early);
/* The same for any file; NULL stands for the installed one. */
struct settings *ctl_settings_of(const char *file);
/* Where these came from, for "… has no policy x": the file, or that there is none. */
const char *ctl_policy_file(const struct ctl *ctl, const struct settings *settings);
/*
 * The policy of this name, or the default policy if the name is NULL. The daemon uses the default policy for a
 * policy_context that it does not know; here a typing error is more likely, so it is reported, and the result is NULL.
 */
const struct policy *ctl_policy(struct ctl *ctl, const struct settings *settings, const char *name);

/* What is to be judged. NULL: not known, or the default. */
struct ctl_greeting {
    const char *address, *helo, *sender, *recipient, *policy;
    bool esmtp;
};

/* Judges and prints; returns the exit status of `heloctl check`. */
int ctl_check_greeting(struct ctl *ctl, const struct ctl_greeting *greeting);

/* A resolver on an event loop of the verb's own. */
struct ctl_session {
    struct event_base *base;
    struct gather_context context;
    unsigned in_flight; /* greetings that wait for DNS */
};
bool ctl_session_open(struct ctl *ctl, struct ctl_session *session, const struct settings *settings);
/* The daemon's history beside it, to be read: redis, or the memory store's snapshot. Trouble is printed. */
void ctl_session_history(struct ctl_session *session, const struct settings *settings);
void ctl_session_close(struct ctl_session *session);

/* A greeting that may wait for DNS; it must stay until options.done was called. */
struct ctl_gathering {
    struct ctl_session *session;
    struct gather *gather;
    struct event *timer;
    gather_done *done;
    void *arg;
};
/*
 * Gathers with the daemon's own code, until the deadline of the settings at most, and calls options.done: at once where
 * nothing has to be looked up, with NULL where there is no memory, else from the loop. Several greetings wait at a
 * time; where they are too many it returns only after another one is done. True: this one did not call `done` at once.
 */
bool ctl_gather(struct ctl_session *session, const struct gather_options *options, struct ctl_gathering *g);
void ctl_gather_rest(struct ctl_session *session); /* until none waits */

extern const struct ctl_verb ctl_check;
extern const struct ctl_verb ctl_exempt;
extern const struct ctl_verb ctl_explain;
extern const struct ctl_verb ctl_forget;
extern const struct ctl_verb ctl_history;
extern const struct ctl_verb ctl_audit;
extern const struct ctl_verb ctl_completion;
extern const struct ctl_verb ctl_listen;
extern const struct ctl_verb ctl_probe;
extern const struct ctl_verb ctl_reload;
extern const struct ctl_verb ctl_replay;
extern const struct ctl_verb ctl_report;
extern const struct ctl_verb ctl_rules;
extern const struct ctl_verb ctl_spf;
extern const struct ctl_verb ctl_stats;
extern const struct ctl_verb ctl_survey;
extern const struct ctl_verb ctl_top;
extern const struct ctl_verb ctl_tune;

#endif
