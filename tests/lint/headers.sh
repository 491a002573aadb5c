#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each header compiles on its own, so that the order of includes never matters.
. "$(dirname "$0")/lib.bash"
need gcc

c_files src libocispec-lite | grep '\.h$' | sed 's|^src/||' | for_each sh -c '
	printf "#include \"%s\"\n#include \"%s\"\n" "$1" "$1" |
		gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -iquote src -iquote . -fsyntax-only -x c - ||
		{ echo "$1 does not stand alone"; exit 1; }' sh
