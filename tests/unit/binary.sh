#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program as it was linked: what it needs at each start, what it says about the libraries that it
# loads later, and that the hardening of configure.ac has arrived.
set -u

program=${abs_top_builddir:-.}/ocirun
n=0

# check TEXT COMMAND...
check()
{
	n=$((n + 1))
	text=$1
	shift
	if "$@"; then echo "ok $n - $text"; else echo "not ok $n - $text"; fi
}

skip()
{
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

not()
{
	! "$@"
}

if ! command -v readelf >/dev/null; then
	echo "1..0 # SKIP needs readelf"
	exit 0
fi
headers=$(readelf -hlW "$program")
dynamic=$(readelf -dW "$program")
has()
{
	printf '%s\n' "$1" | grep -qE "$2"
}

if has "$headers" INTERP; then
	check "systemd's library is not loaded at start" not has "$dynamic" 'NEEDED.*libsystemd'
	check "libmount is not loaded at start" not has "$dynamic" 'NEEDED.*libmount'
	check "addresses are bound before main (-z now)" has "$dynamic" 'BIND_NOW|FLAGS.* NOW'
	note=$(readelf -p .note.dlopen "$program" 2>/dev/null)
	check "the note .note.dlopen names libmount" has "$note" 'libmount\.so\.1'
	if grep -q '^#define HAVE_SYSTEMD 1' "${abs_top_builddir:-.}/config.h"; then
		check "the note .note.dlopen names libsystemd" has "$note" 'libsystemd\.so\.0'
	else
		skip "the note .note.dlopen names libsystemd" "built without it"
	fi
else
	check "a static program has no list of libraries" not has "$dynamic" NEEDED
fi
check "the program can be loaded anywhere (PIE)" has "$headers" 'Type: +DYN'
check "relocations are read-only after start" has "$headers" GNU_RELRO
check "the stack is not executable" not has "$headers" 'GNU_STACK.* RWE'
echo "1..$n"
