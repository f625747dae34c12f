/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * running: a small HTTP client. The daemon answers one request per connection and then closes it. An answer that is
 * longer than RUNNING_BODY_MAX, late, or not HTTP is an error, whose text names the socket.
 */
#include "running.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "policyfile.h"

/* A change may take as long as reading a policy file with a million exemptions. */
enum { SECONDS = 10, CHANGE_SECONDS = 60, REQUEST_SIZE = 1024 };

const char *running_place(const struct settings *settings, const char *kind)
{
    for (const char *const *place = settings->status.listen; *place; place++)
        if (strncmp(*place, kind, strlen(kind)) == 0)
            return *place;
    return NULL;
}

bool running_find(struct ctl *ctl, char place[RUNNING_PLACE_SIZE], int *status)
{
    struct settings *settings = ctl_given(ctl, 's') ? NULL : ctl_settings(ctl);
    const char *found = ctl_value(ctl, 's');

    *status = CTL_CONFIG;
    if (!found && !settings)
        return false;
    if (!found)
        found = running_place(settings, "unix:");
    if (!found)
        found = running_place(settings, "inet:");
    if (found)
        snprintf(place, RUNNING_PLACE_SIZE, "%s", found);
    else
        ctl_fail(ctl, CTL_CONFIG,
                 "%s has no status { listen = … }: name helod's file with --config or its socket with --socket",
                 ctl_policy_file(ctl, settings));
    settings_unref(settings);
    return found != NULL;
}

static int connect_unix(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof(at.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(at.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
        int why = errno;

        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

bool running_listens(const char *place)
{
    int fd = connect_unix(place + strlen("unix:"));

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* "HOST:PORT", an IPv6 host in brackets. */
static int connect_inet(const char *where)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *at = NULL;
    char host[128];
    const char *port;
    int fd = -1;

    errno = EINVAL;
    if (!address_split_port(where, host, sizeof(host), &port) || !port || getaddrinfo(host, port, &hints, &at) != 0)
        return -1;
    fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
        int why = errno;

        close(fd);
        errno = why;
        fd = -1;
    }
    freeaddrinfo(at);
    return fd;
}

static bool send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* Reads up to the end of the connection. NULL if that is too much or takes too long. */
static char *receive_all(int fd)
{
    size_t size = 65536, used = 0;
    char *bytes = malloc(size), *more;
    ssize_t n = 1;

    if (!bytes)
        return NULL;
    while (n > 0 && used < RUNNING_BODY_MAX) {
        if (used + 1 == size) {
            more = realloc(bytes, size *= 2);
            if (!more)
                break;
            bytes = more;
        }
        n = recv(fd, bytes + used, size - used - 1, 0);
        used += n > 0 ? (size_t)n : 0;
    }
    if (n != 0) {
        free(bytes);
        return NULL;
    }
    bytes[used] = '\0';
    return bytes;
}

/* Returns the status of an answer and moves the body to its beginning. 0 if it is not HTTP. */
static int take_body(char *answer)
{
    char *body = strstr(answer, "\r\n\r\n");
    long status = strncmp(answer, "HTTP/1.", 7) == 0 && body ? strtol(answer + strlen("HTTP/1.1 "), NULL, 10) : 0;

    if (status < 100 || status > 599)
        return 0;
    memmove(answer, body + 4, strlen(body + 4) + 1);
    return (int)status;
}

int running_ask(const struct ctl *ctl, const char *place, const char *method, const char *path, char **body)
{
    const struct timeval limit = {.tv_sec = strcmp(method, "POST") == 0 ? CHANGE_SECONDS : SECONDS};
    bool is_unix = strncmp(place, "unix:", 5) == 0;
    const char *where = is_unix || strncmp(place, "inet:", 5) == 0 ? place + 5 : place;
    int fd = is_unix || place[0] == '/' ? connect_unix(where) : connect_inet(where), status = 0;
    char request[REQUEST_SIZE];

    *body = NULL;
    if (fd < 0) {
        ctl_fail(ctl, CTL_TROUBLE, "%s: %s", place, strerror(errno));
        return 0;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", method, path);
    if (send_all(fd, request, strlen(request)))
        *body = receive_all(fd);
    close(fd);
    if (*body)
        status = take_body(*body);
    if (status == 0) {
        ctl_fail(ctl, CTL_TROUBLE, "%s: the answer is not valid HTTP", place);
        free(*body);
        *body = NULL;
    }
    return status;
}
