#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd's CRI plugin, as a kubelet calls it: pods, their containers, and user namespaces.  An ordinary user's containerd
# is in the namespaces of rootlesskit.
# as with --all: root user

load helpers
load containerd-helpers

image=docker.io/library/busybox:1
cri=("$engines_dir/cri-call" /run/containerd/containerd.sock)
[[ $ROOTLESS == 0 ]] || cri=("$engines_dir/within" "$ENGINE_RUN/rootlesskit" "${cri[@]}")

setup_file() {
	T=$ENGINE_DIR/setup
	mkdir -p "$T"
	cri_requires
	cri_network
	containerd_config >"$ENGINE_DIR/containerd.toml"
	containerd_start "$ENGINE_DIR/containerd.toml"
	answers containerd cri Version
	busybox_tree "$T/busybox"
	printf '#!/bin/sh\ntrap "exit 0" TERM\nwhile :; do sleep 0.1; done\n' >"$T/busybox/bin/pause"
	chmod 755 "$T/busybox/bin/pause"
	oci_image "$T/busybox" "$image" "$T/busybox.tar" /bin/pause
	does ctr --namespace k8s.io image import --snapshotter "$(snapshotter)" "$T/busybox.tar"
	rm -rf "$T"
}

teardown_file() {
	daemon_ends containerd
}

setup() {
	cri_requires
	test_directory
	ID=p${T##*.}
}

teardown() {
	local pod
	for pod in $(cri ListPodSandbox | jq -r '.items[]?.id'); do
		cri StopPodSandbox "{\"pod_sandbox_id\": \"$pod\"}" >>"$T/rm.out"
		cri RemovePodSandbox "{\"pod_sandbox_id\": \"$pod\"}" >>"$T/rm.out"
	done
	no_container_left /run/containerd/runc/k8s.io where_containerd_is || return 1
	rm -rf "$T"
}

cri_requires() {
	containerd_requires
	requires python3 curl
	[[ $(curl --version) == *HTTP2* ]] || skip "curl has no HTTP/2"
	# It gives a pod's first process few cpu.shares, whatever disable_cgroup says.
	[[ $ROOTLESS == 0 ]] || ! is_containerd_2 || requires_controllers cpu
}

is_containerd_2() {
	[[ $(containerd --version) == *" 2."* || $(containerd --version) == *" v2."* ]]
}

# The drop-in of contrib for this version of containerd, with our paths and without a kubelet's image; and for
# root without CAP_SYS_RESOURCE, who cannot lower a pod's OOM score.
containerd_config() {
	local version=2 plugin=io.containerd.grpc.v1.cri user=false
	[[ $ROOTLESS == 0 ]] || user=true
	! is_containerd_2 || version=3
	cat <<-END_OF_FILE
		root = "$ENGINE_DIR/containerd"
		state = "/run/containerd"
	END_OF_FILE
	sed "s|/usr/bin/ocirun|$ENGINE_RUNTIME|" "$engines_dir/../../contrib/engines/containerd-v$version.toml"
	if ((version == 3)); then
		cat <<-END_OF_FILE
			[plugins."io.containerd.cri.v1.images"]
			snapshotter = "$(snapshotter)"
			[plugins."io.containerd.cri.v1.images".pinned_images]
			sandbox = "$image"
			[plugins."io.containerd.cri.v1.runtime"]
			restrict_oom_score_adj = true
			disable_cgroup = $user
			[plugins."io.containerd.cri.v1.runtime".cni]
		END_OF_FILE
	else
		cat <<-END_OF_FILE
			[plugins."$plugin"]
			sandbox_image = "$image"
			restrict_oom_score_adj = true
			disable_cgroup = $user
			[plugins."$plugin".containerd]
			snapshotter = "$(snapshotter)"
			[plugins."$plugin".cni]
		END_OF_FILE
	fi
	cat <<-END_OF_FILE
		bin_dir = "$ENGINE_DIR/cni/bin"
		conf_dir = "$ENGINE_DIR/cni/conf"
	END_OF_FILE
}

# A network plugin that does nothing and says that it gave an address.
cri_network() {
	local name
	mkdir -p "$ENGINE_DIR/cni/bin" "$ENGINE_DIR/cni/conf"
	cat >"$ENGINE_DIR/cni/bin/loopback" <<-'END_OF_FILE'
		#!/bin/sh
		case $CNI_COMMAND in
		VERSION) echo '{"cniVersion": "0.4.0", "supportedVersions": ["0.3.1", "0.4.0"]}' ;;
		ADD) printf '{"cniVersion": "0.3.1", "interfaces": [{"name": "%s", "sandbox": "%s"}], "ips": [{"version": "4", "address": "127.0.0.1/8", "interface": 0}]}' "$CNI_IFNAME" "$CNI_NETNS" ;;
		esac
	END_OF_FILE
	chmod 755 "$ENGINE_DIR/cni/bin/loopback"
	echo '{"cniVersion": "0.3.1", "name": "none", "plugins": [{"type": "loopback"}]}' >"$ENGINE_DIR/cni/conf/10-none.conflist"
}

cri() {
	"${cri[@]}" "$@"
}

# pod FILTER: runs a pod whose configuration jq has changed; sets $pod (its id) and $pod_config.
pod() {
	local parent=/pods
	[[ $ROOTLESS == 0 ]] || parent=''
	pod_config=$(jq -n --arg id "$ID" --arg logs "$T/logs" --arg parent "$parent" '{metadata: {name: $id, uid: $id, namespace: "default"},
		hostname: "pod", log_directory: $logs, linux: {cgroup_parent: $parent, security_context: {namespace_options: {}}}} | '"${1:-.}")
	does "${cri[@]}" RunPodSandbox "$(jq -n --argjson config "$pod_config" '{config: $config, runtime_handler: "ocirun"}')"
	pod=$(jq -r .pod_sandbox_id <<<"$output")
}

# container FILTER PROGRAM...: creates one in the pod; sets $container.
container() {
	local config filter=$1
	shift
	config=$(jq -n --arg image "$image" '{metadata: {name: "main"}, image: {image: $image}, command: $ARGS.positional, log_path: "main.log"} | '"$filter" --args -- "$@")
	does "${cri[@]}" CreateContainer "$(jq -n --arg pod "$pod" --argjson config "$config" --argjson sandbox "$pod_config" \
		'{pod_sandbox_id: $pod, config: $config, sandbox_config: $sandbox}')"
	container=$(jq -r .container_id <<<"$output")
}

of_container() { # METHOD [JSON]
	does "${cri[@]}" "$1" "$(jq -n --arg id "$container" '{container_id: $id} + '"${2:-{\}}")"
}

# in_container PROGRAM...: sets $output to what it prints, and $code.
in_container() {
	does "${cri[@]}" ExecSync "$(jq -n --arg id "$container" '{container_id: $id, cmd: $ARGS.positional, timeout: 20}' --args -- "$@")"
	code=$(jq -r '.exit_code // 0' <<<"$output")
	output=$(jq -r '(.stdout // "") + (.stderr // "")' <<<"$output")
}

exited_with() { # STATUS
	cri ContainerStatus "{\"container_id\": \"$container\"}" | jq -e --argjson code "$1" '.status | .state == 2 and (.exit_code // 0) == $code'
}

host_network='.linux.security_context.namespace_options.network = 2'

@test "a pod and a container: start, exec, the exit status, stop, remove" {
	pod
	container . /bin/pause
	of_container StartContainer
	in_container sh -c 'hostname; echo oops >&2; exit 3'
	is "$output $code" $'pod\noops 3'
	of_container StopContainer '{timeout: 5}'
	wait_until exited_with 0
	of_container RemoveContainer
	container . sh -c 'echo said; exit 7'
	of_container StartContainer
	wait_until exited_with 7
	has "$(cat "$T/logs/main.log")" said
}

@test "two containers of a pod share network, IPC and host name, and see their own processes" {
	local first own='.linux.security_context.namespace_options.pid = 1'
	pod "$own"
	container "$own" /bin/pause
	of_container StartContainer
	in_container sh -c 'for n in net ipc uts pid; do readlink /proc/self/ns/$n; done'
	first=$output
	container "$own"' | .metadata.name = "second"' /bin/pause
	of_container StartContainer
	in_container sh -c 'for n in net ipc uts pid; do readlink /proc/self/ns/$n; done'
	is "$(head -n 3 <<<"$output")" "$(head -n 3 <<<"$first")"
	[[ $(tail -n 1 <<<"$output") != $(tail -n 1 <<<"$first") ]]
}

# The pod's own and the container's; each is a script, whose children bear its name until they execute.
two_pause() {
	in_container ps -o args
	[[ $(grep -c /bin/pause <<<"$output") == 2 ]]
}

@test "a pod with one process list for all" {
	pod '.linux.security_context.namespace_options.pid = 0'
	container '.linux.security_context.namespace_options.pid = 0' /bin/pause
	of_container StartContainer
	wait_until two_pause
	in_container readlink /proc/1/exe
	is "$output" /bin/busybox
	of_container StopContainer '{timeout: 0}'
	wait_until exited_with 137
}

@test "the host's network" {
	pod "$host_network | .hostname = \"\""
	container "$host_network" /bin/pause
	of_container StartContainer
	in_container readlink /proc/self/ns/net
	is "$output" "$(where_containerd_is readlink /proc/self/ns/net)"
}

@test "a program that is not there is an error that the kubelet shows" {
	pod
	container . nosuchcommand
	try "${cri[@]}" StartContainer "{\"container_id\": \"$container\"}"
	is "$status" 1
	has "$stderr" 'exec: "nosuchcommand": executable file not found in $PATH'
}

@test "mounts: read-only, propagation; environment and working directory" {
	mkdir "$T/data"
	echo there >"$T/data/file"
	pod
	export DATA=$T/data
	container '.mounts = [{container_path: "/data", host_path: $ENV.DATA, readonly: 1}] | .envs = [{key: "A", value: "1"}] | .working_dir = "/tmp"' /bin/pause
	of_container StartContainer
	in_container sh -c 'cat /data/file; touch /data/x || echo "refused $A $(pwd)"'
	has "$output" there
	has "$output" "refused 1"
}

@test "limits, and their update" {
	requires_controllers memory cpu
	local file
	pod
	container '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_period: 100000, cpu_quota: 50000}' /bin/pause
	of_container StartContainer
	file=pods/$container
	is "$(cgroup_file memory memory.limit_in_bytes memory.max "$file")" 67108864
	has "$(cgroup_file cpu cpu.cfs_quota_us cpu.max "$file")" 50000
	of_container UpdateContainerResources '{linux: {memory_limit_in_bytes: 134217728}}'
	is "$(cgroup_file memory memory.limit_in_bytes memory.max "$file")" 134217728
}

@test "a pod with a user namespace" {
	local userns='{mode: 0, uids: [{host_id: 100000, container_id: 0, length: 65536}], gids: [{host_id: 100000, container_id: 0, length: 65536}]}'
	[[ $(containerd --version) != *" 1."[0-6].* ]] || skip "containerd before 1.7 has no user namespaces for pods"
	pod ".linux.security_context.namespace_options.userns_options = $userns"
	container ".linux.security_context.namespace_options.userns_options = $userns" /bin/pause
	of_container StartContainer
	in_container sh -c 'cat /proc/self/uid_map; stat -c %u /bin/busybox; id -u'
	matches "$output" $'^ *0 +100000 +65536\n0\n0$'
}
