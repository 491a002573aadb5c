# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Comparing texts, for the integration tests and those of the engines: says what differs, and returns 1.

is() { # ACTUAL EXPECTED
	[[ $1 == "$2" ]] && return 0
	printf 'got:      %s\nexpected: %s\n' "$1" "$2" >&2
	return 1
}

has() { # TEXT PART
	[[ $1 == *"$2"* ]] && return 0
	printf 'text:     %s\nlacks:    %s\n' "$1" "$2" >&2
	return 1
}

lacks() { # TEXT PART
	[[ $1 != *"$2"* ]] && return 0
	printf 'text:          %s\nmust not hold: %s\n' "$1" "$2" >&2
	return 1
}
