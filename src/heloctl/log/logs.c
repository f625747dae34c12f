/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logs: reads log files line by line through zlib, which passes plain files on as they are, and hands out the decision
 * lines. Promises a buffer of fixed size: a longer line is no decision line, and is skipped.
 */
#include "logs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "log_json.h"
#include "progress.h"

enum {
    BUFFER_SIZE = 256 << 10, /* the longest line, too */
    REGION_LIMIT = 1 << 20,
    PROGRESS_LINES = 4096,
};

struct logs {
    const struct ctl *ctl;
    char **files;
    int count, at; /* `at`: the next one */
    gzFile in;
    size_t begin, end;
    bool at_end, skipping; /* the file's end was seen; the rest of a line that is too long is left out */
    int status;
    uint64_t lines, decisions, malformed;
    struct log_time time;
    time_t field_time;        /* of the journal entry that is being read */
    struct progress progress; /* in bytes of the files, compressed ones as they lie there */
    off_t bytes_before;
    struct decision_fields fields;
    struct logs_record record;
    char decoded[DECISION_LINE_SIZE * 6]; /* a JSON string at its longest */
    char buffer[BUFFER_SIZE];
};

/* Of what comes through a pipe nobody knows how much there is: then no bar. */
static void measure(struct logs *l)
{
    struct stat st;
    uint64_t total = 0;

    for (int i = 0; i < l->count; i++)
        if (stat(l->files[i], &st) == 0 && S_ISREG(st.st_mode))
            total += (uint64_t)st.st_size;
    progress_begin(&l->progress, "logs", total);
    if (total == 0)
        progress_end(&l->progress);
}

struct logs *logs_open(const struct ctl *ctl, char **files, int count)
{
    struct logs *l = calloc(1, sizeof(*l));

    if (l)
        l->record.region = region_new(REGION_LIMIT);
    if (!l || !l->record.region) {
        free(l);
        ctl_fail(ctl, CTL_TROUBLE, "out of memory");
        return NULL;
    }
    l->ctl = ctl;
    l->files = files;
    l->count = count;
    l->record.fields = &l->fields;
    measure(l);
    return l;
}

/* NULL with errno. */
static gzFile open_file(const char *file)
{
    struct stat st;

    if (strcmp(file, "-") == 0)
        return gzdopen(dup(STDIN_FILENO), "rb");
    if (stat(file, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return NULL;
    }
    return gzopen(file, "rb");
}

static bool open_next(struct logs *l)
{
    while (l->at < l->count) {
        const char *file = l->files[l->at++];

        errno = 0;
        l->in = open_file(file);
        l->begin = l->end = 0;
        l->at_end = l->skipping = false;
        if (l->in && gzbuffer(l->in, BUFFER_SIZE / 2) == 0)
            return true;
        l->status = ctl_fail(l->ctl, CTL_NO_INPUT, "%s: cannot be read: %s", file, strerror(errno ? errno : ENOMEM));
    }
    return false;
}

static void close_file(struct logs *l)
{
    l->bytes_before += (off_t)gzoffset(l->in);
    gzclose_r(l->in);
    l->in = NULL;
}

/* Reads more behind what is left of the buffer. */
static void fill(struct logs *l)
{
    int n, code;

    memmove(l->buffer, l->buffer + l->begin, l->end - l->begin);
    l->end -= l->begin;
    l->begin = 0;
    n = gzread(l->in, l->buffer + l->end, (unsigned)(BUFFER_SIZE - l->end));
    if (n > 0) {
        l->end += (size_t)n;
        return;
    }
    l->at_end = true;
    gzerror(l->in, &code);
    if (n < 0 || code != Z_OK)
        l->status = ctl_fail(l->ctl, CTL_DATA, "%s: damaged or cut short", l->files[l->at - 1]);
}

/* One line without its end; false at the end of the file. */
static bool file_line(struct logs *l, const char **line, size_t *n)
{
    for (;;) {
        char *start = l->buffer + l->begin, *newline = memchr(start, '\n', l->end - l->begin);
        bool skipped = l->skipping, whole = newline || (l->at_end && l->end > l->begin);

        if (whole) {
            *line = start;
            *n = newline ? (size_t)(newline - start) : l->end - l->begin;
            l->begin += *n + (newline != NULL);
            l->skipping = false;
            l->lines++;
            if (!skipped)
                return true;
        } else if (l->at_end) {
            return false;
        } else {
            l->skipping = l->skipping || l->end - l->begin == BUFFER_SIZE;
            if (l->skipping)
                l->begin = l->end;
            fill(l);
        }
    }
}

static bool decision_in(struct logs *l, const char *line, size_t n)
{
    static const char mark[] = "decision v=";
    const char *at = memmem(line, n, mark, sizeof(mark) - 1);
    size_t made = !at && n > 0 && line[0] == '{' ? log_json_decision(line, n, l->decoded, sizeof(l->decoded)) : 0;

    if (!at && made == 0) {
        time_t field = n > 20 && line[0] == '_' ? log_time_read_field(&l->time, line, n) : 0;

        l->field_time = field ? field : n == 0 ? 0 : l->field_time; /* a blank line ends an entry */
        return false;
    }
    l->record.text = line;
    l->record.length = n;
    region_reset(l->record.region);
    if (made > 0) {
        l->record.length = made;
        l->record.text = l->decoded;
    } else if (at > line && at[-1] == '"') {
        l->record.length = log_json_string(at, line + n, l->decoded, sizeof(l->decoded));
        l->record.text = l->decoded;
    }
    if (!decision_line_read(l->record.text, l->record.length, l->record.region, &l->fields)) {
        l->malformed++;
        return false;
    }
    l->record.when = log_time_read(&l->time, line, n);
    if (l->record.when == 0 && l->record.text == l->decoded)
        l->record.when = log_time_read_field(&l->time, line, n);
    if (l->record.when == 0)
        l->record.when = l->field_time;
    l->decisions++;
    return true;
}

const struct logs_record *logs_next(struct logs *l)
{
    const char *line;
    size_t n;

    while (l->in || open_next(l)) {
        while (file_line(l, &line, &n)) {
            if (l->lines % PROGRESS_LINES == 0)
                progress_set(&l->progress, (uint64_t)(l->bytes_before + (off_t)gzoffset(l->in)));
            if (decision_in(l, line, n))
                return &l->record;
        }
        close_file(l);
    }
    return NULL;
}

int logs_close(struct logs *l)
{
    int status;

    if (!l)
        return CTL_TROUBLE;
    progress_end(&l->progress);
    if (l->malformed > 0)
        fprintf(stderr, "heloctl %s: %llu lines look like decision lines and cannot be read\n", l->ctl->verb->name,
                (unsigned long long)l->malformed);
    status = l->status;
    if (l->decisions == 0 && status == CTL_OK)
        fprintf(stderr,
                "heloctl %s: no decision line in %s: helod writes them where log.to says, syslog's mail "
                "facility by default\n",
                l->ctl->verb->name, l->count == 1 ? l->files[0] : "any of these");
    if (l->in)
        gzclose_r(l->in);
    region_free(l->record.region);
    free(l);
    return status;
}

uint64_t logs_lines(const struct logs *l)
{
    return l->lines;
}

uint64_t logs_decisions(const struct logs *l)
{
    return l->decisions;
}

uint64_t logs_malformed(const struct logs *l)
{
    return l->malformed;
}
