#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "delete of a stopped container removes it, and its id can be used again (runtime.md, Delete)" {
	args /guest true
	started
	wait_for_status stopped
	works delete "$ID"
	is "$output" ""
	no_container
	refused "does not exist" -- state "$ID"
	created
}

@test "delete of a running container fails and has no effect (runtime.md, Delete)" {
	sleeping
	refused "$ID" -- delete "$ID"
	is "$(container_status)" running
}

@test "delete right behind kill KILL finds the container stopped" {
	local n
	for n in 1 2 3 4 5; do
		args /guest fork 8
		started
		wait_until said "forked 8"
		works kill "$ID" KILL
		works delete "$ID"
	done
}

@test "delete --force kills a running container" {
	sleeping
	works delete --force "$ID"
	is "$output" ""
	no_container
	host_processes_unchanged
}

@test "delete -f kills every process, with and without a pid namespace" {
	args /guest fork 8
	started
	wait_until said "forked 8"
	works delete -f "$ID"
	host_processes_unchanged
	[[ $ROOTLESS == 0 ]] || return 0
	config '.linux.namespaces |= map(select(.type != "pid"))'
	started
	wait_until said "forked 8"
	works delete -f "$ID"
	wait_until host_processes_unchanged
}

@test "delete of a created container works, as engines expect" {
	created
	works delete "$ID"
	no_container
	host_processes_unchanged
}

@test "delete of an unknown container fails: container does not exist" {
	refused "does not exist" -- delete no-such-container
}

@test "delete --force of an unknown container succeeds silently" {
	works delete --force no-such-container
	is "$output" ""
	works delete -f another
}

@test "delete without an id fails" {
	refused -- delete
	refused -- delete --force
}

@test "delete with an id that is a path touches nothing" {
	mkdir -p "$T/victim" "$T/state"
	touch "$T/victim/file"
	ocirun delete --force ../victim
	[[ -e $T/victim/file ]]
	ocirun delete --force .
	[[ -d $T/state ]]
}

@test "delete --force with an id that cannot be one: one error, no talk of a state directory" {
	ocirun delete --force ../x
	failed "invalid character"
	is "$(wc -l <"$T/calls/$call.err")" 1
	ocirun delete --force ""
	failed "must not be empty"
	is "$(wc -l <"$T/calls/$call.err")" 1
}

@test "delete with the --root of something else removes nothing: no foreign directory, nothing behind a link" {
	mkdir -p "$T/home/letters" "$T/state"
	echo kept >"$T/home/letters/state.json"
	echo kept >"$T/home/letters/mum"
	run "$OCIRUN" --root "$T/home" delete --force letters
	[[ $status != 0 && $output == *"it holds"* ]]
	rm "$T/home/letters/state.json"
	run "$OCIRUN" --root "$T/home" delete letters
	[[ $status != 0 && $output == *"mum"* ]]
	ln -s "$T/home/letters" "$T/home/link"
	run "$OCIRUN" --root "$T/home" delete --force link
	[[ $status != 0 && -L $T/home/link ]]
	is "$(<"$T/home/letters/mum")" kept
	# a bundle, whose configuration is called as ours is
	run "$OCIRUN" --root "$T" delete --force bundle
	[[ $status != 0 && -s $B/config.json ]]
}

@test "delete removes only what create made: the bundle stays as it was (runtime.md, Delete)" {
	find "$B" | sort >"$T/before"
	args /guest true
	started
	wait_for_status stopped
	works delete "$ID"
	find "$B" | sort >"$T/after"
	diff "$T/before" "$T/after"
}

@test "delete leaves a network namespace that it was given" {
	requires_root "makes a network namespace"
	unshare --net="$T/netns" true 2>/dev/null || {
		touch "$T/netns"
		unshare --net="$T/netns" true
	}
	config '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "$T/netns"
	mounts_before=$(host_mounts)
	sleeping
	works delete --force "$ID"
	nsenter --net="$T/netns" true
	umount "$T/netns"
	mounts_before=$(host_mounts)
}

@test "delete twice: the second fails, forced it does not" {
	created
	works delete "$ID"
	refused "does not exist" -- delete "$ID"
	works delete --force "$ID"
}

@test "delete with a configuration that was damaged: the container is removed, and the poststop hooks are missed aloud" {
	printf '#!/bin/sh\ntouch %s\n' "$T/ran" >"$T/hook"
	chmod 755 "$T/hook"
	config '.hooks.poststop = [{path: $p}]' --arg p "$T/hook"
	args /guest true
	started
	wait_for_status stopped
	echo '{ "ociVersion": 1' >"$T/state/$ID/config.json"
	ocirun delete "$ID"
	is "$status" 0
	has "$stderr" "config.json"
	has "$stderr" "its poststop hooks cannot be run"
	no_container
	[[ ! -e $T/ran ]]
}

@test "delete of what a create left that was killed while it wrote the configuration: nothing is said" {
	local text
	for text in '' '{ "ociVersion": "1.3'; do
		(umask 077 && mkdir -p "$T/state/$ID")
		printf %s "$text" >"$T/state/$ID/config.json"
		works delete --force "$ID"
		no_container
	done
}
