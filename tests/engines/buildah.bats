#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Buildah: images made with the runtime, from nothing, by `run' and by `bud'.
# as: root user

load helpers
load podman-helpers

setup_file() {
	containers_conf
	# What an ordinary user gets by default; `oci' wants a bridge.
	export BUILDAH_ISOLATION=oci
	[[ $ROOTLESS == 0 ]] || BUILDAH_ISOLATION=rootless
	T=$ENGINE_DIR/setup
	mkdir -p "$T"
	busybox_tree "$T/busybox"
	does buildah from --name base scratch
	does buildah add base "$T/busybox" /
	does buildah config --cmd /bin/sh --env PATH=/bin base
	does buildah commit --quiet base localhost/busybox
	does buildah rm base
	rm -rf "$T/busybox"
}

teardown() {
	buildah rm --all >"$T/rm.out" 2>&1 || { cat "$T/rm.out" >&2 && return 1; }
	runtime_left_nothing
	buildah unshare rm -rf "$T" 2>/dev/null || rm -rf "$T"
}

@test "run: output, status, a user, an environment" {
	does buildah from --name "$ID" busybox
	does buildah run "$ID" -- sh -c 'echo here; id -u'
	is "$(flat)" "here 0"
	ends 5 buildah run "$ID" -- sh -c 'exit 5'
	does buildah run --user 1000:2000 --env A=b --workingdir /tmp --hostname box "$ID" -- sh -c 'id -u; id -g; echo $A; pwd; hostname'
	is "$(flat)" "1000 2000 b /tmp box"
	try buildah run "$ID" -- nosuchcommand
	[[ $status != 0 ]]
}

@test "run: a terminal" {
	does buildah from --name "$ID" busybox
	on_tty $'tty; exit\n' buildah run --tty "$ID" -- sh
	has "$output" /dev/
}

@test "run: volumes, capabilities, no network, changes that stay" {
	does buildah from --name "$ID" busybox
	mkdir "$T/dir"
	does buildah run --volume "$T/dir:/dir" --mount type=tmpfs,target=/t "$ID" -- sh -c 'touch /dir/x /t/y /kept'
	[[ -e $T/dir/x ]]
	does buildah run --cap-drop CAP_SETUID "$ID" -- grep CapEff /proc/self/status
	does buildah run --network none "$ID" -- ls /kept /sys/class/net
	has "$output" lo
}

@test "bud: each kind of step" {
	echo context >"$T/file"
	cat >"$T/Containerfile" <<-'END'
		FROM busybox AS first
		ARG WORD=none
		COPY file /copied
		RUN echo $WORD > /word && chown alice /word
		RUN ["/bin/sh", "-c", "test -e /copied"]
		FROM busybox
		COPY --from=first /word /copied /
		USER alice
		RUN id -u > /tmp/id
		RUN --mount=type=bind,source=file,target=/bound cat /bound > /tmp/bound
	END
	does buildah bud --build-arg WORD=sesame --layers --tag "bud-$ID" "$T"
	does buildah from --name "$ID" "bud-$ID"
	does buildah run "$ID" -- sh -c 'cat /word /copied /tmp/id /tmp/bound; stat -c %u /word'
	is "$(flat)" "sesame context 1000 context 1000"
	does buildah rmi --force "bud-$ID"
}

@test "bud: a step that fails, a program that is not there" {
	printf 'FROM busybox\nRUN echo before && exit 7\n' >"$T/Containerfile"
	ends 7 buildah bud "$T"
	has "$output" before
	printf 'FROM busybox\nRUN ["/no/such"]\n' >"$T/Containerfile"
	try buildah bud "$T"
	[[ $status != 0 ]]
	has "${stderr,,}" "no such file"
}

@test "bud: secrets, the host's network" {
	echo sesame >"$T/secret"
	printf 'FROM busybox\nRUN --mount=type=secret,id=word cat /run/secrets/word > /word\nRUN ls /sys/class/net > /net\n' >"$T/Containerfile"
	does buildah bud --network host --secret "id=word,src=$T/secret" --tag "bud-$ID" "$T"
	does buildah from --name "$ID" "bud-$ID"
	does buildah run "$ID" -- cat /word
	is "$output" sesame
	does buildah rmi --force "bud-$ID"
}

# bats test_tags=all
@test "bud: limits of processes, shared memory, devices, capabilities, seccomp, hosts, a cache, tmpfs" {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5}]}' >"$T/profile.json"
	cat >"$T/Containerfile" <<-'END'
		FROM busybox
		RUN { ulimit -n; df -k /dev/shm | awk 'END { print $2 }'; stat -c %t:%T /dev/fuse; grep CapEff /proc/self/status; grep special /etc/hosts; } > /facts
		RUN mkdir /x 2>> /facts || true
		RUN --mount=type=cache,target=/cache echo cached > /cache/file
		RUN --mount=type=cache,target=/cache cat /cache/file >> /facts
		RUN --mount=type=tmpfs,target=/t grep ' /t tmpfs' /proc/mounts >> /facts
	END
	does buildah bud --ulimit nofile=100:200 --shm-size 1m --device /dev/fuse --cap-drop ALL --cap-add DAC_OVERRIDE \
		--security-opt "seccomp=$T/profile.json" --add-host special.test:192.0.2.1 --tag "bud-$ID" "$T"
	does buildah from --name "$ID" "bud-$ID"
	does buildah run "$ID" -- cat /facts
	matches "$(flat)" '^100 1024 a:e5 CapEff: 0000000000000002 192.0.2.1 special.test mkdir: .*Input/output error cached tmpfs /t tmpfs'
	does buildah rmi --force "bud-$ID"
}

@test "bud: user namespaces" {
	printf 'FROM busybox\nRUN cat /proc/self/uid_map; touch /made\n' >"$T/Containerfile"
	does buildah bud --userns-uid-map 0:3000:2000 --userns-gid-map 0:3000:2000 "$T"
	has "$output" 2000
}
