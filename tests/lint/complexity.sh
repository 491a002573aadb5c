#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Functions and files that can be read at once.  Beyond the first limit a warning, beyond the second it
# fails: cyclomatic complexity (a switch counts once), lines of a function, lines of a file.
. "$(dirname "$0")/lib.bash"
need pmccabe

c_files src libocispec-lite | grep '\.c$' | xargs pmccabe | awk -F'\t' '
	{ place = $6 ": " $1 " branches, " $5 " lines" }
	$1 > 25 || $5 > 80 { print "too complex: " place; bad = 1; next }
	$1 > 15 { print "warning: " place }
	END { exit bad }'

c_files src libocispec-lite tests | xargs wc -l | awk '
	$2 == "total" { next }
	$1 > 600 { print "too long: " $2 ": " $1 " lines"; bad = 1; next }
	$1 > 400 { print "warning: " $2 ": " $1 " lines" }
	END { exit bad }'
