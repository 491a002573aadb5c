# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the tests of all engines share: calling, looking, images.  tests/engines/run starts each file in
# a view of its own (view.bash).  Environment: ENGINE_RUNTIME (the runtime's path), ENGINE_DIR (a
# directory for storage and configuration, gone in the end), ENGINE_RUN (the same for sockets and pid
# files), ENGINE_TOOLS (made by tests/build-tools), ENGINE_IMAGES (tar files).

engines_dir=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${ENGINE_RUNTIME:?is set by tests/engines/run}" "${ENGINE_DIR:?is set by tests/engines/run}"
RUNTIME_NAME=${ENGINE_RUNTIME##*/}
PATH=$PATH:/usr/sbin:/sbin
ROOTLESS=0
[[ $(id -u) == 0 ]] || ROOTLESS=1

# shellcheck source=tests/looking.bash
. "$engines_dir/../looking.bash"

# ---- calling ----------------------------------------------------------------------------------

# try COMMAND...: sets $status, $output and $stderr.  Bats' own descriptors are closed.
try() {
	status=0
	timeout --foreground -k 5 "${ENGINE_TIMEOUT:-60}" "$@" <"${STDIN:-/dev/null}" >"$T/out" 2>"$T/err" 3>&- 4>&- || status=$?
	output=$(tr -d '\0\r' <"$T/out")
	stderr=$(tr -d '\0' <"$T/err")
}

# does COMMAND...: it has to succeed.
does() {
	try "$@"
	[[ $status == 0 ]] && return 0
	said "$*"
}

# For a failure: what the last command said.
said() { # COMMAND
	printf '%s\nstatus: %s\nstdout: %s\nstderr: %s\n' "$1" "$status" "$(tail -c 1500 "$T/out" | tr -d '\0')" "$(tail -c 1500 "$T/err")" >&2
	return 1
}

# ends STATUS COMMAND...: it has to end with this status.
ends() {
	local want=$1
	shift
	try "$@"
	[[ $status == "$want" ]] && return 0
	said "$* (which should end with status $want)"
}

# on_tty INPUT COMMAND...: does it on a terminal of 24 lines and 80 columns where somebody types INPUT.
on_tty() {
	local input=$1
	shift
	does "$ENGINE_TOOLS/pty-run" 24x80 "$input" "$@"
}

# ---- looking ----------------------------------------------------------------------------------

# The output in one line.
flat() {
	tr -s ' \t\n' ' ' <<<"$output" | sed 's/^ //; s/ $//'
}

matches() { # TEXT REGEX
	[[ $1 =~ $2 ]] && return 0
	printf 'text:          %s\ndoes not match: %s\n' "$1" "$2" >&2
	return 1
}

# wait_until COMMAND...: polls it for some thirty seconds.
wait_until() {
	local n
	for ((n = 0; n < 300; n++)); do
		if "$@" >/dev/null 2>&1; then
			return 0
		fi
		sleep 0.1
	done
	echo "waited in vain for: $*" >&2
	return 1
}

# prints TEXT COMMAND...: what it prints holds TEXT; for wait_until.
prints() {
	local text=$1 said
	shift
	said=$("$@" 2>&1) || true
	[[ $said == *"$text"* ]]
}

requires() { # PROGRAM...
	local program
	for program; do
		command -v "$program" >/dev/null || skip "needs $program"
	done
}

requires_root() { # REASON
	[[ $ROOTLESS == 0 ]] || skip "for root: $1"
}

requires_user() { # REASON
	[[ $ROOTLESS == 1 ]] || skip "for an ordinary user: $1"
}

# requires_controllers NAME...: of the cgroups in this view, for who runs the tests.
requires_controllers() {
	local name own
	own=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
	for name; do
		if [[ ! -d /sys/fs/cgroup/$name && " $(cat "$own/cgroup.controllers" 2>/dev/null) " != *" $name "* ]]; then
			skip "no cgroup controller $name here"
		fi
	done
}

# Sets $criu to the directory of a CRIU that works on this kernel: the host's, or the newer one that tests/make-criu leaves
# in the cache; else to nothing.
find_criu() {
	for criu in /usr/sbin "$OCIRUN_TEST_CACHE/criu/bin"; do
		if [[ -x $criu/criu ]] && "$criu/criu" check >"$T/criu.log" 2>&1; then
			return 0
		fi
	done
	criu=''
}

# A daemon has to be started where find_criu has put $criu in front of PATH.
with_criu() {
	local criu
	requires_root "CRIU needs it"
	find_criu
	[[ $criu ]] || skip "no CRIU works here (tests/engines/run --all gets a newer one): $(tail -n 1 "$T/criu.log" 2>/dev/null)"
	PATH=$criu:$PATH
}

# ---- images -----------------------------------------------------------------------------------

# busybox_tree DIRECTORY: a root file system of a few files.
busybox_tree() {
	local program
	mkdir -p "$1"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr,var}
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	for program in $("$1/bin/busybox" --list | grep -vx busybox); do
		ln -sf busybox "$1/bin/$program"
	done
	cp "$ENGINE_TOOLS/guest" "$1/bin/guest"
	printf '#!/bin/sh\ntrap exit TERM\nwhile :; do sleep 0.1; done\n' >"$1/bin/pause"
	chmod 755 "$1/bin/pause"
	printf 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nalice:x:1000:\nteam:x:2000:alice\n' >"$1/etc/group"
}

# debian_tar NAME: sets $tar to the image that the head of the file asks for ("# image: NAME PACKAGE...").
debian_tar() {
	tar=$ENGINE_IMAGES/$1.tar
	[[ -r $tar ]] || skip "no $1.tar in the cache (tests/engines/run --all makes it)"
}

# ---- configuration ----------------------------------------------------------------------------

# containers_conf: Podman's and Buildah's; everything they store is in $ENGINE_DIR.  An ordinary user's
# is in his home, since the podman that conmon starts to clean up is not given the variables.
containers_conf() {
	local conf=$HOME/.config/containers
	mkdir -p "$conf" "$ENGINE_DIR"/{storage,volumes}
	export BUILDAH_RUNTIME=$ENGINE_RUNTIME PODMAN_IGNORE_CGROUPSV1_WARNING=1
	if [[ $ROOTLESS == 0 ]]; then
		export CONTAINERS_CONF=$conf/containers.conf CONTAINERS_STORAGE_CONF=$conf/storage.conf
		export CONTAINERS_REGISTRIES_CONF=$conf/registries.conf
	fi
	# No more than the machine's own limits: root without CAP_SYS_RESOURCE cannot raise them.
	cat >"$conf/containers.conf" <<-END
		[containers]
		default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$(most_processes):$(most_processes)"]
		apparmor_profile = ""
		log_driver = "k8s-file"
		$(has_pids || echo pids_limit = 0)
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "$RUNTIME_NAME"
		runtime_supports_json = ["crun", "runc", "ocirun"]
		runtime_supports_nocgroup = ["crun", "ocirun"]
		static_dir = "$ENGINE_DIR/storage/libpod"
		tmp_dir = "$ENGINE_RUN/libpod"
		volume_path = "$ENGINE_DIR/volumes"
		image_default_transport = "containers-storage"
		[engine.runtimes]
		$RUNTIME_NAME = ["$ENGINE_RUNTIME"]
	END
	cat >"$conf/storage.conf" <<-END
		[storage]
		driver = "$(storage_driver)"
		graphroot = "$ENGINE_DIR/storage"
		runroot = "$ENGINE_RUN/containers"
	END
	echo 'unqualified-search-registries = []' >"$conf/registries.conf"
}

# Podman asks for a limit of processes by default.
has_pids() {
	[[ -d /sys/fs/cgroup/pids || " $(cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null) " == *" pids "* ]]
}

# Podman lowers its own limit to the greatest pid.
most_processes() {
	local most greatest
	most=$(ulimit -Hu)
	greatest=$(</proc/sys/kernel/pid_max)
	[[ $most != unlimited && $most -le $greatest ]] || most=$((greatest < 32768 ? greatest : 32768))
	echo "$most"
}

# The kernel has no overlay whose upper layer is on an overlay.
storage_driver() {
	case $(stat -f -c %T "$ENGINE_DIR") in
	overlayfs) echo vfs ;;
	*) echo overlay ;;
	esac
}

# ---- one test ---------------------------------------------------------------------------------

# For setup(): a directory of the test's own.
test_directory() {
	T=$(mktemp -d "$ENGINE_DIR/test.XXXXXX")
	chmod 755 "$T"
}

# Nothing of the runtime under test is left: no state directory, no mount below the test's directory.
runtime_left_nothing() {
	local left
	left=$("$ENGINE_RUNTIME" list --quiet 2>/dev/null) || true
	[[ -z $left ]] || { echo "left with the runtime: $left" >&2 && return 1; }
}
