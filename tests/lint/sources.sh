#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The lists in Makefile.am are the tree: no file is missing from them, and none of them is gone.
. "$(dirname "$0")/lib.bash"

bad=0
say()
{
	echo "$1"
	bad=1
}

# Every word of Makefile.am that looks like a file of ours; unit tests and fuzz targets are programs,
# listed without ".c".
listed=$(sed 's/#.*//' Makefile.am | tr -s ' \t\\' '\n' | grep -E '^(src|libocispec-lite|tests|contrib|docs|build-aux)/' | sort -u)

# Is the file itself, or a folder that it is in, one of these words?
is_listed()
{
	local path=$1

	while [ "$path" != . ]; do
		if grep -qxF "$path" <<<"$listed"; then
			return 0
		fi
		path=$(dirname "$path")
	done
	return 1
}

while read -r file; do
	is_listed "$file" || is_listed "${file%.c}" || say "$file: not in Makefile.am"
done < <(c_files; find tests/lint -type f)

while read -r file; do
	case $file in
	*\$* | docs/ocirun.1 | docs/ocirun.1:) continue ;; # a variable; made
	esac
	[ -e "$file" ] || [ -e "$file.c" ] || say "Makefile.am: $file does not exist"
done <<<"$listed"

# In a checkout: what is committed is in the tarball.
if [ -e .git ] && command -v git >/dev/null; then
	while read -r file; do
		case $file in
		.* | configure.ac | Makefile.am | COPYING | AUTHORS) continue ;; # left out; automake's own
		README.md | NEWS | autogen.sh) grep -qwF "$file" Makefile.am && continue ;;
		esac
		is_listed "$file" || is_listed "${file%.c}" || say "$file: not in a tarball; name it in EXTRA_DIST"
	done < <(git ls-files --cached --others --exclude-standard 2>/dev/null)
fi
exit $bad
