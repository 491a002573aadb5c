#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Both compilers take every file without a warning.
. "$(dirname "$0")/lib.bash"
need gcc clang

# The flags of configure.ac; optimised, since some warnings come from the optimiser.
warnings='-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wpointer-arith -Wwrite-strings -Wundef'
cd "$builddir" || exit
read -r -a flags <<<"-std=gnu11 -O2 $warnings -Werror ${LINT_CPPFLAGS:--D_GNU_SOURCE -iquote $srcdir/src -iquote $srcdir}"
if [ -f commit.h ]; then
	flags+=(-include commit.h)
fi

for compiler in gcc clang; do
	(cd "$srcdir" && c_files) | grep '\.c$' | sed "s|^|$srcdir/|" | for_each "$compiler" "${flags[@]}" -c -o /dev/null
done
