# SPDX-License-Identifier: BSD-2-Clause
# Writes a text file as a C string: awk -f embed.awk -v name=SYMBOL -v header=FILE.h FILE
BEGIN { printf "/* made from a data file by embed.awk */\n#include \"%s\"\n\nconst char %s[] =\n", header, name }
{ gsub(/\\/, "\\\\&"); gsub(/"/, "\\\""); gsub(/\t/, "\\t"); printf "    \"%s\\n\"\n", $0 }
END { print "    ;" }
