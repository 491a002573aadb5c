#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd's ctr: tasks from start to finish, and what its options ask of a runtime.  An ordinary user's containerd is in
# the namespaces of rootlesskit.
# as: root user

load helpers
load containerd-helpers

image=docker.io/library/busybox:1
sleeping='trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'

setup_file() {
	T=$ENGINE_DIR/setup
	mkdir -p "$T"
	containerd_requires
	cat >"$ENGINE_DIR/containerd.toml" <<-END_OF_FILE
		version = 2
		root = "$ENGINE_DIR/containerd"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images"]
	END_OF_FILE
	containerd_start "$ENGINE_DIR/containerd.toml"
	busybox_tree "$T/busybox"
	oci_image "$T/busybox" "$image" "$T/busybox.tar"
	does ctr image import --snapshotter "$(snapshotter)" "$T/busybox.tar"
	rm -rf "$T"
}

teardown_file() {
	daemon_ends containerd
}

setup() {
	containerd_requires
	test_directory
	ID=c${T##*.}
}

teardown() {
	local id
	for id in $(ctr task list --quiet); do
		ctr task kill --signal KILL "$id" >>"$T/rm.out" 2>&1 || :
		ctr task delete "$id" >>"$T/rm.out" 2>&1 || timeout 10 ctr task delete --force "$id" >>"$T/rm.out" 2>&1 || :
	done
	for id in $(ctr container list --quiet); do
		ctr container delete "$id" >>"$T/rm.out" 2>&1 || { cat "$T/rm.out" >&2 && return 1; }
	done
	no_container_left /run/containerd/runc/default where_containerd_is
	rm -rf "$T"
}

# c_run OPTION... -- PROGRAM...: `ctr run' with the runtime under test.
c_run() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	# A user's containers have no place in the cgroups that root's would have, and other runtimes want cpu there.
	[[ $ROOTLESS == 0 ]] || options=(--cgroup "" --cpu-shares 0 "${options[@]}")
	command=(ctr run --runc-binary "$ENGINE_RUNTIME" --snapshotter "$(snapshotter)" "${options[@]}" "$image" "$ID" "$@")
}

runs() {
	c_run --rm "$@"
	does "${command[@]}"
}

# A container in the background that says "up" and waits for SIGTERM; more options may follow.
sleeper() {
	c_run --detach --log-uri "file://$T/log" "$@" -- sh -c "$sleeping"
	does "${command[@]}"
	wait_until grep -q up "$T/log"
}

task_is() { # STATUS
	prints "$1" sh -c "ctr task list | grep '^$ID '"
}

@test "run: output and the exit status" {
	runs -- sh -c 'echo hello; echo oops >&2'
	is "$output" hello
	is "$stderr" oops
	c_run --rm -- sh -c 'exit 7'
	ends 7 "${command[@]}"
}

@test "run: what is not there, and what cannot be executed, in the engine's words" {
	c_run --rm -- nosuchcommand
	ends 1 "${command[@]}"
	has "$stderr" 'exec: "nosuchcommand": executable file not found in $PATH'
	c_run --rm -- /no/such/file
	ends 1 "${command[@]}"
	has "$stderr" 'stat /no/such/file: no such file or directory'
	c_run --rm -- /etc/passwd
	ends 1 "${command[@]}"
	has "$stderr" 'permission denied'
}

@test "run --tty: a terminal with the window's size" {
	c_run --rm --tty -- sh
	on_tty $'tty; stty size; exit 4\n' "${command[@]}" || [[ $status == 4 ]]
	has "$output" /dev/pts/0
	has "$output" "24 80"
}

@test "run --detach, task list, kill, delete" {
	sleeper
	task_is RUNNING
	does ctr task kill "$ID"
	wait_until task_is STOPPED
	does ctr task delete "$ID"
	does ctr container delete "$ID"
	ends 1 ctr task kill "$ID"
	has "$stderr" 'not found'
}

@test "a killed task ends with 137; it cannot be killed again" {
	sleeper
	does ctr task kill --signal KILL "$ID"
	wait_until task_is STOPPED
	ends 1 ctr task kill "$ID"
	has "$stderr" 'process already finished'
	does ctr task delete "$ID"
	has "$stderr" 'exit code 137'
}

@test "task delete --force of a running container" {
	local ENGINE_TIMEOUT=10
	sleeper
	does ctr task delete --force "$ID"
	does ctr task list --quiet
	is "$output" ""
}

@test "exec: output, the exit status, a terminal, users" {
	sleeper
	does ctr task exec --exec-id one "$ID" sh -c 'echo in; id -u'
	is "$output" $'in\n0'
	ends 6 ctr task exec --exec-id two "$ID" sh -c 'exit 6'
	does ctr task exec --exec-id three --user 1000:2000 "$ID" sh -c 'id -u; id -g'
	is "$output" $'1000\n2000'
	does ctr task exec --exec-id four --cwd /tmp "$ID" pwd
	is "$output" /tmp
	on_tty $'tty; exit 5\n' ctr task exec --exec-id five --tty "$ID" sh || [[ $status == 5 ]]
	has "$output" /dev/pts/
}

@test "exec of what is not there" {
	sleeper
	ends 1 ctr task exec --exec-id one "$ID" nosuchcommand
	has "$stderr" 'exec: "nosuchcommand": executable file not found in $PATH'
	ends 1 ctr task exec --exec-id two "$ID" /etc/passwd
	has "$stderr" 'permission denied'
}

@test "pause and resume; a paused task can be removed" {
	[[ $ROOTLESS == 1 ]] || requires_controllers freezer
	sleeper
	does ctr task pause "$ID"
	task_is PAUSED
	does ctr task resume "$ID"
	task_is RUNNING
	does ctr task exec --exec-id one "$ID" echo awake
	is "$output" awake
	does ctr task pause "$ID"
	does ctr task delete --force "$ID"
}

@test "ps" {
	sleeper
	does ctr task ps "$ID"
	has "$output" "$(ctr task list | awk -v id="$ID" '$1 == id { print $2 }')"
}

@test "metrics" {
	requires_controllers memory pids
	sleeper
	does ctr task metrics "$ID"
	has "$output" memory
	has "$output" pids
}

@test "limits: memory and processors" {
	requires_controllers memory cpu
	sleeper --memory-limit 67108864 --cpus 0.5
	is "$(cgroup_file memory memory.limit_in_bytes memory.max "default/$ID")" 67108864
	has "$(cgroup_file cpu cpu.cfs_quota_us cpu.max "default/$ID")" 50000
}

@test "the default cpu.shares, which are sent unasked" {
	runs --cpu-shares 1024 -- echo ran
	is "$output" ran
}

@test "env and cwd" {
	runs --env A=1 --env B= --cwd /tmp -- sh -c 'echo "$A<$B>$(pwd)"'
	is "$output" "1<>/tmp"
}

@test "mounts: bind, read-only bind, tmpfs; a read-only root" {
	mkdir "$T/data"
	echo there >"$T/data/file"
	runs --mount "type=bind,src=$T/data,dst=/data,options=rbind:ro" --mount type=tmpfs,src=tmpfs,dst=/scratch,options=size=1m -- \
		sh -c 'cat /data/file; ! touch /data/x && touch /scratch/x && grep " /scratch tmpfs" /proc/mounts'
	has "$output" there
	has "$output" size=1024k
	runs --mount "type=bind,src=$T/data,dst=/data,options=rbind:rw" -- touch /data/new
	[[ -e $T/data/new ]]
	runs --read-only -- sh -c '! touch /x && echo refused'
	has "$output" refused
}

@test "capabilities, no new privileges, seccomp" {
	runs -- grep -E '^(CapEff|CapBnd)' /proc/self/status
	is "$output" $'CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb'
	runs --seccomp -- grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status
	is "$output" $'NoNewPrivs:\t1\nSeccomp:\t2'
}

@test "privileged" {
	runs --privileged -- sh -c 'grep CapEff /proc/self/status; grep -c " /sys sysfs rw" /proc/mounts'
	matches "$output" $'CapEff:\t0000[0-9a-f]{12}\n1'
	lacks "$output" 00000000a80425fb
}

@test "the host's network; namespaces of another container" {
	local pid
	runs --net-host -- readlink /proc/self/ns/net
	is "$output" "$(where_containerd_is readlink /proc/self/ns/net)"
	runs -- readlink /proc/self/ns/net
	[[ $output != "$(where_containerd_is readlink /proc/self/ns/net)" ]]
	sleeper
	pid=$(ctr task list | awk -v id="$ID" '$1 == id { print $2 }')
	ID=${ID}b
	runs --with-ns "network:/proc/$pid/ns/net" --with-ns "pid:/proc/$pid/ns/pid" -- sh -c 'readlink /proc/self/ns/net; ls /proc'
	has "$output" "$(readlink "/proc/$pid/ns/net")"
	matches "$output" $'(^|\n)1\n'
}

@test "devices" {
	runs --device /dev/loop-control -- stat -c '%t:%T' /dev/loop-control
	is "$output" a:ed
}

@test "a user namespace with remapped ids" {
	runs --uidmap 0:100000:65536 --gidmap 0:100000:65536 -- sh -c 'id -u; cat /proc/self/uid_map; stat -c %u /bin/busybox; touch /made'
	matches "$output" $'^0\n +0 +100000 +65536\n0$'
}

@test "a task's pid file and its parent" {
	sleeper --pid-file "$T/pid"
	[[ -d /proc/$(cat "$T/pid") ]]
	has "$(tr '\0' ' ' <"/proc/$(awk '/^PPid/ { print $2 }' "/proc/$(cat "$T/pid")/status")/cmdline")" containerd-shim
}

# What the container has counted, one number in each line.
count() {
	does ctr task exec --exec-id "count$RANDOM$RANDOM" "$ID" cat /count
}

counted() { # NUMBER
	count && [[ $(wc -l <<<"$output") -ge $1 ]]
}

@test "checkpoint to files and to an image, restore under another name" {
	with_criu
	local n
	c_run --detach -- sh -c 'i=0; while :; do i=$((i + 1)); echo $i >>/count; sleep 0.1; done'
	does "${command[@]}"
	wait_until counted 3
	does ctr task checkpoint --image-path "$T/images" --work-path "$T/new/criu" "$ID"
	[[ -e $T/images/inventory.img && -e $T/new/criu/dump.log ]]
	task_is RUNNING
	does ctr container checkpoint --image --rw --task "$ID" "saved/$ID:1"
	count
	n=$(wc -l <<<"$output")
	does ctr task delete --force "$ID"
	ID=${ID}r
	does ctr container restore --rw --live "$ID" "saved/${ID%r}:1"
	# Each number once, in order: it went on, and did not begin anew.
	wait_until counted $((n + 3))
	is "$output" "$(seq "$(wc -l <<<"$output")")"
}

# bats test_tags=all
@test "twenty tasks, one after the other, leave nothing" {
	local n
	for ((n = 0; n < 20; n++)); do
		runs -- true
	done
	is "$(find /sys/fs/cgroup -type d -name "$ID" | wc -l)" 0
	lacks "$(cat /proc/self/mountinfo)" "$ID"
}
