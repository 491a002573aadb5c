#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

# The runtime in a network namespace of its own, with a device ocit0 that has addresses.
with_device() {
	requires_root "makes network devices"
	requires ip
	unshare --net sh -c 'ip link add ocit0 type veth peer name ocit1' 2>/dev/null || skip "this kernel has no veth"
	WRAP=(unshare --net sh -ec 'ip link add ocit0 type veth peer name ocit1
		ip addr add 192.0.2.1/24 dev ocit0
		ip addr add 2001:db8::1/64 dev ocit0 nodad
		"$@"
		status=$?
		ip -o link >&2
		exit $status' sh)
}

@test "netDevices: a device is moved, renamed, set up, and keeps its addresses (config-linux.md, Network Devices)" {
	with_device
	config '.linux.netDevices = {ocit0: {name: "eth7"}}'
	guest cat /proc/net/dev -- cat /proc/net/fib_trie -- cat /proc/net/if_inet6
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	has "$output" eth7
	has "$output" 192.0.2.1
	has "$output" 20010db8000000000000000000000001
	lacks "$output" ocit0
	# what was moved ends with the container, and is not moved back
	lacks "$stderr" "ocit0:"
}

@test "netDevices without a name keep theirs" {
	with_device
	config '.linux.netDevices = {ocit0: {}}'
	guest cat /proc/net/dev
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	has "$output" ocit0
}

@test "netDevices: %d in a name is a template, and only permanent addresses of global scope are kept (config-linux.md, Network Devices)" {
	with_device
	WRAP=(unshare --net sh -ec 'ip link add ocit0 type veth peer name ocit1
		ip addr add 192.0.2.1/24 dev ocit0
		ip addr add 192.0.2.77/24 dev ocit0 valid_lft 500 preferred_lft 400
		ip addr add 169.254.7.7/16 dev ocit0 scope link
		"$@"' sh)
	config '.linux.netDevices = {ocit0: {name: "net%d"}}'
	guest network -- cat /proc/net/fib_trie
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	has "$output" '"net0":"up"'
	has "$output" 192.0.2.1
	lacks "$output" 192.0.2.77
	lacks "$output" 169.254.7.7
}

@test "netDevices: a device is not moved back when the container ends (config-linux.md, Network Devices)" {
	with_device
	WRAP=(unshare --net sh -ec 'ip link add ocit0 type dummy 2>/dev/null || ip link add ocit0 type veth peer name ocit1
		"$@"
		test ! -e /sys/class/net/ocit0 || echo back >&2
		ip -o link >&2' sh)
	config '.linux.netDevices = {ocit0: {}}'
	args /guest true
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	lacks "$stderr" "ocit0"
}

@test "netDevices: a name that the container has already, and a device that does not exist, are errors" {
	with_device
	config '.linux.netDevices = {ocit0: {name: "lo"}}'
	ocirun create --bundle "$B" "$ID"
	[[ $status != 0 ]]
	has "$stderr" "linux.netDevices.ocit0"
	config '.linux.netDevices = {nosuch0: {}}'
	ocirun create --bundle "$B" "$ID"
	[[ $status != 0 ]]
	has "$stderr" "linux.netDevices.nosuch0"
}

@test "netDevices need a network namespace of the container's own" {
	config 'del(.linux.namespaces[] | select(.type == "network")) | .linux.netDevices = {lo: {}}'
	create_refused linux.netDevices
}

@test "memoryPolicy is the program's (config-linux.md, Memory policy)" {
	[[ -e /proc/self/numa_maps ]] || skip "this kernel has no NUMA"
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
	guest cat /proc/self/numa_maps
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	has "$output" bind:0
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "4095"}'
	create_or_start_refused
	has "$stderr" linux.memoryPolicy
}

create_or_start_refused() {
	ocirun run --bundle "$B" "$ID"
	[[ $status != 0 ]]
}

@test "netDevices: a name that is no name is refused before a device is touched" {
	with_device
	local name
	WRAP=(unshare --net sh -c 'ip link add ocit0 type veth peer name ocit1
		"$@"
		status=$?
		ip -o link >&2
		exit $status' sh)
	for name in 'eth%d%d' '%s' 'eth%' 'a%db%' 'x y'; do
		config '.linux.netDevices = {ocit0: {name: $n}}' --arg n "$name"
		ocirun create --bundle "$B" "$ID"
		is "$status" 1
		has "$stderr" "linux.netDevices.ocit0.name"
		has "$stderr" "ocit0@"
		no_container
	done
}

# What the failed create shows of the devices before and after it; the runtime's own words are on standard error.
with_two_devices() { # IP COMMAND...
	with_device
	WRAP=(unshare --net sh -ec '
		show() {
			ip -o -d link show dev ocit0 | sed "s/^[0-9]*: //; s/ifindex [0-9]*//"
			ip -o addr show dev ocit0 | sed "s/^[0-9]*: //; s/ tentative//; s/[0-9]*sec/sec/g"
			ip -o link show dev ocit2 | sed "s/^[0-9]*: //"
		}
		ip link add ocit0 type veth peer name ocit1
		ip link add ocit2 type veth peer name ocit3
		ip link set ocit0 mtu 1400 address 02:00:00:00:00:09 alias mine txqueuelen 77 up
		ip link set ocit1 up
		ip addr add 192.0.2.1/24 brd + dev ocit0 label ocit0:x
		ip addr add 192.0.2.2/24 dev ocit0
		ip addr add 192.0.2.77/24 dev ocit0 valid_lft 500 preferred_lft 400
		ip addr add 169.254.7.7/16 dev ocit0 scope link
		ip addr add 2001:db8::1/64 dev ocit0 nodad
		before=$(show)
		status=0
		"$@" || status=$?
		after=$(show) || after="lost: $(ip -o link)"
		if [ "$before" = "$after" ]; then
			echo "found unchanged" >&2
		else
			printf "%s\n" "before: $before" "after: $after" >&2
		fi
		exit $status' sh)
}

@test "netDevices: when create fails in a hook, a mount or the next device, they come back as they were" {
	with_two_devices
	config '.linux.netDevices = {ocit0: {name: "eth0"}, ocit2: {}} | .hooks = {createRuntime: [{path: "/bin/false"}]}'
	create_refused "createRuntime hook" "found unchanged"
	config 'del(.hooks) | .mounts += [{destination: "/x", type: "bind", source: "/nonexistent", options: ["bind"]}]'
	create_refused "/nonexistent" "found unchanged"
	config 'del(.mounts[] | select(.destination == "/x")) | .linux.netDevices.ocit2.name = "eth0"'
	create_refused "linux.netDevices.ocit2" "found unchanged"
}

@test "netDevices: when the program of run cannot be executed, they come back as they were" {
	with_two_devices
	config '.linux.netDevices = {ocit0: {}}'
	echo nothing >"$R/odd"
	chmod 755 "$R/odd"
	args /odd
	refused "exec format error" "found unchanged" -- run --bundle "$B" "$ID"
	no_container
}

@test "netDevices: when create fails, those in a network namespace that is joined come back, too" {
	with_two_devices
	WRAP+=(sh -ec 'unshare --net="$0" true; status=0; "$@" || status=$?; umount "$0"; exit "$status"' "$T/netns")
	touch "$T/netns"
	config '(.linux.namespaces[] | select(.type == "network")).path = $path | .linux.netDevices = {ocit0: {name: "eth0"}} |
		.hooks = {createRuntime: [{path: "/bin/false"}]}' --arg path "$T/netns"
	create_refused "createRuntime hook" "found unchanged"
}

@test "netDevices: in a network namespace that is joined, the device is there, however late init joins it" {
	local n
	with_device
	WRAP+=(sh -ec 'unshare --net="$0" true; status=0; "$@" || status=$?; umount "$0"; exit "$status"' "$T/netns")
	touch "$T/netns"
	config '(.linux.namespaces[] | select(.type == "network")).path = $path | .linux.netDevices = {ocit0: {name: "eth7"}}' \
		--arg path "$T/netns"
	guest cat /proc/net/dev -- cat /proc/net/fib_trie
	for n in {1..5}; do
		ocirun run --bundle "$B" "$ID"
		is "$status" 0
		has "$output" eth7
		has "$output" 192.0.2.1
		lacks "$stderr" "eth7"
	done
}

@test "netDevices: one that cannot come back, since its name is taken, is told" {
	with_two_devices
	printf '#!/bin/sh\nip link add ocit0 type veth peer name ocit9\nexit 1\n' >"$T/hook"
	chmod 755 "$T/hook"
	config '.linux.netDevices = {ocit0: {}} | .hooks = {createRuntime: [{path: $hook, env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]}' \
		--arg hook "$T/hook"
	create_refused "createRuntime hook" "linux.netDevices.ocit0 is not back as it was: file exists"
}
