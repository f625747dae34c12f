/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctl: what the verbs of heloctl share. A verb is one row (name, arguments, options, help, exit statuses) and one file
 * with its run function; usage, help, completion and the checks of the manual come from the rows.
 */
#ifndef HELOD_CTL_H
#define HELOD_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "gather.h"
#include "request.h"
#include "settings.h"
#include "sure.h"

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

enum {
    CTL_OPTIONS_MAX = 16,
    CTL_VALUES_MAX = 2,
    CTL_GIVEN_MAX = 128
}; /* with the end of the list, which every row has */

/* The words that an option takes, for the completion. */
struct ctl_values {
    char letter;       /* 0 ends the list */
    const char *words; /* separated by blanks */
};

struct ctl;
struct ctl_job;

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

/* A resolver on an event loop of the verb's own, and the greetings that wait for DNS. */
struct ctl_session {
    struct event_base *base;
    struct gather_context context;
    LIST_HEAD(ctl_jobs, ctl_job) jobs;
    unsigned job_count;
    unsigned jobs_max;    /* more wait in ctl_gather(); 64 unless the verb changes it */
    uint64_t deadline_ms; /* of each; that of the settings unless the verb changes it */
};

/* One run of a verb. */
struct ctl {
    const struct ctl_verb *verb;
    const char *values[128]; /* by option letter; "" for a switch that was given; NULL: not given */
    int given_count;
    struct {
        char letter;
        const char *value;
    } given[CTL_GIVEN_MAX]; /* all options in their order, for one that can be given several times */
    int argument_count;
    char **arguments;
    bool colour; /* stdout is a terminal and NO_COLOR is not set */
    /* main() frees these after the run: */
    struct region *memory;      /* for what lasts as long as the run; an allocation from it never fails */
    struct settings *settings;  /* NULL before ctl_settings() */
    struct ctl_session session; /* unset before ctl_session_open() */
};

extern const struct ctl_verb *const ctl_verbs[]; /* ended by NULL, in the manual's order */

const char *ctl_value(const struct ctl *ctl, char letter); /* NULL when not given */
bool ctl_given(const struct ctl *ctl, char letter);
/* The value of the next option of this letter, from *at on, which begins with 0; NULL after the last. */
const char *ctl_next_value(const struct ctl *ctl, char letter, int *at);
/* The option's whole number, *out as it was where the option is not given. False: no number of that range, reported. */
bool ctl_number(const struct ctl *ctl, char letter, unsigned long long min, unsigned long long max,
                unsigned long long *out);
/* Foreign text on a terminal or in a file: printable ASCII. */
void ctl_put(FILE *out, const char *foreign);
/* "heloctl VERB: text" on stderr; returns `status`. */
int ctl_fail(const struct ctl *ctl, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * The policy file named by -c, or the defaults if there is none. It is read once. Errors are printed. NULL: CTL_CONFIG.
 */
const struct settings *ctl_settings(struct ctl *ctl);
/*
 * The same for a verb that changes the file and then reads it again, which prints the warnings. With `early`, an exempt
 * file that does not exist yet counts as empty.
 */
const struct settings *ctl_settings_before(struct ctl *ctl, bool early);
/* Any file; NULL stands for the installed one. The caller frees the settings. */
struct settings *ctl_settings_of(const char *file);
/* Where the settings came from, for "… has no policy x": the file, or that there is none. */
const char *ctl_policy_file(const struct ctl *ctl);
/*
 * The policy of this name, or the default policy if the name is NULL. The daemon uses the default policy for a
 * policy_context that it does not know; here a typing error is more likely, so it is reported, and the result is NULL.
 */
const struct policy *ctl_policy(const struct ctl *ctl, const char *name);

/* What is to be judged. NULL: not known, or the default. */
struct ctl_greeting {
    const char *address, *helo, *sender, *recipient, *policy;
    bool esmtp;
};

/* Judges and prints; returns the exit status of `heloctl check`. */
int ctl_check_greeting(struct ctl *ctl, const struct ctl_greeting *greeting);

/* With the settings that ctl_settings() returned. False: there is no resolver, which has been reported. */
bool ctl_session_open(struct ctl *ctl);
/* Adds the daemon's history, to be read: Redis, or the memory store's snapshot. Trouble is printed. */
void ctl_session_history(struct ctl *ctl);
void ctl_session_close(struct ctl *ctl); /* cancels the jobs that wait */

/* One greeting that is judged by the daemon's own code. It lies in its own region. */
struct ctl_job {
    struct ctl *ctl;
    struct region *region;  /* freed after `done` */
    struct request request; /* the caller fills it in; its texts last as long as the job */
    /* Called once. `gathered` is NULL if the greeting needs more memory than a job may have. */
    void (*done)(struct ctl_job *job, const struct gathered *gathered);
    /* Private: */
    LIST_ENTRY(ctl_job) link;
    struct gather *gather;
    struct event *timer;
};
/* `size` is that of the caller's struct, which begins with the job; its other members are zeroed. */
void *ctl_job_new(struct ctl *ctl, size_t size, void (*done)(struct ctl_job *job, const struct gathered *gathered));
/*
 * Gathers the evidence until the deadline at most, and calls `done`: at once if nothing has to be looked up, else from
 * the event loop. If too many jobs wait it returns only after another one is done. True: `done` was not called at once.
 * The options need no request, region, done and arg.
 */
bool ctl_gather(struct ctl_job *job, struct gather_options options);
void ctl_gather_rest(struct ctl *ctl); /* until none waits */

extern const struct ctl_verb ctl_check, ctl_explain, ctl_audit, ctl_listen, ctl_probe, ctl_spf, ctl_rules, ctl_history,
    ctl_forget, ctl_survey, ctl_replay, ctl_tune, ctl_report, ctl_stats, ctl_top, ctl_reload, ctl_exempt,
    ctl_completion;

#endif
