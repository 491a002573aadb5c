#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# ps, pause, resume, and containers whose cgroups are frozen, gone, or cannot be made.
load helpers
load cgroup-helpers

# The container's own cgroups, by its name.
with_path() {
	config '.linux.cgroupsPath = $p' --arg p "/ocirun-test-$ID"
}

# in_view SCRIPT: what follows runs the runtime in a mount namespace of its own, after these shell commands.
in_view() {
	WRAP=(unshare --mount --propagation private sh -ec "$1; exec \"\$@\"" view)
}

# ---- ps ---------------------------------------------------------------------------------------

@test "ps prints the container's lines of ps(1), with its options, and pids as JSON" {
	requires_any_cgroup
	args /guest fork 3
	started
	wait_until said "forked 3"
	works ps "$ID"
	is "$(wc -l <<<"$output")" 5
	has "$(head -1 <<<"$output")" PID
	works ps "$ID" -eo pid,comm
	is "$(head -1 <<<"$output" | xargs)" "PID COMMAND"
	is "$(tail -n +2 <<<"$output" | awk '{ print $2 }' | sort | uniq -c | xargs)" "4 guest"
	works ps "$ID" -- -eo comm,pid
	is "$(head -1 <<<"$output" | xargs)" "COMMAND PID"
	works ps --format table "$ID" aux
	is "$(wc -l <<<"$output")" 5
	works ps --format json "$ID"
	is "$(jq length <<<"$output")" 4
	is "$(jq "index($(container_pid)) != null" <<<"$(ocirun ps -f json "$ID"; echo "$output")")" true
}

@test "ps: options that it cannot work with" {
	sleeping
	refused "no column PID" -- ps "$ID" -eo comm
	refused "ps: exit status" -- ps "$ID" --nonsense
	refused "no effect on --format json" -- ps --format json "$ID" -ef
	refused "container does not exist" -- ps none
}

nobody_left() {
	ocirun ps "$ID"
	[[ $status != 0 ]]
}

@test "ps shows what outlived the first process, in a shared pid namespace, until kill --all" {
	requires_any_cgroup
	config '.linux.namespaces |= map(select(.type != "pid"))'
	args /guest fork 2
	started
	wait_until said "forked 2"
	works kill "$ID" KILL
	is "$(container_status)" stopped
	works ps --format json "$ID"
	is "$(jq length <<<"$output")" 2
	works kill --all "$ID" KILL
	wait_until nobody_left
	refused "container not running" -- ps "$ID"
	works delete "$ID"
}

@test "ps of a paused container works; of a stopped one, and of one that is only a zombie, it is refused" {
	requires_any_cgroup
	sleeping
	works pause "$ID"
	works ps --format json "$ID"
	is "$(jq length <<<"$output")" 1
	works delete --force "$ID"
	# its parent does not wait for it
	WRAP=(sh -c '"$@"; exec sleep 1000' parent)
	ocirun_background create --bundle "$B" --pid-file "$T/pid" "$ID"
	WRAP=()
	wait_until test -s "$T/pid"
	wait_for_status created
	works kill "$ID" KILL
	wait_for_status stopped
	refused "container not running" -- ps "$ID"
	refused "container not running" -- pause "$ID"
	kill "$background"
	wait_background
}

# ---- pause and resume -------------------------------------------------------------------------

@test "pause and resume in every state" {
	requires_any_cgroup
	args /guest wait-signal
	refused "container does not exist" -- pause "$ID"
	refused "container does not exist" -- resume "$ID"
	created
	works pause "$ID"
	is "$(container_status)" paused
	refused paused -- start "$ID"
	works resume "$ID"
	is "$(container_status)" created
	works start "$ID"
	wait_until said ready
	refused "not paused" -- resume "$ID"
	works pause "$ID"
	refused "paused already" -- pause "$ID"
	works resume "$ID"
	is "$(container_status)" running
	works kill "$ID" KILL
	wait_for_status stopped
	refused "container not running" -- pause "$ID"
	refused "container not running" -- resume "$ID"
}

@test "what is paused does not run, and goes on where it was" {
	requires_any_cgroup
	guest await /go -- echo went on
	started
	wait_until said waiting
	works pause "$ID"
	touch "$R/go"
	is "$(awk '$1 == "State:" { print $2 }' "/proc/$(container_pid)/status" | tr -d DS)" ""
	is "$(container_output)" waiting
	works resume "$ID"
	wait_until said "went on"
}

@test "a signal for a paused container waits for resume, and SIGKILL does not (runtime.md, Kill)" {
	requires_any_cgroup
	args /guest wait-signal
	started
	wait_until said ready
	works pause "$ID"
	works kill "$ID" USR1
	is "$(container_status)" paused
	works resume "$ID"
	wait_until said "got 10 SIGUSR1"
	wait_for_status stopped
	works delete "$ID"
	local all
	for all in "" --all; do
		started
		wait_until said ready
		works pause "$ID"
		# shellcheck disable=SC2086
		works kill $all "$ID" KILL
		wait_for_status stopped
		works delete "$ID"
	done
}

@test "frozen by somebody else, with either freezer: state says paused, resume, kill and delete work" {
	requires_v1 freezer
	with_path
	local how
	for how in resume kill delete; do
		args /guest wait-signal
		started
		wait_until said ready
		echo FROZEN >"$(cgroup_of freezer)/freezer.state"
		is "$(container_status)" paused
		case $how in
		resume)
			works resume "$ID"
			is "$(container_status)" running
			works delete --force "$ID"
			;;
		kill)
			works kill "$ID" KILL
			wait_for_status stopped
			works delete "$ID"
			;;
		delete) works delete --force "$ID" ;;
		esac
		no_container
		wait_until no_cgroup
	done
}

# ---- delete -----------------------------------------------------------------------------------

@test "a fork bomb does not outrun delete" {
	requires_controller pids
	resources '{"pids": {"limit": 200}}'
	args /guest bomb
	started
	wait_until said lit
	works delete --force "$ID"
	no_container
	host_processes_unchanged
	no_cgroup
}

@test "delete --force of a living container sleeps nowhere" {
	requires_cgroup
	requires strace
	sleeping
	# LeakSanitizer, if it is compiled in, cannot be traced
	WRAP=(env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=nanosleep,clock_nanosleep,select,pselect6 -o "$T/trace")
	works delete --force "$ID"
	WRAP=()
	is "$(<"$T/trace")" ""
}

# ---- cgroups that are unfit, or gone ----------------------------------------------------------

@test "a cgroup that is frozen, or below a frozen one, is refused at create (config-linux.md, Cgroups Path)" {
	requires_cgroup
	local root file text thaw
	if root=$(v2_root); then
		file=cgroup.freeze text=1 thaw=0
	else
		root=$(v1_root freezer) file=freezer.state text=FROZEN thaw=THAWED
	fi
	mkdir -p "$root/ocirun-test-$ID"
	echo $text >"$root/ocirun-test-$ID/$file"
	with_path
	create_refused "ocirun-test-$ID" frozen
	config '.linux.cgroupsPath += "/below"'
	create_refused "ocirun-test-$ID/below" frozen
	[[ ! -e $root/ocirun-test-$ID/below ]]
	echo $thaw >"$root/ocirun-test-$ID/$file"
	args /guest true
	runs
	remove_cgroups "ocirun-test-$ID"
}

@test "a cgroupsPath that leads elsewhere is refused (config-linux.md, Cgroups Path)" {
	local path
	for path in / // /. .. /../x /a/../../b a/.. $'/a\nb' system.slice:docker:x; do
		config '.linux.cgroupsPath = $p' --arg p "$path"
		create_refused linux.cgroupsPath
	done
}

@test "a cgroup that was removed underneath: the container can still be seen, listed, killed and deleted" {
	requires_cgroup
	args /guest fork 2
	with_path
	started
	wait_until said "forked 2"
	local directory pid
	while read -r directory; do
		while read -r pid; do
			echo "$pid" >"$(dirname "$directory")/cgroup.procs"
		done < <(cat "$directory/cgroup.procs")
		rmdir "$directory"
	done < <(cgroup_directories "ocirun-test-$ID")
	is "$(container_status)" running
	works ps --format json "$ID"
	is "$(jq length <<<"$output")" 3
	refused "it is gone" -- pause "$ID"
	refused "not paused" -- resume "$ID"
	refused "it is gone" -- update --pids-limit 5 "$ID"
	refused "it is gone" -- events --stats "$ID"
	is "$(cgroup_directories "ocirun-test-$ID")" ""
	works kill --all "$ID" WINCH
	works delete --force "$ID"
	no_container
	wait_until host_processes_unchanged
}

@test "a read-only /sys/fs/cgroup is an error that says so, and how to do without" {
	requires_cgroup
	args /guest echo fine
	in_view "for m in $(hierarchy_roots | paste -sd' '); do mount --bind \$m \$m; mount -o remount,bind,ro \$m; done"
	refused "mounted read-only" "--cgroup-manager disabled" -- run --bundle "$B" "$ID"
	no_container
	OCIRUN_ARGS="--cgroup-manager disabled" runs
	is "$output" fine
}

@test "no /sys/fs/cgroup at all is an error that says so, with the limit that needs it" {
	requires_cgroup
	args /guest echo fine
	in_view 'mount -t tmpfs nothing /sys/fs/cgroup'
	refused "no cgroup filesystem is mounted" "--cgroup-manager disabled" -- run --bundle "$B" "$ID"
	OCIRUN_ARGS="--cgroup-manager disabled" runs
	resources '{"pids": {"limit": 5}}'
	refused "linux.resources.pids.limit" "no cgroup filesystem is mounted" -- run --bundle "$B" "$ID"
	OCIRUN_ARGS="--cgroup-manager disabled" refused "linux.resources.pids.limit" -- run --bundle "$B" "$ID"
	lacks "$stderr" "no such file"
	lacks "$stderr" "ermission denied"
}

@test "a controller that is missing is named, with the property that needs it" {
	requires_v2 hugetlb
	# the v2 hierarchy alone, which on a hybrid has hardly any controllers
	in_v1 memory || skip "all controllers are in v2"
	in_view "mount --bind $(v2_root) /sys/fs/cgroup"
	args /guest echo fine
	resources '{"memory": {"limit": 50000000}}'
	refused "linux.resources.memory.limit: the memory controller is not available" Delegate= -- run --bundle "$B" "$ID"
	resources '{"unified": {"memory.max": "50000000"}}'
	refused "linux.resources.unified.memory.max: the memory controller is not available" -- run --bundle "$B" "$ID"
	resources '{"network": {"classID": 5}}'
	refused "linux.resources.network.classID: only cgroup v1" -- run --bundle "$B" "$ID"
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 0}]}'
	runs
	is "$output" fine
}

@test "rootless: a limit whose cgroup is not delegated names the controller, the place and what helps" {
	requires_user "root may make cgroups"
	local own
	own=$(v2_root)$(sed -n 's/^0:://p' /proc/self/cgroup) || skip "no v2 hierarchy"
	[[ ! -w $own ]] || skip "a cgroup is delegated"
	resources '{"pids": {"limit": 5}}'
	create_refused linux.resources.pids.limit "controller pids" /sys/fs/cgroup
	[[ $stderr == *Delegate=* || $stderr == *"cgroup v1 is delegated by root"* ]]
}
