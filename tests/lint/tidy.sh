#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy; which checks, and why some are left out, is in .clang-tidy.  Arguments are options of it.
. "$(dirname "$0")/lib.bash"
need clang-tidy

cd "$builddir" || exit
read -r -a flags <<<"-std=gnu11 ${LINT_CPPFLAGS:--D_GNU_SOURCE -iquote $srcdir/src -iquote $srcdir}"
if [ -f commit.h ]; then
	flags+=(-include commit.h)
fi
status=0
output=$( (cd "$srcdir" && c_files src libocispec-lite) | grep '\.c$' | sed "s|^|$srcdir/|" |
	xargs -r -P "$(nproc)" -I{} clang-tidy --quiet --config-file="$srcdir/.clang-tidy" "$@" {} -- "${flags[@]}" 2>&1) || status=1
grep -vE '^([0-9]+ warnings?.* generated\.|Suppressed .*|Use -header-filter.*|Use -system-headers.*|)$' <<<"$output" || :
exit $status
