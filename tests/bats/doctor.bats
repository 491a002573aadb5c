#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# doctor: what it tries, what it says, and that nothing of it stays.
load helpers

# The answer to a question: "works", or the reason.
answer() { # NAME
	jq -r --arg n "$1" '.[] | select(.name == $n) | if .works then "works" else .why end' <<<"$output"
}

examine() {
	mkdir -p "$T/here"
	ocirun "$@" doctor --format json "$T/here"
	is "$stderr" ""
	is "$(ls -A "$T/here")" ""
}

@test "doctor: a container can be made here, and nothing of the trial stays" {
	examine
	is "$status" 0
	is "$(answer containers) $(answer proc)" "works works"
	is "$(answer 'overlay root')" works
	is "$(jq -r 'all(.[]; (.works | type) == "boolean" and (.works or (.why | length) > 0))' <<<"$output")" true
}

@test "doctor: the table says the same" {
	works doctor "$T"
	has "$output" $'ok  containers'
	is "$(grep -c '^ok \|^no ' <<<"$output")" "$(grep -vc '^    ' <<<"$output")"
}

@test "doctor: what does not work has the reason that create gives, and the remedy" {
	WRAP=(unshare --mount --map-root-user --propagation private bash -ec 'touch "$0/null"; chmod 0 "$0/null"
		mount --bind "$0/null" /dev/fuse; exec "$@"' "$T")
	[[ -e /dev/fuse ]] || skip "no /dev/fuse"
	examine
	has "$(answer fuse)" "mounts[0] /fuse: "
	is "$status" 0
}

@test "doctor: without privilege over a volume's file system its ids cannot be shifted" {
	requires_user "root may"
	examine
	has "$(answer 'shifted ids, volume')" "CAP_SYS_ADMIN"
	is "$(answer 'user namespace')" ""
}

@test "doctor: root has no need of subordinate ids, a user without them is told" {
	examine
	if [[ $ROOTLESS == 0 ]]; then
		is "$(answer 'subordinate ids')" ""
	else
		WRAP=(unshare --mount --map-current-user --keep-caps bash -ec 'mount --bind /dev/null /etc/subuid; exec setpriv \
			--inh-caps=-all --ambient-caps=-all --bounding-set=-all "$@"' "$T")
		examine
		has "$(answer 'subordinate ids')" /etc/subuid usermod
	fi
}

@test "doctor: where no namespace can be made nothing else is asked, and the exit status is 1" {
	WRAP=(unshare --user --map-root-user bash -ec 'echo 0 >/proc/sys/user/max_pid_namespaces; exec "$@"' doctor)
	examine
	is "$status" 1
	has "$(answer containers)" /proc/sys/user
	is "$(jq -r 'map(select(.name != "subordinate ids")) | length' <<<"$output")" 1
}

@test "doctor: the cgroup manager is the one that was asked for" {
	examine --cgroup-manager disabled
	has "$(answer 'memory limit')" "disabled"
}

@test "doctor: a directory that is missing or cannot be written" {
	refused "$T/missing" "no such file or directory" -- doctor "$T/missing"
	refused "/proc" -- doctor /proc
}

@test "doctor: several at once" {
	local n pids=()
	mkdir -p "$T/here"
	for n in {1..4}; do
		"$OCIRUN" doctor --format json "$T/here" >"$T/answer$n" 3>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n"
	done
	is "$(jq -c 'map([.name, .works])' "$T"/answer* | sort -u | wc -l)" 1
	is "$(ls -A "$T/here")" ""
}
