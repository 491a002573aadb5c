#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the documents point at exists: links to files, files and folders named in `code`, functions named as
# `src/file.c:function`, the tests that docs/security.md names, and the stages in the figure of
# docs/ARCHITECTURE.md, which are those of create.c and init.c.
. "$(dirname "$0")/lib.bash"

bad=0
say()
{
	echo "$1"
	bad=1
}

while read -r document; do
	folder=$(dirname "$document")
	while read -r target; do
		[ -e "$folder/${target%%#*}" ] || say "$document: link to $target, which does not exist"
	done < <(grep -oE '\]\([^)]+\)' "$document" | sed 's/^](//; s/)$//' | grep -vE '^(https?:|#)')

	# `src/...`, `tests/...`: a file, a folder, or words behind it; names with capitals or ... are examples.
	while read -r target; do
		case $target in
		*[A-Z*]* | *...*) continue ;;
		*:*)
			grep -qE "^[a-z].*\b${target#*:}\(" "${target%%:*}" 2>/dev/null ||
				say "$document: \`${target%%:*}\` has no function ${target#*:}"
			continue
			;;
		esac
		[ -e "$target" ] || [ -e "$target.c" ] || say "$document: \`$target\` does not exist"
	done < <(grep -oE '`(src|tests|docs|contrib|libocispec-lite)/[^` ]*`' "$document" | tr -d '`')
done < <(all_files | grep -E '\.md$' | grep -vE '^(tests/data/|docs/spec-conformance\.md)')

# A test that nobody runs any more holds no boundary.
while read -r test; do
	case $test in
	*.bats) [ -e "tests/bats/$test" ] || say "docs/security.md: no tests/bats/$test" ;;
	fuzz-*) [ -e "tests/fuzz/$test.c" ] || say "docs/security.md: no tests/fuzz/$test.c" ;;
	*) [ -e "tests/unit/$test.c" ] || say "docs/security.md: no tests/unit/$test.c" ;;
	esac
done < <(grep -oE '`([a-z-]+\.bats|test-[a-z-]+|fuzz-[a-z-]+)`' docs/security.md | tr -d '`' | sort -u)
while read -r file; do
	grep -qF "\`$file\`" docs/security.md || say "docs/security.md: it does not name $file"
	while read -r number; do
		grep -qF "$number" docs/security.md || say "docs/security.md: no row for CVE-$number of $file"
	done < <(grep -oE 'CVE-[0-9]+-[0-9]+' "tests/bats/$file" | sed 's/^CVE-//' | sort -u)
done < <(cd tests/bats && ls cve-*.bats)

for file in src/runtime/create.c src/runtime/init.c; do
	while read -r stage; do
		grep -qE "(^|[ >─])$stage( |\$)" docs/ARCHITECTURE.md ||
			say "docs/ARCHITECTURE.md: no stage '$stage' ($file)"
	done < <(grep -oE '\{ "[a-z-]+", stage_' "$file" | cut -d'"' -f2)
done
exit $bad
