#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Texts speak to whoever reads them: no ticket numbers, no paths of one machine, nothing left to do.
. "$(dirname "$0")/lib.bash"

bad=0
# forbid PATTERN WHY
forbid()
{
	if text_files | grep -vxF tests/lint/words.sh | xargs grep -nE -- "$1"; then
		echo "^ $2"
		bad=1
	fi
}

# (TAP has a directive of the last of these names, which stands in quotes or slashes.)
forbid '\b(FIX''ME|X''XX|HACK)\b|\bTO''DO($|[^"/A-Za-z])' 'unfinished work does not belong in the tree'
forbid '(^|[^[:alnum:]])(issue|ticket|bug|PR|pull request) #?[0-9]+' 'a ticket number: say what it was about'
forbid '\b(crun|runc|youki|podman|moby|buildah|ocirun|containerd|systemd)(/[0-9]+|#[0-9]+)' 'a ticket number: say what it was about'
forbid '/home/[a-z]+/(git|work)' 'a path that others do not have'
forbid '<<<<<<< |>>>>>>> ' 'a merge that was not finished'

# White space that an editor will change behind somebody's back.
if c_files | xargs grep -nE '[[:blank:]]+$'; then
	echo '^ blanks at the end of the line'
	bad=1
fi
exit $bad
