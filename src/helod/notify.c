/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify: one datagram per message to the socket of NOTIFY_SOCKET. Promises never to block. If the service
 * manager does not listen, helod continues without it.
 */
#include "notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "units.h"

enum { MESSAGE_SIZE = 512 };

static int notify_fd = -1;
static struct sockaddr_un manager;
static socklen_t manager_size;
static uint64_t watchdog_us;

/* 0 when the variable is not set, or is not a number. */
static uint64_t number_in(const char *variable)
{
    const char *text = getenv(variable);
    uint64_t n;

    return text != NULL && units_number(text, &n) ? n : 0;
}

void notify_open(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path == NULL ? 0 : strlen(path);

    uint64_t watched = number_in("WATCHDOG_PID");

    watchdog_us = watched == 0 || watched == (uint64_t)getpid() ? number_in("WATCHDOG_USEC") : 0;
    if (n > 1 && n < sizeof(manager.sun_path) && (path[0] == '/' || path[0] == '@')) {
        manager.sun_family = AF_UNIX;
        memcpy(manager.sun_path, path, n + 1);
        if (path[0] == '@')
            manager.sun_path[0] = '\0';
        manager_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (path[0] == '/'));
        notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void notify_close(void)
{
    if (notify_fd >= 0)
        close(notify_fd);
    notify_fd = -1;
}

void notify_send(const char *format, ...)
{
    char message[MESSAGE_SIZE];
    struct text t;
    va_list args;

    if (notify_fd < 0)
        return;
    text_init(&t, message, sizeof(message));
    va_start(args, format);
    text_addv(&t, format, args);
    va_end(args);
    (void)sendto(notify_fd, t.base, t.used, MSG_NOSIGNAL, (const struct sockaddr *)&manager, manager_size);
}

void notify_ready(const char *status)
{
    notify_send("READY=1\nMAINPID=%ld\nSTATUS=%s", (long)getpid(), status);
}

void notify_reloading(void)
{
    struct timespec now;

    /* The clock itself, not clock.h: the manager compares it with its own. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    notify_send("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

uint64_t notify_watchdog_ms(void)
{
    return notify_fd < 0 ? 0 : watchdog_us / 1000;
}
