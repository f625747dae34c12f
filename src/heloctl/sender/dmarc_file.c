/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmarc_file: reports as they come by mail. The first bytes of a file show what it is, not its name, and each kind
 * may be packed in another one. It is unpacked in memory, never to disk. Promises that no file or message makes it
 * read or unpack more than a fixed number of bytes, or go more than a few levels deep. Only an mbox file may have
 * any length.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "config.h"
#include "dmarc.h"
#include "mail_parts.h"
#include "sure.h"

#ifdef HAVE_LIBZIP
#include <zip.h>
#endif

enum { PIECE = 65536, MBOX_AT_ONCE = 4 << 20, LEVELS_MAX = 6, ENTRIES_MAX = 10000, TEXT_SIZE = 300 };

struct unpacking {
    const struct dmarc_handler *handler;
    void *arg;
    struct dmarc_tally *tally;
    size_t most, left; /* bytes that may still be unpacked */
    unsigned level;
    bool troubled;
};

struct bytes {
    char *at;
    size_t n, room;
};

static void take(struct unpacking *u, const char *bytes, size_t n);

static void trouble(struct unpacking *u, const char *text)
{
    u->troubled = true;
    u->handler->trouble(u->arg, text);
}

static bool too_much(struct unpacking *u)
{
    char text[TEXT_SIZE];

    snprintf(text, sizeof(text), "unpacks to more than %zu bytes; --unpacked raises this limit", u->most);
    trouble(u, text);
    u->left = 0;
    return false;
}

/* Where one more piece can be written. */
static char *room_for_piece(struct bytes *b)
{
    if (b->room - b->n < PIECE) {
        b->room = 2 * b->room + PIECE;
        b->at = sure(realloc(b->at, b->room));
    }
    return b->at + b->n;
}

static bool within(struct unpacking *u, size_t n)
{
    if (n > u->left)
        return too_much(u);
    u->left -= n;
    return true;
}

/* ---- XML */

#ifdef HAVE_EXPAT

static void add_tally(struct unpacking *u, const struct dmarc_reader *reader, const char *error)
{
    const struct dmarc_tally *seen = dmarc_reader_tally(reader);
    char text[TEXT_SIZE];

    u->tally->reports += seen->reports;
    u->tally->doubles += seen->doubles;
    u->tally->rows += seen->rows;
    u->tally->bad += seen->bad;
    if (error) {
        snprintf(text, sizeof(text), "%.150s%s%llu%s", error, seen->reports ? "; read up to here: " : "; ", seen->rows,
                 seen->rows == 1 ? " record, which counts"
                 : seen->reports ? " records, which count"
                                 : " records read");
        trouble(u, text);
    }
    if (seen->bad > 0) {
        snprintf(text, sizeof(text), "%llu of %llu records were skipped: source_ip or count is missing or invalid",
                 seen->bad, seen->bad + seen->rows);
        trouble(u, text);
    }
}

static void take_xml(struct unpacking *u, const char *bytes, size_t n)
{
    struct dmarc_reader *reader = dmarc_reader_new(u->handler, u->arg);
    bool good = true;

    for (size_t at = 0; good && at < n; at += PIECE)
        good = dmarc_reader_feed(reader, bytes + at, n - at < PIECE ? n - at : PIECE, false);
    good = good && dmarc_reader_feed(reader, "", 0, true);
    add_tally(u, reader, good ? NULL : dmarc_reader_error(reader));
    dmarc_reader_free(reader);
}

#else

static void take_xml(struct unpacking *u, const char *bytes, size_t n)
{
    (void)bytes;
    (void)n;
    trouble(u, "built without expat");
}

#endif

/* ---- gzip */

/* Unpacks all members; what came before damage is kept. NULL, or what is wrong. */
static const char *inflate_all(struct unpacking *u, z_stream *z, struct bytes *out)
{
    int result = Z_OK;

    while (result == Z_OK || (result == Z_STREAM_END && z->avail_in > 0)) {
        size_t before = out->n;

        if (result == Z_STREAM_END && inflateReset(z) != Z_OK)
            return "damaged";
        z->next_out = (unsigned char *)room_for_piece(out);
        z->avail_out = PIECE;
        result = inflate(z, Z_NO_FLUSH);
        out->n += PIECE - z->avail_out;
        if (!within(u, out->n - before))
            return "";
        if (result == Z_BUF_ERROR)
            return "cut short";
    }
    return result == Z_STREAM_END ? NULL : "damaged";
}

static void take_gzip(struct unpacking *u, const char *bytes, size_t n)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (unsigned)n};
    struct bytes out = {NULL, 0, 0};
    const char *wrong;
    char text[TEXT_SIZE];

    if (n > UINT32_MAX || inflateInit2(&z, MAX_WBITS + 16) != Z_OK) {
        trouble(u, "gzip that cannot be unpacked");
        return;
    }
    wrong = inflate_all(u, &z, &out);
    inflateEnd(&z);
    if (wrong && *wrong) {
        snprintf(text, sizeof(text), "%s: only the first %zu unpacked bytes are intact", wrong, out.n);
        trouble(u, text);
    }
    if (!wrong || *wrong)
        take(u, out.at, out.n);
    free(out.at);
}

/* ---- zip */

#ifdef HAVE_LIBZIP

static void take_entry(struct unpacking *u, zip_t *zip, zip_uint64_t index)
{
    struct bytes out = {NULL, 0, 0};
    zip_file_t *entry = zip_fopen_index(zip, index, 0);
    zip_int64_t n;

    if (!entry) {
        trouble(u, "a part of the zip archive that cannot be unpacked");
        return;
    }
    while ((n = zip_fread(entry, room_for_piece(&out), PIECE)) > 0 && within(u, (size_t)n))
        out.n += (size_t)n;
    if (n < 0)
        trouble(u, "damaged: a part of the zip archive");
    if (n <= 0)
        take(u, out.at, out.n);
    zip_fclose(entry);
    free(out.at);
}

/* Folders, and what macOS adds for itself. */
static bool is_no_file(const char *name)
{
    return !name || !*name || name[strlen(name) - 1] == '/' || strncmp(name, "__MACOSX/", 9) == 0;
}

static void take_zip(struct unpacking *u, const char *bytes, size_t n)
{
    zip_source_t *source = zip_source_buffer_create(bytes, n, 0, NULL);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, NULL) : NULL;
    zip_int64_t entries = zip ? zip_get_num_entries(zip, 0) : 0;

    if (!zip) {
        zip_source_free(source);
        trouble(u, "damaged: a zip archive that cannot be opened");
        return;
    }
    if (entries > ENTRIES_MAX)
        trouble(u, "a zip archive of more than 10000 parts");
    for (zip_int64_t i = 0; entries <= ENTRIES_MAX && i < entries && u->left > 0; i++)
        if (!is_no_file(zip_get_name(zip, (zip_uint64_t)i, 0)))
            take_entry(u, zip, (zip_uint64_t)i);
    zip_discard(zip);
}

#else

static void take_zip(struct unpacking *u, const char *bytes, size_t n)
{
    (void)bytes;
    (void)n;
    trouble(u, "built without libzip: unpack the zip archive first");
}

#endif

/* ---- mail */

static bool take_part(void *arg, const char *bytes, size_t n)
{
    take(arg, bytes, n);
    return true;
}

/* Each message of an mbox file may unpack to the full size: the file itself may hold years. */
static bool take_message(void *arg, const char *bytes, size_t n)
{
    struct unpacking *u = arg;

    u->left = u->most;
    mail_each_part(bytes, n, take_part, u);
    return true;
}

/* Text of a mail, or a file in a folder, is no report unless it says so. */
static bool is_xml(const struct unpacking *u, const char *bytes, size_t n)
{
    bool utf16 = n > 3 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
    size_t at = n > 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < n && bytes[at] && strchr(" \t\r\n", bytes[at]))
        at++;
    if (utf16 || (u->level == 1 && at < n && bytes[at] == '<'))
        return true;
    return at < n && bytes[at] == '<' && memmem(bytes + at, n - at, "feedback", 8) != NULL;
}

static void take(struct unpacking *u, const char *bytes, size_t n)
{
    if (u->level == LEVELS_MAX) {
        trouble(u, "packed too many times");
        return;
    }
    u->level++;
    if (n > 2 && memcmp(bytes, "\x1f\x8b", 2) == 0)
        take_gzip(u, bytes, n);
    else if (n > 4 && memcmp(bytes, "PK\3\4", 4) == 0)
        take_zip(u, bytes, n);
    else if (is_xml(u, bytes, n))
        take_xml(u, bytes, n);
    else if (n > 5 && memcmp(bytes, "From ", 5) == 0)
        mail_each_of_mbox(bytes, n, take_message, u);
    else if (mail_is_message(bytes, n))
        mail_each_part(bytes, n, take_part, u);
    u->level--;
}

/* ---- files */

/* A file, which may change while it is read, so it is never mapped: beyond its new end, a mapping ends the process. */
struct input {
    int fd;
    uint64_t
        rest; /* what the file still had when it was opened: nobody can make us read one for ever by adding to it */
    bool is_file, failed;
};

/* Appends one piece. False: there is no more. */
static bool read_piece(struct input *in, struct bytes *b)
{
    size_t most = in->rest < PIECE ? (size_t)in->rest : PIECE;
    ssize_t n = most > 0 ? read(in->fd, room_for_piece(b), most) : 0;

    in->failed = n < 0;
    if (n <= 0)
        return false;
    in->rest -= (uint64_t)n;
    b->n += (size_t)n;
    return true;
}

/* Where the last message of an mbox file begins; 0: there is only one. */
static size_t last_message(const char *mbox, size_t n)
{
    for (size_t at = n > 6 ? n - 6 : 0; at > 2; at--)
        if (memcmp(mbox + at, "From ", 5) == 0 && mbox[at - 1] == '\n' && mbox[at + 5] != '\r' &&
            mbox[at + 5] != '\n' && /* as mail_each_of_mbox() has it */
            (mbox[at - 2] == '\n' || (mbox[at - 2] == '\r' && mbox[at - 3] == '\n')))
            return at;
    return 0;
}

/* An mbox file may be larger than memory, so messages are read one by one. False: one of them is too large. */
static bool take_messages(struct unpacking *u, struct bytes *b)
{
    size_t whole = last_message(b->at, b->n);

    if (whole == 0)
        return b->n <= u->most || too_much(u);
    take(u, b->at, whole);
    b->n -= whole;
    memmove(b->at, b->at + whole, b->n);
    return true;
}

/* Whether what we read can begin like this, so that other files of a folder are not read whole. White space can. */
static bool is_readable(const char *bytes, size_t n)
{
    size_t at = 0;

    while (at < n && bytes[at] && strchr(" \t\r\n\xef\xbb\xbf", bytes[at]))
        at++;
    return at == n || (bytes[at] && strchr("<\x1f\xfe\xff", bytes[at])) || mail_is_message(bytes, n) ||
           (n > 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "From ", 5) == 0));
}

static void take_input(struct unpacking *u, struct input *in)
{
    struct bytes b = {NULL, 0, 0};
    size_t next = MBOX_AT_ONCE; /* doubled while it holds no whole message, which takes linear time */
    bool good = true;

    while (good && read_piece(in, &b)) {
        bool mbox = b.n > 5 && memcmp(b.at, "From ", 5) == 0;

        if (in->is_file && b.n <= PIECE && !is_readable(b.at, b.n)) {
            b.n = 0;
            good = false;
        } else if (!mbox) {
            good = b.n <= u->most || too_much(u);
        } else if (b.n >= next) {
            good = take_messages(u, &b);
            next = 2 * b.n > MBOX_AT_ONCE ? 2 * b.n : MBOX_AT_ONCE;
        }
    }
    if (in->failed)
        trouble(u, strerror(errno));
    else if (good && b.n > 0)
        take(u, b.at, b.n);
    free(b.at);
}

bool dmarc_file_read(const char *path, const struct dmarc_handler *handler, void *arg, size_t unpacked_max,
                     struct dmarc_tally *tally)
{
    struct unpacking u = {.handler = handler, .arg = arg, .tally = tally, .most = unpacked_max, .left = unpacked_max};
    struct input in = {.fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)};
    struct stat st;

    if (in.fd < 0 || fstat(in.fd, &st) != 0) {
        trouble(&u, strerror(errno));
    } else {
        in.is_file = S_ISREG(st.st_mode);
        in.rest = in.is_file ? (uint64_t)st.st_size : UINT64_MAX;
        take_input(&u, &in);
    }
    if (in.fd >= 0)
        close(in.fd);
    return !u.troubled;
}
