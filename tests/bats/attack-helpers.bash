# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the files with attacks share: load it instead of mount-helpers.  The canary, $T/canary, is a directory
# on the host that has to stay empty, and no mount point.

load mount-helpers

setup() {
	helpers_setup
	mkdir -p "$T/canary" "$T/src"
	chmod 777 "$T/canary"
	echo source >"$T/src/here"
	echo source >"$T/file"
	watch_mounts
}

# A hook that looks at the container's mount namespace before the root is changed: what is mounted
# outside of the container's tree shows only there.
watch_mounts() {
	printf '#!/bin/sh\ngrep -F " %s" /proc/self/mountinfo >>"%s"\nexit 0\n' "$T/canary" "$T/escaped" >"$T/watch"
	chmod 755 "$T/watch"
	: >"$T/escaped"
	chmod 666 "$T/escaped"
	config '.hooks.createContainer = [{path: $w}]' --arg w "$T/watch"
}

canary_is_untouched() {
	is "$(ls -A "$T/canary")" ""
	is "$(<"$T/escaped")" ""
}

# attempts DESTINATION...: with a directory, a file and a new file system; whatever comes of it, nothing
# may be outside.
attempts() {
	attempts_of "$T/src bind" "$T/file bind" "tmpfs defaults tmpfs" -- "$@"
}

# The same with other kinds of mounts.
odd_attempts() {
	attempts_of "proc defaults proc" "mqueue defaults mqueue" "$T/src bind,dest-nofollow" \
		"$T/src/here bind,src-nofollow,dest-nofollow" -- "$@"
}

attempts_of() { # "SOURCE OPTIONS [TYPE]"... -- DESTINATION...
	local destination case cases=()
	while [[ $1 != -- ]]; do
		cases+=("$1")
		shift
	done
	shift
	no_more_mounts
	cp "$B/config.json" "$T/config.base"
	for destination; do
		for case in "${cases[@]}"; do
			cp "$T/config.base" "$B/config.json"
			add_mounts <<<"$destination $case"
			ocirun run --bundle "$B" "$ID"
			[[ $status == 0 ]] || failed "mounts[6]"
			no_container
			canary_is_untouched
		done
	done
}

# exchanging A B: from now on the two names change places, until exchanged.
exchanging() {
	requires python3
	python3 "${BATS_TEST_DIRNAME:?}/exchange.py" "$1" "$2" 3>&- &
	exchanger=$!
}

exchanged() {
	kill "$exchanger"
	wait "$exchanger" || true
}

# race [COUNT]: creates containers while a directory and a link to the canary change places.
race() {
	local n
	mkdir -p "$R/swap" "$R/dir"
	ln -s "$T/canary" "$R/other"
	# `other` is a link, `swap` a directory, until they are exchanged.
	exchanging "$R/swap" "$R/other"
	for ((n = 0; n < ${1:-25}; n++)); do
		ocirun run --bundle "$B" "$ID"
		[[ $status == 0 || $stderr == *"mounts["* ]] || break
		canary_is_untouched || break
	done
	exchanged
	is "$n" "${1:-25}"
	canary_is_untouched
}
