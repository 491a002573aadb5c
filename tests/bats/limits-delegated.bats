#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Limits of an ordinary user in cgroups that root has delegated: below a directory of each hierarchy that belongs to
# the user, as systemd does it for v2.  Started as root, which makes the directories and removes them again.
load helpers
load cgroup-helpers

# Directories of the user, which the runtime's process is in; the container goes below.
delegate() {
	requires_root "delegates cgroups"
	requires_cgroup
	id "$OCITEST_USER" >/dev/null 2>&1 || skip "no user $OCITEST_USER (tests/run makes it)"
	delegated=ocirun-test-$ID
	local root file controllers
	while read -r root; do
		mkdir "$root/$delegated" "$root/$delegated/caller"
		if [[ -e $root/$delegated/cpuset.cpus && -e $root/cgroup.sane_behavior ]]; then
			for file in cpuset.cpus cpuset.mems; do
				cat "$root/$file" >"$root/$delegated/$file"
				cat "$root/$file" >"$root/$delegated/caller/$file"
			done
		fi
		if [[ -e $root/cgroup.controllers ]]; then
			controllers=$(sed 's/[a-z_]*/+&/g; s/+$//' "$root/cgroup.controllers")
			echo "$controllers" >"$root/cgroup.subtree_control" 2>/dev/null || true
		fi
		chown -R "$OCITEST_USER:" "$root/$delegated"
	done < <(hierarchy_roots)
	WRAP=(sh -ec 'name=$1; shift
		for procs in /sys/fs/cgroup/"$name"/caller/cgroup.procs /sys/fs/cgroup/*/"$name"/caller/cgroup.procs; do
			[ ! -e "$procs" ] || echo 0 >"$procs"
		done
		exec "$@"' in-delegated "$delegated")
	config '.linux.cgroupsPath = $p' --arg p "/$delegated/container"
	# the bundle of root becomes one of the user
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}]' \
		--argjson u "$(id -u "$OCITEST_USER")" --argjson g "$(id -g "$OCITEST_USER")"
}

# User's containers first; then what was delegated.
teardown() {
	local failed=0
	[[ ${BATS_TEST_COMPLETED:-} || ${BATS_TEST_SKIPPED:-} ]] || last_call
	container_delete_all
	[[ -z ${delegated:-} ]] || remove_cgroups "$delegated"
	nothing_left || {
		failed=1
		kill_leftovers
	}
	remove_tree "$T"
	return $failed
}

# as_user, which has to succeed.
user_works() {
	as_user "$@"
	succeeded
}

user_refused() { # TEXT... -- ARG...
	local texts=()
	while [[ $1 != -- ]]; do
		texts+=("$1")
		shift
	done
	shift
	as_user "$@"
	failed "${texts[@]}"
}

@test "delegated: a user's container gets its cgroup, and all limits hold" {
	delegate
	has_controller memory && has_controller pids || skip "no controllers for memory and pids"
	resources '{"memory": {"limit": 33554432, "swap": 33554432}, "pids": {"limit": 10}}'
	guest spawn memory 200 -- spawn fork 50 -- true
	as_user run --bundle "$B" "$ID"
	is "$status, $stderr" "0, guest: fork: EAGAIN (Resource temporarily unavailable)"
	is "$(grep -c 'status 137' <<<"$output")" 1
	has "$output" "forked 8"
	is "$(cgroup_directories container | grep "$delegated")" ""
}

@test "delegated: update, pause, resume, events, kill and delete by the user" {
	delegate
	has_controller pids || skip "no pids controller"
	resources '{"pids": {"limit": 10}}'
	args /guest sleep
	user_works create --bundle "$B" "$ID"
	user_works start "$ID"
	has "$(cat "/proc/$(container_pid)/cgroup")" "/$delegated/container"
	user_works update --pids-limit 5 "$ID"
	value_is pids pids.max 5 pids.max 5
	user_works pause "$ID"
	is "$(container_status)" paused
	user_works resume "$ID"
	user_works events --stats "$ID"
	fact_is .data.pids.limit 5 .data.pids.current 1
	user_works ps --format json "$ID"
	is "$(jq length <<<"$output")" 1
	user_works exec "$ID" /guest cgroup
	has "$output" "/$delegated/container"
	user_works kill --all "$ID" KILL
	wait_for_status stopped
	user_works delete "$ID"
	is "$(cgroup_directories container | grep "$delegated")" ""
}

@test "delegated: a limit of a hierarchy in which the user has nothing is refused by name" {
	delegate
	in_v1 memory || skip "memory is not in a v1 hierarchy"
	chown -R root: "$(v1_root memory)/$delegated"
	resources '{"memory": {"limit": 33554432}}'
	user_refused "linux.resources.memory.limit" "controller memory" "$(v1_root memory)" -- create --bundle "$B" "$ID"
	resources '{"pids": {"limit": 10}}'
	args /guest true
	user_works run --bundle "$B" "$ID"
}

@test "delegated: a v2 controller that is not enabled for the user is refused by name" {
	delegate
	in_v2 hugetlb || skip "no hugetlb controller in the v2 hierarchy"
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
	args /guest true
	local directory
	directory=$(v2_root)/$delegated
	if grep -qw hugetlb "$directory/cgroup.controllers"; then
		user_works run --bundle "$B" "$ID"
	fi
	chown root "$directory/cgroup.subtree_control"
	echo "-hugetlb" >"$directory/cgroup.subtree_control"
	user_refused "linux.resources.hugepageLimits: the hugetlb controller is not delegated" cgroup.subtree_control Delegate= \
		-- create --bundle "$B" "$ID"
}
