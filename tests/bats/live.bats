#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mounts list, add and remove: what is mounted into a container that runs, and taken away again.
load mount-helpers

# What the container's processes see in a directory.
inside() {
	works exec "$ID" /guest "$@"
}

# added DESTINATION OPTION...: by options of the command line.
added() {
	works mounts add "$ID" --destination "$@"
	is "$output" ""
}

# document [DESTINATION SOURCE OPTIONS TYPE]...: lines as for add_mounts become $T/mounts.json.
document() {
	jq -R 'split(" ") | {destination: .[0], source: .[1], options: (.[2] | split(","))} +
		if .[3] then {type: .[3]} else {} end' | jq -s '{mounts: .}' >"$T/mounts.json"
}

# The line of `mounts list` for a destination, as JSON; the last one there.
listed() { # DESTINATION
	works mounts list "$ID" --format json
	jq -c --arg d "$1" '[.[] | select(.destination == $d)] | last' <<<"$output"
}

source_directory() {
	mkdir -p "$T/src"
	echo content >"$T/src/file"
}

@test "mounts add: a bind appears in the running container, and goes with mounts remove" {
	source_directory
	sleeping
	added /data --source "$T/src"
	inside cat /data/file
	is "$output" content
	inside write /data/new text
	is "$(<"$T/src/new")" text
	works mounts remove "$ID" --destination /data
	inside ls /data
	is "$output" ""
	is "$(listed /data)" null
}

@test "mounts add: a file, a relative source, and options" {
	source_directory
	sleeping
	cd "$T"
	added /etc/added --source src/file --options ro,nosuid
	inside cat /etc/added
	is "$output" content
	has ",$(listed /etc/added | jq -r .options)," ,ro,nosuid,
	works mounts remove "$ID" -d /etc/added
	inside cat /etc/added
	is "$output" ""
}

@test "mounts add: a new file system, with its options" {
	sleeping
	added /scratch/deep --type tmpfs --options size=64k,mode=0700
	has "$(listed /scratch/deep | jq -r .fsOptions)" size=64k
	inside stat /scratch/deep
	has "$output" '"mode":"0700"'
}

@test "mounts add: an overlay" {
	mkdir -p "$T"/{lower,upper,work}
	echo lower >"$T/lower/file"
	sleeping
	added /merged --type overlay --options "lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work"
	inside cat /merged/file
	is "$output" lower
	inside write /merged/file text
	is "$(<"$T/upper/file")" text
	is "$(<"$T/lower/file")" lower
}

@test "mounts add FILE: the mounts section of config.json, all of it or nothing" {
	source_directory
	sleeping
	document <<-END
		/one $T/src bind,ro
		/two tmpfs size=64k tmpfs
	END
	works mounts add "$ID" "$T/mounts.json"
	is "$(listed /one | jq -r .from) $(listed /two | jq -r .from)" "added added"
	document <<-END
		/three $T/src bind
		/four $T/missing bind
	END
	STDIN=$T/mounts.json refused "mounts[1] /four" "$T/missing" "no such file or directory" -- mounts add "$ID" -
	is "$(listed /three)" null
	document <<-END
		/one $T/src bind
		/two tmpfs size=64k tmpfs
	END
	works mounts remove "$ID" "$T/mounts.json"
	is "$(listed /one) $(listed /two)" "null null"
}

@test "mounts add: into a container that was created and not started" {
	source_directory
	guest cat /data/file
	created
	added /data --source "$T/src"
	works start "$ID"
	wait_for_status stopped
	is "$(container_output)" content
}

@test "mounts add: a missing target in a root that is read-only by root.readonly is made, as at create" {
	source_directory
	config '.root.readonly = true'
	sleeping
	added /new/data --source "$T/src"
	inside cat /new/data/file
	is "$output" content
	ocirun exec "$ID" /guest write /new/other text
	has "$output$stderr" EROFS
}

@test "mounts add: a target that cannot be made is an error that says so" {
	source_directory
	mkdir "$T/ro"
	add_mount /ro "$T/ro" bind,ro
	sleeping
	refused "mounts[0] /ro/data" "read-only file system" -- mounts add "$ID" --destination /ro/data --source "$T/src"
	is "$(ls "$T/ro")" ""
}

@test "mounts add: what the host mounts later arrives with rslave, and not without" {
	sleeping_config
	on_private_host 'mount -t tmpfs top "$src"; mount --make-shared "$src"; mkdir "$src/late"
		oci create --bundle "$bundle" "$id"; oci start "$id"
		before=$(mounts)
		oci mounts add "$id" --destination /slave --source "$src" --options rbind,rslave
		oci mounts add "$id" --destination /private --source "$src" --options rbind,rprivate
		mount -t tmpfs late "$src/late"; touch "$src/late/here"
		echo "slave: $(inside ls /slave/late)"
		echo "private: $(inside ls /private/late)"
		umount "$src/late"
		echo "left: $(($(mounts) - before))"
		oci delete --force "$id"'
	is "$status, $stderr, $output" "0, , slave: here"$'\n'"private: "$'\n'"left: 0"
}

sleeping_config() {
	args /guest sleep
}

@test "mounts add: nothing of it appears on the host, and no process stays" {
	source_directory
	sleeping
	local before processes
	before=$(host_mounts) processes=$(host_processes)
	added /data --source "$T/src"
	added /scratch --type tmpfs
	is "$(host_mounts)" "$before"
	is "$(host_processes)" "$processes"
}

@test "mounts add: a source that only the caller can reach is opened by the caller" {
	requires_root "a user's container has the user's ids"
	source_directory
	chmod 700 "$T/src"
	mkdir "$T/src/dir"
	config_many_ids
	sleeping
	added /data --source "$T/src/dir"
	inside ls /data
	is "$output" ""
}

@test "mounts add: ids of the host's files are shifted for root's container with a user namespace" {
	requires_root "shifting ids of the host's file systems takes privilege"
	source_directory
	config_many_ids
	sleeping
	added /data --source "$T/src" --options rbind,idmap
	inside stat /data/file
	has "$output" '"uid":0'
	inside write /data/new text
	is "$(stat -c %u "$T/src/new")" 0
}

@test "mounts add: many ids without root" {
	requires_subids
	source_directory
	config_many_ids
	sleeping
	added /data --source "$T/src"
	added /scratch --type tmpfs --options uid=7
	inside stat /scratch
	has "$output" '"uid":7'
}

@test "mounts add: what is mounted with the container only is refused" {
	local type
	sleeping
	for type in proc sysfs mqueue devpts cgroup; do
		refused "mounts[0] /x" "cannot be added to a running container" -- mounts add "$ID" -d /x --type "$type"
	done
	refused "what is mounted already is not changed" -- mounts add "$ID" -d /proc -t none -o remount,ro
	refused "could not go on" -- mounts add "$ID" -d / -t tmpfs
	refused "could not go on" -- mounts add "$ID" -d /dev/ -t tmpfs
	refused "mounts[0] /proc" -- mounts add "$ID" -d /proc -t tmpfs
	refused "mounts[0] /proc/self" -- mounts add "$ID" -d /proc/self -s "$T"
}

@test "mounts add: a container without a mount namespace of its own is refused" {
	requires_root "without privilege there is always one"
	config 'del(.linux.namespaces[] | select(.type == "mount"), .linux.maskedPaths, .linux.readonlyPaths)'
	in_mount_namespace true
	args /guest true
	created
	refused "has no mount namespace of its own" -- mounts add "$ID" -d /x -t tmpfs
}

@test "mounts add: bad documents" {
	local text
	sleeping
	for text in '{}' '{"mounts":[]}' '[]' '{"mounts":[{"source":"/x"}]}' '{"mounts":{}}' ''; do
		printf %s "$text" >"$T/mounts.json"
		refused mounts -- mounts add "$ID" "$T/mounts.json"
	done
	refused "no such file or directory" -- mounts add "$ID" "$T/missing"
	refused '--destination' -- mounts add "$ID"
	refused '--destination' -- mounts add "$ID" --source /x
	refused "neither" -- mounts add "$ID" -d /x
	refused "either a FILE" -- mounts add "$ID" "$T/mounts.json" -d /x
	refused "no option but" -- mounts remove "$ID" -d /x -t tmpfs
	refused "unknown word 'move'" -- mounts move "$ID"
	refused "unexpected argument" -- mounts list "$ID" more
}

@test "mounts: a container that is not there, or does not run" {
	refused "container does not exist" -- mounts add "$ID" -d /x -t tmpfs
	refused "container does not exist" -- mounts list "$ID"
	args /guest true
	started
	wait_for_status stopped
	refused "container not running" -- mounts add "$ID" -d /x -t tmpfs
	refused "container not running" -- mounts remove "$ID" -d /x
	refused "container not running" -- mounts list "$ID"
}

@test "mounts remove: only what was added, and the last one of several on one place" {
	source_directory
	mkdir "$T/other"
	sleeping
	refused "/proc" "was not added" -- mounts remove "$ID" -d /proc
	added /data --source "$T/src"
	added /data/ --source "$T/other"
	inside ls /data
	is "$output" ""
	works mounts remove "$ID" -d /data
	inside ls /data
	is "$output" file
	works mounts remove "$ID" -d //data/.
	refused "was not added" -- mounts remove "$ID" -d /data
}

@test "mounts remove: a link that the container puts in the way leads to nothing else" {
	mkdir -p "$T/src" "$R/place"
	sleeping
	added /place/sys --source "$T/src"
	inside rename /place /moved
	inside symlink /proc /place
	works mounts remove "$ID" -d /place/sys
	is "$(listed /moved/sys)" null
	is "$(listed /proc/sys | jq -r .destination)" /proc/sys
}

@test "mounts remove: what the container has covered stays, what it has unmounted is forgotten with a warning" {
	source_directory
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	sleeping
	added /data --source "$T/src"
	inside mount over /data tmpfs
	refused "/data" "something else is mounted over it" -- mounts remove "$ID" -d /data
	inside umount /data
	inside umount /data
	ocirun mounts remove "$ID" -d /data
	is "$status" 0
	has "$stderr" "the container has unmounted it"
	refused "was not added" -- mounts remove "$ID" -d /data
}

@test "mounts add: links of the container lead nowhere outside" {
	source_directory
	mkdir "$T/canary"
	ln -s "../../../../../../../..$T/canary" "$R/relative"
	ln -s "$T/canary" "$R/absolute"
	sleeping
	added /relative/x --source "$T/src"
	added /absolute/y --type tmpfs
	is "$(ls "$T/canary")" ""
	[[ -d $R$T/canary/x && -d $R$T/canary/y ]]
}

@test "mounts add: a link of the container into /proc is refused" {
	source_directory
	ln -s /proc/sys "$R/link"
	sleeping
	refused "nothing may be mounted" -- mounts add "$ID" -d /link/kernel -s "$T/src"
	refused "mounts[0] /link" -- mounts add "$ID" -d /link -t tmpfs
}

@test "mounts add: several at once are all recorded" {
	local n pids=()
	source_directory
	sleeping
	for n in {1..8}; do
		"$OCIRUN" --root "$T/state" mounts add "$ID" -d "/data$n" -s "$T/src" 3>&- &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n"
	done
	works mounts list "$ID" --format json
	is "$(jq '[.[] | select(.from == "added")] | length' <<<"$output")" 8
	is "$(jq '.mounts | length' "$T/state/$ID/state.json")" 8
}

@test "mounts list: from where each one is, as a table and as JSON" {
	source_directory
	add_mount /data "$T/src" rbind,ro,rslave
	sleeping
	added /more --source "$T/src"
	is "$(listed / | jq -r .from)" root
	is "$(listed /proc | jq -r '.from + " " + .type')" "mounts[0] proc"
	is "$(listed /data | jq -r .from)" "mounts[6]"
	is "$(listed /proc/sys | jq -r .from)" ""
	is "$(listed /more | jq -r '.from + " " + .propagation')" "added private"
	works mounts list "$ID"
	is "${output%%[[:space:]]*}" DESTINATION
	has "$output" "mounts[6]"
}

@test "mounts add: a checkpoint says that the new mounts have to go first" {
	requires_root "checkpoint takes privilege"
	source_directory
	sleeping
	added /data --source "$T/src"
	refused "/data" "mounts remove" -- checkpoint --image-path "$T/images" "$ID"
	[[ ! -e $T/images ]]
}

@test "mounts add: one upper directory, one container" {
	mkdir -p "$T"/{lower,upper,work}
	sleeping
	added /merged --type overlay --options "lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work"
	works create --bundle "$B" "$ID-2"
	refused "$T/upper" "$ID" -- mounts add "$ID-2" -d /merged -t overlay \
		-o "lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work"
}
