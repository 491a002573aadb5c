# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the tests of limits share; load after helpers.  A test names the files of both versions, and the helper takes
# the one that this machine has: v1, v2, or both (a hybrid, where each controller belongs to one of them).

# The directories of the container's cgroups, in all hierarchies.
cgroup_directories() { # NAME
	find /sys/fs/cgroup -type d -name "*$1*" 2>/dev/null
}

# Parents that a test chose stay when the container is deleted; the deepest go first.
remove_cgroups() { # NAME
	find /sys/fs/cgroup -depth -type d -path "*$1*" -exec rmdir {} +
}

# The hierarchies, as the runtime finds them: by the type of the file system, since the mount table also has what is
# covered by another mount.
cgroup_v2='' cgroup_v1=()
find_hierarchies() {
	local directory
	if [[ $(stat -fc %T /sys/fs/cgroup 2>/dev/null) == cgroup2fs ]]; then
		cgroup_v2=/sys/fs/cgroup
		return
	fi
	for directory in /sys/fs/cgroup/*; do
		[[ -d $directory && ! -L $directory ]] || continue
		case $(stat -fc %T "$directory") in
		cgroup2fs) cgroup_v2=$directory ;;
		cgroupfs) cgroup_v1+=("$directory") ;;
		esac
	done
}
find_hierarchies

# The mount points of all hierarchies.
hierarchy_roots() {
	printf '%s\n' "${cgroup_v1[@]}" ${cgroup_v2:+"$cgroup_v2"}
}

# The mount point of the v2 hierarchy; fails if there is none.
v2_root() {
	[[ $cgroup_v2 ]] && echo "$cgroup_v2"
}

# The mount point of the v1 hierarchy with a controller; fails if there is none.
v1_root() { # CONTROLLER
	local directory
	for directory in "${cgroup_v1[@]}"; do
		[[ ,${directory##*/}, == *",$1,"* ]] || continue
		echo "$directory"
		return
	done
	return 1
}

# The name of a controller in v2.
v2_name() { # CONTROLLER
	case $1 in
	blkio) echo io ;;
	cpuacct) echo cpu ;;
	*) echo "$1" ;;
	esac
}

in_v1() { # CONTROLLER
	v1_root "$1" >/dev/null
}

in_v2() { # CONTROLLER
	local root
	root=$(v2_root) || return
	[[ $ROOTLESS == 0 ]] || root+=/user.slice/user-$(id -u).slice/user@$(id -u).service
	grep -qsw "$(v2_name "$1")" "$root/cgroup.controllers"
}

has_controller() { # NAME
	in_v1 "$1" || in_v2 "$1"
}

# The hierarchies that the kernel has, and whether we may make groups there.
requires_cgroup() {
	requires_root "needs a cgroup of its own"
	v2_root >/dev/null || in_v1 freezer || skip "no cgroups are mounted"
}

# An ordinary user's cgroup is made by a systemd of his own.
users_runtime_dir=${XDG_RUNTIME_DIR:-}
requires_any_cgroup() {
	if [[ $ROOTLESS == 0 ]]; then
		requires_cgroup
		return
	fi
	[[ -S $users_runtime_dir/bus ]] || skip "needs a cgroup of its own: root, or a user's systemd (tests/vm/run)"
	export XDG_RUNTIME_DIR=$users_runtime_dir
	OCIRUN_ARGS=--systemd-cgroup
}

requires_controller() { # NAME...
	local name
	requires_any_cgroup
	for name; do
		has_controller "$name" || skip "no $name controller here"
	done
}

requires_v1() { # CONTROLLER
	requires_root "needs a cgroup of its own"
	in_v1 "$1" || skip "the $1 controller is not in a v1 hierarchy here"
}

requires_v2() { # CONTROLLER
	requires_root "needs a cgroup of its own"
	in_v2 "$1" || skip "the $1 controller is not in the v2 hierarchy here"
}

# The directory of a process's cgroup (default: the container's init) in the hierarchy of a controller.
cgroup_of() { # CONTROLLER [PID]
	local root path pid=${2:-$(container_pid)}
	if root=$(v1_root "$1"); then
		path=$(awk -F: -v name="$1" 'index("," $2 ",", "," name ",") { print substr($0, length($1 $2) + 3); exit }' \
			"/proc/$pid/cgroup")
	else
		root=$(v2_root)
		path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	fi
	echo "$root${path%/}"
}

# value CONTROLLER V1-FILE V2-FILE: what the file of the container's cgroup holds, on one line.
value() {
	local directory file=$3
	directory=$(cgroup_of "$1")
	! in_v1 "$1" || file=$2
	paste -sd, "$directory/$file"
}

# value_is CONTROLLER V1-FILE V1-TEXT V2-FILE V2-TEXT: either file has to hold its text.
value_is() {
	local expected=$5
	! in_v1 "$1" || expected=$3
	is "$(value "$1" "$2" "$4")" "$expected"
}

# The number behind KEY in a flat keyed file of the container's cgroup.
counter() { # CONTROLLER FILE KEY
	awk -v key="$3" '$1 == key { print $2 }' "$(cgroup_of "$1")/$2"
}

# Limits of the bundle: linux.resources as JSON.
resources() { # JSON
	config '.linux.resources = $r' --argjson r "$1"
}

# A container whose program sleeps, with these limits.
limited() { # JSON
	resources "$1"
	sleeping
}
