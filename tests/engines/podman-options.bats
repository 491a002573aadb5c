#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: what `run' can ask for, process by process.
# as: root user

load helpers
load podman-helpers

@test "user, group, umask, directory, environment, host name" {
	does podman run --rm --user 1000:2000 --group-add 3000 --umask 0027 --workdir /tmp --env A=b --hostname box busybox \
		sh -c 'id -u; id -g; id -G; umask; pwd; echo $A; hostname'
	is "$(flat)" "1000 2000 2000 3000 0027 /tmp b box"
}

@test "capabilities: dropped, added, none" {
	does podman run --rm --cap-drop all busybox grep -E 'Cap(Eff|Bnd)' /proc/self/status
	is "$(flat)" "CapEff: 0000000000000000 CapBnd: 0000000000000000"
	does podman run --rm --cap-drop all --cap-add net_raw busybox grep CapEff /proc/self/status
	is "$(flat)" "CapEff: 0000000000002000"
	does podman run --rm --cap-drop all --cap-add net_raw --user 1000 busybox grep CapEff /proc/self/status
	does podman run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status
	is "$(flat)" "NoNewPrivs: 1"
}

@test "seccomp: the default, a profile, unconfined" {
	does podman run --rm busybox grep Seccomp: /proc/self/status
	is "$(flat)" "Seccomp: 2"
	does podman run --rm --security-opt seccomp=unconfined busybox grep Seccomp: /proc/self/status
	is "$(flat)" "Seccomp: 0"
	cat >"$T/profile.json" <<-'END'
		{ "defaultAction": "SCMP_ACT_ALLOW",
		  "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"],
		  "syscalls": [{ "names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 }] }
	END
	ends 1 podman run --rm --security-opt "seccomp=$T/profile.json" busybox mkdir /new
	has "$stderr" "No space left on device"
}

@test "read-only, with and without the usual tmpfs" {
	ends 1 podman run --rm --read-only busybox touch /file
	has "$stderr" "Read-only file system"
	does podman run --rm --read-only busybox sh -c 'touch /tmp/file /run/file /dev/shm/file'
	ends 1 podman run --rm --read-only --read-only-tmpfs=false busybox touch /run/file
}

@test "--init: a process that reaps" {
	requires catatonit
	does podman run --rm --init busybox sh -c 'cat /proc/1/comm; (sleep 0.1 &); sleep 0.3; ps'
	has "$output" podman-init
	lacks "$output" "Z "
}

@test "devices" {
	does podman run --rm --device /dev/fuse:/dev/other:rw busybox sh -c 'test -c /dev/other && stat -c %t:%T /dev/other'
	is "$output" a:e5
	does podman run --rm busybox sh -c 'for d in null zero full random urandom tty; do test -c /dev/$d || echo no $d; done; echo > /dev/null; head -c 4 /dev/zero | wc -c'
	is "$output" 4
	ends 1 podman run --rm busybox test -e /dev/fuse
}

@test "devices: rules of the device cgroup" {
	requires_root "an ordinary user has no device cgroup"
	ends 1 podman run --rm --cap-add mknod busybox sh -c 'mknod /dev/x c 10 229 && : < /dev/x'
	has "$stderr" "Operation not permitted"
	does podman run --rm --cap-add mknod --device-cgroup-rule 'c 10:229 rwm' busybox sh -c 'mknod /dev/x c 10 229 && : < /dev/x'
	does podman run --rm --device /dev/fuse:/dev/fuse:r busybox sh -c ': < /dev/fuse'
	ends 1 podman run --rm --device /dev/fuse:/dev/fuse:r busybox sh -c ': 3<> /dev/fuse'
}

@test "--privileged" {
	does podman run --rm --privileged busybox sh -c 'grep CapEff /proc/self/status; test -e /dev/fuse; mount -t tmpfs none /tmp; touch /sys/fs/cgroup/x 2>/dev/null; ls /proc/kcore; grep Seccomp: /proc/self/status'
	matches "$output" "CapEff:.*000001[ef]"
	has "$(flat)" "Seccomp: 0"
}

@test "sysctls, limits, oom score, personality, time zone" {
	does podman run --rm --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4096 busybox cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax
	is "$(flat)" "1 4096"
	does podman run --rm --ulimit nofile=100:200 --ulimit nproc=500:500 --ulimit core=0 busybox sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
	is "$(flat)" "100 200 0"
	does podman run --rm --oom-score-adj 500 busybox cat /proc/self/oom_score_adj
	is "$output" 500
	does podman run --rm --personality LINUX32 busybox uname -m
	lacks "$output" x86_64
}

@test "masked and read-only paths of /proc and /sys" {
	does podman run --rm busybox sh -c 'cat /proc/keys /proc/timer_list | wc -c; ls /sys/firmware | wc -l; ! echo 1 > /proc/sys/kernel/domainname'
	is "$(flat)" "0 0"
	has "$stderr" "Read-only file system"
	does podman run --rm --security-opt unmask=/proc/keys busybox sh -c 'cat /proc/keys > /dev/null; grep -c " /proc/keys " /proc/self/mountinfo || :'
	is "$output" 0
	does podman run --rm --security-opt mask=/etc/group busybox cat /etc/group
	is "$output" ""
}

@test "--group-add keep-groups keeps the caller's groups" {
	does podman run --rm --group-add keep-groups --annotation run.oci.keep_original_groups=1 busybox grep Groups: /proc/self/status
	if [[ $ROOTLESS == 1 ]]; then
		is "$(flat)" "Groups:$(grep Groups: /proc/self/status | sed 's/Groups://; s/[0-9][0-9]*/65534/g' | tr -s ' \t' ' ' | sed 's/ $//')"
	fi
}

@test "--preserve-fds" {
	echo from-the-caller >"$T/file"
	does bash -c 'exec podman run --rm --preserve-fds 2 busybox sh -c "cat <&4; ls /proc/self/fd | wc -l" 3</dev/null 4<"$1"' bash "$T/file"
	has "$output" from-the-caller
	does podman run --rm busybox sh -c 'ls -l /proc/$$/fd | wc -l'
}

@test "--rootfs: a directory, read-only, and with :O" {
	busybox_tree "$T/tree"
	does podman run --rm --rootfs "$T/tree" sh -c 'echo new > /new; cat /new'
	is "$output" new
	is "$(cat "$T/tree/new")" new
	ends 1 podman run --rm --read-only --rootfs "$T/tree" touch /other
	does podman run --rm --rootfs "$T/tree:O" sh -c 'echo other > /other; cat /other'
	is "$output" other
	[[ ! -e $T/tree/other ]]
}

@test "--hooks-dir: each kind of hook" {
	mkdir "$T/hooks"
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		cat >"$T/hooks/$kind.json" <<-END
			{ "version": "1.0.0", "when": { "always": true }, "stages": ["$kind"],
			  "hook": { "path": "$T/hooks/hook", "args": ["hook", "$kind"], "env": ["KIND=$kind"] } }
		END
	done
	printf '#!/bin/sh\ncat > %s.state\necho "$1 $KIND" >> %s\n' "$T/hooks/\$1" "$T/hooks/log" >"$T/hooks/hook"
	chmod 755 "$T/hooks/hook"
	does podman --hooks-dir "$T/hooks" run --rm busybox echo in
	is "$output" in
	for kind in prestart createRuntime createContainer poststart poststop; do
		has "$(cat "$T/hooks/log")" "$kind $kind"
		is "$(jq -r .ociVersion "$T/hooks/$kind.state" | cut -d. -f1)" 1
	done
}

@test "--hooks-dir: a hook that fails is the container's failure" {
	mkdir "$T/hooks"
	echo "{ \"version\": \"1.0.0\", \"when\": { \"always\": true }, \"stages\": [\"prestart\"], \"hook\": { \"path\": \"$T/hooks/hook\" } }" >"$T/hooks/x.json"
	printf '#!/bin/sh\necho hook-says-no >&2\nexit 3\n' >"$T/hooks/hook"
	chmod 755 "$T/hooks/hook"
	try podman --hooks-dir "$T/hooks" run --rm busybox echo in
	[[ $status != 0 ]]
	has "$stderr" hook
	is "$output" ""
}

@test "secrets: a file, an environment variable" {
	echo sesame >"$T/secret"
	does podman secret create "$ID" "$T/secret"
	does podman run --rm --secret "$ID" --secret "$ID,type=env,target=WORD" busybox sh -c 'cat /run/secrets/*; echo $WORD'
	is "$(flat)" "sesame sesame"
	does podman secret rm "$ID"
}

@test "--systemd=always: the mounts that systemd expects" {
	does podman run --rm --systemd=always busybox sh -c 'grep -c tmpfs /proc/mounts; for d in /run /run/lock /tmp /var/log/journal; do touch $d/x || exit 1; done; echo $container'
	matches "$output" "(oci|podman)"
}

@test "--cgroups=disabled and --cgroups=no-conmon" {
	does podman run --rm --cgroups=disabled busybox cat /proc/self/cgroup
	does podman run --rm --cgroups=no-conmon busybox echo yes
	is "$output" yes
}

@test "--cgroupns: private and host" {
	does podman run --rm --cgroupns=private busybox readlink /proc/self/ns/cgroup
	[[ $output != "$(readlink /proc/self/ns/cgroup)" ]]
	does podman run --rm --cgroupns=host busybox readlink /proc/self/ns/cgroup
	is "$output" "$(readlink /proc/self/ns/cgroup)"
}

@test "--sdnotify=container: the program says that it is ready" {
	requires python3
	cat >"$T/notify.py" <<-'END'
		import os, socket, subprocess, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		s.settimeout(20)
		p = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=sys.argv[1]), stdin=subprocess.DEVNULL)
		said = ""
		while "READY=1" not in said:
		    said += s.recv(4096).decode() + "\n"
		p.wait()
		print("heard:", " ".join(said.split()))
	END
	does python3 "$T/notify.py" "$T/notify.sock" podman run --rm --sdnotify container busybox guest 'do' sdnotify READY=1
	has "$output" READY=1
}

@test "--timeout, --pidfile, --cidfile, --stop-signal" {
	ends 255 podman run --rm --timeout 1 busybox sleep 30
	does podman run -d --name "$ID" --stop-signal USR1 --pidfile "$T/pid" --cidfile "$T/cid" busybox sh -c 'trap "exit 8" USR1; echo up; while :; do sleep 0.1; done'
	wait_until prints up podman logs "$ID"
	[[ -d /proc/$(cat "$T/pid") ]]
	does podman stop "$ID"
	does podman wait "$ID"
	is "$output" 8
}

@test "a log driver that keeps nothing, a default PATH" {
	does podman run --rm --log-driver none busybox echo said
	is "$output" said
	does podman run --rm --unsetenv-all busybox echo found
	is "$output" found
}
