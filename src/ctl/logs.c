/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logs: reads log files line by line through zlib, which passes plain files on as they are, and hands out the decision
 * lines. Promises a buffer of fixed size: a longer line is no decision line, and is skipped.
 */
#include "logs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "clock.h"
#include "text.h"

enum {
    BUFFER_SIZE = 256 << 10, /* the longest line, too */
    REGION_LIMIT = 1 << 20,
    PROGRESS_LINES = 4096,
    PROGRESS_WIDTH = 40,
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
    time_t field_time; /* of the journal entry that is being read */
    bool progress;
    uint64_t progress_ms;
    off_t bytes_total, bytes_before;
    struct decision_fields fields;
    struct logs_record record;
    char decoded[DECISION_LINE_SIZE * 6]; /* a JSON string at its longest */
    char buffer[BUFFER_SIZE];
};

static void measure(struct logs *l)
{
    struct stat st;

    l->progress = isatty(STDERR_FILENO);
    for (int i = 0; i < l->count; i++)
        if (stat(l->files[i], &st) == 0 && S_ISREG(st.st_mode))
            l->bytes_total += st.st_size;
    if (l->bytes_total == 0)
        l->progress = false;
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

static void show_progress(struct logs *l)
{
    uint64_t now = clock_ms();
    off_t done;
    int width;

    if (!l->progress || now - l->progress_ms < 100)
        return;
    l->progress_ms = now;
    done = l->bytes_before + (l->in ? (off_t)gzoffset(l->in) : 0);
    width = done < l->bytes_total ? (int)(done * PROGRESS_WIDTH / l->bytes_total) : PROGRESS_WIDTH;
    fprintf(stderr, "\r[%.*s%*s] %llu lines", width, "########################################",
            PROGRESS_WIDTH - width, "", (unsigned long long)l->lines);
    fflush(stderr);
}

static bool open_next(struct logs *l)
{
    while (l->at < l->count) {
        const char *file = l->files[l->at++];

        l->in = strcmp(file, "-") == 0 ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(file, "rb");
        l->begin = l->end = 0;
        l->at_end = l->skipping = false;
        if (l->in && gzbuffer(l->in, BUFFER_SIZE / 2) == 0)
            return true;
        l->status = ctl_fail(l->ctl, CTL_NO_INPUT, "%s: cannot be read", file);
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

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* After "\u": a byte. What a decision line holds is ASCII. */
static int unicode_byte(const char *p, const char *end)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        if (p + i >= end || hex_digit(p[i]) < 0)
            return -1;
        value = value * 16 + hex_digit(p[i]);
    }
    return value > 0 && value < 256 ? value : -1;
}

/* The inside of a JSON string up to its closing quote. Returns its length, 0 when it is none or too long. */
static size_t decode_json(const char *p, const char *end, char *out, size_t size)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    size_t n = 0;

    for (; p < end && *p != '"'; p++) {
        int byte = (unsigned char)*p;

        if (byte == '\\' && ++p < end) {
            const char *name = *p ? strchr(names, *p) : NULL;

            byte = *p == 'u' ? unicode_byte(p + 1, end) : name ? bytes[name - names] : -1;
            p += *p == 'u' ? 4 : 0;
        }
        if (byte < 0 || n + 1 >= size)
            return 0;
        out[n++] = (char)byte;
    }
    return p < end ? n : 0;
}

/*
 * A decision in helod's own JSON lines, {"time":"...","level":"info","v":1,...}, back to the line that it was made of.
 * Returns its length in l->decoded; 0 when it is none.
 */
static size_t from_json_line(struct logs *l, const char *line, size_t n)
{
    static const char start[] = "{\"time\":\"";
    const char *end = line + n, *p = memmem(line, n, ",\"v\":", 5);
    char value[DECISION_LINE_SIZE];
    struct text t;

    if (!p || memcmp(line, start, n < sizeof(start) - 1 ? n : sizeof(start) - 1) != 0)
        return 0;
    text_init(&t, l->decoded, sizeof(l->decoded));
    text_add(&t, "decision");
    while (end - p > 3 && p[0] == ',' && p[1] == '"') {
        const char *colon = memmem(p, (size_t)(end - p), "\":", 2);
        size_t size;

        if (!colon)
            return 0;
        text_add_char(&t, ' ');
        text_add_bytes(&t, p + 2, (size_t)(colon - p) - 2);
        text_add_char(&t, '=');
        p = colon + 2;
        if (p < end && *p == '"') {
            size = decode_json(++p, end, value, sizeof(value));
            text_add_as(&t, TEXT_LOGFMT, value, size);
            while (p < end && *p != '"')
                p += *p == '\\' ? 2 : 1;
            p++;
        } else {
            for (; p < end && *p != ',' && *p != '}'; p++)
                text_add_bytes(&t, p, 1);
        }
    }
    return t.full || p >= end || *p != '}' ? 0 : t.used;
}

static bool decision_in(struct logs *l, const char *line, size_t n)
{
    static const char mark[] = "decision v=";
    const char *at = memmem(line, n, mark, sizeof(mark) - 1);
    size_t made = !at && n > 0 && line[0] == '{' ? from_json_line(l, line, n) : 0;

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
        l->record.length = decode_json(at, line + n, l->decoded, sizeof(l->decoded));
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
                show_progress(l);
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
    if (l->progress_ms)
        fprintf(stderr, "\r%*s\r", PROGRESS_WIDTH + 32, "");
    if (l->malformed > 0)
        fprintf(stderr, "heloctl %s: %llu lines look like decision lines and cannot be read\n", l->ctl->verb->name,
                (unsigned long long)l->malformed);
    status = l->status;
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
