#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who may include whom: the layers of docs/ARCHITECTURE.md.  An include line names its folder, so that it
# shows its layer.
. "$(dirname "$0")/lib.bash"

allowed='
cli: runtime base
runtime: mount cgroup seccomp kernel base libocispec-lite
mount: kernel base libocispec-lite
cgroup: kernel base libocispec-lite
seccomp: kernel base libocispec-lite
kernel: base
base:
libocispec-lite:
'

grep -rnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]+"' src libocispec-lite --include='*.[ch]' |
	awk -F: -v allowed="$allowed" '
	BEGIN {
		n = split(allowed, lines, "\n")
		for (i = 1; i <= n; i++)
			if (split(lines[i], pair, ": *") == 2)
				may[pair[1]] = " " pair[2] " "
	}
	{
		split($1, dirs, "/")
		from = dirs[1] == "src" ? dirs[2] : dirs[1]
		split($0, quoted, "\"")
		header = quoted[2]
		# Made by the build, and of no layer.
		if (header == "config.h" || header == "commit.h")
			next
		if (split(header, parts, "/") != 2) {
			print $1 ":" $2 ": \"" header "\": the folder is to be named"
			bad = 1
		} else if (!(from in may)) {
			print $1 ": no such layer: " from
			bad = 1
		} else if (parts[1] != from && index(may[from], " " parts[1] " ") == 0) {
			print $1 ":" $2 ": " from " may not include " header
			bad = 1
		}
	}
	END { exit bad }'
