# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the tests of FUSE, images and overlay roots share; load after helpers.

PATH=$PATH:/usr/sbin:/sbin

# /dev/fuse can be opened by who runs the tests.
requires_fuse() {
	[[ -e /dev/fuse ]] || skip "no /dev/fuse"
	[[ -r /dev/fuse && -w /dev/fuse ]] || skip "/dev/fuse may not be opened by $(id -un): $(stat -c '%04a %U:%G' /dev/fuse)"
}

# pack TYPE DIRECTORY FILE: an image, its files owned by root.
pack() {
	case $1 in
	squashfs)
		requires mksquashfs
		mksquashfs "$2" "$3" -all-root -noappend -quiet >/dev/null
		;;
	erofs)
		requires mkfs.erofs
		mkfs.erofs --all-root "$3" "$2" >/dev/null 2>&1
		;;
	ext4)
		requires mkfs.ext4
		truncate -s 32M "$3"
		mkfs.ext4 -q -E root_owner=0:0 -d "$2" "$3"
		;;
	esac
}

# The one that is installed, or what tests/make-erofsfuse has fetched.
requires_erofsfuse() {
	! command -v erofsfuse >/dev/null || return 0
	local fetched=${OCIRUN_TEST_CACHE:-$HOME/.cache/ocirun-tests}/erofsfuse/erofsfuse
	[[ -x $fetched ]] || skip "needs erofsfuse, which Debian 12 lacks (tests/run fetches that of Debian 13 where it can)"
	annotate fuse.program.erofsfuse "$fetched"
}

# annotate KEY VALUE...: below org.ocirun.
annotate() {
	while (($#)); do
		config '.annotations["org.ocirun." + $k] = $v' --arg k "$1" --arg v "$2"
		shift 2
	done
}

# The same file of tests once more, as the ordinary user in a mount namespace where /dev/fuse is what udev makes
# of it, fusermount is nothing that can be executed, and $OCITEST_ON_OVERLAY is a directory on an overlay.
as_user_with_fuse() { # FILE
	requires_root "an ordinary user is what it becomes"
	requires unshare setpriv
	id "$OCITEST_USER" >/dev/null 2>&1 || skip "no user $OCITEST_USER (tests/run makes it)"
	mkdir -p "$T/layers"/{dev,lower,upper,work,merged}
	chown -R "$OCITEST_USER:" "$T/layers"
	chmod 755 "$T/layers"
	mkdir "$T/cache"
	cp -r "${OCIRUN_TEST_CACHE:-$HOME/.cache/ocirun-tests}/erofsfuse" "$T/cache/" 2>/dev/null || true
	OCIRUN=$OCIRUN OCIRUN_ARGS=${OCIRUN_ARGS:-} OCIRUN_TOOLS=$OCIRUN_TOOLS TOP=$T FILE=$1 USER_=$OCITEST_USER timeout 500 unshare -m --propagation private bash -euc '
		mount -t tmpfs -o mode=755 none "$TOP/layers/dev"
		mknod "$TOP/layers/dev/fuse" c 10 229
		chmod 666 "$TOP/layers/dev/fuse"
		mount --bind "$TOP/layers/dev/fuse" /dev/fuse
		for f in /usr/bin/fusermount /usr/bin/fusermount3; do
			[[ ! -e $f || -L $f ]] || mount --bind /dev/null "$f"
		done
		mount -t tmpfs -o mode=755 none "$TOP/layers/dev"
		mkdir "$TOP/layers/dev"/{lower,upper,work,merged}
		mount -t overlay -o "lowerdir=$TOP/layers/dev/lower,upperdir=$TOP/layers/dev/upper,workdir=$TOP/layers/dev/work" \
			none "$TOP/layers/dev/merged"
		chown "$USER_:" "$TOP/layers/dev/merged"
		exec setpriv "--reuid=$USER_" "--regid=$USER_" --init-groups env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/ TMPDIR=/tmp \
			"OCIRUN=$OCIRUN" "OCIRUN_ARGS=$OCIRUN_ARGS" "OCIRUN_TOOLS=$OCIRUN_TOOLS" "OCIRUN_TEST_CACHE=$TOP/cache" "OCITEST_ON_OVERLAY=$TOP/layers/dev/merged" bats "$FILE"
	' 3>&- 4>&- >"$T/user.tap" 2>&1 || { cat "$T/user.tap" >&2; return 1; }
	grep -q '^ok' "$T/user.tap"
}
