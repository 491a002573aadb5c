# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For tests/engines/run: another Debian, with its versions of the engines, as the root of everything that
# follows.  Not a chroot, in which nobody may make user namespaces: pivot_root in a mount namespace of
# our own.  The tree is made once, as a tar in the cache.

suite_packages=(
	# engines and a peer
	podman buildah crun conmon catatonit netavark aardvark-dns passt slirp4netns fuse-overlayfs iptables nftables
	containerd docker.io docker-cli rootlesskit criu
	# what the tests and the runtime use
	bats busybox-static curl iproute2 jq procps python3 uidmap libyajl2 libseccomp2 libcap2 libmount1
)

# enter_suite NAME ARG...: runs tests/engines/run with these arguments in a tree of the suite NAME.
enter_suite() {
	local tar=$OCIRUN_TEST_CACHE/suite-$1.tar tree=$work/suite
	if [[ ! -e $tar || $(cat "$tar.packages" 2>/dev/null) != "${suite_packages[*]}" ]]; then
		echo "making $tar"
		DEBIAN_SUITE=$1 "$top/tests/make-debian" "$tar" "${suite_packages[@]}" >"$work/suite.log" 2>&1 ||
			{ tail -n 5 "$work/suite.log" >&2 && return 1; }
		echo "${suite_packages[*]}" >"$tar.packages"
	fi
	mkdir "$tree"
	tar -C "$tree" --exclude='./dev/*' -xf "$tar"
	# What was built here runs there; the tests' own files and the images are where they were.
	mkdir -p "$tree/$work" "$tree/old"
	unshare --mount --propagation private bash -euc '
		tree=$1 work=$2
		mount --rbind "$tree" "$tree"
		for d in dev sys proc; do mount --rbind "/$d" "$tree/$d"; done
		mount --bind "$work" "$tree/$work" # not what is mounted in it: cgroups are looked up in the mount table
		cd "$tree"
		pivot_root . old
		umount -l /old
		unset TMPDIR
		export OCIRUN=$work/bin/ocirun ENGINE_TOOLS=$work/tools OCIRUN_TEST_CACHE=$work/images HOME=/root
		exec "$work/tests/engines/run" "${@:3}"' suite "$tree" "$work" "${@:2}"
}
