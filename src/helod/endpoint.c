/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoint: TCP and unix sockets. A socket file is created with mode 0, then gets its mode, owner and group. Only
 * then does helod listen on it. Until then the kernel refuses every connection, so nobody can connect too early.
 * bind(2) fails if the path exists, so a foreign file is never replaced. Only a stale socket, on which nothing
 * listens, is removed.
 */
#include "endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "address.h"
#include "privileges.h"
#include "settings.h"
#include "text.h"

enum { BACKLOG = 1024, HOST_SIZE = 256 };

static int tcp_socket(const struct addrinfo *at)
{
    static const int on = 1;
    int saved, fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 && bind(fd, at->ai_addr, at->ai_addrlen) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static bool open_tcp(struct endpoint *e, const char *where, char *error, size_t error_size)
{
    static const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV, /* no lookup */
                                          .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char host[HOST_SIZE];
    const char *port;
    int problem;

    if (!address_split_port(where + strlen("inet:"), host, sizeof(host), &port) || port == NULL || port[0] == '\0')
        return text_error(error, error_size, where, "expected inet:HOST:PORT");
    problem = getaddrinfo(host[0] == '\0' || strcmp(host, "*") == 0 ? NULL : host, port, &hints, &found);
    if (problem != 0)
        return text_error(error, error_size, where, gai_strerror(problem));
    e->fd = tcp_socket(found);
    problem = errno;
    freeaddrinfo(found);
    if (e->fd >= 0)
        return true;
    e->is_taken = problem == EADDRINUSE;
    return text_error(error, error_size, where, strerror(problem));
}

/* A socket on which nobody listens: a daemon died without removing it. */
static bool is_stale(const struct sockaddr_un *at, socklen_t size, const char **why)
{
    struct stat st;
    int fd, problem;

    if (lstat(at->sun_path, &st) != 0) {
        *why = strerror(errno);
        return false;
    }
    if (!S_ISSOCK(st.st_mode)) {
        *why = "a file that is not a socket has this path; remove it or choose another path";
        return false;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    problem = fd < 0 ? errno : connect(fd, (const struct sockaddr *)at, size) == 0 ? 0 : errno;
    if (fd >= 0)
        close(fd);
    *why = "another process listens there";
    return problem == ECONNREFUSED;
}

static int bind_closed(int fd, const struct sockaddr_un *at, socklen_t size)
{
    mode_t old = umask(0777);
    int result = bind(fd, (const struct sockaddr *)at, size);

    umask(old);
    return result;
}

/*
 * The owner and group in the settings. Without these, the identity that helod changes to. If helod does not change
 * its identity, the file keeps what it has: in a directory with the setgid bit that is the directory's group, which
 * may be intended.
 */
static bool find_owners(const struct server_settings *settings, uid_t *owner, gid_t *group, const char **why)
{
    struct identity identity;
    char error[256];

    *why = "the user or group that helod runs as does not exist";
    if (!privileges_find(settings->user, settings->group, &identity, error, sizeof(error)))
        return false;
    *why = "the user or group in socket_owner or socket_group does not exist";
    if (!privileges_user(settings->socket_owner, owner) || !privileges_group(settings->socket_group, group))
        return false;
    if (*owner == (uid_t)-1 && identity.change)
        *owner = identity.uid;
    if (*group == (gid_t)-1 && identity.change)
        *group = identity.gid;
    return true;
}

/*
 * The mode comes first: once the file is somebody else's, only root could change it. A file that already has the
 * right owner and group is not changed, because helod may not change them after its start.
 */
static bool set_owners(int fd, const struct stat *st, uid_t owner, gid_t group, const char **why)
{
    if ((owner == (uid_t)-1 || owner == st->st_uid) && (group == (gid_t)-1 || group == st->st_gid))
        return true;
    if (fchownat(fd, "", owner, group, AT_EMPTY_PATH) == 0)
        return true;
    *why = errno == EPERM ? "its owner or group can be set only while helod starts: restart helod" : strerror(errno);
    return false;
}

/* Works on a descriptor of the file itself, so that nobody can put another file in its place meanwhile. */
static bool hand_over(struct endpoint *e, const struct server_settings *settings, const char **why)
{
    char self[64];
    struct stat st;
    struct text t;
    uid_t owner;
    gid_t group;
    int fd;

    if (!find_owners(settings, &owner, &group, why))
        return false;
    fd = open(e->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        *why = strerror(errno);
        return false;
    }
    text_init(&t, self, sizeof(self));
    text_addf(&t, "/proc/self/fd/%d", fd);
    if (fstat(fd, &st) != 0 || !S_ISSOCK(st.st_mode) || chmod(self, (mode_t)settings->socket_mode) != 0) {
        *why = strerror(errno);
        close(fd);
        return false;
    }
    if (!set_owners(fd, &st, owner, group, why)) {
        close(fd);
        return false;
    }
    e->device = st.st_dev;
    e->inode = st.st_ino;
    close(fd);
    return true;
}

static bool open_unix(struct endpoint *e, const char *where, const struct server_settings *settings, const char **why)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    socklen_t size = sizeof(at);
    size_t n;

    e->path = where + strlen("unix:");
    n = strlen(e->path);
    *why = "expected unix:/PATH of at most 107 bytes";
    if (e->path[0] != '/' || n >= sizeof(at.sun_path))
        return false;
    memcpy(at.sun_path, e->path, n + 1);
    e->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (e->fd < 0 || bind_closed(e->fd, &at, size) != 0) {
        *why = strerror(errno);
        if (e->fd < 0 || errno != EADDRINUSE || !is_stale(&at, size, why))
            return false;
        if (unlink(e->path) != 0 || bind_closed(e->fd, &at, size) != 0) {
            *why = strerror(errno);
            return false;
        }
    }
    if (!hand_over(e, settings, why) || listen(e->fd, BACKLOG) != 0) {
        unlink(e->path);
        return false;
    }
    return true;
}

bool endpoint_open(struct endpoint *e, const char *where, const struct server_settings *settings, char *error,
                   size_t error_size)
{
    const char *why = "";

    *e = (struct endpoint){.fd = -1};
    if (strncmp(where, "inet:", strlen("inet:")) == 0)
        return open_tcp(e, where, error, error_size);
    if (strncmp(where, "unix:", strlen("unix:")) != 0)
        return text_error(error, error_size, where, "expected inet:HOST:PORT or unix:/PATH");
    if (open_unix(e, where, settings, &why))
        return true;
    if (e->fd >= 0)
        close(e->fd);
    e->fd = -1;
    return text_error(error, error_size, where, why);
}

bool endpoint_rest(struct endpoint *e)
{
    return e->path == NULL && shutdown(e->fd, SHUT_RD) == 0;
}

bool endpoint_listen(struct endpoint *e)
{
    return listen(e->fd, BACKLOG) == 0;
}

void endpoint_close(struct endpoint *e)
{
    struct stat st;

    if (e->path != NULL && lstat(e->path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == e->device &&
        st.st_ino == e->inode)
        unlink(e->path);
    close(e->fd);
    e->fd = -1;
}
