/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim: preloaded into the daemon under test. Lets one allocation fail and the wall clock jump, as the file that
 * HELOD_SHIM names says; the test has mapped it too. Libraries that crash without memory are spared, as the table
 * below says.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    _Atomic int64_t countdown;   /* of allocations; the one that takes it to 0 fails; below 1: none fails */
    _Atomic int64_t allocations; /* so far */
    _Atomic int64_t clock;       /* seconds to add to the wall clock */
};

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *old, size_t n);

static struct control none;
static struct control *control = &none;

static void __attribute__((constructor)) start(void)
{
    const char *path = getenv("HELOD_SHIM");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *page;

    if (fd < 0)
        return;
    page = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page != MAP_FAILED)
        control = page;
}

/*
 * What the libraries do after a failed allocation is not ours to test. libconfuse 3.3 checks few of its allocations; it
 * runs only at start and on reload. c-ares 1.34.6 to 1.34.9 collect the lookups to end in an array, which comes from
 * these two functions. Without it they forget a lookup, and crash when its timeout comes.
 */
static const struct {
    const char *library, *function; /* NULL: each of its functions */
} spared[] = {
    {"libconfuse", NULL},
    {"libcares", "ares_malloc_zero"},
    {"libcares", "ares_realloc_zero"},
};

static int is_spared(const void *caller)
{
    Dl_info where;

    if (dladdr(caller, &where) == 0 || where.dli_fname == NULL)
        return 0;
    for (size_t i = 0; i < sizeof(spared) / sizeof(spared[0]); i++)
        if (strstr(where.dli_fname, spared[i].library) != NULL &&
            (spared[i].function == NULL ||
             (where.dli_sname != NULL && strcmp(where.dli_sname, spared[i].function) == 0)))
            return 1;
    return 0;
}

static int fails(const void *caller)
{
    atomic_fetch_add(&control->allocations, 1);
    if (atomic_load(&control->countdown) <= 0 || is_spared(caller) || atomic_fetch_sub(&control->countdown, 1) != 1)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, n);
}

void *realloc(void *old, size_t n)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, n);
}

/* The C library's own would hide who asks. */
char *strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(n);

    return copy != NULL ? memcpy(copy, s, n) : NULL;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    static int (*real)(clockid_t, struct timespec *);
    int result;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    result = real(clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        out->tv_sec += (time_t)atomic_load(&control->clock);
    return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}
