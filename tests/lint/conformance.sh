#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/spec-conformance.md tells the truth: every file that a row names exists, every test that it names
# exists under exactly that name, and every row has a test or says why not.
#
# Rows: | id | requirement | code | test |.  Code: `src/...` paths.  Test: `NAME.bats: name of the test`,
# `test-NAME` (tests/unit), or words in parentheses that say why there is none.
. "$(dirname "$0")/lib.bash"

table=docs/spec-conformance.md
bad=0
say()
{
	echo "$table: $1"
	bad=1
}

# check_test ID REFERENCE
check_test()
{
	local file=${2%%: *} name=${2#*: }

	case $2 in
	*.bats:\ *)
		if [ ! -f "tests/bats/$file" ]; then
			say "$1: no tests/bats/$file"
		elif ! grep -qF "@test \"$name\"" "tests/bats/$file"; then
			say "$1: no test \"$name\" in tests/bats/$file"
		fi
		;;
	test-*) [ -f "tests/unit/$2.c" ] || [ -f "tests/unit/$2.sh" ] || [ -f "tests/unit/$2.py" ] || say "$1: no tests/unit/$2.c" ;;
	*) say "$1: \`$2\` names no test" ;;
	esac
}

rows=0 untested=0
while IFS='|' read -r _ id _ code tests rest; do
	id=${id// /}
	rows=$((rows + 1))
	[ -z "${rest// /}" ] || say "$id: more than four columns"

	while read -r file; do
		[ -z "$file" ] || [ -e "$file" ] || say "$id: $file does not exist"
	done < <(grep -oE '`[^`]+`' <<<"$code" | tr -d '`')

	if ! grep -q '`' <<<"$tests"; then
		untested=$((untested + 1))
		grep -q '(..*)' <<<"$tests" || say "$id: neither a test nor a reason"
	fi
	while read -r reference; do
		[ -z "$reference" ] || check_test "$id" "$reference"
	done < <(grep -oE '`[^`]+`' <<<"$tests" | tr -d '`')
done < <(grep -E '^\| [A-Z]+-?[0-9]+[a-z]? \|' "$table")

twice=$(grep -oE '^\| [A-Z]+-?[0-9]+[a-z]? \|' "$table" | sort | uniq -d)
[ -z "$twice" ] || say "two rows with the id ${twice//|/}"
[ $rows -gt 0 ] || say 'no rows found'
echo "$rows rows, $untested without a test (each says why)"
exit $bad
