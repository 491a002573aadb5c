#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

no_userns() {
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
}

map_of() { # uid|gid: the lines with single blanks, joined by commas
	fact ".\"id-maps\".$1" | tr -s ' ' | sed 's/^ //' | paste -sd,
}

@test "a user's config without a user namespace gets one, with his subordinate ids" {
	requires_subids
	no_userns
	runs
	fact_is .uids[0] 0
	has "$(map_of uid)" "0 $(id -u) 1,1 $(subid /etc/subuid) "
	has "$(map_of gid)" "0 $(id -g) 1,1 $(subid /etc/subgid) "
}

@test "the user namespace that a user gets holds other users" {
	requires_subids
	no_userns
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 6]}'
	args /guest "do" uids -- groups -- touch /tmp/file
	chmod 1777 "$R/tmp"
	runs
	is "$output" $'[1000,1000,1000,1000]\n[5,6]'
	is "$(stat -c '%u %g' "$R/tmp/file")" "$(($(subid /etc/subuid) + 999)) $(($(subid /etc/subgid) + 999))"
}

@test "own mappings of subordinate ids" {
	requires_subids
	config_many_ids
	config '.process.user = {uid: 65535, gid: 65535}'
	runs
	fact_is .uids[0] 65535
	is "$(map_of uid)" "0 $(id -u) 1,1 $(subid /etc/subuid) 65535"
}

@test "the user himself under another id (keep-id)" {
	requires_subids
	local uid gid
	uid=$(subid /etc/subuid) gid=$(subid /etc/subgid)
	config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1000}, {containerID: 1000, hostID: $me, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: $g, size: 1000}, {containerID: 1000, hostID: $mine, size: 1}] |
		.process.user = {uid: 1000, gid: 1000}' \
		--argjson u "$uid" --argjson g "$gid" --argjson me "$(id -u)" --argjson mine "$(id -g)"
	chmod 1777 "$R/tmp"
	args /guest "do" uids -- touch /tmp/file
	runs
	is "$output" "[1000,1000,1000,1000]"
	is "$(stat -c %u "$R/tmp/file")" "$(id -u)"
}

@test "one id: written without helpers, setgroups denied (CVE-2014-8989)" {
	requires_user "the mapping of an ordinary user"
	WRAP=(env PATH=/nonexistent)
	OCIRUN=$(command -v "$OCIRUN") runs
	is "$(map_of uid)" "0 $(id -u) 1"
	is "$(map_of gid)" "0 $(id -g) 1"
	fact_is '."id-maps".setgroups' deny
}

@test "one id that is not root" {
	requires_user "the mapping of an ordinary user"
	config '.linux.uidMappings[0].containerID = 1234 | .linux.gidMappings[0].containerID = 5678 | .process.user = {uid: 1234, gid: 5678}'
	runs
	fact_is .uids '[1234,1234,1234,1234]' .gids '[5678,5678,5678,5678]' .cwd /
}

@test "a newuidmap that fails: its words are in the message" {
	requires_subids
	config_many_ids
	mkdir "$T/path"
	printf '#!/bin/sh\necho "the helper says no" >&2\nexit 1\n' >"$T/path/newuidmap"
	cp "$T/path/newuidmap" "$T/path/newgidmap"
	chmod 755 "$T/path"/*
	WRAP=(env "PATH=$T/path:$PATH")
	create_refused "the helper says no"
}

@test "ids that were not given to the user are refused, and the message tells what he has" {
	requires_subids
	config '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 10}]'
	create_refused uidMappings
}

@test "a user without subordinate ids runs with one id" {
	requires_root "becomes the user nobody"
	grep -q '^nobody:' /etc/subuid && skip "nobody has subordinate ids"
	config '.linux.namespaces += [{type: "user"}]'
	no_userns
	OCITEST_USER=nobody as_user run --bundle "$B" "$ID"
	succeeded
	is "$(map_of uid)" "0 $(id -u nobody) 1"
}

# What follows as a user who has subordinate ids, but no newuidmap.
without_newuidmap() {
	WRAP=(unshare --mount --propagation private sh -ec
		'for p in newuidmap newgidmap; do mount --bind /dev/null "$(command -v $p)"; done; exec "$@"' sh)
}

@test "without newuidmap a config without a user namespace runs with one id" {
	requires_root "hides newuidmap"
	id "$OCITEST_USER" >/dev/null 2>&1 || skip "no user $OCITEST_USER (tests/run makes it)"
	without_newuidmap
	no_userns
	as_user run --bundle "$B" "$ID"
	succeeded
	is "$(map_of uid)" "0 $(id -u "$OCITEST_USER") 1"
}

@test "without newuidmap mappings of many ids fail, and the message names it" {
	requires_root "hides newuidmap"
	id "$OCITEST_USER" >/dev/null 2>&1 || skip "no user $OCITEST_USER (tests/run makes it)"
	without_newuidmap
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: $u, size: 1000}] |
		.linux.gidMappings = .linux.uidMappings' --argjson u "$(awk -F: -v u="$OCITEST_USER" '$1 == u { print $2; exit }' /etc/subuid)"
	as_user create --bundle "$B" "$ID"
	failed newuidmap
}

@test "root of a user namespace counts as an ordinary user" {
	WRAP=(unshare --map-root-user)
	no_userns
	runs
	fact_is .uids[0] 0
}

@test "process.user that is not mapped is refused, and the message names the id" {
	requires_user "all ids are mapped"
	config '.process.user.uid = 4321'
	refused process.user.uid 4321 -- run --bundle "$B" "$ID"
	config '.process.user = {uid: 0, gid: 1234}'
	refused process.user.gid 1234 -- run --bundle "$B" "$ID"
	no_container
}

@test "additionalGids that cannot be given are refused, not forgotten" {
	requires_user "all ids are mapped"
	config '.process.user.additionalGids = [7]'
	refused additionalGids -- run --bundle "$B" "$ID"
}

@test "the annotation run.oci.keep_original_groups keeps the caller's groups" {
	requires_root "has groups to give"
	WRAP=(setpriv --groups 7,8)
	config '.annotations = {"run.oci.keep_original_groups": "1"}'
	runs
	holds '(.groups | sort) == [7, 8]'
}

@test "root's own mappings: owners are shifted, and the program has capabilities only inside" {
	requires_root "maps foreign ids"
	config_many_ids
	runs
	is "$(map_of uid)" "0 1200000 65536"
	fact_is .uids[0] 0 '."id-maps".setgroups' allow
	args /guest touch /tmp/file
	runs
	is "$(stat -c '%u %g' "$R/tmp/file")" "1200000 1200000"
}

@test "a directory above the bundle that the mapped root may not enter does no harm" {
	requires_root "maps foreign ids"
	config_many_ids
	chmod 700 "$T"
	args /guest echo inside
	runs
	is "$output" inside
}

@test "a user namespace without mappings is refused for root (config-linux.md, User namespace mappings)" {
	requires_root "a user gets mappings"
	config '.linux.namespaces += [{type: "user"}]'
	create_refused uidMappings
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}]'
	create_refused gidMappings
}

@test "mappings without a user namespace are refused" {
	requires_root "a user gets a user namespace"
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	create_refused uidMappings user
}

@test "mappings that overlap, are empty or too large are refused" {
	local map
	for map in '[{"containerID":0,"hostID":1000,"size":10},{"containerID":5,"hostID":5000,"size":10}]' \
		'[{"containerID":0,"hostID":1000,"size":10},{"containerID":50,"hostID":1005,"size":10}]' \
		'[{"containerID":0,"hostID":1000,"size":0}]' \
		'[{"containerID":4294967290,"hostID":1000,"size":100}]' \
		'[{"containerID":0,"hostID":4294967295,"size":1}]'; do
		config '.linux.namespaces |= (map(select(.type != "user")) + [{type: "user"}]) | .linux.uidMappings = $m | .linux.gidMappings = $m' \
			--argjson m "$map"
		create_refused Mappings
	done
}

@test "340 lines of mappings work, 341 are refused cleanly (CVE-2021-43784, user_namespaces(7))" {
	requires_root "maps foreign ids"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [range(340) | {containerID: (. * 2), hostID: (30000 + . * 3), size: 1}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -R 30000:30000 "$R"
	runs
	fact_is '."id-maps".uid | split("\n") | length' 340
	config '.linux.uidMappings += [{containerID: 9999, hostID: 5000000, size: 1}]'
	create_refused uidMappings 340
	config '.linux.uidMappings = [range(100000) | {containerID: (. * 2), hostID: (1000000 + . * 3), size: 1}]'
	create_refused uidMappings
}
