#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: pods, kube play, health checks, the service, images that are built.
# as: root user

load helpers
load podman-helpers

# Podman's pause image cannot be downloaded here: an image of our own does its work.
pod_create() { # OPTION...
	does podman pod create --name "$ID" --infra-image localhost/busybox --infra-command /bin/pause "$@"
}

@test "a pod: shared network, ipc and uts, own pid" {
	pod_create --hostname podhost --network none
	does podman run -d --pod "$ID" --name "$ID-a" busybox sh -c 'httpd -f -p 127.0.0.1:8080 -h /etc'
	does podman run --rm --pod "$ID" busybox sh -c 'hostname; for i in 1 2 3 4 5 6 7 8 9; do wget -q -O - http://127.0.0.1:8080/group && break; sleep 0.3; done'
	has "$output" podhost
	has "$output" team
	does podman pod stop --time 0 "$ID"
	does podman pod start "$ID"
	does podman pod ps --format '{{.Status}}'
	has "$output" Running
	does podman pod rm --force --time 0 "$ID"
}

@test "a pod that shares its pid namespace, paused and killed" {
	pod_create --share net,ipc,uts,pid --network none
	does podman run -d --pod "$ID" --name "$ID-a" busybox sleep 61185
	does podman run --rm --pod "$ID" busybox ps
	has "$output" "sleep 61185"
	does podman exec "$ID-a" ps
	if podman_pauses && [[ $ROOTLESS == 0 || $RUNTIME_NAME == ocirun ]]; then
		does podman pod pause "$ID"
		does podman pod unpause "$ID"
	fi
	does podman pod kill "$ID"
}

@test "a pod without an infra container, a user namespace for all" {
	does podman pod create --name "$ID" --infra=false
	does podman run --rm --pod "$ID" busybox echo in
	is "$output" in
	does podman pod rm "$ID"
	pod_create --network none --userns auto:size=3000
	does podman run --rm --pod "$ID" busybox awk '{ print $3 }' /proc/self/uid_map
	is "$output" 3000
}

@test "kube play: two containers, a volume, a probe; kube down" {
	mkdir "$T/data"
	cat >"$T/pod.yaml" <<-END
		apiVersion: v1
		kind: Pod
		metadata:
		  name: $ID
		spec:
		  hostNetwork: true
		  restartPolicy: Never
		  volumes:
		  - name: data
		    hostPath: { path: $T/data, type: Directory }
		  containers:
		  - name: writer
		    image: localhost/busybox:latest
		    command: ["sh", "-c", "echo written > /data/file; sleep 60"]
		    securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } }
		    env: [{ name: PATH, value: "/bin" }]
		    volumeMounts: [{ name: data, mountPath: /data }]
		  - name: reader
		    image: localhost/busybox:latest
		    command: ["/bin/sh", "-c", "while ! cat /data/file; do sleep 0.1; done"]
		    volumeMounts: [{ name: data, mountPath: /data, readOnly: true }]
	END
	# The pod's own container is an image that Podman builds from its catatonit.
	try podman kube play "$T/pod.yaml"
	if [[ $stderr == *"catatonit"* || $stderr == *"/pause"* ]]; then
		skip "no pause image: $(tail -n 1 "$T/err")"
	fi
	[[ $status == 0 ]] || said "podman kube play"
	wait_until prints written podman logs "$ID-reader"
	is "$(cat "$T/data/file")" written
	does podman kube generate "$ID"
	has "$output" "kind: Pod"
	does podman kube down "$T/pod.yaml"
}

@test "health checks" {
	sleeper --health-cmd 'test -e /healthy' --health-interval disable
	ends 1 podman healthcheck run "$ID"
	does podman exec "$ID" touch /healthy
	does podman healthcheck run "$ID"
}

service_begins() {
	podman system service --time 0 "unix://$ENGINE_RUN/$ID.sock" >"$T/service.log" 2>&1 3>&- 4>&- &
	service=$!
	wait_until test -S "$ENGINE_RUN/$ID.sock"
	far=(podman --url "unix://$ENGINE_RUN/$ID.sock")
}

service_ends() {
	kill "$service"
	wait "$service" || :
}

@test "the service: containers over its socket" {
	service_begins
	does "${far[@]}" run --rm busybox echo remote
	is "$output" remote
	does "${far[@]}" run -d --name "$ID" busybox sh -c 'trap "exit 4" TERM; echo up; while :; do sleep 0.1; done'
	wait_until prints up "${far[@]}" logs "$ID"
	does "${far[@]}" exec "$ID" echo there
	is "$output" there
	on_tty $'tty; exit\n' "${far[@]}" exec -it "$ID" sh
	has "$output" /dev/pts/
	does "${far[@]}" top "$ID" comm
	has "$output" sh
	does "${far[@]}" stop "$ID"
	does "${far[@]}" inspect --format '{{.State.ExitCode}}' "$ID"
	is "$output" 4
	does "${far[@]}" rm "$ID"
	service_ends
}

# docker_api METHOD PATH [JSON]: of Podman's service, as Docker's clients speak to it.
docker_api() {
	local body=()
	[[ ! ${3:-} ]] || body=(--header 'Content-Type: application/json' --data "$3")
	does curl --silent --show-error --fail --unix-socket "$ENGINE_RUN/$ID.sock" --request "$1" "${body[@]}" "http://d/v1.41$2"
}

@test "the service: an image is built, Docker's interface, a pod" {
	requires curl
	service_begins
	printf 'FROM busybox\nRUN echo built > /built\n' >"$T/Containerfile"
	does "${far[@]}" build --quiet --tag "far-$ID" "$T"
	docker_api POST "/containers/create?name=$ID" "{\"Image\": \"localhost/far-$ID\", \"Cmd\": [\"sh\", \"-c\", \"cat /built; exit 6\"], \"Tty\": true}"
	docker_api POST "/containers/$ID/start"
	docker_api POST "/containers/$ID/wait"
	is "$(jq .StatusCode <<<"$output")" 6
	docker_api GET "/containers/$ID/logs?stdout=1"
	has "$output" built
	docker_api DELETE "/containers/$ID"
	does "${far[@]}" pod create --name "$ID-pod" --infra=false
	does "${far[@]}" run --rm --pod "$ID-pod" busybox echo in
	is "$output" in
	does "${far[@]}" pod rm "$ID-pod"
	does "${far[@]}" rmi "far-$ID"
	service_ends
}

@test "podman build: RUN, a user, a mount, what fails" {
	cat >"$T/Containerfile" <<-'END'
		FROM busybox
		RUN echo built > /built && test "$(id -u)" = 0
		RUN --mount=type=tmpfs,target=/t touch /t/x
		RUN --mount=type=cache,target=/cache touch /cache/x
		USER 1000
		WORKDIR /home
		CMD ["cat", "/built"]
	END
	does podman build --tag "build-$ID" "$T"
	does podman run --rm "build-$ID"
	is "$output" built
	if [[ $ROOTLESS == 1 ]]; then
		does podman build --no-cache --isolation rootless --tag "build-$ID" "$T"
	fi
	printf 'FROM busybox\nRUN exit 3\n' >"$T/Containerfile"
	ends 3 podman build "$T"
	does podman rmi "build-$ID"
}
