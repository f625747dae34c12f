#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs every scenario file; prints TAP.
exec "$top_builddir/tests/scenario/run" "$top_srcdir"/tests/scenario/cases/*.scenario
