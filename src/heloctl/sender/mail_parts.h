/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail_parts: the parts of a mail message (RFC 2045, RFC 2046), decoded. Pure but for memory.
 *
 * A library that reads all of MIME would bring more than heloctl has otherwise: what DMARC reports need is boundaries
 * and two encodings.
 */
#ifndef HELOD_MAIL_PARTS_H
#define HELOD_MAIL_PARTS_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes are valid during the call only. False ends the reading. */
typedef bool mail_part_sink(void *arg, const char *bytes, size_t n);

/* Whether this begins as a mail message does: with a header field. */
bool mail_is_message(const char *bytes, size_t n);
/* Each part that holds no others, also of messages in messages. False: the sink ended it, or there is no memory. */
bool mail_each_part(const char *message, size_t n, mail_part_sink *sink, void *arg);
/* Each message of an mbox file. False: the sink ended it. */
bool mail_each_of_mbox(const char *mbox, size_t n, mail_part_sink *sink, void *arg);

#endif
