/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmarc_file: reports as they come by mail: plain, .gz, .zip. Told apart by their first bytes, not by name. Unpacked in
 * pieces, never to disk; promises that an archive which unpacks to too much, too many times its size, or into too many
 * parts is given up.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "config.h"
#include "dmarc.h"

#ifdef HAVE_LIBZIP
#include <zip.h>
#endif

enum {
    PIECE = 65536,
    UNPACKED_MAX = 64 << 20,
    RATIO_FREE = 1 << 20, /* so much may come of nothing */
    RATIO_MAX = 200,
    PARTS_MAX = 16,
};

struct unpacking {
    struct dmarc_reader *reader;
    unsigned long long packed, unpacked; /* packed 0: not known */
    const char *error;
};

/* Counts what came out; false: too much. */
static bool within(struct unpacking *u, size_t n)
{
    u->unpacked += n;
    if (u->unpacked > UNPACKED_MAX)
        u->error = "unpacks to more than 64 MiB";
    else if (u->packed && u->unpacked > RATIO_FREE && u->unpacked / RATIO_MAX > u->packed)
        u->error = "unpacks to more than 200 times its size";
    return !u->error;
}

static bool feed(struct unpacking *u, const char *piece, size_t n, bool last)
{
    if (!within(u, n))
        return false;
    if (!dmarc_reader_feed(u->reader, piece, n, last))
        u->error = dmarc_reader_error(u->reader);
    return !u->error;
}

/* Plain or gzip: zlib reads both. Takes the descriptor. */
static void read_gzip(struct unpacking *u, int fd)
{
    char piece[PIECE];
    gzFile in = gzdopen(fd, "rb");
    int n;

    if (!in) {
        close(fd);
        u->error = "out of memory";
        return;
    }
    while ((n = gzread(in, piece, sizeof(piece))) > 0 && feed(u, piece, (size_t)n, false))
        ;
    if (n < 0)
        u->error = "damaged";
    n = gzclose_r(in);
    if (!u->error && n != Z_OK)
        u->error = "cut short";
    if (!u->error)
        feed(u, "", 0, true);
}

#ifdef HAVE_LIBZIP

static void read_part(struct unpacking *u, zip_t *zip, zip_uint64_t index)
{
    char piece[PIECE];
    zip_file_t *part = zip_fopen_index(zip, index, 0);
    zip_int64_t n;

    if (!part) {
        u->error = "a part that cannot be unpacked";
        return;
    }
    while ((n = zip_fread(part, piece, sizeof(piece))) > 0 && feed(u, piece, (size_t)n, false))
        ;
    if (n < 0)
        u->error = "damaged";
    if (!u->error)
        feed(u, "", 0, true);
    zip_fclose(part);
}

static void read_zip(struct unpacking *u, const char *path, dmarc_sink *sink, void *arg)
{
    zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
    zip_int64_t parts = zip ? zip_get_num_entries(zip, 0) : 0;

    if (!zip)
        u->error = "damaged";
    else if (parts < 1 || parts > PARTS_MAX)
        u->error = "an archive of no parts, or of more than 16";
    for (zip_int64_t i = 0; i < parts && !u->error; i++) {
        if (i > 0) {
            dmarc_reader_free(u->reader);
            u->reader = dmarc_reader_new(sink, arg);
        }
        if (u->reader)
            read_part(u, zip, (zip_uint64_t)i);
        else
            u->error = "out of memory";
    }
    if (zip)
        zip_discard(zip);
}

#else

static void read_zip(struct unpacking *u, const char *path, dmarc_sink *sink, void *arg)
{
    (void)path;
    (void)sink;
    (void)arg;
    u->error = "built without libzip: unpack it first";
}

#endif

bool dmarc_file_read(const char *path, dmarc_sink *sink, void *arg, const char **error)
{
    struct unpacking u = {.reader = dmarc_reader_new(sink, arg)};
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    unsigned char magic[4] = {0};
    struct stat st;

    *error = NULL;
    if (fd < 0 || fstat(fd, &st) != 0)
        *error = strerror(errno);
    else if (!u.reader)
        *error = dmarc_reader_error(NULL);
    if (*error) {
        if (fd >= 0)
            close(fd);
        dmarc_reader_free(u.reader);
        return false;
    }
    u.packed = S_ISREG(st.st_mode) && st.st_size > 0 ? (unsigned long long)st.st_size : 0;
    if (!is_stdin && pread(fd, magic, sizeof(magic), 0) == sizeof(magic) && memcmp(magic, "PK\003\004", 4) == 0) {
        close(fd);
        read_zip(&u, path, sink, arg);
    } else {
        read_gzip(&u, fd);
    }
    dmarc_reader_free(u.reader);
    *error = u.error;
    return !u.error;
}
