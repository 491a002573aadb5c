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

# The mounts of the last call's output, read once: options, those of the file system, propagation; a later
# mount on the same target hides an earlier one.
declare -gA words_on super_on propagation_on
words_from=
read_mounts() {
	local target words super propagation
	[[ $words_from != "$call $output" ]] || return 0
	words_from="$call $output"
	words_on=() super_on=() propagation_on=()
	while IFS=$'\t' read -r target words super propagation; do
		words_on[$target]=$words super_on[$target]=$super propagation_on[$target]=$propagation
	done < <(jq -r '(if type == "array" then . else .mounts end)[] |
		[.target, .options, .super, (.propagation | join(",") | if . == "" then "none" else . end)] | @tsv' <<<"$output")
}

# flags_are TARGET WORD...: words that the mount has, and, with "-" before them, that it has not.
flags_are() {
	words_are words_on "$@"
}

# The same of the file system; there lazytime and the like may be shown with the mount.
super_is() {
	words_are super_on "$@"
}

# none, shared:, master:, unbindable: as flags_are.
propagation_is() {
	words_are propagation_on "$@"
}

words_are() { # ARRAY TARGET WORD...
	local -n array=$1
	local target=$2 word words
	shift 2
	read_mounts
	[[ ${array[$target]:-} ]] || { echo "nothing is mounted on $target" >&2; return 1; }
	words=,${array[$target]},
	[[ ${!array} != super_on ]] || words=,${words_on[$target]},${super_on[$target]},
	for word; do
		case $word in
		-*: | -*=) lacks "$target $words" ",${word#-}" || return 1 ;;
		-*) lacks "$target $words" ",${word#-}," || return 1 ;;
		*: | *=) has "$target $words" ",$word" || return 1 ;;
		*) has "$target $words" ",$word," || return 1 ;;
		esac
	done
}

mount_words() { # TARGET: the options of the mount, between commas
	printf ',%s,' "$(mount_of "$1" | jq -r .options)"
}

# A run that warns on standard error of every TEXT, and works.
runs_with_warning() { # TEXT...
	local text
	ocirun --log-level warning run --bundle "$B" "$ID"
	is "$status" 0
	for text; do
		has "$stderr" "$text"
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
# Sets $status, $output (without the line that a guest says which sleeps) and $stderr.
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
	output=$(grep -vx sleeping "$container_out") || true
	stderr=$(<"$T/calls/$call.err")
}

# Overlays have the new mount API here (Linux 6.5): any number of layers, data-only ones, options that are refused by name.
overlay_is_new() {
	requires python3
	local unshare=()
	[[ $ROOTLESS == 0 ]] || unshare=(unshare --map-root-user --mount)
	# fsopen(2), and FSCONFIG_SET_STRING of fsconfig(2): with the old one any option is taken at first
	"${unshare[@]}" python3 -c 'import ctypes, sys
call = ctypes.CDLL(None).syscall
fs = call(430, b"overlay", 0)
sys.exit(fs < 0 or call(431, fs, 1, b"nosuchoption", b"1", 0) == 0)'
}

# refuse_descriptors [ERROR]: runs the container, and from then on WRAP makes the kernel refuse the first layer that is given as
# a descriptor, as Linux 6.12 does (EBADF).
refuse_descriptors() {
	local nth error=${1:-EBADF}
	WRAP=(env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=fsconfig -o "$T/trace")
	runs
	# which of its calls is the first that names a layer: strace counts for each process
	nth=$(awk '{ n[$1]++ } /FSCONFIG_SET_FD/ { print n[$1]; exit }' "$T/trace")
	WRAP+=(-e "inject=fsconfig:error=$error:when=$nth")
}
