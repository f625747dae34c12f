#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All tests of the RFC 7208 suite, explanations included, against the zones in it.
exec "$top_builddir/tests/spf/spf_eval_cli" "$top_srcdir/tests/spf/rfc7208.cases"
