/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_fields: writes lines with their fields. Nothing is allocated. An entry that does not fit loses fields at its end,
 * but it is always well-formed.
 */
#include "log_fields.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

enum { BUFFER_SIZE = 16384 };

static const char journal_socket[] = "/run/systemd/journal/socket";

static struct {
    struct log_target target;
    int fd;
    bool torn; /* the last line is there in part */
} to = {.fd = -1};

/* If nobody reads a pipe, open() would wait for a reader, and write() once the pipe is full. */
static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0640);
}

static int connect_journal(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof(at.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(at.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
        return fd;
    close(fd);
    return -1;
}

bool log_fields_open(const struct log_target *target)
{
    bool is_file = target->sink == LOG_SINK_FILE;
    int fd = is_file ? open_file(target->path) : connect_journal(target->path != NULL ? target->path : journal_socket);

    if (fd < 0)
        return false;
    log_fields_close();
    to.target = *target;
    to.fd = fd;
    to.torn = false;
    return true;
}

void log_fields_close(void)
{
    if (to.fd >= 0)
        close(to.fd);
    to.fd = -1;
}

bool log_fields_reopen(void)
{
    struct log_target same = to.target;

    return to.fd >= 0 && log_fields_open(&same);
}

static void add_upper(struct text *t, const char *s)
{
    for (; *s != '\0'; s++)
        text_add_char(t, (char)toupper((unsigned char)*s));
}

/* IDENT_KEY, a line end, 64 bits of length, the value: this form takes any byte. */
static void add_journal_field(struct text *t, const struct log_field *f)
{
    uint64_t size = strlen(f->value);
    char length[8];

    for (size_t i = 0; i < sizeof(length); i++, size >>= 8)
        length[i] = (char)(size & 0xff);
    add_upper(t, to.target.ident);
    text_add_char(t, '_');
    add_upper(t, f->name);
    text_add_char(t, '\n');
    text_add_bytes(t, length, sizeof(length));
    text_add(t, f->value);
    text_add_char(t, '\n');
}

/* A field is written whole or not at all. */
static void add_fields(struct text *t, const struct log_entry *entry,
                       void (*add)(struct text *t, const struct log_field *f))
{
    for (size_t i = 0; i < entry->count; i++) {
        size_t whole = t->used;

        add(t, &entry->fields[i]);
        if (t->full)
            text_rewind(t, whole);
    }
}

bool log_fields_to_journal(const struct log_entry *entry)
{
    char bytes[BUFFER_SIZE];
    struct text t;

    text_init(&t, bytes, sizeof(bytes));
    text_addf(&t, "PRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%ld\nMESSAGE=", entry->priority,
              LOG_MAIL >> 3, to.target.ident, (long)getpid());
    text_add_as(&t, TEXT_PLAIN, entry->line, entry->n);
    text_add_char(&t, '\n');
    add_fields(&t, entry, add_journal_field);
    if (send(to.fd, t.base, t.used, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return true;
    /* The journal was restarted, or its queue is full; the next line finds out. */
    return errno != EAGAIN && log_fields_reopen() && send(to.fd, t.base, t.used, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void add_json_text(struct text *t, const char *name, const char *value, size_t n)
{
    text_addf(t, ",\"%s\":\"", name);
    text_add_as(t, TEXT_JSON, value, n);
    text_add_char(t, '"');
}

static void add_json_field(struct text *t, const struct log_field *f)
{
    if (f->number)
        text_addf(t, ",\"%s\":%s", f->name, f->value);
    else
        add_json_text(t, f->name, f->value, strlen(f->value));
}

bool log_fields_to_file(const struct log_entry *entry)
{
    char bytes[BUFFER_SIZE], date[CLOCK_TEXT_SIZE];
    struct text t;
    ssize_t written;

    text_init(&t, bytes, sizeof(bytes) - 2);
    if (to.torn)
        text_add_char(&t, '\n');
    text_addf(&t, "{\"time\":\"%s\"", clock_text(clock_wall(), date));
    add_json_text(&t, "level", entry->level, strlen(entry->level));
    if (entry->count > 0)
        add_fields(&t, entry, add_json_field);
    else
        add_json_text(&t, "message", entry->line, entry->n);
    t.size = sizeof(bytes);
    text_add(&t, "}\n");
    written = write(to.fd, t.base, t.used);
    if (written >= 0)
        to.torn = (size_t)written < t.used;
    return written == (ssize_t)t.used;
}
