/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sanitizer: is this a build with AddressSanitizer? Its leak check attaches to its own process, as a debugger does.
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
