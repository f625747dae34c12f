/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_nodes: the servers that together are the store, and which of them a command goes to: the one server of the
 * setting; of several the one whose ROLE is master; with sentinels the one that they name; or in a cluster the node
 * that owns the slot of the command's key. A cluster is recognised by its answer to CLUSTER SLOTS, or by MOVED.
 */
#ifndef HELOD_HISTORY_REDIS_NODES_H
#define HELOD_HISTORY_REDIS_NODES_H

#include "redis_link.h"
#include "redis_slots.h"
#include "store.h"

struct redis_nodes;
struct redis_node;

/* Whether this build supports the settings; if not, returns false with a text in error. */
bool redis_nodes_check(const struct history_settings *settings, char *error, size_t error_size);
/* NULL with a text in error. An unreachable server is not an error. */
struct redis_nodes *redis_nodes_new(const struct store_context *context, char *error, size_t error_size);
/* Calls back all commands in flight, with NULL as the reply. */
void redis_nodes_free(struct redis_nodes *n);

/* `up`: every part of the store is. */
void redis_nodes_stats(const struct redis_nodes *n, struct history_stats *out);
/* Whether any part of it is up. */
bool redis_nodes_any_up(const struct redis_nodes *n);
/*
 * For heloctl, which can wait: runs the event loop for a short time until the node that has this key is up. Returns
 * false if it did not come up.
 */
bool redis_nodes_wait(struct redis_nodes *n, const char *key);

/*
 * The node to send a command with this key to; NULL: none is up that has it. It is valid until the event loop's next
 * turn, and as long as a command is in flight to it.
 */
struct redis_node *redis_nodes_for(const struct redis_nodes *n, const char *key, size_t key_n);
/* The node that another one redirects a command to; NULL: it is not up. */
struct redis_node *redis_cluster_redirected(struct redis_node *from, const struct redis_redirect *redirect);
/* Call it when the node replied with an error. The error is reported, or it shows that the master has changed. */
void redis_master_refused(struct redis_node *node, const char *error);
struct redis_link *redis_nodes_link(const struct redis_node *node);

#endif
