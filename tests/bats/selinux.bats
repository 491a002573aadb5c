#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# bats file_tags=selinux
# process.selinuxLabel (config.md, Linux Process) and linux.mountLabel (config-linux.md, Mount Label).  Both labels are
# in every policy that knows containers; tests/vm/run --selinux has a kernel that enforces one.
load helpers

program=system_u:system_r:container_t:s0:c1,c2
files=system_u:object_r:container_file_t:s0:c1,c2

is_active() {
	[[ -e /sys/fs/selinux/enforce ]]
}

requires_selinux() {
	is_active || skip "SELinux is not active (tests/vm/run --selinux)"
	knows "$program" || skip "the policy does not know $program"
}

# Is the label one of the policy?  As security_check_context(3) asks.
knows() {
	printf '%s\0' "$1" 2>/dev/null >/sys/fs/selinux/context
}

requires_our_policy() {
	requires_selinux
	if ! knows system_u:system_r:forbidden_t:s0 || [[ $(</sys/fs/selinux/enforce) != 1 ]]; then
		skip "needs the policy of tests/vm/selinux.cil, enforced"
	fi
}

labels() { # PROGRAM FILES
	config '.process.selinuxLabel = $p | .linux.mountLabel = $f' --arg p "$1" --arg f "$2"
}

# The host's label of what we make, which a container must not have.
label_of() {
	getfattr --no-dereference --only-values --name security.selinux "$1" 2>/dev/null | tr -d '\0'
}

@test "selinux: the program has the label of the configuration" {
	requires_selinux
	labels "$program" "$files"
	guest cat /proc/self/attr/current
	runs
	is "$(tr -d '\0\n' <<<"$output")" "$program"
	config 'del(.process.selinuxLabel)'
	runs
	is "$(tr -d '\0\n' <<<"$output")" "$(tr -d '\0\n' </proc/self/attr/current)"
}

@test "selinux: exec has the label of the configuration, of its process.json, of --process-label" {
	requires_selinux
	labels "$program" "$files"
	sleeping
	is "$(tr -d '\0' <"/proc/$(container_pid)/attr/current")" "$program"
	works exec "$ID" /guest apparmor
	has "$output" "$program"
	works exec --process-label "${program%:*}:c0,c3" "$ID" /guest apparmor
	has "$output" "${program%:*}:c0,c3"
	jq --arg p "${program%:*}:c0" '.process | .args = ["/guest", "apparmor"] | .selinuxLabel = $p' <"$B/config.json" >"$T/process.json"
	works exec --process "$T/process.json" "$ID"
	has "$output" "${program%:*}:c0"
	lacks "$output" "${program%:*}:c0,"
}

@test "selinux: labels that are none are refused at create and at exec, and nothing is left" {
	requires_selinux
	local bad
	for bad in nonsense "${program/container_t/no_such_t}" "${program/:s0*/}" "${program/c1,c2/c5000}" "${program/system_r/object_r:x}"; do
		labels "$bad" "$files"
		create_refused "process.selinuxLabel $bad" "no such label" USER:ROLE:TYPE:LEVEL
		labels "$program" "$bad"
		create_refused "linux.mountLabel $bad" "no such label" USER:ROLE:TYPE:LEVEL
	done
	labels "$program" "$files"
	sleeping
	refused "process.selinuxLabel nonsense" "no such label" -- exec --process-label nonsense "$ID" /guest true
	is "$(container_status)" running
}

@test "selinux: a label where SELinux is not active is refused, one of mounts is told to do nothing" {
	! is_active || skip "SELinux is active"
	[[ ! -e /sys/fs/selinux ]] || skip "SELinux is there, and hidden"
	labels "$program" "$files"
	create_refused "process.selinuxLabel $program" "not active"
	config 'del(.process.selinuxLabel)'
	args /guest true
	works --log "$T/log" --log-level warning run --bundle "$B" "$ID"
	has "$(<"$T/log")" "linux.mountLabel $files does nothing here"
	sleeping
	refused "process.selinuxLabel $program" "not active" -- exec --process-label "$program" "$ID" /guest true
}

@test "selinux: an option for mountLabel that does not exist is refused" {
	config '.linux.mountLabel = $f | .annotations["run.oci.mount_context_type"] = "xcontext"' --arg f "$files"
	create_refused "run.oci.mount_context_type" "'xcontext'" rootcontext
}

@test "selinux: mountLabel is the label of new file systems, not of proc, sysfs and binds (config-linux.md, Mount Label)" {
	requires_selinux
	mkdir "$T/volume"
	labels "$program" "$files"
	config '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"},
		{destination: "/volume", type: "bind", source: $v, options: ["rbind"]}] | .linux.maskedPaths += ["/volume/masked"]' --arg v "$T/volume"
	mkdir "$T/volume/masked"
	guest touch /tmp/x /dev/shm/y -- label /tmp /tmp/x /dev /dev/null /dev/shm/y /dev/pts /dev/ptmx /dev/mqueue /proc /sys /volume /volume/masked
	runs
	local path
	for path in /tmp /tmp/x /dev /dev/shm/y /dev/pts /dev/mqueue /volume/masked; do
		is "$(grep "^$path " <<<"$output")" "$path $files"
	done
	for path in /proc /sys /volume; do
		[[ $(grep "^$path " <<<"$output") == "$path "*:* ]]
		lacks "$(grep "^$path " <<<"$output")" "$files"
	done
	is "$(grep '^/volume ' <<<"$output")" "/volume $(label_of "$T/volume")"
	# Not a stand-in that is bound: then it is the host's.
	[[ $ROOTLESS == 1 ]] || is "$(grep '^/dev/null ' <<<"$output")" "/dev/null $files"
}

@test "selinux: mountLabel and overlays, of mounts[] and of the root" {
	requires_selinux
	mkdir -p "$T/lower" "$T/upper" "$T/work"
	echo x >"$T/lower/file"
	labels "$program" "$files"
	config '.mounts += [{destination: "/o", type: "overlay", source: "overlay",
		options: ["lowerdir=\($t)/lower", "upperdir=\($t)/upper", "workdir=\($t)/work"]}] |
		.annotations["org.ocirun.rootfs.overlay.upper"] = "tmpfs"' --arg t "$T"
	guest touch /o/new /new -- label /o /o/file /o/new / /guest /new
	runs
	local path
	for path in /o /o/file /o/new / /guest /new; do
		is "$(grep "^$path " <<<"$output")" "$path $files"
	done
}

@test "selinux: mountLabel and a root that is an image" {
	requires_selinux
	requires_root "mounts an image"
	requires mkfs.erofs
	mkfs.erofs --quiet "$B/root.img" "$R" >/dev/null
	rm -rf "$R"
	mkdir "$R"
	labels "$program" "$files"
	config '.annotations["org.ocirun.rootfs.image"] = "root.img" | .root.readonly = true'
	guest label / /guest
	runs
	is "$output" "/ $files
/guest $files"
}

@test "selinux: run.oci.mount_context_type chooses the option; one that stands in the options wins, with or without quotes" {
	requires_selinux
	local key
	labels "$program" "$files"
	config '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	for key in context fscontext rootcontext; do
		config '.annotations["run.oci.mount_context_type"] = $k' --arg k "$key"
		guest cat /proc/self/mountinfo -- label /tmp
		runs
		has "$(grep ' /tmp ' <<<"$output")" "$key=\"$files\""
	done
	is "$(grep '^/tmp ' <<<"$output")" "/tmp $files"
	config '.annotations["run.oci.mount_context_type"] = "defcontext"'
	create_refused tmpfs "linux.mountLabel $files" defcontext
	config 'del(.annotations)'
	for key in "${files/c1,c2/c3}" "\"${files/c1,c2/c0,c3}\""; do
		config '.mounts |= map(if .destination == "/tmp" then .options = ["context=" + $k] else . end)' --arg k "$key"
		guest label /tmp
		runs
		is "$output" "/tmp ${key//\"/}"
	done
}

@test "selinux: the session keyring has the label of the program" {
	requires_selinux
	labels "$program" "$files"
	args /guest keyring-label
	runs
	is "$(jq -r . <<<"$output")" "$program"
	config 'del(.process.selinuxLabel)'
	runs
	is "$(jq -r . <<<"$output")" "$(tr -d '\0' </proc/self/attr/current)"
}

@test "selinux: in a user namespace with many ids, new or joined" {
	requires_selinux
	local all=(guest apparmor -- label /dev /dev/shm /dev/pts /dev/mqueue)
	labels "$program" "$files"
	config_many_ids
	"${all[@]}"
	runs
	has "$output" "$program"
	is "$(grep -c " $files\$" <<<"$output")" 4
	sleeping
	config '(.linux.namespaces[] | select(.type == "user")).path = "/proc/\($p)/ns/user" |
		del(.linux.uidMappings, .linux.gidMappings)' --arg p "$(container_pid)"
	"${all[@]}"
	works run --bundle "$B" "$ID-2"
	has "$output" "$program"
	is "$(grep -c " $files\$" <<<"$output")" 4
}

@test "selinux: what the policy does not allow the program to become is an error that says so" {
	requires_our_policy
	labels system_u:system_r:forbidden_t:s0 "$files"
	created
	refused "permission denied" "SELinux policy" "system_u:system_r:forbidden_t:s0" -- start "$ID"
}

@test "selinux: a volume over /proc does not swallow the label (CVE-2019-16884)" {
	requires_selinux
	labels "$program" "$files"
	config '.mounts |= map(select(.destination != "/proc")) | .mounts += [{destination: "/proc", type: "tmpfs", source: "tmpfs"}]'
	args /guest true
	ocirun run --bundle "$B" "$ID"
	failed
}

@test "selinux: what is hidden from the runtime is the kernel's to decide" {
	requires_selinux
	requires_root "mounts over /sys/fs/selinux"
	labels "$program" "$files"
	args /guest apparmor
	WRAP=(unshare --mount --propagation private sh -c 'mount -t tmpfs none /sys/fs/selinux && exec "$@"' -)
	ocirun run --bundle "$B" "$ID"
	is "$status" 0
	has "$output" "$program"
	labels nonsense ''
	ocirun run --bundle "$B" "$ID"
	failed "process.selinuxLabel nonsense" "no such label"
}
