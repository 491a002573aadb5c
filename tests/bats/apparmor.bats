#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=vm
# process.apparmorProfile (config.md, Linux Process).  tests/vm/run has a kernel with AppArmor.
load helpers

is_active() {
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]]
}

setup() {
	helpers_setup
	profile=ocirun-test-$ID
}

teardown() {
	if [[ -s $T/profiles ]]; then
		apparmor_parser --remove "$T/profiles"
	fi
	helpers_teardown
}

# profile TEXT: loads it; its name is $profile or begins with that.
load_profile() {
	requires_root "loads a profile"
	is_active || skip "AppArmor is not active (tests/vm/run)"
	requires apparmor_parser
	[[ -e $T/profiles ]] || echo 'abi <abi/4.0>,' >"$T/profiles"
	echo "$1" >>"$T/profiles"
	apparmor_parser --replace --skip-cache "$T/profiles"
}

# Allows all but writing below /forbidden; 0 as flags: enforced.
load_usual() {
	mkdir "$R/forbidden"
	chmod 777 "$R/forbidden"
	load_profile "profile $profile flags=(attach_disconnected,mediate_deleted) {
		file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, userns, change_profile,
		deny /forbidden/** w,
	}"
	config '.process.apparmorProfile = $p' --arg p "$profile"
}

@test "apparmor: the program is confined by the profile, and the profile holds" {
	load_usual
	args /guest apparmor
	runs
	has "$output" "$profile (enforce)"
	guest touch /tmp/fine /forbidden/x
	ocirun run --bundle "$B" "$ID"
	is "$(grep -c EACCES <<<"$stderr")" 1
	has "$stderr" /forbidden/x
}

@test "apparmor: without the property there is no profile" {
	is_active || skip "AppArmor is not active (tests/vm/run)"
	args /guest apparmor
	runs
	has "$output" unconfined
}

@test "apparmor: exec has the profile of the configuration, of its process.json, of --apparmor" {
	load_usual
	load_profile "profile $profile-other flags=(attach_disconnected) { file, signal, unix, capability, }"
	sleeping
	works exec "$ID" /guest apparmor
	has "$output" "$profile (enforce)"
	works exec --apparmor "$profile-other" "$ID" /guest apparmor
	has "$output" "$profile-other (enforce)"
	jq --arg p "$profile-other" '.process | .args = ["/guest", "apparmor"] | .apparmorProfile = $p' <"$B/config.json" >"$T/process.json"
	works exec --process "$T/process.json" "$ID"
	has "$output" "$profile-other (enforce)"
}

@test "apparmor: a profile that is not loaded is refused at create and at exec, with what loads it" {
	is_active || skip "AppArmor is not active (tests/vm/run)"
	config '.process.apparmorProfile = "no-such-profile"'
	create_refused "process.apparmorProfile no-such-profile" "no profile of this name is loaded" apparmor_parser
	lacks "$stderr" "o such file"
	config 'del(.process.apparmorProfile)'
	sleeping
	refused "no profile of this name is loaded" -- exec --apparmor no-such-profile "$ID" /guest true
	is "$(container_status)" running
}

@test "apparmor: a profile where AppArmor is not active is refused" {
	! is_active || skip "AppArmor is active"
	config '.process.apparmorProfile = "some-profile"'
	create_refused "process.apparmorProfile some-profile" "not active"
}

@test "apparmor: in a user namespace" {
	load_usual
	config_many_ids
	args /guest apparmor
	runs
	has "$output" "$profile (enforce)"
	guest touch /forbidden/x
	ocirun run --bundle "$B" "$ID"
	has "$stderr" EACCES
}

@test "apparmor: an ordinary user's container" {
	load_usual
	id "$OCITEST_USER" >/dev/null 2>&1 || skip "no user $OCITEST_USER"
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}]' \
		--argjson u "$(id -u "$OCITEST_USER")" --argjson g "$(id -g "$OCITEST_USER")"
	args /guest apparmor
	as_user run --bundle "$B" "$ID"
	is "$stderr" ""
	has "$output" "$profile (enforce)"
}

@test "apparmor: a runtime that is confined itself: the profile replaces its own, or with noNewPrivileges joins it" {
	load_usual
	requires aa-exec
	load_profile "profile $profile-runtime flags=(attach_disconnected,mediate_deleted) {
		file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, userns, change_profile, mqueue,
	}"
	args /guest apparmor
	WRAP=(aa-exec -p "$profile-runtime" --)
	config '.process.noNewPrivileges = false'
	runs
	has "$output" "\"$profile (enforce)"
	config '.process.noNewPrivileges = true'
	runs
	has "$output" "$profile//&$profile-runtime (enforce)"
}

@test "apparmor: a profile that allows no change keeps the runtime from it, and the message says so" {
	load_usual
	requires aa-exec
	load_profile "profile $profile-runtime flags=(attach_disconnected,mediate_deleted) {
		file, capability, network, mount, umount, pivot_root, signal, ptrace, unix, userns, mqueue,
	}"
	WRAP=(aa-exec -p "$profile-runtime" --)
	created
	WRAP=()
	refused "process.apparmorProfile $profile" change_profile -- start "$ID"
}

@test "apparmor: two profiles at once, and one that only complains" {
	load_usual
	load_profile "profile $profile-other flags=(attach_disconnected,complain) { }"
	args /guest apparmor
	config '.process.apparmorProfile = $p' --arg p "$profile-other"
	runs
	has "$output" "$profile-other (complain)"
	config '.process.apparmorProfile = $p' --arg p "$profile//&$profile-other"
	runs
	has "$output" "//&"
}

@test "apparmor: a volume over /proc does not swallow the profile (CVE-2019-16884)" {
	load_usual
	mkdir -p "$R/fake"
	config '.mounts |= map(select(.destination != "/proc")) | .mounts += [{destination: "/proc", type: "tmpfs", source: "tmpfs"}]'
	args /guest true
	ocirun run --bundle "$B" "$ID"
	failed
}
