/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoint: sockets from "inet:HOST:PORT" (an IPv4 address) and "unix:PATH", for the programs of the benchmark. Text
 * that is neither ends the program with a message.
 */
#ifndef HELOD_BENCH_ENDPOINT_H
#define HELOD_BENCH_ENDPOINT_H

int endpoint_connect(const char *text); /* -1: refused */
int endpoint_connect_datagram(const char *text);
int endpoint_listen(const char *text); /* TCP or unix stream */
int endpoint_bind_udp(const char *text);

#endif
