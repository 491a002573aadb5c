#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each source says its licence in its first two lines, and C files what they are for in the next.
. "$(dirname "$0")/lib.bash"

bad=0
while read -r file; do
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0' || {
		echo "$file: no SPDX line"
		bad=1
	}
done < <(c_files; script_files; echo configure.ac; echo Makefile.am)

while read -r file; do
	sed -n 2p "$file" | grep -q '^/\*' || {
		echo "$file:2: no comment on what this file owns"
		bad=1
	}
done < <(c_files src libocispec-lite)
exit $bad
