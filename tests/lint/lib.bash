# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the checks in this folder share.  A check ends with 0 (fine), 1 (it has printed what is not) or
# 77 (it could not be made; it has printed why).  `run' calls them in the build directory, with
# srcdir in the environment.
set -euo pipefail

export builddir=$PWD
srcdir=$(cd "${srcdir:-$(dirname "${BASH_SOURCE[0]}")/../..}" && pwd)
export LC_ALL=C
cd "$srcdir"

# Without its tool a check is skipped, except in CI, where the tools have to be there.
need()
{
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null && continue
		echo "$tool is not installed"
		[ "${CI:-}" = true ] && exit 1
		exit 77
	done
}

# The C files that ship: c_files [DIRECTORY...]
c_files()
{
	[ $# -gt 0 ] || set -- src libocispec-lite tests
	find "$@" -name '*.[ch]' | sort
}

# Scripts, by their ending or their first line.
script_files()
{
	find . -path ./.git -prune -o -path './build*' ! -path './build-aux*' -prune -o -type f -print | sort |
		while read -r file; do
			case $file in
			./build-aux/commit.sh) ;;
			./configure | ./build-aux/* | ./autom4te.cache/* | ./ocirun-*) continue ;;
			*.sh | *.bash | *.bats) ;;
			*.*[a-z0-9]*) [[ ${file##*/} == *.* ]] && continue ;;
			esac
			case $file in
			*.sh | *.bash | *.bats) echo "$file" ;;
			*) head -c 64 "$file" | head -n 1 | grep -aqE '^#!.*/(env )?(ba|da)?sh\b' && echo "$file" ;;
			esac || :
		done
}

# All text that people read, whoever wrote it: without test data and licences.
text_files()
{
	find . \( -path ./.git -o -path './build*' -o -path ./autom4te.cache -o -path ./tests/data -o -path './ocirun-*' \
		-o -path './tests/fuzz/corpus*' \) ! -path './build-aux' -prune -o -type f -print |
		grep -vE '^\./(COPYING$|configure$|aclocal\.m4|Makefile\.in|config\.h\.in)|^\./build-aux/[a-z-]*(compile|guess|sub|depcomp|install-sh|missing|driver|ar-lib)' |
		grep -v '~$' | xargs -r grep -lI '' | sort
}

# Run a command for each line of standard input, as many at once as there are processors.
for_each()
{
	xargs -r -P "$(nproc)" -n 1 "$@"
}
