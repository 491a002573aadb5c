#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the commit of these sources: of the git checkout, or as the tarball's file COMMIT has it.
# usage: commit.sh SRCDIR
set -eu
srcdir=$1

if [ -e "$srcdir/.git" ] && commit=$(git -C "$srcdir" describe --always --abbrev=40 --exclude='*' --dirty 2>/dev/null); then
	echo "$commit"
elif [ -f "$srcdir/COMMIT" ]; then
	cat "$srcdir/COMMIT"
else
	echo unknown
fi
