#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: user namespaces and networks of every kind, namespaces of the host and of other containers.
# as: root user

load helpers
load podman-helpers

@test "--userns=host" {
	does podman run --rm --userns=host busybox sh -c 'id -u; cat /proc/self/uid_map'
	has "$output" 0
}

@test "--userns=keep-id: the caller's id inside" {
	requires_user "root has no other id to keep"
	does podman run --rm --userns=keep-id -v "$T:/dir" busybox sh -c 'id -u; id -g; touch /dir/mine'
	is "$(flat)" "$(id -u) $(id -g)"
	is "$(stat -c %u "$T/mine")" "$(id -u)"
	if podman_at_least 4.3; then
		does podman run --rm --userns=keep-id:uid=1000,gid=1000 -v "$T:/dir" busybox sh -c 'id -u; touch /dir/thousand'
		is "$output" 1000
		is "$(stat -c %u "$T/thousand")" "$(id -u)"
	fi
}

@test "--userns=nomap: the caller's id is not there" {
	requires_user "for an ordinary user alone"
	does podman run --rm --userns=nomap busybox sh -c 'cat /proc/self/uid_map'
	lacks "$(flat)" " $(id -u) "
}

@test "--userns=auto: two containers, two ranges" {
	does podman run -d --name "$ID" --userns=auto:size=2000 busybox sleep 60
	does podman exec "$ID" awk '{ print $3 }' /proc/self/uid_map
	is "$output" 2000
	local first second
	first=$(podman exec "$ID" awk '{ print $2 }' /proc/self/uid_map)
	does podman run --rm --userns=auto:size=2000 busybox awk '{ print $2 }' /proc/self/uid_map
	second=$output
	[[ $first != "$second" ]]
}

@test "--uidmap, --gidmap: ranges of one's own" {
	if [[ $ROOTLESS == 1 ]]; then # root's storage does not take two ranges (Podman 4.3)
		does podman run --rm --uidmap 0:5000:1000 --uidmap 1000:7000:10 --gidmap 0:5000:1010 busybox sh -c 'wc -l < /proc/self/uid_map; id -u'
		is "$(flat)" "2 0"
	fi
	does podman run --rm --uidmap 0:5000:2000 --user 1000 busybox id -u
	is "$output" 1000
}

@test "--userns=container: another container's" {
	sleeper --userns=auto:size=3000
	does podman run --rm --userns="container:$ID" busybox readlink /proc/self/ns/user
	is "$output" "$(podman exec "$ID" readlink /proc/self/ns/user)"
}

@test "--userns=ns: a user namespace by path" {
	sleeper # in the one that Podman is in: it has the ids of what Podman stores
	local pid
	pid=$(podman inspect --format '{{.State.Pid}}' "$ID")
	does podman run --rm --userns="ns:/proc/$pid/ns/user" busybox readlink /proc/self/ns/user
	is "$output" "$(podman exec "$ID" readlink /proc/self/ns/user)"
}

# bats test_tags=all
@test "exec into a user namespace" {
	sleeper --userns=auto:size=3000
	does podman exec --user alice "$ID" id -u
	is "$output" 1000
	on_tty $'tty; exit\n' podman exec -it "$ID" sh
	has "$output" /dev/pts
}

@test "--pid, --ipc, --uts: the host's" {
	# A machine without /dev/mqueue: Podman binds it for an ordinary user.
	[[ -e /dev/mqueue || $ROOTLESS == 0 ]] || skip "no /dev/mqueue here"
	does podman run --rm --pid host --ipc host --uts host busybox sh -c 'for n in pid ipc uts; do readlink /proc/self/ns/$n; done; hostname'
	is "$output" "$(for n in pid ipc uts; do readlink /proc/self/ns/$n; done; hostname)"
}

@test "--pid, --ipc, --uts, --network: another container's" {
	sleeper --ipc shareable --hostname shared
	does podman run --rm --pid "container:$ID" --ipc "container:$ID" --uts "container:$ID" --network "container:$ID" busybox \
		sh -c 'for n in pid ipc uts net; do readlink /proc/self/ns/$n; done; hostname; ps'
	has "$output" shared
	has "$output" "sleep 0.1"
	has "$output" "$(podman exec "$ID" sh -c 'for n in pid ipc uts net; do readlink /proc/self/ns/$n; done')"
}

@test "network none: only lo, and it is up" {
	does podman run --rm --network none busybox sh -c 'ls /sys/class/net; ip -o link'
	is "$(head -n 1 <<<"$output")" lo
	has "$output" UP
}

@test "network host: the host's interfaces, and /sys is readable" {
	does podman run --rm --network host busybox sh -c 'readlink /proc/self/ns/net; ls /sys/class/net > /dev/null && ls /sys/kernel > /dev/null && echo ok'
	is "$(flat)" "$(readlink /proc/self/ns/net) ok"
	ends 1 podman run --rm --network host busybox sh -c 'echo x > /sys/kernel/x'
}

@test "a bridge: an address, and a port that is published" {
	does podman network create "$ID"
	try podman run --rm --network "$ID" busybox ip -4 addr show eth0
	if [[ $status != 0 ]]; then
		podman network rm "$ID"
		skip "no bridge here: $(tail -n 1 "$T/err")"
	fi
	has "$output" inet
	does podman run -d --name "$ID" --network "$ID" -p 18082:80 busybox sh -c 'echo served > /index.html; httpd -f -p 80 -h /'
	local address
	address=$(podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$ID")
	wait_until prints served podman run --rm --network "$ID" busybox wget -q -O - "http://$address/"
	if [[ $ROOTLESS == 1 ]]; then # the bridge is not in the namespace that the user is in
		address=127.0.0.1:18082
	fi
	wait_until prints served busybox wget -q -O - "http://$address/"
	does podman network rm --force --time 0 "$ID"
}

@test "slirp4netns: an address, and a port that is published" {
	requires_user "root has bridges"
	requires slirp4netns
	does podman run -d --name "$ID" --network slirp4netns -p 127.0.0.1:18080:80 busybox sh -c 'echo served > /index.html; ip -4 addr > /addr; httpd -f -p 80 -h /'
	wait_until prints served busybox wget -q -O - http://127.0.0.1:18080/
	does podman exec "$ID" cat /addr
	has "$output" "10.0.2.100"
}

@test "pasta: a port that is published" {
	requires_user "root has bridges"
	requires pasta
	podman_at_least 4.4 || skip "this Podman has no pasta"
	does podman run -d --name "$ID" --network pasta -p 127.0.0.1:18081:80 busybox sh -c 'echo served > /index.html; httpd -f -p 80 -h /'
	wait_until prints served busybox wget -q -O - http://127.0.0.1:18081/
}

@test "network namespaces by path" {
	sleeper --network none
	local pid
	pid=$(podman inspect --format '{{.State.Pid}}' "$ID")
	does podman run --rm --network "ns:/proc/$pid/ns/net" busybox readlink /proc/self/ns/net
	is "$output" "$(readlink "/proc/$pid/ns/net")"
}

@test "a container in a container's place: nested namespaces with --privileged" {
	does podman run --rm --privileged busybox unshare --user --map-root-user --mount --pid --fork sh -c 'mount -t tmpfs none /tmp && echo nested'
	is "$output" nested
}
