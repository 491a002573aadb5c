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

# Everything that somebody wrote: what git knows or would take; in a tarball all but what is made.
all_files()
{
	local built=()

	if [ -e .git ] && git ls-files --cached --others --exclude-standard 2>/dev/null | sort -u | grep .; then
		return
	fi
	while read -r file; do
		built+=(-path "${file%/config.status}" -prune -o)
	done < <(find . -mindepth 2 -name config.status)
	find . "${built[@]}" -path ./autom4te.cache -prune -o -type f -print | sed 's|^\./||' | sort |
		grep -vE '(~|\.(o|a|log|trs)|\.dirstamp|/\.deps/.*)$' |
		grep -vE '^(configure|config\.(h|h\.in|log|status)|aclocal\.m4|Makefile|Makefile\.in|stamp-h1|COMMIT|commit\.h)$' |
		grep -vE '^build-aux/(ar-lib|compile|config\.guess|config\.sub|depcomp|install-sh|missing|t(ap|est)-driver.*)$' |
		grep -vE '^docs/ocirun\.1$'
}

# The C files: c_files [DIRECTORY...]
c_files()
{
	[ $# -gt 0 ] || set -- src libocispec-lite tests
	find "$@" -name '*.[ch]' | sort
}

# Scripts, by their ending or their first line.
script_files()
{
	all_files | while read -r file; do
		case $file in
		*.sh | *.bash | *.bats) echo "$file" ;;
		*.[a-z]* | tests/fuzz/corpus/*) ;;
		*) head -c 64 "$file" | head -n 1 | grep -aqE '^#!.*/(env )?(ba|da)?sh\b' && echo "$file" ;;
		esac || :
	done
	[ ! -f .ci/run ] || echo .ci/run
}

# All text that people read, without test data and licences.
text_files()
{
	all_files | grep -vE '^(COPYING$|tests/data/|tests/fuzz/corpus)' | xargs -r grep -lI '' | sort
}

# Run a command for each line of standard input, as many at once as there are processors.
for_each()
{
	xargs -r -P "$(nproc)" -n 1 "$@"
}
