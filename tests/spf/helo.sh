#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The HELO identity, and what expensive records cost.
exec "$top_builddir/tests/spf/spf_eval_cli" "$top_srcdir/tests/spf/helo.cases"
