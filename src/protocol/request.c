/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request: an empty request, for callers that fill in a request themselves instead of parsing one.
 */
#include "request.h"

void request_init(struct request *req)
{
    static const struct request empty = {.state = REQUEST_STATE_RCPT,
                                         .esmtp = true,
                                         .protocol_state = "RCPT",
                                         .protocol_name = "ESMTP",
                                         .client_address = "",
                                         .client_name = "unknown",
                                         .reverse_client_name = "unknown",
                                         .server_address = "",
                                         .server_port = "",
                                         .helo_name = "",
                                         .sender = "",
                                         .recipient = "",
                                         .queue_id = "",
                                         .instance = "",
                                         .sasl_username = "",
                                         .ccert_subject = "",
                                         .ccert_fingerprint = "",
                                         .ccert_pubkey_fingerprint = "",
                                         .encryption_protocol = "",
                                         .stress_text = "",
                                         .policy_context = ""};

    *req = empty;
}
