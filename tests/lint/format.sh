#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kernel indentation: tabs, lines of about 100 columns and never more than 130 (a tab is eight).  Finer
# points are for .clang-format and the writer's eye: a table whose columns are aligned by hand reads
# better than a formatted one.
. "$(dirname "$0")/lib.bash"

bad=0
# A line may begin with blanks only inside a comment: " * text", or three blanks below a "/* text".
if c_files | xargs grep -nE '^ {4,}[^\\ ]|^	+ {8}'; then
	echo '^ indented by blanks'
	bad=1
fi
while read -r file; do
	expand "$file" | awk -v file="$file" '
		length($0) > 130 { print file ":" NR ": " length($0) " columns"; bad = 1 }
		END { exit bad }' || bad=1
done < <(c_files)
exit $bad
