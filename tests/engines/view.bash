#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# view.bash DIRECTORY root|user COMMAND...: runs the command in a view of the machine of its own: mount,
# pid, network, ipc, uts and cgroup namespaces, with a /run and /dev/shm of their own, users and
# subordinate ids of their own, and cgroups that are removed with all processes at the end.  So
# engines find a clean machine, may use fixed names and ports, and leave nothing.  `user' is an
# ordinary user of that view, below a delegated cgroup.  Only root can make a view: started by
# somebody else the command gets a home and an XDG_RUNTIME_DIR, and the machine as it is.
#
# The cgroups of root are a tree with cpu, memory and pids: v2 where it has them, else v1.  Those of the
# user, and with ENGINE_VIEW_WANTS=v2 those of root, are v2, which some machines have without controllers.
# The command finds ENGINE_DIR, the directory, which belongs to it, and ENGINE_RUN, another one for
# what lives as long as the view: its path is short (Podman takes no runroot of more than 50 characters).
set -euo pipefail

mode=$2
export ENGINE_DIR=$1 LC_ALL=C.UTF-8
engine_uid=61184

# ---- outside: cgroups and namespaces ----------------------------------------------------------

unified=/sys/fs/cgroup
[[ -e $unified/cgroup.controllers ]] || unified=/sys/fs/cgroup/unified

# Directories of our own, one in each hierarchy that the view shows, and this process inside.
make_cgroups() {
	local hierarchy
	group=ocirun-engines.$$
	for hierarchy in $(shown); do
		mkdir "$hierarchy/$group"
		if [[ $hierarchy == "$unified" ]]; then
			mkdir "$hierarchy/$group/init"
		elif [[ -e $hierarchy/$group/cpuset.cpus ]]; then
			cat "$hierarchy/cpuset.cpus" >"$hierarchy/$group/cpuset.cpus"
			cat "$hierarchy/cpuset.mems" >"$hierarchy/$group/cpuset.mems"
		fi
		echo $$ >"$hierarchy/$group/cgroup.procs"
	done
}

leave_cgroups() {
	local hierarchy
	for hierarchy in $(shown); do
		echo $$ >"$hierarchy/cgroup.procs"
	done
}

# The kernel needs a moment for the last processes.
remove_cgroups() {
	local hierarchy n
	for hierarchy in $(shown); do
		for ((n = 0; n < 50; n++)); do
			find "$hierarchy/$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
			sleep 0.1
		done
	done
}

# The mount points of the hierarchies of the view.
shown() {
	if [[ $mode == root && ${ENGINE_VIEW_WANTS:-} != v2 && ! " $(<"$unified/cgroup.controllers") " == *" memory "* ]]; then
		find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d ! -name unified
	elif [[ -e $unified/cgroup.procs ]]; then
		echo "$unified"
	fi
}

# ---- inside: mounts and users -----------------------------------------------------------------

private_mounts() {
	mount -t proc -o nosuid,nodev,noexec proc /proc
	mount -t tmpfs -o mode=755 none /run
	mount -t tmpfs -o mode=1777 none /dev/shm
	[[ ! -d /var/lib/cni ]] || mount -t tmpfs -o mode=755 none /var/lib/cni # leases and results of network plugins
	# What udev would make of them; and a /dev/null that a runtime may give away (crun 1.8.1 does).
	mkdir /run/dev
	device null 1 3
	device fuse 10 229
	device net/tun 10 200
	ip link set lo up
}

device() { # NAME MAJOR MINOR
	[[ -e /dev/$1 ]] || return 0
	mknod -m 666 "/run/dev/${1##*/}" c "$2" "$3"
	mount --bind "/run/dev/${1##*/}" "/dev/$1"
}

# An /etc of our own, with the user that `user' means, and ranges for `--userns=auto' of root (those of the
# user `containers', who has to be there for newer Podmans) and of the user.  All of it: a mount on
# /etc/passwd alone would go when somebody renames a new one over it.
private_users() {
	cp -a /etc "$ENGINE_DIR/etc"
	echo "engine:x:$engine_uid:$engine_uid::$ENGINE_DIR/home:/bin/sh" >>"$ENGINE_DIR/etc/passwd"
	echo "engine:x:$engine_uid:" >>"$ENGINE_DIR/etc/group"
	grep -q ^containers: "$ENGINE_DIR/etc/passwd" ||
		echo "containers:x:$((engine_uid + 1)):$engine_uid::/nonexistent:/usr/sbin/nologin" >>"$ENGINE_DIR/etc/passwd"
	printf '%s\n' engine:2000000:262144 containers:3000000:262144 root:4000000:65536 |
		tee "$ENGINE_DIR/etc/subuid" >"$ENGINE_DIR/etc/subgid"
	mount --bind "$ENGINE_DIR/etc" /etc
}

# Mounts the view's cgroups; on v2 all processes are in a leaf, so that controllers can be given away.
private_cgroups() {
	local controller controllers
	umount -R -l /sys/fs/cgroup || true
	if [[ $1 != "$unified" ]]; then
		mount -t tmpfs -o mode=755 none /sys/fs/cgroup
		for controller; do
			controller=${controller##*/}
			mkdir "/sys/fs/cgroup/$controller"
			mount -t cgroup -o "${controller/#systemd/none,name=systemd}" none "/sys/fs/cgroup/$controller"
		done
		return
	fi
	mount -t cgroup2 none /sys/fs/cgroup
	controllers=$(</sys/fs/cgroup/cgroup.controllers)
	for controller in $controllers; do
		echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || echo "no $controller in this view" >&2
	done
}

# Delegation as systemd does it: the directory and the files that move processes and controllers.
delegate() {
	local group=/sys/fs/cgroup/user
	[[ -e /sys/fs/cgroup/cgroup.procs ]] || return 0
	mkdir -p "$group/session"
	chown "$engine_uid:$engine_uid" "$group" "$group"/cgroup.{procs,threads,subtree_control} "$group/session" "$group"/session/cgroup.{procs,threads,subtree_control}
	echo 0 >"$group/session/cgroup.procs"
}

inside() {
	local hierarchies=$1 status=0 be=()
	shift
	private_mounts
	private_users
	# shellcheck disable=SC2086 # paths without spaces
	[[ -z $hierarchies ]] || private_cgroups $hierarchies
	mkdir "$ENGINE_DIR/home" "$ENGINE_DIR/tmp"
	export ENGINE_RUN=/run/engine TMPDIR=$ENGINE_DIR/tmp
	mkdir -m 700 $ENGINE_RUN
	if [[ $mode == user ]]; then
		delegate
		chown "$engine_uid:$engine_uid" "$ENGINE_DIR" "$ENGINE_DIR/home" "$TMPDIR" $ENGINE_RUN
		be=(setpriv "--reuid=$engine_uid" "--regid=$engine_uid" --clear-groups)
		export XDG_RUNTIME_DIR=$ENGINE_RUN USER=engine LOGNAME=engine
	fi
	cd /
	# Not exec: this shell is pid 1 here, and reaps what engines leave to it.
	HOME=$ENGINE_DIR/home "${be[@]}" "$@" || status=$?
	exit $status
}

case ${ENGINE_VIEW:-} in
inside)
	inside "$ENGINE_VIEW_CGROUPS" "${@:3}"
	;;
rooted) # The cgroup namespace's root is where we were; now off it.
	[[ $ENGINE_VIEW_CGROUPS != "$unified" ]] || echo $$ >"$unified/$ENGINE_VIEW_GROUP/init/cgroup.procs"
	ENGINE_VIEW=inside exec unshare --mount --propagation private --pid --fork --kill-child --net --ipc --uts "$0" "$@"
	;;
esac

if [[ $(id -u) != 0 ]]; then
	ENGINE_RUN=$(mktemp -d "${TMPDIR:-/tmp}/oe.XXXXXX")
	trap 'rm -rf "$ENGINE_RUN"' EXIT
	mkdir "$ENGINE_DIR/home" "$ENGINE_DIR/tmp"
	export ENGINE_RUN TMPDIR=$ENGINE_DIR/tmp HOME=$ENGINE_DIR/home XDG_RUNTIME_DIR=$ENGINE_RUN
	"${@:3}"
	exit
fi
group=
trap remove_cgroups EXIT
make_cgroups
# The view's own shell goes back: the cgroup is for those inside.
ENGINE_VIEW=rooted ENGINE_VIEW_GROUP=$group ENGINE_VIEW_CGROUPS=$(shown) unshare --cgroup "$0" "$@" &
view=$!
leave_cgroups
wait "$view"
