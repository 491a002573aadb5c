#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# All scripts, by the tool of that name ("shellcheck").  Left out:
#   SC1090 SC1091   files that are found at run time are not followed
#   SC2016 SC1003   awk, jq and sh programs in single quotes
#   SC2001          sed where ${x//} would do
#   SC2015          a && b || c, where b is an assignment or echo
#   SC2030 SC2031   bats runs each test in a subshell, on purpose
#   SC2059          printf with a format of bytes from a variable
#   SC2119 SC2120   functions whose arguments are optional, called from other files
#   SC2034 SC2054   variables for other files, among them lists of words with commas
#   SC2154          bats sets status, output and lines
. "$(dirname "$0")/lib.bash"
need shellcheck

script_files | xargs shellcheck --external-sources --format=gcc \
	--exclude=SC1090,SC1091,SC1003,SC2001,SC2015,SC2016,SC2030,SC2031,SC2034,SC2054,SC2059,SC2119,SC2120,SC2154
