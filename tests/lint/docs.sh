#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the documents point at exists: links to files, files and folders named in `code`, and the stages in the
# figure of docs/ARCHITECTURE.md, which are those of create.c and init.c.
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
		esac
		[ -e "$target" ] || [ -e "$target.c" ] || say "$document: \`$target\` does not exist"
	done < <(grep -oE '`(src|tests|docs|contrib|libocispec-lite)/[^` ]*`' "$document" | tr -d '`')
done < <(all_files | grep -E '\.md$' | grep -vE '^(tests/data/|docs/spec-conformance\.md)')

for file in src/runtime/create.c src/runtime/init.c; do
	while read -r stage; do
		grep -qE "(^|[ >─])$stage( |\$)" docs/ARCHITECTURE.md ||
			say "docs/ARCHITECTURE.md: no stage '$stage' ($file)"
	done < <(grep -oE '\{ "[a-z-]+", stage_' "$file" | cut -d'"' -f2)
done
exit $bad
