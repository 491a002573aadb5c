#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Docker: what the options of `docker run' ask of a runtime.

load helpers
load containerd-helpers
load docker-helpers

@test "--user, --group-add, --workdir, --env, --hostname" {
	d run --rm --user 1000:2000 --group-add 3000 --workdir /tmp --env A=1 --hostname here busybox \
		sh -c 'echo "$(id -u):$(id -g) $(id -G) $(pwd) $A $(hostname)"'
	is "$output" "1000:2000 2000 3000 /tmp 1 here"
	d run --rm --user alice busybox id -un
	is "$output" alice
}

@test "--volume: read and write, ro, a name, a file" {
	mkdir "$T/data"
	echo there >"$T/data/file"
	d run --rm -v "$T/data:/data" -v "$T/data/file:/etc/one:ro" busybox sh -c 'cat /data/file /etc/one; touch /data/new'
	is "$output" $'there\nthere'
	[[ -e $T/data/new ]]
	d run --rm -v "$T/data:/data:ro" busybox sh -c '! touch /data/x && echo refused'
	is "$output" refused
	d run --rm -v "named$ID:/data" busybox sh -c 'echo kept > /data/file'
	d run --rm -v "named$ID:/data" busybox cat /data/file
	is "$output" kept
	d volume rm "named$ID"
}

@test "--volume: propagation" {
	mkdir -p "$T/tree"
	mount -t tmpfs none "$T/tree"
	mount --make-shared "$T/tree"
	mkdir "$T/tree/late"
	d run -d --name "$ID" -v "$T/tree:/tree:rslave" busybox sh -c 'until [ -e /tree/late/here ]; do sleep 0.1; done; echo seen'
	mount -t tmpfs none "$T/tree/late"
	touch "$T/tree/late/here"
	d wait "$ID"
	d logs "$ID"
	umount -R "$T/tree"
	is "$output" seen
}

@test "--mount: bind, volume, tmpfs; --tmpfs" {
	mkdir "$T/data"
	d run --rm --mount "type=bind,src=$T/data,dst=/data,readonly" --mount type=tmpfs,dst=/scratch,tmpfs-size=1m,tmpfs-mode=1770 \
		--tmpfs /run:rw,noexec,size=2m busybox grep -E ' (/data|/scratch|/run) ' /proc/mounts
	matches "$output" ' /data [a-z0-9]+ ro,'
	matches "$output" ' /scratch tmpfs [^ ]*size=1024k,mode=1770'
	matches "$output" ' /run tmpfs [^ ]*noexec[^ ]*size=2048k'
	mkdir "$T/data/below"
	mount -t tmpfs none "$T/data/below"
	d run --rm --mount "type=bind,src=$T/data,dst=/data,bind-nonrecursive" busybox grep -c ' /data' /proc/mounts
	umount "$T/data/below"
	is "$output" 1
}

@test "--read-only" {
	d run --rm --read-only --tmpfs /tmp busybox sh -c '! touch /x && touch /tmp/x && echo refused'
	is "$output" refused
}

@test "--init" {
	requires docker-init
	d run --rm --init busybox cat /proc/1/comm
	is "$output" docker-init
}

@test "--cap-add, --cap-drop" {
	d run --rm --cap-drop ALL --cap-add CHOWN busybox grep -E '^Cap(Prm|Eff|Bnd|Amb)' /proc/self/status
	has "$output" $'CapEff:\t0000000000000001'
	has "$output" $'CapBnd:\t0000000000000001'
	has "$output" $'CapAmb:\t0000000000000000'
	d run --rm --cap-add SYS_PTRACE busybox grep CapEff /proc/self/status
	is "$output" $'CapEff:\t00000000a80c25fb'
}

@test "--security-opt: no-new-privileges, unconfined, a seccomp profile" {
	d run --rm busybox grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status
	is "$output" $'NoNewPrivs:\t0\nSeccomp:\t2'
	d run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status
	is "$output" $'NoNewPrivs:\t1'
	d run --rm --security-opt seccomp=unconfined busybox grep Seccomp: /proc/self/status
	is "$output" $'Seccomp:\t0'
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5}]}' >"$T/profile.json"
	d run --rm --security-opt "seccomp=$T/profile.json" busybox sh -c '! mkdir /x && echo denied'
	has "$output" denied
	has "$stderr" 'Input/output error'
}

@test "--device" {
	d run --rm --device /dev/loop-control:/dev/one:r busybox sh -c 'stat -c %t:%T /dev/one; head -c0 /dev/one && ! echo >/dev/one'
	has "$output" a:ed
}

@test "--privileged" {
	d run --rm --privileged busybox sh -c 'grep Seccomp: /proc/self/status; grep " /sys sysfs " /proc/mounts; ls /dev'
	has "$output" $'Seccomp:\t0'
	has "$output" ' /sys sysfs rw'
	has "$output" loop-control
}

@test "--pid host, --pid container:, --ipc container:, --uts host" {
	local pid
	d run --rm --pid host busybox readlink /proc/self/ns/pid
	is "$output" "$(readlink /proc/self/ns/pid)"
	d run --rm --uts host busybox hostname
	is "$output" "$(hostname)"
	sleeper --ipc shareable
	pid=$(docker inspect --format '{{.State.Pid}}' "$ID")
	d run --rm --pid "container:$ID" --ipc "container:$ID" --network "container:$ID" busybox sh -c 'for n in pid ipc net; do readlink /proc/self/ns/$n; done'
	is "$output" "$(for n in pid ipc net; do readlink "/proc/$pid/ns/$n"; done)"
}

@test "--pid host: stop and kill reach all processes" {
	sleeper --pid host
	d kill "$ID"
	d wait "$ID"
	is "$output" 137
	d rm "$ID"
}

@test "--network none, host" {
	d run --rm --network none busybox sh -c 'ip -o link | grep -c .; ip -o addr show lo'
	matches "$output" '^1'
	has "$output" 127.0.0.1
	d run --rm --network host busybox readlink /proc/self/ns/net
	is "$output" "$(readlink /proc/self/ns/net)"
}

@test "--network bridge" {
	docker network inspect bridge >/dev/null 2>&1 || skip "iptables does not work here, so that dockerd was started without a bridge"
	d run --rm busybox ip -o addr show eth0
	has "$output" 172.
}

@test "--sysctl, --ulimit, --oom-score-adj, --shm-size" {
	d run --rm --network none --sysctl net.ipv4.ip_forward=1 busybox cat /proc/sys/net/ipv4/ip_forward
	is "$output" 1
	d run --rm --sysctl kernel.msgmax=9000 busybox cat /proc/sys/kernel/msgmax
	is "$output" 9000
	d run --rm --ulimit nofile=100:200 busybox sh -c 'ulimit -Sn; ulimit -Hn'
	is "$output" $'100\n200'
	d run --rm --oom-score-adj 500 busybox cat /proc/self/oom_score_adj
	is "$output" 500
	d run --rm --shm-size 1m busybox grep ' /dev/shm ' /proc/mounts
	has "$output" size=1024k
}

@test "--cgroup-parent, --cgroupns" {
	requires_controllers memory
	local id
	sleeper --cgroup-parent "parent$ID"
	id=$(docker inspect --format '{{.Id}}' "$ID")
	d rm --force "$ID"
	d run -d --name "$ID" --cgroup-parent "parent$ID" busybox sleep 1000
	id=$(docker inspect --format '{{.Id}}' "$ID")
	[[ -n $(cgroup_file memory memory.limit_in_bytes memory.max "parent$ID/$id") ]]
	d rm --force "$ID"
	find /sys/fs/cgroup -depth -type d -name "parent$ID" -exec rmdir {} +
	d run --rm --cgroupns private busybox readlink /proc/self/ns/cgroup
	[[ $output != "$(readlink /proc/self/ns/cgroup)" ]]
}

@test "masked and read-only paths" {
	d run --rm busybox sh -c 'cat /proc/keys /proc/timer_list 2>/dev/null | wc -c; ! echo 1 > /proc/sys/kernel/msgmax 2>/dev/null && echo refused'
	is "$output" $'0\nrefused'
}

@test "--stop-signal, --pids-limit, labels and annotations do no harm" {
	requires_controllers pids
	d run --rm --label a=b --pids-limit 20 --stop-signal RTMIN+3 busybox sh -c 'for n in $(seq 40); do sleep 5 & done 2>&1 | head -n 1'
	has "$output" "can't fork"
}

@test "--rm cleans up after a container that was killed while it was paused" {
	requires_controllers freezer
	sleeper
	d pause "$ID"
	d rm --force "$ID"
	d ps --all --quiet
	is "$output" ""
}
