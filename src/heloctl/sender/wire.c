/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire: sockets with a deadline, used as if they were blocking: a verb that talks to one server at a time needs no
 * event loop. Promises to read no more than the bounds of ehlo.h, and to never take plain text for encrypted.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "text.h"
#include "wire.h"

#ifdef HAVE_OPENSSL
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum { NAMES_SHOWN = 4 };
#endif

static bool fail(struct wire *wire, const char *what, const char *why)
{
    if (!wire->error[0])
        snprintf(wire->error, sizeof(wire->error), "%s%s%s", what, why[0] ? ": " : "", why);
    return false;
}

/* Waits until the socket is ready, at most to the deadline. */
static bool wait_for(struct wire *wire, short events)
{
    uint64_t now = clock_ms();
    struct pollfd fd = {.fd = wire->fd, .events = events};
    int ready;

    if (now >= wire->deadline_ms)
        return fail(wire, "the server did not answer in time", "");
    ready = poll(&fd, 1, (int)(wire->deadline_ms - now));
    if (ready < 0)
        return errno == EINTR || fail(wire, "poll", strerror(errno));
    return ready > 0 || fail(wire, "the server did not answer in time", "");
}

static bool bind_to(struct wire *wire, const struct address *from)
{
    struct sockaddr_storage address;
    socklen_t size = address_to_sockaddr(from, 0, &address);

    return bind(wire->fd, (struct sockaddr *)&address, size) == 0 || fail(wire, "bind", strerror(errno));
}

bool wire_local(const struct wire *wire, struct address *out)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    return getsockname(wire->fd, (struct sockaddr *)&address, &size) == 0 &&
           address_from_sockaddr(out, (struct sockaddr *)&address);
}

bool wire_connect(struct wire *wire, const struct address *to, uint16_t port, const struct address *from,
                  unsigned seconds)
{
    struct sockaddr_storage address;
    socklen_t size = address_to_sockaddr(to, port, &address), error_size = sizeof(int);
    int error = 0;

    *wire = (struct wire){.deadline_ms = clock_ms() + seconds * 1000};
    wire->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (wire->fd < 0)
        return fail(wire, "socket", strerror(errno));
    if (from && !bind_to(wire, from))
        return false;
    if (connect(wire->fd, (struct sockaddr *)&address, size) == 0)
        return true;
    if (errno != EINPROGRESS)
        return fail(wire, "connect", strerror(errno));
    if (!wait_for(wire, POLLOUT))
        return false;
    if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0 || error != 0)
        return fail(wire, "connect", strerror(error ? error : errno));
    return true;
}

#ifdef HAVE_OPENSSL

bool wire_has_tls(void)
{
    return true;
}

/* After a call of OpenSSL that could not complete: waits for what it needs. False: it failed. */
static bool tls_again(struct wire *wire, int result, const char *what)
{
    const char *why;

    switch (SSL_get_error(wire->tls, result)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(wire, POLLIN);
    case SSL_ERROR_WANT_WRITE:
        return wait_for(wire, POLLOUT);
    default:
        why = ERR_reason_error_string(ERR_peek_last_error());
        return fail(wire, what, why ? why : "the server closed the connection");
    }
}

static int tls_read(struct wire *wire, char *out, size_t size)
{
    int n;

    while ((n = SSL_read(wire->tls, out, (int)size)) <= 0)
        if (!tls_again(wire, n, "TLS"))
            return -1;
    return n;
}

static bool tls_write(struct wire *wire, const char *bytes, size_t size)
{
    int n;

    while ((n = SSL_write(wire->tls, bytes, (int)size)) <= 0)
        if (!tls_again(wire, n, "TLS"))
            return false;
    return true;
}

/* Foreign text, cut and filtered. */
static void append(char *out, size_t size, const char *before, const char *foreign, size_t n)
{
    struct text t;
    size_t used = strlen(out);

    text_init(&t, out + used, size - used);
    text_add(&t, before);
    text_add_as(&t, TEXT_PLAIN, foreign, n);
}

/* The names that a certificate is for: its DNS names, or its common name where it has none. */
static void add_names(X509 *certificate, char *said, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    const char *before = "; for ";
    char common[128] = "";

    for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && i < NAMES_SHOWN; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type != GEN_DNS)
            continue;
        append(said, size, before, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
               (size_t)ASN1_STRING_length(name->d.dNSName));
        before = " ";
    }
    GENERAL_NAMES_free(names);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common, sizeof(common));
    if (*before == ';' && *common)
        append(said, size, before, common, strlen(common));
}

static void add_expiry(X509 *certificate, char *said, size_t size)
{
    const ASN1_TIME *end = X509_get0_notAfter(certificate);
    char day[16];
    struct tm when;

    if (!ASN1_TIME_to_tm(end, &when) || strftime(day, sizeof(day), "%Y-%m-%d", &when) == 0)
        return;
    append(said, size, X509_cmp_current_time(end) < 0 ? "; expired " : "; expires ", day, strlen(day));
}

static void describe(SSL *tls, char *said, size_t size)
{
    long verified = SSL_get_verify_result(tls);
    X509 *certificate = SSL_get1_peer_certificate(tls);

    snprintf(said, size, "%s, %s, certificate %s%s", SSL_get_version(tls), SSL_get_cipher_name(tls),
             verified == X509_V_OK ? "verified" : "not verified: ",
             verified == X509_V_OK ? "" : X509_verify_cert_error_string(verified));
    if (!certificate)
        return;
    add_names(certificate, said, size);
    add_expiry(certificate, said, size);
    X509_free(certificate);
}

bool wire_start_tls(struct wire *wire, const char *name, char *said, size_t size)
{
    int result;

    if (wire->at < wire->used)
        return fail(wire, "plain text after the reply to STARTTLS, which an attacker could have injected", "");
    ERR_clear_error();
    wire->tls_context = SSL_CTX_new(TLS_client_method());
    wire->tls = wire->tls_context ? SSL_new(wire->tls_context) : NULL;
    if (!wire->tls || SSL_CTX_set_default_verify_paths(wire->tls_context) != 1 || SSL_set_fd(wire->tls, wire->fd) != 1)
        return fail(wire, "TLS", "cannot be set up");
    SSL_set_verify(wire->tls, SSL_VERIFY_NONE,
                   NULL); /* reported, not required: TLS between mail servers is opportunistic */
    if (strpbrk(name, "abcdefghijklmnopqrstuvwxyz") && !strchr(name, ':') &&
        (SSL_set_tlsext_host_name(wire->tls, name) != 1 || SSL_set1_host(wire->tls, name) != 1))
        return fail(wire, "TLS", "cannot be set up");
    while ((result = SSL_connect(wire->tls)) != 1)
        if (!tls_again(wire, result, "TLS handshake"))
            return false;
    describe(wire->tls, said, size);
    return true;
}

static void tls_free(struct wire *wire)
{
    SSL_free(wire->tls);
    SSL_CTX_free(wire->tls_context);
}

#else

bool wire_has_tls(void)
{
    return false;
}

bool wire_start_tls(struct wire *wire, const char *name, char *said, size_t size)
{
    (void)name;
    (void)said;
    (void)size;
    return fail(wire, "built without OpenSSL", "");
}

static int tls_read(struct wire *wire, char *out, size_t size)
{
    (void)wire;
    (void)out;
    (void)size;
    return -1;
}

static bool tls_write(struct wire *wire, const char *bytes, size_t size)
{
    (void)wire;
    (void)bytes;
    (void)size;
    return false;
}

static void tls_free(struct wire *wire)
{
    (void)wire;
}

#endif

void wire_close(struct wire *wire)
{
    if (wire->tls_context)
        tls_free(wire);
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = -1;
    wire->tls = wire->tls_context = NULL;
}

static bool receive(struct wire *wire)
{
    ssize_t n;

    wire->at = wire->used = 0;
    if (wire->tls) {
        n = tls_read(wire, wire->buffer, sizeof(wire->buffer));
    } else {
        if (!wait_for(wire, POLLIN))
            return false;
        n = recv(wire->fd, wire->buffer, sizeof(wire->buffer), 0);
    }
    if (n <= 0)
        return fail(wire, n == 0 ? "the server closed the connection" : strerror(errno), "");
    wire->used = (size_t)n;
    return true;
}

static bool send_all(struct wire *wire, const char *bytes, size_t size)
{
    if (wire->tls)
        return tls_write(wire, bytes, size);
    while (size > 0) {
        ssize_t n;

        if (!wait_for(wire, POLLOUT))
            return false;
        n = send(wire->fd, bytes, size, MSG_NOSIGNAL);
        if (n < 0)
            return fail(wire, "send", strerror(errno));
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* A line without its end; false: none, or one that is too long. */
static bool read_line(struct wire *wire, char line[EHLO_LINE_MAX + 1], size_t *n)
{
    for (*n = 0;;) {
        char c;

        if (wire->at == wire->used && !receive(wire))
            return false;
        c = wire->buffer[wire->at++];
        if (c == '\n')
            break;
        if (*n > EHLO_LINE_MAX)
            return fail(wire, "the server sends an endless line", "");
        line[(*n)++] = c;
    }
    if (*n > 0 && line[*n - 1] == '\r')
        --*n;
    return true;
}

bool wire_talk(struct wire *wire, const char *line, struct ehlo_reply *reply)
{
    char in[EHLO_LINE_MAX + 1], out[EHLO_LINE_MAX + 1];
    enum ehlo_step step = EHLO_MORE;
    size_t n;

    *reply = (struct ehlo_reply){.code = 0};
    if (line) {
        int size = snprintf(out, sizeof(out), "%s\r\n", line);

        if (size < 0 || (size_t)size >= sizeof(out) || !send_all(wire, out, (size_t)size))
            return fail(wire, "the line is too long", "");
    }
    while (step == EHLO_MORE) {
        if (!read_line(wire, in, &n))
            return false;
        step = ehlo_read(reply, in, n);
    }
    return step == EHLO_DONE || fail(wire, "the answer is not an SMTP reply", "");
}
