/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: a log at a glance, for a terminal or as one page of HTML that needs nothing else. Names in a log are
 * hostile. On the terminal they are printable ASCII, because the keys of the tallies were filtered when they were
 * made. In the page they are JSON without a "<", which the script of the page puts only into text nodes.
 */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policyfile.h"

static void print_json(const struct summary *s, FILE *out)
{
    struct json j;

    json_init(&j, out);
    summary_print_json(s, &j, NULL);
    json_end(&j);
}

bool report_can_write(const struct ctl *ctl, const char *file)
{
    bool is_new = access(file, F_OK) != 0;
    FILE *out = strcmp(file, "-") == 0 ? NULL : fopen(file, "a");

    if (!out && strcmp(file, "-") != 0) {
        ctl_fail(ctl, CTL_TROUBLE, "%s: cannot be written: %s", file, strerror(errno));
        return false;
    }
    if (out)
        fclose(out);
    if (out && is_new)
        unlink(file);
    return true;
}

int report_write_page(const struct ctl *ctl, const struct summary *s, const char *notes, const char *file)
{
    static const char place[] = "@DATA@\n";
    const char *at = strstr(report_page, place);
    FILE *out = strcmp(file, "-") == 0 ? stdout : fopen(file, "w");
    struct json j;
    bool good;

    if (!out)
        return ctl_fail(ctl, CTL_TROUBLE, "%s: cannot be written: %s", file, strerror(errno));
    fwrite(report_page, 1, (size_t)(at - report_page), out);
    json_init(&j, out);
    json_open(&j, NULL, '{');
    json_text(&j, "notes", notes);
    summary_print_json(s, &j, "summary");
    json_close(&j, '}');
    json_end(&j);
    fputs(at + sizeof(place) - 1, out);
    good = fflush(out) == 0 && !ferror(out);
    if (out != stdout)
        good = fclose(out) == 0 && good;
    return good ? CTL_OK : ctl_fail(ctl, CTL_TROUBLE, "%s: cannot be written: %s", file, strerror(errno));
}

static int print(struct ctl *ctl, const struct summary *s)
{
    if (ctl_given(ctl, 'w'))
        return report_write_page(ctl, s, "", ctl_value(ctl, 'w'));
    if (ctl_given(ctl, 'j'))
        print_json(s, stdout);
    else
        report_print_text(s, ctl->colour);
    return CTL_OK;
}

static int run(struct ctl *ctl)
{
    const char *page = ctl_value(ctl, 'w');

    return page && !report_can_write(ctl, page) ? CTL_TROUBLE : summary_run(ctl, false, print);
}

const struct ctl_verb ctl_report = {
    .name = "report",
    .arguments = "[LOG ...]",
    .arguments_max = -1,
    .summary = "sum up the decisions of a log",
    .help = "Sums up the decision lines of log files as they were logged, as text, JSON or one page of HTML.\n"
            "Shows what the thresholds said (in monitor mode, what enforcing would refuse), the senders concerned\n"
            "and whether they look honest, and what a shadow policy would change. Then come findings, hours,\n"
            "scores, networks, domains, near misses, unused exemptions and DNS trouble.",
    .exits = "0 done, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                SUMMARY_OPTIONS,
                {'w', "html", "FILE", "write a page of HTML that needs no network (- for standard output)"},
                {'j', "json", NULL, "print JSON"}},
};
