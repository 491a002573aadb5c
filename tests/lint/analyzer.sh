#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# gcc's -fanalyzer, version 12: each version finds, and mistakes, something else.  Descriptors it knows from 13 on.
. "$(dirname "$0")/lib.bash"
need gcc-12

# Optimised, as it is built: at -O0 it does not see a NULL that strchr returned.
# use-of-uninitialized-value: the optimiser has folded real ones away before the analyzer looks (in `compilers' clang's
#   -Wsometimes-uninitialized sees the plain ones), and has moved `= NULL' of _cleanup_free_ variables behind a return: that is all it finds.
cd "$builddir" || exit
read -r -a flags <<<"-std=gnu11 -O2 -fanalyzer -Werror ${LINT_CPPFLAGS:--D_GNU_SOURCE -iquote $srcdir/src -iquote $srcdir}"
flags+=(-Wno-analyzer-use-of-uninitialized-value)
if [ -f commit.h ]; then
	flags+=(-include commit.h)
fi

# malloc-leak, in two files: what is stored in an array or a ring that came as an argument counts as lost, which is the
#   trade of strv_take() and block_link().
can_lose='/(src/base/str|libocispec-lite/json)\.c$'

sources=$( (cd "$srcdir" && c_files src libocispec-lite) | grep '\.c$' | sed "s|^|$srcdir/|")
status=0
grep -vE "$can_lose" <<<"$sources" | for_each gcc-12 "${flags[@]}" -c -o /dev/null || status=1
grep -E "$can_lose" <<<"$sources" | for_each gcc-12 "${flags[@]}" -Wno-analyzer-malloc-leak -c -o /dev/null || status=1
exit $status
