#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every MUST of config.md and config-linux.md, broken in turn: the message has the JSON path, and
# nothing is left (every teardown looks).
load helpers

# breaks FILTER TEXT...: the config with this change is refused with a message that holds every TEXT.
breaks() {
	local filter=$1
	shift
	cp "$B/config.json" "$T/good.json"
	config "$filter"
	create_refused "$@" || { echo "config: $filter" >&2; return 1; }
	cp "$T/good.json" "$B/config.json"
}

# raw SED-SCRIPT TEXT...: the same for what jq cannot write.
raw() {
	local script=$1
	shift
	cp "$B/config.json" "$T/good.json"
	sed -i "$script" "$B/config.json"
	! cmp -s "$T/good.json" "$B/config.json" || { echo "no change: $script" >&2; return 1; }
	create_refused "$@" || { echo "config: $script" >&2; return 1; }
	cp "$T/good.json" "$B/config.json"
}

# accepts FILTER: the config with this change can be created.
accepts() {
	cp "$B/config.json" "$T/good.json"
	config "$1"
	created || { echo "config: $1" >&2; return 1; }
	works delete --force "$ID"
	cp "$T/good.json" "$B/config.json"
}

@test "ociVersion has to be there, SemVer, and of a version that is known (config.md, Specification version)" {
	breaks 'del(.ociVersion)' ociVersion
	local version
	for version in '""' '"garbage"' '"1"' '"1.0"' '"2.5.0"' '"0.9.0"' '"v1.0.0"' '"1.0.0.0"' '"01.0.0"' '"1.0.0-rc..1"' '"1.0.0-01"' '"1.0.0-a_b"' '"1.0.0+"' '1.0' 'null' '[]'; do
		breaks ".ociVersion = $version" ociVersion
	done
}

@test "ociVersion: all 1.x are accepted, also with a suffix" {
	local version
	for version in 1.0.0 1.0.2 1.0.2-dev 1.1.0 1.1.0+dev 1.2.0 1.2.1 1.3.0 1.3.0-rc.1; do
		accepts ".ociVersion = \"$version\""
	done
}

@test "unknown properties are ignored, wherever they are (config.md, Extensibility)" {
	accepts '.unknown = {"a": [1, {"b": null}]} | .process.unknown = 1 | .linux.unknown = [] | .root.unknown = "x" |
		.mounts[0].unknown = true | .process.user.unknown = {} | .linux.namespaces[0].unknown = 5'
}

@test "objects of other platforms are ignored (config.md, Platform-specific configuration)" {
	accepts '.windows = {"layerFolders": ["x"]} | .solaris = {"milestone": "x"} | .vm = {"kernel": {"path": "/x"}} | .zos = {}'
}

@test "null counts as absent, as engines send it" {
	accepts '.hooks = null | .annotations = null | .linux.resources = null | .linux.seccomp = null | .process.rlimits = null |
		.linux.devices = null | .linux.sysctl = null | .process.apparmorProfile = null | .process.oomScoreAdj = null'
}

@test "wrong types are refused everywhere, with the path" {
	breaks '.root = []' root
	breaks '.root.path = 5' root.path
	breaks '.root.readonly = "true"' root.readonly
	breaks '.process = "x"' process
	breaks '.process.args = "x"' process.args
	breaks '.process.args = ["/guest", 1]' "process.args[1]"
	breaks '.process.args = ["/guest", null]' "process.args[1]"
	breaks '.process.env = [{}]' "process.env[0]"
	breaks '.process.terminal = "yes"' process.terminal
	breaks '.process.user = []' process.user
	breaks '.process.user.uid = "0"' process.user.uid
	breaks '.process.user.uid = 1.5' process.user.uid
	breaks '.process.capabilities = []' process.capabilities
	breaks '.process.capabilities.bounding = "CAP_KILL"' process.capabilities.bounding
	breaks '.process.noNewPrivileges = 1' process.noNewPrivileges
	breaks '.process.rlimits = {}' process.rlimits
	breaks '.mounts = "none"' mounts
	breaks '.mounts[1] = "x"' "mounts[1]"
	breaks '.mounts[1].options = "ro"' "mounts[1].options"
	breaks '.mounts[1].options[0] = 1' "mounts[1].options[0]"
	breaks '.hostname = 1' hostname
	breaks '.annotations = []' annotations
	breaks '.annotations = {"a": 1}' annotations
	breaks '.linux = []' linux
	breaks '.linux.namespaces = {}' linux.namespaces
	breaks '.linux.namespaces[0] = "pid"' "linux.namespaces[0]"
	breaks '.linux.maskedPaths = "/x"' linux.maskedPaths
	breaks '.linux.sysctl = {"net.ipv4.ip_forward": 1}' linux.sysctl
	breaks '.linux.resources = {"memory": {"limit": "512m"}}' linux.resources.memory.limit
	breaks '.linux.resources = {"pids": {"limit": {}}}' linux.resources.pids.limit
	breaks '.linux.resources = {"cpu": {"shares": -1}}' linux.resources.cpu.shares
	breaks '.hooks = []' hooks
	breaks '.hooks = {"prestart": {}}' hooks.prestart
}

@test "the message has file, line and column" {
	breaks '.process.cwd = 5' config.json process.cwd
	[[ $stderr =~ config\.json:[0-9]+:[0-9]+ ]]
}

@test "numbers out of range are refused (not wrapped around)" {
	config '.process.user.uid = 77777 | .process.rlimits = [{type: "RLIMIT_CORE", soft: 88888, hard: 88888}] | .process.oomScoreAdj = 66666'
	config '.process.oomScoreAdj = 0'
	local number
	for number in 4294967296 4294967295 -1 99999999999999999999999 1e3 1.0 0x10; do
		raw "s/77777/$number/" user
	done
	for number in 18446744073709551616 -1 1e30; do
		raw "s/\"soft\": 88888/\"soft\": $number/" process.rlimits
	done
	config '.process.user.uid = 0 | del(.process.rlimits)'
	breaks '.process.oomScoreAdj = 1001' process.oomScoreAdj
	breaks '.process.oomScoreAdj = -1001' process.oomScoreAdj
	breaks '.process.user.umask = 4096' process.user.umask
}

@test "a key given twice is refused (config.md: names in an object must be unique)" {
	raw 's/"hostname": "guest"/"hostname": "guest", "hostname": "other"/' hostname
	raw 's/"cwd": "\/"/"cwd": "\/", "cwd": "\/tmp"/' process.cwd
}

@test "a NUL in a string is refused" {
	raw 's/"cwd": "\/"/"cwd": "\/\\u0000x"/' process.cwd
	raw 's/"\/guest"/"\/guest\\u0000"/' process.args
}

@test "bytes that are no UTF-8 are refused" {
	raw 's/"hostname": "guest"/"hostname": "gu\xff\xfeest"/' config.json
}

@test "config.json that is missing, empty, blank, no object or cut off" {
	rm "$B/config.json"
	create_refused config.json "no such file"
	: >"$B/config.json"
	create_refused config.json
	printf '  \n\t ' >"$B/config.json"
	create_refused config.json
	local text
	for text in '[]' '"x"' 5 true null '{}{}' '{} x' '{"a":}' '{"a" 1}' "{'a':1}" '{"a":1,}' '{' '[' '{"process":{"args":["x"' '\x00'; do
		printf %b "$text" >"$B/config.json"
		create_refused config.json
	done
	rm "$B/config.json"
	mkdir "$B/config.json"
	create_refused config.json
	rmdir "$B/config.json"
	mkfifo "$B/config.json"
	OCIRUN_TIMEOUT=5 create_refused config.json
}

@test "config.json cut off after every hundredth byte" {
	cp "$B/config.json" "$T/whole.json"
	local size n
	size=$(wc -c <"$T/whole.json")
	for ((n = 1; n < size - 2; n += 100)); do
		head -c "$n" "$T/whole.json" >"$B/config.json"
		create_refused config.json
	done
}

@test "a config.json of 100 MB: unknown things in it are skipped, no crash, no hang" {
	{
		printf '{"junk":['
		head -c 100000000 /dev/zero | tr '\0' 1 | fold -w 5 | paste -sd, -
		printf '],'
		tail -c +2 "$B/config.json"
	} >"$T/big.json"
	mv "$T/big.json" "$B/config.json"
	# It may be refused for its size, but quickly.
	OCIRUN_TIMEOUT=20 ocirun create --bundle "$B" "$ID"
	[[ $status == 0 ]] || failed config.json
}

@test "deeply nested JSON is refused or skipped, never a crash" {
	local depth
	for depth in 1000 100000 1000000; do
		{
			printf '{"junk":'
			head -c "$depth" /dev/zero | tr '\0' '['
			head -c "$depth" /dev/zero | tr '\0' ']'
			printf ',"x":1}'
		} >"$B/config.json"
		create_refused
	done
	{
		printf '{"process":'
		head -c 100000 /dev/zero | tr '\0' '['
	} >"$B/config.json"
	create_refused config.json
}

@test "a string of 20 MB as argument, an array of a million arguments: a clean error" {
	head -c 20000000 /dev/zero | tr '\0' x >"$T/long"
	config '.process.args[1] = $long' --rawfile long "$T/long"
	ocirun run --bundle "$B" "$ID"
	[[ $status != 0 && $status -lt 126 || $status == 255 ]]
	no_container
	config '.process.args = [range(300000) | "/guest"]'
	ocirun run --bundle "$B" "$ID"
	[[ $status != 0 && $status -lt 126 || $status == 255 ]]
	no_container
}

@test "process: args, cwd and user (config.md, Process)" {
	breaks '.process.args = []' process.args
	breaks 'del(.process.args)' process.args
	breaks 'del(.process.cwd)' process.cwd
	breaks '.process.cwd = ""' process.cwd
	breaks '.process.cwd = "relative/path"' process.cwd absolute
	breaks '.process.cwd = "."' process.cwd
	breaks '.process.user = {"uid": 0, "gid": 4294967295}' process.user.gid
	breaks '.process.user.additionalGids = [4294967295]' process.user.additionalGids
	breaks '.process.user.additionalGids = [range(65537)]' process.user.additionalGids 65536
}

@test "an empty string as program is refused" {
	args ""
	create_refused "process.args[0]"
}

@test "env entries without a name or a value" {
	breaks '.process.env = ["=x"]' "process.env[0]"
	breaks '.process.env = ["A=1", ""]' "process.env[1]"
}

@test "rlimits: unknown and double types, soft above hard, missing values (config.md, POSIX Process)" {
	breaks '.process.rlimits = [{type: "RLIMIT_FOO", soft: 1, hard: 1}]' "process.rlimits[0].type" RLIMIT_FOO
	breaks '.process.rlimits = [{type: "nofile", soft: 1, hard: 1}]' "process.rlimits[0].type"
	breaks '.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1}, {type: "RLIMIT_CORE", soft: 2, hard: 2}]' \
		"process.rlimits[1]" RLIMIT_CORE
	breaks '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]' "process.rlimits[0]" soft
	breaks '.process.rlimits = [{type: "RLIMIT_CORE", hard: 1}]' "process.rlimits[0]" soft
	breaks '.process.rlimits = [{soft: 1, hard: 1}]' "process.rlimits[0]" type
}

@test "scheduler and ioPriority (config.md, Linux Process)" {
	breaks '.process.scheduler = {}' process.scheduler policy
	breaks '.process.scheduler = {policy: "SCHED_FOO"}' process.scheduler.policy
	breaks '.process.scheduler = {policy: "SCHED_OTHER", nice: 99}' process.scheduler.nice
	breaks '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 99}' process.ioPriority.priority
	breaks '.process.ioPriority = {priority: 1}' process.ioPriority class
}

@test "execCPUAffinity that is no list of processors" {
	breaks '.process.execCPUAffinity = {initial: "x"}' process.execCPUAffinity.initial
	breaks '.process.execCPUAffinity = {final: "3-1"}' process.execCPUAffinity.final
}

@test "mounts: destination (config.md, Mounts)" {
	breaks '.mounts += [{type: "tmpfs", source: "tmpfs"}]' "mounts[6]" destination
	breaks '.mounts += [{destination: "", type: "tmpfs", source: "tmpfs"}]' "mounts[6]" destination
}

@test "annotations: an empty key (config.md, Annotations)" {
	breaks '.annotations = {"": "x"}' annotations
	accepts '.annotations = {"a": ""}'
}

@test "linux.namespaces (config-linux.md, Namespaces)" {
	breaks '.linux.namespaces += [{type: "foo"}]' "linux.namespaces[" type foo
	breaks '.linux.namespaces += [{}]' "linux.namespaces[" type
	breaks '.linux.namespaces += [{type: "PID"}]' "linux.namespaces[" type
	breaks '.linux.namespaces += [{type: "uts"}]' "linux.namespaces[" uts
	breaks '.linux.namespaces |= map(if .type == "ipc" then .path = "relative" else . end)' "linux.namespaces[" path
}

@test "linux.devices (config-linux.md, Devices)" {
	breaks '.linux.devices = [{path: "/dev/x", type: "z", major: 1, minor: 1}]' "linux.devices[0].type"
	breaks '.linux.devices = [{path: "/dev/x", type: "c"}]' "linux.devices[0]" major
	breaks '.linux.devices = [{path: "", type: "c", major: 1, minor: 3}]' "linux.devices[0].path"
}

@test "linux.rootfsPropagation, personality and seccomp values" {
	breaks '.linux.rootfsPropagation = "sideways"' linux.rootfsPropagation
	breaks '.linux.personality = {domain: "BSD"}' linux.personality.domain
	breaks '.linux.personality = {}' linux.personality domain
	breaks '.linux.personality = {domain: "LINUX", flags: ["X"]}' linux.personality.flags
	breaks '.linux.seccomp = {defaultAction: "SCMP_ACT_FOO"}' linux.seccomp.defaultAction
	breaks '.linux.seccomp = {}' linux.seccomp defaultAction
	breaks '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_FOO"]}' "linux.seccomp.architectures[0]"
	breaks '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_KILL"}]}' "linux.seccomp.syscalls[0].names"
	breaks '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_ERRNO",
		args: [{index: 0, value: 1, op: "SCMP_CMP_FOO"}]}]}' "linux.seccomp.syscalls[0].args[0].op"
}

@test "linux.resources.unified of files that move or kill processes is refused, whoever's they are (config-linux.md, Unified)" {
	local file
	sleep 300 3>&- 4>&- &
	for file in cgroup.procs cgroup.threads cgroup.kill cgroup.freeze cgroup.type cgroup.subtree_control; do
		breaks ".linux.resources = {unified: {\"$file\": \"$!\"}}" "linux.resources.unified.$file"
	done
	kill $!
}

@test "linux.resources that cannot be meant (config-linux.md, Control groups)" {
	breaks '.linux.resources = {cpu: {quota: 1000, burst: 5000}}' linux.resources.cpu.burst
	breaks '.linux.resources = {blockIO: {weightDevice: [{major: 8, minor: 0}]}}' linux.resources.blockIO.weightDevice
	breaks '.linux.resources = {rdma: {"mlx5_1": {}}}' linux.resources.rdma
	breaks '.linux.resources = {hugepageLimits: [{pageSize: "2GBX", limit: 1}]}' linux.resources.hugepageLimits
}

@test "hooks (config.md, POSIX-platform Hooks)" {
	breaks '.hooks = {createRuntime: [{path: "relative"}]}' "hooks.createRuntime[0].path"
	breaks '.hooks = {startContainer: [{path: ""}]}' "hooks.startContainer[0].path"
	breaks '.hooks = {poststart: [{path: "/x", timeout: 0}]}' "hooks.poststart[0].timeout"
}

@test "random damage: a hundred configs with one byte changed never crash or leave anything" {
	cp "$B/config.json" "$T/whole.json"
	local size n
	size=$(wc -c <"$T/whole.json")
	RANDOM=4711
	for ((n = 0; n < 100; n++)); do
		cp "$T/whole.json" "$B/config.json"
		printf %b "\\x$(printf %02x $((RANDOM % 256)))" |
			dd of="$B/config.json" bs=1 seek=$(((RANDOM * 32768 + RANDOM) % size)) conv=notrunc 2>/dev/null
		ocirun create --bundle "$B" "$ID"
		[[ $status -lt 126 ]] || { echo "status $status: $stderr" >&2; cat "$B/config.json" >&2; false; }
		[[ $status != 0 ]] || works delete --force "$ID"
		no_container
	done
}
