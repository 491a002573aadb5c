# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the files about mounts share: load it instead of helpers.  A "private host" is a mount namespace
# of its own in which a script prepares mounts, so that the machine's own stay as they are; an ordinary
# user becomes root of a user namespace for it.

load helpers

# add_mount DESTINATION SOURCE OPTION,OPTION... [TYPE]
add_mount() {
	config '.mounts += [{destination: $d, source: $s, options: ($o | split(","))} + if $t == "" then {} else {type: $t} end]' \
		--arg d "$1" --arg s "$2" --arg o "$3" --arg t "${4:-}"
}

# add_mounts: lines "DESTINATION SOURCE OPTIONS [TYPE]" from standard input.
add_mounts() {
	jq -R 'split(" ") | {destination: .[0], source: .[1], options: (.[2] | split(","))} +
		if .[3] then {type: .[3]} else {} end' | jq -s . >"$T/mounts.new"
	config '.mounts += $m[0]' --slurpfile m "$T/mounts.new"
}

# Mounts that a test added before are taken away again.
no_more_mounts() {
	config 'del(.mounts[6:])'
}

# The options of the mount on TARGET inside, between commas.
mount_words() { # TARGET
	printf ',%s,' "$(mount_of "$1" | jq -r .options)"
}

# The same with those of the file system.
all_words() { # TARGET
	printf '%s%s,' "$(mount_words "$1")" "$(mount_of "$1" | jq -r .super)"
}

propagation_of() { # TARGET
	mount_of "$1" | jq -c .propagation
}

# flags_are TARGET WANTED...: words that the mount has, and, with "-" before them, that it has not.
flags_are() {
	local target=$1 word words
	words=$(mount_words "$target")
	shift
	for word; do
		case $word in
		-*) lacks "$target $words" ",${word#-}," ;;
		*) has "$target $words" ",$word," ;;
		esac
	done
}

# The container has a user namespace of its own, in which root is who calls the runtime.
own_user_namespace() {
	[[ $ROOTLESS == 0 ]] || return 0
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
}

# The caller is root of the private host.
root_of_private_host() {
	mkdir -p "$T/src"
	private=(unshare --mount --propagation private)
	if [[ $ROOTLESS == 1 ]]; then
		private+=(--map-root-user)
		config '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	fi
}

# From now on the runtime is called in a private host that the script has prepared; it sees $T/src as $src.
in_mount_namespace() { # SCRIPT
	local private
	root_of_private_host
	WRAP=("${private[@]}" bash -ec "src=\$1; shift; $1; exec \"\$@\"" prepare "$T/src")
}

# Runs the script in a private host: $src, $bundle, $id, and the functions
#   oci ARG...      the runtime
#   inside ARG...   `exec` of the guest
#   mounts          how many mounts there are
#   ends            waits until the container has stopped, and deletes it
# Sets $status, $output and $stderr.
on_private_host() { # SCRIPT
	local private
	root_of_private_host
	call=$((call + 1))
	container_out=$T/calls/$call.out
	cat >"$T/calls/$call.script" <<-'END'
		src=$1 bundle=$2 id=$3
		shift 3
		runtime=("$@")
		oci() { "${runtime[@]}" "$@"; }
		inside() { oci exec "$id" /guest "$@"; }
		mounts() { wc -l </proc/self/mountinfo; }
		ends() {
			for _ in {1..200}; do
				[[ $(oci state "$id") != *'"stopped"'* ]] || break
				sleep 0.02
			done
			oci delete --force "$id"
		}
	END
	printf '%s\n' "$1" >>"$T/calls/$call.script"
	status=0
	# shellcheck disable=SC2086 # OCIRUN_ARGS holds words
	OCIRUN_TEST_MARK=$ID timeout --foreground -k 2 60 "${private[@]}" bash -eu "$T/calls/$call.script" "$T/src" "$B" "$ID" \
		"$OCIRUN" ${OCIRUN_ARGS:-} --root "$T/state" </dev/null >"$container_out" 2>"$T/calls/$call.err" 3>&- || status=$?
	output=$(<"$container_out")
	stderr=$(<"$T/calls/$call.err")
}
