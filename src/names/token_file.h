/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token_file: the words that show what kind of host a name belongs to, from the compiled-in file and the admin's own.
 *
 *     line    = CLASS TOKEN *example ["#" comment]
 *     example = "+" name that the token must find | "-" name that it must not find
 *
 * A later line for the same token replaces the earlier one, and class "ignore" removes it. Every other line needs an
 * example of each kind. They are checked, with this token alone, when the file is read. A line has at most 4096 bytes,
 * so that none takes long.
 */
#ifndef HELOD_TOKEN_FILE_H
#define HELOD_TOKEN_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "region.h"

struct name_data;

enum token_class {
    TOKEN_IGNORED,
    TOKEN_DYNAMIC, /* a dynamic customer address, beside a number or with an address in the name */
    TOKEN_LINE,    /* the same for a word with other meanings, so only with an address in the name */
    TOKEN_GENERIC, /* a provider's customer, beside a serial number or with an address in the name */
    TOKEN_STOCK,   /* as generic, and also alone before the domain */
    TOKEN_FIXED,   /* a line or rented machine with a fixed address */
    TOKEN_SERVER,
    TOKEN_MAIL, /* as server, and a mail role in the leftmost label */
    TOKEN_MASS, /* a host that sends advertising */
    TOKEN_TLD,
};

struct token {
    const char *text; /* lower-case letters */
    size_t length;
    enum token_class class;
};

struct tokens {
    struct token *rows; /* sorted by text once complete */
    size_t count, room;
};

/* The compiled-in file (generated from data/tokens.conf). */
extern const char token_file_builtin[];

/* A text that is being read. */
struct token_text {
    const char *file;    /* its name for messages */
    const char *at;      /* the part that has not been read yet */
    unsigned line;       /* the line that was read last */
    bool examples_known; /* to be right: `make check` checks those of the compiled-in file, not each start */
};

/* Returns the bytes of a token file, which the caller frees, or NULL with "file: what" in error. */
char *token_file_text(const char *path, char *error, size_t error_size);
/*
 * Adds the lines of a text. `data` gives the public suffix list for the examples. False with "file:line: what" in
 * error.
 */
bool token_file_add(struct tokens *tokens, struct token_text *text, const struct name_data *data, char *error,
                    size_t error_size);
void token_file_done(struct tokens *tokens); /* sorts the rows */
void token_file_release(struct tokens *tokens);

#endif
