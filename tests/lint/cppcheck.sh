#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/lib.bash"
need cppcheck

# missingInclude*: it need not see the system's headers.  unusedFunction: does not know of tests.
# uninitvar: does not know that a function which returned 0 has filled its ret_x; gcc's warning is better.
# internalAstError: its own trouble with TAKE_PTR's statement expression.
cppcheck --quiet --std=c11 --language=c --enable=warning,portability,performance --inline-suppr \
	--error-exitcode=1 -j "$(nproc)" --max-configs=1 --template=gcc \
	--suppress=missingInclude --suppress=missingIncludeSystem --suppress=unusedFunction --suppress=uninitvar --suppress=internalAstError \
	--suppress=normalCheckLevelMaxBranches \
	-D_GNU_SOURCE -DHAVE_SYSTEMD=1 '-D_cleanup_(f)=' -D_cleanup_free_= -D_cleanup_close_= \
	-Isrc -I. src libocispec-lite
