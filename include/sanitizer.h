/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sanitizer: whether this build uses AddressSanitizer. Its leak checker attaches to the process with ptrace(2), which
 * some of our hardening would forbid.
 */
#ifndef HELOD_SANITIZER_H
#define HELOD_SANITIZER_H

#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#ifndef WITH_SANITIZER
#define WITH_SANITIZER 0
#endif

#endif
