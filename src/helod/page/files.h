/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files: the status page, compiled in.
 */
#ifndef HELOD_PAGE_FILES_H
#define HELOD_PAGE_FILES_H

extern const char page_index[], page_style[], page_script[];

#endif
