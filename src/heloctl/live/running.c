/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * running: a small HTTP client. The daemon answers one request per connection and then closes it. An answer that is
 * longer than RUNNING_BODY_MAX, late, or not HTTP is an error, whose text names the socket.
 */
#include "running.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "policyfile.h"
#include "units.h"

/* A change may take as long as reading a policy file with a million exemptions. */
enum { SECONDS = 10, CHANGE_SECONDS = 60, REQUEST_SIZE = 1024 };

const char *running_place(const struct settings *settings, const char *kind)
{
    for (const char *const *place = settings->status.listen; *place; place++)
        if (strncmp(*place, kind, strlen(kind)) == 0)
            return *place;
    return NULL;
}

const char *running_find(struct ctl *ctl, int *status)
{
    const char *given = ctl_value(ctl, 's'), *found = given;
    const struct settings *settings = given ? NULL : ctl_settings(ctl);

    *status = CTL_CONFIG;
    if (settings)
        found = running_place(settings, "unix:");
    if (settings && !found)
        found = running_place(settings, "inet:");
    if (settings && !found)
        ctl_fail(ctl, CTL_CONFIG,
                 "%s has no status { listen = … }: name helod's file with --config or its socket with --socket",
                 ctl_policy_file(ctl));
    return found;
}

/* "unix:PATH", "/PATH", "inet:HOST:PORT" or "HOST:PORT", an IPv6 host in brackets. Returns 0 if it is none of these. */
static socklen_t read_place(const char *place, struct sockaddr_storage *out)
{
    bool is_unix = strncmp(place, "unix:", 5) == 0;
    const char *where = is_unix || strncmp(place, "inet:", 5) == 0 ? place + 5 : place, *port;
    struct sockaddr_un *local = (struct sockaddr_un *)out;
    struct address address;
    char host[128];
    uint64_t number;

    memset(out, 0, sizeof(*out));
    if (is_unix || place[0] == '/') {
        errno = ENAMETOOLONG;
        local->sun_family = AF_UNIX;
        snprintf(local->sun_path, sizeof(local->sun_path), "%s", where);
        return strlen(where) < sizeof(local->sun_path) ? sizeof(*local) : 0;
    }
    errno = EINVAL;
    if (!address_split_port(where, host, sizeof(host), &port) || !port || !units_number(port, &number) ||
        number > 65535 || !address_parse(&address, host, strlen(host)))
        return 0;
    return address_to_sockaddr(&address, (uint16_t)number, out);
}

/* Returns -1 with errno. */
static int connect_to(const char *place)
{
    struct sockaddr_storage at;
    socklen_t size = read_place(place, &at);
    int fd = size > 0 ? socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1, why;

    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, size) == 0)
        return fd;
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* What to do about a connection that failed. */
static const char *connect_hint(int why)
{
    if (why == ENOENT || why == ECONNREFUSED)
        return ": is helod running?";
    if (why == EACCES)
        return ": run heloctl as root, or set status { socket_group }";
    return "";
}

bool running_listens(const char *place)
{
    int fd = connect_to(place);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Reads up to the end of the connection. NULL if that is too much or takes too long. */
static char *receive_all(int fd)
{
    char *bytes = sure(malloc(RUNNING_BODY_MAX + 1));
    size_t used = 0;
    ssize_t n;

    while ((n = recv(fd, bytes + used, RUNNING_BODY_MAX - used, 0)) > 0)
        used += (size_t)n;
    bytes[used] = '\0';
    if (n == 0 && used < RUNNING_BODY_MAX)
        return bytes;
    free(bytes);
    return NULL;
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
    int fd = connect_to(place), status = 0;
    char request[REQUEST_SIZE];

    *body = NULL;
    if (fd < 0) {
        ctl_fail(ctl, CTL_TROUBLE, "%s: %s%s", place, strerror(errno), connect_hint(errno));
        return 0;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", method, path);
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request))
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
