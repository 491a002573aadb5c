# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For the files of containerd and Docker: load after helpers.  Their daemons run in the view, with all
# that they store in $ENGINE_DIR, and end with the file.

# daemon NAME COMMAND...: starts it; what it says is in $ENGINE_DIR/NAME.log.
daemon() {
	local name=$1
	shift
	# Descriptor 3 and 4 are of bats, which waits for who holds them.
	"$@" >"$ENGINE_DIR/$name.log" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$ENGINE_DIR/$name.pid"
}

daemon_ends() { # NAME
	local pid
	pid=$(cat "$ENGINE_DIR/$1.pid") || return 0
	kill "$pid" 2>/dev/null || return 0
	wait_until process_is_gone "$pid"
}

process_is_gone() {
	[[ ! -e /proc/$1 ]]
}

# answers NAME COMMAND...: waits until the daemon does, and shows its log if it does not.
answers() {
	local name=$1
	shift
	wait_until "$@" && return 0
	tail -n 20 "$ENGINE_DIR/$name.log" >&2
	return 1
}

# ---- containerd -------------------------------------------------------------------------------

# containerd_requires: what a user's needs, whose containerd is in the namespaces of rootlesskit.
containerd_requires() {
	[[ $ROOTLESS == 0 ]] || requires rootlesskit slirp4netns newuidmap nsenter
}

# containerd_start CONFIG: with what the runtime needs in its PATH; and `ctr` reaches it.  What takes its runtime from the
# PATH gets the one under test, too: `ctr run --uidmap' forgets --runc-binary (its own options replace those of the runtime).
containerd_start() {
	local criu='' socket=/run/containerd/containerd.sock
	mkdir -p "$ENGINE_DIR/bin"
	ln -s "$ENGINE_RUNTIME" "$ENGINE_DIR/bin/runc"
	if [[ $ROOTLESS == 0 ]]; then
		find_criu
		PATH=$ENGINE_DIR/bin:$criu:$PATH daemon containerd containerd --config "$1"
	else
		# rootless.md of containerd: directories of its own, and the clients go where the daemon is
		PATH=$ENGINE_DIR/bin:$PATH daemon containerd rootlesskit --net=slirp4netns --disable-host-loopback --copy-up=/etc --copy-up=/run --copy-up=/var/lib \
			--state-dir="$ENGINE_RUN/rootlesskit" sh -c 'rm -f /run/containerd /var/lib/cni; exec containerd --config "$1"' containerd "$1"
		printf '#!/bin/sh\nexec %s ctr "$@"\n' "$(printf '%q ' "$engines_dir/within" "$ENGINE_RUN/rootlesskit" env "PATH=$PATH")" >"$ENGINE_DIR/bin/ctr"
		chmod 755 "$ENGINE_DIR/bin/ctr"
		PATH=$ENGINE_DIR/bin:$PATH
	fi
	answers containerd ctr version
}

# where_containerd_is COMMAND...: in its namespaces
where_containerd_is() {
	if [[ $ROOTLESS == 0 ]]; then
		"$@"
	else
		"$engines_dir/within" "$ENGINE_RUN/rootlesskit" "$@"
	fi
}

# containerd's.  The kernel has no overlay whose upper layer is on an overlay.
snapshotter() {
	case $(storage_driver) in
	vfs) echo native ;;
	*) echo overlayfs ;;
	esac
}

# oci_image DIRECTORY NAME FILE [PROGRAM]: the tree as an image of one layer, in the tar archive that
# image-layout.md of the image specification describes.
oci_image() {
	local dir=$T/layout layer config manifest
	mkdir -p "$dir/blobs/sha256"
	tar -C "$1" --owner=0 --group=0 -cf "$T/layer.tar" .
	layer=$(blob "$T/layer.tar")
	jq -n --arg layer "sha256:$layer" --arg program "${4:-/bin/sh}" '{architecture: "amd64", os: "linux",
		config: {Env: ["PATH=/bin"], Cmd: [$program]},
		rootfs: {type: "layers", diff_ids: [$layer]}}' >"$T/config"
	config=$(blob "$T/config")
	jq -n --argjson config "$(descriptor config.v1+json "$config")" \
		--argjson layer "$(descriptor layer.v1.tar "$layer")" \
		'{schemaVersion: 2, config: $config, layers: [$layer]}' >"$T/manifest"
	manifest=$(blob "$T/manifest")
	jq -n --argjson manifest "$(descriptor manifest.v1+json "$manifest")" --arg name "$2" \
		'{schemaVersion: 2, manifests: [$manifest + {annotations: {"io.containerd.image.name": $name}}]}' >"$dir/index.json"
	echo '{"imageLayoutVersion": "1.0.0"}' >"$dir/oci-layout"
	tar -C "$dir" -cf "$3" .
	rm -rf "$dir" "$T/layer.tar"
}

# blob FILE: copies it to its place in the layout, and prints its digest.
blob() {
	local digest
	digest=$(sha256sum <"$1" | cut -d' ' -f1)
	cp "$1" "$T/layout/blobs/sha256/$digest"
	echo "$digest"
}

descriptor() { # TYPE DIGEST
	jq -n --arg type "application/vnd.oci.image.$1" --arg digest "$2" \
		--argjson size "$(stat -c %s "$T/layout/blobs/sha256/$2")" '{mediaType: $type, digest: ("sha256:" + $digest), size: $size}'
}

# cgroup_file CONTROLLER V1-NAME V2-NAME PATH: what the file of a container's cgroup holds.
cgroup_file() {
	if [[ -e /sys/fs/cgroup/cgroup.procs ]]; then
		cat "/sys/fs/cgroup/$4/$3"
	else
		cat "/sys/fs/cgroup/$1/$4/$2"
	fi
}

# The runtime under test has no container left below this root, whatever caches it keeps there.
no_container_left() { # ROOT [COMMAND...: that looks]
	local left root=$1
	shift
	"$@" test -d "$root" || return 0
	left=$("$@" find "$root" -mindepth 1 -maxdepth 1 ! -name '.*')
	[[ -z $left ]] || { echo "left with the runtime: $left" >&2 && return 1; }
}
