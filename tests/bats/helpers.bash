# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What every bats file shares.  A test has a directory of its own ($T) with a bundle ($B), its root
# filesystem ($R) and a private --root, and a container id ($ID).  After each test everything is
# deleted, and the test fails when a mount, process, cgroup or state directory is left.
#
# Who runs bats is who runs the containers: as an ordinary user the suite is the rootless suite, and
# $ROOTLESS is 1.  Environment: OCIRUN (the runtime), OCIRUN_ARGS (global options, words),
# OCIRUN_TOOLS (built by tests/build-tools), OCITEST_USER (a user with subordinate ids).

tests_dir=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
: "${OCIRUN:=$tests_dir/../build/ocirun}"
: "${OCIRUN_TOOLS:=${TMPDIR:-/tmp}/ocirun-tools.$(id -u)}"
: "${OCITEST_USER:=ocitest}"
# Not what the environment calls so.
T=
ROOTLESS=0
[[ $(id -u) == 0 ]] || ROOTLESS=1

# shellcheck source=tests/looking.bash
. "$tests_dir/looking.bash"

# ---- one test ---------------------------------------------------------------------------------

setup_file() {
	[[ -x $OCIRUN ]] || { echo "no runtime at $OCIRUN (set OCIRUN)" >&2; return 1; }
	"$tests_dir/build-tools" "$OCIRUN_TOOLS"
}

setup() {
	helpers_setup
}

# For files that add to it.
helpers_setup() {
	umask 022
	T=$(mktemp -d "${TMPDIR:-/tmp}/ocirun-test.XXXXXX")
	chmod 755 "$T"
	mkdir "$T/calls" "$T/run"
	ID=ot${T##*.}
	export XDG_RUNTIME_DIR=$T/run
	B=$T/bundle
	R=$B/rootfs
	call=0
	container_out=
	WRAP=()
	mounts_before=$(host_mounts)
	null_before=$(stat -c '%a %u %g' /dev/null)
	bundle_new
}

teardown() {
	helpers_teardown
}

helpers_teardown() {
	local failed=0

	# skipped before there was anything
	[[ $T ]] || return 0
	[[ ${BATS_TEST_COMPLETED:-} || ${BATS_TEST_SKIPPED:-} ]] || last_call
	container_delete_all
	nothing_left || {
		failed=1
		kill_leftovers
	}
	remove_tree "$T"
	return $failed
}

# A tree that may hold files of subordinate ids.
remove_tree() {
	chmod -R u+rwX "$1" 2>/dev/null || true
	rm -rf "$1" 2>/dev/null && return 0
	unshare --map-root-user --map-auto rm -rf "$1" 2>/dev/null || rm -rf "$1"
}

requires_root() { # REASON
	[[ $ROOTLESS == 0 ]] || skip "needs root: $1"
}

requires_user() { # REASON
	[[ $ROOTLESS == 1 ]] || skip "for an ordinary user: $1"
}

requires_subids() {
	requires_user "uses subordinate ids"
	[[ $(subid /etc/subuid) && $(subid /etc/subgid) ]] || skip "no subordinate ids for $(id -un)"
}

# Skips when the program cannot be run here.
requires() { # PROGRAM...
	local program
	for program; do
		command -v "$program" >/dev/null || skip "needs $program"
	done
}

# ---- bundles ----------------------------------------------------------------------------------

# bundle_new [DIRECTORY]: a root filesystem that holds the guest and the directories for the usual
# mounts, and a config.json whose program is `guest all`.
bundle_new() {
	local bundle=${1:-$B}
	mkdir -p "$bundle/rootfs"/{bin,dev,etc,proc,root,run,sys,tmp}
	cp "$OCIRUN_TOOLS/guest" "$bundle/rootfs/guest"
	ln -s ../guest "$bundle/rootfs/bin/guest"
	printf 'root:x:0:0::/root:/guest\nalice:x:1000:1000::/home/alice:/guest\n' >"$bundle/rootfs/etc/passwd"
	printf 'root:x:0:\nalice:x:1000:\nteam:x:2000:alice\n' >"$bundle/rootfs/etc/group"
	config_template >"$bundle/config.json"
}

config_template() {
	cat <<END
{
	"ociVersion": "${OCIRUN_TEST_SPEC:-1.3.0}",
	"root": { "path": "rootfs" },
	"process": {
		"user": { "uid": 0, "gid": 0 },
		"args": ["/guest", "all"],
		"cwd": "/",
		"env": ["PATH=/bin", "OCIRUN_TEST_MARK=$ID"],
		"capabilities": {
			"bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
			"effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
			"permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
		},
		"noNewPrivileges": true
	},
	"hostname": "guest",
	"mounts": [
		{ "destination": "/proc", "type": "proc", "source": "proc" },
		{ "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
		  "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
		{ "destination": "/dev/pts", "type": "devpts", "source": "devpts",
		  "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
		{ "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
		  "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
		{ "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
		  "options": ["nosuid", "noexec", "nodev"] },
		{ "destination": "/sys", "type": "sysfs", "source": "sysfs",
		  "options": ["nosuid", "noexec", "nodev", "ro"] }
	],
	"linux": {
		$(config_ids)
		"namespaces": [
			$(config_userns)
			{ "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }
		],
		"maskedPaths": ["/proc/kcore", "/proc/keys", "/sys/firmware"],
		"readonlyPaths": ["/proc/sys", "/proc/bus"]
	}
}
END
}

config_userns() {
	[[ $ROOTLESS == 0 ]] || echo '{ "type": "user" },'
}

# The caller's own id is enough for most tests.
config_ids() {
	[[ $ROOTLESS == 0 ]] ||
		printf '"uidMappings": [{"containerID":0,"hostID":%d,"size":1}], "gidMappings": [{"containerID":0,"hostID":%d,"size":1}],\n' \
			"$(id -u)" "$(id -g)"
}

# config FILTER [JQ OPTION...]: changes the bundle's config.json.
config() {
	local filter=$1
	shift
	jq "$filter" "$@" <"$B/config.json" >"$T/config.new"
	cat "$T/config.new" >"$B/config.json"
}

# args WORD...: the program of the container.
args() {
	config '.process.args = $ARGS.positional' --args -- "$@"
}

# guest COMMAND...: several guest commands in one program: guest 'stat' /x -- cat /y
guest() {
	args /guest "do" "$@"
}

# Ids 0 to 65535 in a user namespace: subordinate ids for a user, a range of its own for root.
config_many_ids() {
	local uid gid
	if [[ $ROOTLESS == 1 ]]; then
		requires_subids
		uid=$(subid /etc/subuid)
		gid=$(subid /etc/subgid)
		config '.linux.uidMappings = [{containerID: 0, hostID: $me, size: 1}, {containerID: 1, hostID: $uid, size: 65535}] |
			.linux.gidMappings = [{containerID: 0, hostID: $mine, size: 1}, {containerID: 1, hostID: $gid, size: 65535}]' \
			--argjson me "$(id -u)" --argjson mine "$(id -g)" --argjson uid "$uid" --argjson gid "$gid"
	else
		config '.linux.uidMappings = [{containerID: 0, hostID: 1200000, size: 65536}] |
			.linux.gidMappings = [{containerID: 0, hostID: 1200000, size: 65536}] |
			.linux.namespaces += [{type: "user"}]'
		chown -R 1200000:1200000 "$R"
	fi
}

# The first subordinate id of the user that runs the tests.
subid() { # FILE
	awk -F: -v user="$(id -un)" '$1 == user { print $2; exit }' "$1"
}

# ---- calling the runtime ----------------------------------------------------------------------

# ocirun ARG...: sets $status, $output (standard output) and $stderr.  $WRAP holds words to put before
# the runtime (env, prlimit, a shell that opens descriptors).  Bats' own descriptors are closed.
# What a created or detached container says afterwards goes on in the same file: container_output.
ocirun() {
	local out err
	call=$((call + 1))
	out=$T/calls/$call.out err=$T/calls/$call.err
	status=0
	# shellcheck disable=SC2086 # OCIRUN_ARGS holds words
	OCIRUN_TEST_MARK=$ID timeout --foreground -k 2 "${OCIRUN_TIMEOUT:-30}" "${WRAP[@]}" "$OCIRUN" ${OCIRUN_ARGS:-} \
		--root "$T/state" "$@" <"${STDIN:-/dev/null}" >"$out" 2>"$err" 3>&- 4>&- || status=$?
	output=$(tr -d '\0' <"$out")
	stderr=$(tr -d '\0' <"$err")
	case " $* " in
	*" create "* | *" run "* | *" restore "*) container_out=$out ;;
	esac
}

# As ocirun, started in the background; $background is its pid, wait_background takes its status.
ocirun_background() {
	call=$((call + 1))
	container_out=$T/calls/$call.out
	# shellcheck disable=SC2086
	env "OCIRUN_TEST_MARK=$ID" "${WRAP[@]}" "$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" "$@" \
		<"${STDIN:-/dev/null}" >"$container_out" 2>"$T/calls/$call.err" 3>&- 4>&- &
	background=$!
}

wait_background() {
	status=0
	wait "$background" || status=$?
	output=$(<"$container_out")
	stderr=$(<"$T/calls/$call.err")
}

container_output() {
	cat "$container_out"
}

# ocirun ARG..., which has to succeed and say nothing on standard error.
works() {
	ocirun "$@"
	succeeded
}

# refused TEXT... -- ARG...: the runtime fails, and standard error holds every TEXT.
refused() {
	local texts=()
	while [[ $1 != -- ]]; do
		texts+=("$1")
		shift
	done
	shift
	ocirun "$@"
	failed "${texts[@]}"
}

# `run` of the bundle, which has to succeed.
runs() {
	works run --bundle "$B" "$@" "$ID"
}

# `create` of the bundle has to fail with every TEXT in its message, and no container is left.
create_refused() { # TEXT...
	refused "$@" -- create --bundle "$B" "$ID"
	no_container
}

created() {
	works create --bundle "$B" "$@" "$ID"
}

# create and start of the bundle
started() {
	created "$@"
	works start "$ID"
}

# A container whose program sleeps, for tests of other commands.
sleeping() {
	args /guest sleep
	started
}

state() { # [ID]
	ocirun state "${1:-$ID}"
}

container_status() { # [ID]
	state "${1:-$ID}"
	jq -r .status <<<"$output"
}

container_pid() {
	state
	jq -r .pid <<<"$output"
}

wait_for_status() { # STATUS [ID]
	local want=$1 id=${2:-$ID}
	wait_until status_is "$want" "$id"
}

status_is() {
	[[ $(container_status "$2") == "$1" ]]
}

# wait_until COMMAND...: polls it for some five seconds.
wait_until() {
	local n
	for ((n = 0; n < 200; n++)); do
		if "$@"; then
			return 0
		fi
		sleep 0.025
	done
	echo "waited in vain for: $*" >&2
	return 1
}

# The container's output has a line that matches.
said() { # PATTERN
	grep -qe "$1" "$container_out"
}

# as_user ARG...: the same as ocirun, as an ordinary user with subordinate ids.
as_user() {
	if [[ $ROOTLESS == 0 ]]; then
		id "$OCITEST_USER" >/dev/null 2>&1 || skip "no user $OCITEST_USER (tests/run makes it)"
		chown -R "$OCITEST_USER:" "$T"
		local WRAP=("${WRAP[@]}" setpriv "--reuid=$OCITEST_USER" "--regid=$(id -g "$OCITEST_USER")" --init-groups
			env "HOME=$T" "USER=$OCITEST_USER" "XDG_RUNTIME_DIR=$T/run")
	fi
	ocirun "$@"
}

# ---- what was said ----------------------------------------------------------------------------

last_call() {
	echo "--- last call: status ${status:-none}"
	echo "--- output: ${output:0:1000}"
	echo "--- stderr: ${stderr:-}"
}

succeeded() {
	is "status $status, stderr: $stderr" "status 0, stderr: "
}

# The command failed by itself (was not killed or timed out), and its message holds every TEXT,
# whatever the case of the letters.
failed() { # TEXT...
	local text
	[[ $status != 0 && $status != 124 && $status -lt 128 ]] || [[ $status == 255 ]] ||
		{ echo "expected a failure, got status $status" >&2; return 1; }
	for text; do
		has "${stderr,,}" "${text,,}"
	done
	# The error is told once.
	if (($#)); then
		is "$(grep -ciF -- "$1" <<<"$stderr") line(s) with '$1'" "1 line(s) with '$1'"
	fi
}

# fact FILTER: of the JSON that the guest printed last.
fact() {
	jq -r "$1" <<<"$output"
}

# fact_is FILTER EXPECTED [FILTER EXPECTED]...
fact_is() {
	while (($#)); do
		is "$1 = $(jq -cr "$1" <<<"$output")" "$1 = $2"
		shift 2
	done
}

# holds FILTER...: each filter gives true for the guest's facts.
holds() {
	local filter
	for filter; do
		[[ $(jq -r "$filter" <<<"$output") == true ]] && continue
		printf 'does not hold: %s\n' "$filter" >&2
		return 1
	done
}

# mount_of TARGET: the last mount there, as one JSON object, from the guest's facts.
mount_of() {
	jq -c --arg t "$1" '[(if type == "array" then . else .mounts end)[] | select(.target == $t)] | last' <<<"$output"
}

# ---- nothing is left --------------------------------------------------------------------------

# The state directory holds nothing of the container.
no_container() { # [ID]
	[[ ! -e $T/state/${1:-$ID} ]] || { echo "left: $T/state/${1:-$ID}" >&2; return 1; }
}

container_delete_all() {
	local directory
	for directory in "$T/state"/*/; do
		[[ -d $directory ]] || continue
		ocirun delete --force -- "$(basename "$directory")"
		[[ $status == 0 ]] || last_call
	done
}

# Without those in the directories of other tests, which run at the same time.
host_mounts() {
	awk -v own="$T" '!/\/ocirun-test\./ || index($0, own)' /proc/self/mountinfo
}

host_mounts_unchanged() {
	is "$(host_mounts)" "$mounts_before"
}

# Processes of this test: by the mark in their environment, or our --root in their arguments (an init
# that hides from ptrace shows its environment to nobody but root).
host_processes() {
	printf '%s\n' "OCIRUN_TEST_MARK=$ID" "$T/state" >"$T/calls/marks"
	grep -lzsF -f "$T/calls/marks" /proc/[0-9]*/environ /proc/[0-9]*/cmdline | cut -d/ -f3
}

host_processes_unchanged() {
	[[ -z $(host_processes) ]]
}

kill_leftovers() {
	local pid
	for pid in $(host_processes); do
		kill -KILL "$pid" 2>/dev/null || true
	done
}

no_cgroup() { # [ID]
	[[ -z $(find /sys/fs/cgroup -type d -name "*${1:-$ID}*" 2>/dev/null) ]]
}

nothing_left() {
	local rest
	wait_until host_processes_unchanged || {
		echo "processes left: $(for rest in $(host_processes); do ps -o pid=,ppid=,stat=,args= "$rest"; done)" >&2
		return 1
	}
	wait_until no_cgroup || { echo "cgroups left: $(find /sys/fs/cgroup -type d -name "*$ID*")" >&2; return 1; }
	wait_until host_mounts_unchanged 2>/dev/null || { host_mounts_unchanged; return 1; }
	is "/dev/null $(stat -c '%a %u %g' /dev/null)" "/dev/null $null_before" || return 1
	rest=$(find "$T/state" -mindepth 1 -maxdepth 1 -name "*$ID*" 2>/dev/null) || true
	[[ -z $rest ]] || { echo "state left: $rest" >&2; return 1; }
}
