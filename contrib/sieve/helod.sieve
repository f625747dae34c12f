# SPDX-License-Identifier: BSD-2-Clause
# Sieve: files messages that helod marked with 70 points or more into Junk (header = "score"). The topmost header is helod's.
require ["fileinto", "regex", "index"];

if header :index 1 :regex "X-HELO-Score" "^(at least )?([7-9][0-9]|[0-9][0-9][0-9]+) " {
    fileinto "Junk";
}
