#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore with CRIU, where there is one that works here.  What does not need one is in criu.bats.
load helpers

cache=${OCIRUN_TEST_CACHE:-${HOME:-/root}/.cache/ocirun-tests}

# A CRIU that works on this kernel: the host's, or a newer one from the cache.  Looked for once in a file.
with_criu() {
	requires_root "CRIU needs it"
	local answer=$BATS_FILE_TMPDIR/criu
	[[ -e $answer ]] || find_criu >"$answer" 2>"$answer.log"
	PATH=$(<"$answer"):$PATH
	[[ $PATH != :* ]] || skip "no CRIU works here: $(tail -n 1 "$answer.log")"
}

find_criu() {
	local directory
	for directory in /usr/sbin "$cache/criu/bin"; do
		if [[ $directory == "$cache"* && ! -e $directory/criu ]] && command -v mmdebstrap >/dev/null; then
			"$tests_dir/make-criu" "$cache/criu" >&2 || true
		fi
		if [[ -x $directory/criu ]] && "$directory/criu" check >&2; then
			echo "$directory"
			return 0
		fi
	done
	return 0
}

# into_pipe ARG...: `works ARG...` with a pipe as standard output and error, as from an engine; what comes through is
# in $T/said.
into_pipe() {
	local pid
	exec 9> >(exec cat >"$T/said" 3>&- 4>&-)
	pid=$!
	# shellcheck disable=SC2016
	WRAP=(bash -c 'exec "$@" >&9 2>&9 9>&-' bash)
	ocirun "$@"
	[[ $status == 0 ]] || cat "$T/said"
	is "status $status" "status 0"
	WRAP=()
	exec 9>&-
	container_out=$T/said
	echo "$pid" >"$T/cat"
}

# The other end of the pipe is closed: all that was said is there.
all_said() {
	wait_until is_gone "$(<"$T/cat")"
}

is_gone() {
	[[ ! -e /proc/$1 ]]
}

# waiting COMMAND...: a container that runs guest commands, the `await /go` among them.
waiting() {
	with_criu
	guest "$@"
	into_pipe create --bundle "$B" "$ID"
	works start "$ID"
	wait_until said waiting
}

go_on() {
	touch "$R/go"
	wait_for_status stopped "${1:-$RID}"
	all_said
}

saved() { # OPTION...
	works checkpoint --image-path "$T/images" "$@" "$ID"
}

# A new container from the images, with another id.
restored() { # OPTION...
	RID=${ID}r
	into_pipe restore --detach --bundle "$B" --image-path "$T/images" "$@" "$RID"
	is "$(container_status "$RID")" running
}

restored_pid() {
	state "$RID"
	jq -r .pid <<<"$output"
}

# fails_to_restore TEXT... -- OPTION...: and nothing of it stays.
fails_to_restore() {
	local texts=()
	while [[ $1 != -- ]]; do
		texts+=("$1")
		shift
	done
	refused "${texts[@]}" -- restore --detach --bundle "$B" --image-path "$T/images" "${@:2}" "${ID}r"
	no_container "${ID}r"
	no_cgroup "${ID}r"
}

@test "checkpoint saves and removes, restore goes on where it was, under another id" {
	waiting echo one -- await /go -- echo two
	saved
	no_container
	no_cgroup
	restored
	is "$(container_output)" ""
	go_on
	is "$(container_output)" two
	works delete "$RID"
	no_container "$RID"
}

@test "restore under the same id in the same bundle" {
	waiting await /go -- echo again
	saved
	into_pipe restore -d -b "$B" --image-path "$T/images" "$ID"
	go_on "$ID"
	is "$(container_output)" again
}

facts_kept() { # FACT...
	local fact before after
	before=$(head -n 1 "$T/said")
	saved
	restored
	go_on
	after=$(container_output)
	for fact; do
		is "$fact $(jq -cS ".[\"$fact\"]" <<<"$after")" "$fact $(jq -cS ".[\"$fact\"]" <<<"$before")"
	done
	is "$(mounts_of "$after")" "$(mounts_of "$before")"
}

mounts_of() {
	jq -r '(if type == "array" then . else .mounts end) | sort_by(.target)[] | "\(.target) \(.type) \(.options)"' <<<"$1"
}

@test "a restored container is what it was: capabilities, mounts, names, limits" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 128}] | .process.oomScoreAdj = 77 |
		.process.user = {uid: 0, gid: 0, additionalGids: [7, 8], umask: 63}'
	waiting all -- await /go -- all
	facts_kept uids gids groups umask caps rlimits oom cwd argv names env
}

@test "processes of other users, where root may read their limits" {
	[[ $ROOTLESS == 1 ]] || setpriv --dump | grep -q '^Capability bounding set:.*sys_resource' ||
		skip "root lacks CAP_SYS_RESOURCE"
	config '.process.user = {uid: 5, gid: 6, additionalGids: [7]}'
	waiting all -- await /go -- all
	facts_kept uids gids groups
}

@test "a container with a user namespace" {
	config_many_ids
	waiting all -- await /go -- all
	facts_kept uids gids id-maps caps
}

@test "the seccomp filter and no_new_privs are back" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO"}]}'
	waiting await /go -- process -- mkdir /new
	local pid
	saved
	restored
	pid=$(restored_pid)
	is "$(grep -E '^(Seccomp|NoNewPrivs):' "/proc/$pid/status" | tr -d '\t\n')" "NoNewPrivs:1Seccomp:2"
	go_on
	[[ ! -e $R/new ]]
}

@test "binds come from the host again, as the new configuration says, and all of them are read-only that were" {
	mkdir "$T/one" "$T/two" "$R/existing"
	ln -s existing "$R/link"
	echo old >"$T/one/file"
	echo new >"$T/two/file"
	touch "$T/single"
	config '.mounts += [
		{destination: "/a", source: $one, options: ["bind", "ro"]},
		{destination: "/b", source: $one, options: ["bind", "ro", "nosuid", "nodev"]},
		{destination: "/c", source: $one, options: ["bind", "ro"]},
		{destination: "/link/d", source: $one, options: ["rbind", "noexec"]},
		{destination: "/file", source: $single, options: ["bind", "ro"]}]' --arg one "$T/one" --arg single "$T/single"
	waiting mounts -- cat /a/file -- await /go -- cat /a/file /b/file /c/file /link/d/file -- mounts
	local before
	before=$(head -n 1 "$T/said")
	saved
	sed -i "s|$T/one|$T/two|" "$B/config.json"
	# A new root file system, as engines make one, has none of the places.
	rmdir "$R"/{a,b,c,existing/d}
	rm "$R/file"
	restored
	go_on
	is "$(head -n 4 "$T/said")" "$(printf 'new\nnew\nnew\nnew')"
	is "$(mounts_of "$(tail -n 1 "$T/said")")" "$(mounts_of "$before")"
}

@test "masked paths stay masked, and their mounts read-only" {
	touch "$R/secret" "$R/secret2"
	mkdir "$R/hidden"
	config '.linux.maskedPaths += ["/secret", "/secret2", "/hidden", "/absent"]'
	waiting await /go -- mounts
	saved
	restored
	go_on
	output=$(tail -n 1 "$T/said")
	local path
	for path in /secret /secret2 /hidden; do
		has "$(jq -r --arg p "$path" '[.[] | select(.target == $p)] | last.options' <<<"$output")" ro,
	done
}

@test "a network namespace that has a path is joined again" {
	requires ip unshare
	with_criu
	local ns=$T/ns
	touch "$ns"
	unshare --net="$ns" ip link set lo up
	config '(.linux.namespaces[] | select(.type == "network")).path = $ns' --arg ns "$ns"
	waiting await /go -- ns
	saved
	restored
	is "$(stat -Lc %i "/proc/$(restored_pid)/ns/net")" "$(stat -Lc %i "$ns")"
	go_on
	umount "$ns"
}

@test "IPC and UTS namespaces that have a path are joined again" {
	requires unshare
	with_criu
	touch "$T/ipc" "$T/uts"
	unshare --ipc="$T/ipc" --uts="$T/uts" true
	config 'del(.hostname) | (.linux.namespaces[] | select(.type == "ipc")).path = $ipc |
		(.linux.namespaces[] | select(.type == "uts")).path = $uts' --arg ipc "$T/ipc" --arg uts "$T/uts"
	waiting await /go
	saved
	restored
	local pid kind
	pid=$(restored_pid)
	for kind in ipc uts; do
		is "$(stat -Lc %i "/proc/$pid/ns/$kind")" "$(stat -Lc %i "$T/$kind")"
	done
	go_on
	umount "$T/ipc" "$T/uts"
}

@test "the restored processes are in the new container's cgroup, which pause, ps and update find" {
	local mode
	for mode in soft ignore; do
		rm -f "$R/go"
		waiting await /go
		saved --manage-cgroups-mode "$mode"
		restored --manage-cgroups-mode "$mode"
		has "$(cat "/proc/$(restored_pid)/cgroup")" "$RID"
		lacks "$(sed "s/$RID//" "/proc/$(restored_pid)/cgroup")" "$ID"
		ocirun ps --format json "$RID"
		is "$output" "[$(restored_pid)]"
		works pause "$RID"
		is "$(container_status "$RID")" paused
		works resume "$RID"
		go_on
		works delete "$RID"
		rm -rf "$T/images"
	done
}

@test "limits of the configuration hold for what is restored" {
	[[ -e /sys/fs/cgroup/pids || $(cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null) == *pids* ]] || skip "no pids controller"
	config '.linux.resources = {pids: {limit: 77}}'
	waiting await /go
	saved
	config '.linux.resources = {pids: {limit: 66}}'
	restored
	local found
	found=$(find /sys/fs/cgroup -path "*$RID*" -name pids.max -exec cat {} +)
	is "$found" 66
	go_on
}

@test "a cgroup mount shows the new container's cgroup" {
	config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}] |
		.linux.namespaces += [{type: "cgroup"}]'
	waiting await /go -- mounts
	saved
	restored
	go_on
	has "$(jq -r '.[] | select(.type | startswith("cgroup")) | .root' <<<"$(tail -n 1 "$T/said")")" "/"
}

@test "--leave-running, which may be given twice, lets the container go on" {
	waiting await /go -- echo end
	saved --leave-running --leave-running
	is "$(container_status)" running
	works delete --force "$ID"
	restored
	go_on
	is "$(container_output)" end
}

@test "pre-dump saves memory only, and a checkpoint takes the rest" {
	with_criu
	criu check --feature mem_dirty_track >/dev/null 2>&1 || skip "the kernel does not track memory"
	waiting await /go -- echo end
	works checkpoint --pre-dump --image-path "$T/images/first" "$ID"
	is "$(container_status)" running
	works checkpoint --pre-dump --image-path "$T/images/second" --parent-path ../first "$ID"
	is "$(container_status)" running
	works checkpoint --image-path "$T/images/third" --parent-path ../second "$ID"
	no_container
	[[ $(readlink "$T/images/third/parent") == ../second ]]
	RID=${ID}r
	into_pipe restore -d -b "$B" --image-path "$T/images/third" "$RID"
	go_on
	is "$(container_output)" end
}

@test "a paused container can be saved" {
	waiting await /go -- echo end
	works pause "$ID"
	saved
	no_container
	restored
	go_on
	is "$(container_output)" end
}

@test "image and work path are made with all their parents, for nobody else to read" {
	waiting await /go
	works checkpoint --image-path "$T/x/y/images" --work-path "$T/work/criu/log" "$ID"
	is "$(stat -c %a "$T/x" "$T/x/y/images" "$T/work/criu" | tr '\n' ' ')" "700 700 700 "
	[[ -e $T/work/criu/log/dump.log && ! -e $T/x/y/images/dump.log ]]
	RID=${ID}r
	into_pipe restore -d -b "$B" --image-path "$T/x/y/images" --work-path "$T/other/w" "$RID"
	[[ -e $T/other/w/restore.log ]]
	go_on
}

@test "paths relative to the caller's directory, the default image path" {
	waiting await /go -- echo end
	cd "$T"
	works checkpoint "$ID"
	[[ -e $T/checkpoint/inventory.img && -e $T/checkpoint/dump.log ]]
	RID=${ID}r
	into_pipe restore -d -b bundle "$RID"
	go_on
	is "$(container_output)" end
}

@test "standard output that is a file of the host" {
	with_criu
	guest echo one -- await /go -- echo two
	started
	wait_until said waiting
	local file=$container_out
	saved
	RID=${ID}r
	"$OCIRUN" --root "$T/state" restore -d -b "$B" --image-path "$T/images" "$RID" >>"$file" 3>&- 4>&-
	touch "$R/go"
	wait_for_status stopped "$RID"
	is "$(<"$file")" "$(printf 'one\nwaiting\ntwo')"
}

@test "the terminal goes to the console socket" {
	with_criu
	config '.process.terminal = true'
	guest echo hello -- await /go -- terminal
	receive_console
	created --console-socket "$T/console.sock"
	works start "$ID"
	wait_until grep -q waiting "$T/console"
	saved
	rm -f "$T/console" "$T/console.sock"
	receive_console
	RID=${ID}r
	works restore -d -b "$B" --image-path "$T/images" --console-socket "$T/console.sock" "$RID"
	touch "$R/go"
	wait_for_status stopped "$RID"
	wait_until grep -q '"controlling":true' <(tr -d ' ' <"$T/console")
	is "$(grep -c hello "$T/console")" 0
}

receive_console() {
	"$OCIRUN_TOOLS/console-recv" "$T/console.sock" >"$T/console" 2>&1 </dev/null 3>&- 4>&- &
	wait_until test -S "$T/console.sock"
}

@test "in the foreground: output, exit status, and nothing is left" {
	waiting await /go -- echo end -- exit 7
	saved
	RID=${ID}r
	touch "$R/go"
	# shellcheck disable=SC2016
	WRAP=(bash -c '"$@" | cat; exit ${PIPESTATUS[0]}' bash)
	ocirun restore -b "$B" --image-path "$T/images" "$RID"
	is "$status $output $stderr" "7 end "
	no_container "$RID"
	no_cgroup "$RID"
	ocirun restore -b "$B" --image-path "$T/images" --keep "$RID"
	is "$status $output $stderr" "7 end "
	WRAP=()
	is "$(container_status "$RID")" stopped
}

@test "in the foreground signals are handed on" {
	waiting await /go -- wait-signal
	saved
	touch "$R/go"
	RID=${ID}r
	# shellcheck disable=SC2016
	WRAP=(bash -c 'exec "$@" > >(exec cat)' bash)
	ocirun_background restore -b "$B" --image-path "$T/images" "$RID"
	wait_until said ready
	kill -TERM "$background"
	wait_background
	WRAP=()
	is "$output" "$(printf 'ready\ngot 15 SIGTERM')"
	no_container "$RID"
}

@test "the pid file; the restored process belongs to whoever called" {
	requires python3
	waiting await /go
	saved
	RID=${ID}r
	# A subreaper, as conmon and the shim are.
	cat >"$T/caller.py" <<'END'
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
subprocess.run(sys.argv[2:], check=True)
stat = open("/proc/%s/stat" % open(sys.argv[1]).read()).read()
print("mine" if stat.rsplit(") ", 1)[1].split()[1] == str(os.getpid()) else stat, file=open(sys.argv[1] + ".parent", "w"))
END
	python3 "$T/caller.py" "$T/pid" "$OCIRUN" --root "$T/state" restore -no-subreaper --detach --no-pivot \
		--bundle "$B" --pid-file "$T/pid" --image-path "$T/images" "$RID" > >(exec cat) 2>"$T/err" 3>&- 4>&-
	is "$(<"$T/err")$(<"$T/pid.parent")" mine
	is "$(<"$T/pid")" "$(restored_pid)"
	go_on
}

@test "file locks, which are an error without --file-locks" {
	requires flock
	waiting lock /lock -- await /go -- echo end
	refused "CRIU's dump failed" "--file-locks" -- checkpoint --image-path "$T/first" "$ID"
	is "$(container_status)" running
	saved --file-locks
	flock --nonblock "$R/lock" true
	restored --file-locks
	run flock --nonblock "$R/lock" true
	is "$status" 1
	go_on
	is "$(container_output)" end
}

# Two programs in the container that are connected: what comes in from /from goes to /to.
@test "a TCP connection, which is an error without --tcp-established" {
	with_criu
	requires busybox
	! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip "busybox is not static"
	cp "$(command -v busybox)" "$R/bin/busybox"
	mkfifo "$R/from"
	touch "$R/to"
	args /bin/busybox sh -c '
		busybox() { /bin/busybox "$@"; }
		(busybox cat /from; busybox sleep 600) | busybox nc -l -p 4000 >/dev/null &
		exec 8>/from
		until busybox grep -q :0FA0 /proc/net/tcp*; do busybox sleep 0.05; done
		busybox sleep 600 | busybox nc 127.0.0.1 4000 >/to &
		echo first >&8
		until busybox grep -q first /to; do busybox sleep 0.05; done
		echo waiting
		until [ -e /go ]; do busybox sleep 0.05; done
		echo second >&8
		until busybox grep -q second /to; do busybox sleep 0.05; done
		echo end'
	into_pipe create --bundle "$B" "$ID"
	works start "$ID"
	wait_until said waiting
	refused "CRIU's dump failed" "tcp-established" -- checkpoint --image-path "$T/first" "$ID"
	is "$(container_status)" running
	ocirun checkpoint --image-path "$T/images" --tcp-established "$ID"
	[[ $stderr != *"sockets: Can't get"* ]] || skip "this CRIU does not know the sockets of this kernel: ${stderr#*failed: }"
	[[ $stderr != *tables* ]] || skip "CRIU holds connections by iptables, and that does not work here: $stderr"
	succeeded
	restored --tcp-established
	go_on
	is "$(container_output)" end
}

@test "prestart and createRuntime hooks run in the new namespaces, poststop at delete" {
	with_criu
	mkdir "$T/shared"
	cp "$OCIRUN_TOOLS/guest" "$T/shared/guest"
	local kind
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		config '.hooks[$k] += [{path: ($s + "/guest"), args: ["guest", "hook", ($s + "/log"), $k],
			env: ["OCIRUN_TEST_MARK=" + $m]}]' --arg k "$kind" --arg s "$T/shared" --arg m "$ID"
	done
	config 'del(.hooks.startContainer, .hooks.createContainer)'
	waiting await /go
	saved
	is "$(jq -r .tag "$T/shared/log" | paste -sd,)" prestart,createRuntime,poststart,poststop
	rm "$T/shared/log"
	restored
	is "$(jq -r .tag "$T/shared/log" | paste -sd,)" prestart,createRuntime
	is "$(jq -r '.state.pid' "$T/shared/log" | sort -u)" "$(restored_pid)"
	go_on
	works delete "$RID"
	is "$(jq -r .tag "$T/shared/log" | tail -n 1)" poststop
}

@test "a hook that fails ends the restore, and nothing is left" {
	waiting await /go
	saved
	config '.hooks.createRuntime = [{path: "/bin/false"}]'
	fails_to_restore "error running createRuntime hook" --
}

@test "images that are broken, or of nothing: CRIU's words, and nothing is left" {
	waiting await /go
	saved
	echo broken >"$T/images/pstree.img"
	fails_to_restore "CRIU's restore failed" "its log is $T/images/restore.log" --
	mkdir "$T/empty"
	refused "CRIU's restore failed" -- restore -d -b "$B" --image-path "$T/empty" "${ID}r"
	no_container "${ID}r"
	rm -rf "${T:?}/images"
}

@test "a pid file that cannot be written ends what was restored" {
	waiting await /go
	saved
	fails_to_restore "pid file /nowhere/pid" -- --pid-file /nowhere/pid
}

@test "a configuration file of CRIU wins over the command line" {
	with_criu
	echo 'log-file other.log' >"$T/criu.conf"
	config '.annotations["org.criu.config"] = $f' --arg f "$T/criu.conf"
	waiting await /go
	saved
	[[ -e $T/images/other.log && ! -e $T/images/dump.log ]]
}
