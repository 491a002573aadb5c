#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Which program the process runs (config.md, Process): arguments, the search in PATH, environment, cwd.
load helpers

@test "args are the program's arguments, unchanged (config.md, Process)" {
	args /guest argv "" "two words" '$PATH' $'new\nline' -- --help
	runs
	is "$(jq -c . <<<"$output")" '["/guest","argv","","two words","$PATH","new\nline","--","--help"]'
}

@test "args[0] without a slash is looked for in the PATH of process.env" {
	mkdir -p "$R/first" "$R/second"
	mv "$R/guest" "$R/second/prog"
	config '.process.env = ["PATH=/none:/first:/second"]'
	args prog echo found
	runs
	is "$output" found
}

@test "the path search skips directories and files that may not be executed, as execvp does" {
	mkdir -p "$R/one/prog" "$R/two" "$R/three"
	echo text >"$R/two/prog"
	mv "$R/guest" "$R/three/prog"
	config '.process.env = ["PATH=/one:/two:/three"]'
	args prog echo found
	runs
	is "$output" found
}

@test "without PATH in the environment a default path is searched" {
	mkdir -p "$R/usr/bin"
	mv "$R/guest" "$R/usr/bin/prog"
	config '.process.env = []'
	args prog echo found
	runs
	is "$output" found
}

@test "a program that is not in PATH: executable file not found in \$PATH" {
	args nosuchcmd
	refused 'exec: "nosuchcmd": executable file not found in $PATH' -- run --bundle "$B" "$ID"
	no_container
}

@test "a program that does not exist: no such file or directory" {
	args /no/such
	refused 'exec: "/no/such": stat /no/such: no such file or directory' -- run --bundle "$B" "$ID"
}

@test "a program that may not be executed: permission denied" {
	echo text >"$R/etc/text"
	args /etc/text
	refused 'exec: "/etc/text": permission denied' -- run --bundle "$B" "$ID"
}

@test "a program that is a directory: is a directory" {
	args /etc
	refused 'exec: "/etc": is a directory' -- run --bundle "$B" "$ID"
}

@test "the error of a program that cannot be executed comes at create or start, on one line" {
	args /no/such
	ocirun create --bundle "$B" "$ID"
	[[ $status != 0 ]] || ocirun start "$ID"
	[[ $status != 0 ]]
	is "$(wc -l <"$T/calls/$call.err")" 1
}

@test "other errors do not hold the words that engines take for a missing program" {
	config '.hostname = "x" | .linux.namespaces |= map(select(.type != "uts"))'
	ocirun run --bundle "$B" "$ID"
	[[ $status != 0 ]]
	lacks "${stderr,,}" "no such file"
	lacks "${stderr,,}" "permission denied"
	lacks "${stderr,,}" "operation not permitted"
}

@test "relative program names with a slash start at cwd" {
	mkdir "$R/place"
	mv "$R/guest" "$R/place/prog"
	config '.process.cwd = "/place"'
	args ./prog cwd
	runs
	is "$output" '"/place"'
}

@test "a script with #! runs" {
	printf '#!/guest cat\n# I am the script\n' >"$R/script"
	chmod 755 "$R/script"
	args /script
	runs
	has "$output" "I am the script"
}

@test "env is what the config says, and HOME" {
	config '.process.env = ["A=1", "B=", "C=with = and spaces", "D=line\nbreak", "HOME=/here"]'
	args /guest env
	runs
	is "$(jq -c . <<<"$output")" '["A=1","B=","C=with = and spaces","D=line\nbreak","HOME=/here"]'
}

@test "HOME comes from the image's /etc/passwd when it is unset or empty" {
	config '.process.env = ["PATH=/bin"]'
	args /guest env
	runs
	holds 'index("HOME=/root") != null'
	config '.process.env = ["PATH=/bin", "HOME="]'
	runs
	holds '[.[] | select(startswith("HOME="))] | last == "HOME=/root"'
}

@test "HOME is / for a user that /etc/passwd does not know, or without the file" {
	config '.process.env = ["PATH=/bin"]'
	rm "$R/etc/passwd"
	args /guest env
	runs
	holds 'index("HOME=/") != null'
}

@test "HOME of another user" {
	requires_root "needs a second user id"
	config '.process.env = [] | .process.user = {uid: 1000, gid: 1000}'
	args /guest env
	runs
	holds 'index("HOME=/home/alice") != null'
}

@test "an /etc/passwd that is a symlink out of the root, a directory or a fifo does no harm" {
	config '.process.env = []'
	args /guest env
	rm "$R/etc/passwd"
	ln -s ../../../../../../../../etc/passwd "$R/etc/passwd"
	runs
	holds 'index("HOME=/") != null'
	rm "$R/etc/passwd"
	mkdir "$R/etc/passwd"
	runs
	rmdir "$R/etc/passwd"
	mkfifo "$R/etc/passwd"
	OCIRUN_TIMEOUT=5 runs
}

@test "of variables with one name the last is handed on, and alone" {
	config '.process.env = ["HOME=/old", "A=1", "AB=1", "A=2", "HOME=/"]'
	args /guest env
	runs
	is "$(jq -c . <<<"$output")" '["AB=1","A=2","HOME=/"]'
}

@test "cwd is the current directory, and is created when missing (config.md, Process)" {
	config '.process.cwd = "/srv/new/place"'
	args /guest cwd
	runs
	is "$output" '"/srv/new/place"'
	[[ -d $R/srv/new/place ]]
}

@test "cwd through a symlink of the image stays inside the root" {
	ln -s /../../../etc "$R/link"
	config '.process.cwd = "/link"'
	args /guest "do" cwd -- ls .
	runs
	is "$(head -1 <<<"$output")" '"/etc"'
	has "$output" passwd
}

@test "a relative cwd is refused (config.md, Process: cwd MUST be absolute)" {
	config '.process.cwd = "tmp"'
	create_refused process.cwd absolute
}

@test "a cwd that is a file is refused" {
	config '.process.cwd = "/etc/passwd"'
	refused /etc/passwd -- run --bundle "$B" "$ID"
}

@test "cwd that leads out of the root through a descriptor is refused (CVE-2024-21626)" {
	local n
	for n in 3 4 5 6 7 8 9 10; do
		config '.process.cwd = $p' --arg p "/proc/self/fd/$n"
		args /guest cwd
		WRAP=(bash -c 'exec 3</ 4</ 5</ 6</ 7</ 8</ 9</; exec "$@"' fds)
		ocirun run --bundle "$B" "$ID"
		[[ $status != 0 ]] || { echo "cwd /proc/self/fd/$n: $output" >&2; false; }
	done
}

@test "the user's files can be made by another user than root, in a directory only he may enter" {
	requires_root "needs a second user id"
	mkdir "$R/home"
	install -d -m 700 -o 1000 -g 1000 "$R/home/alice"
	config '.process.user = {uid: 1000, gid: 1000} | .process.cwd = "/home/alice"'
	args /guest cwd
	runs
	is "$output" '"/home/alice"'
}

@test "a cwd that only root may enter works for another user" {
	requires_root "needs a second user id"
	mkdir -m 700 "$R/secret"
	config '.process.user = {uid: 1000, gid: 1000} | .process.cwd = "/secret"'
	args /guest echo inside
	runs
	is "$output" inside
}

@test "exec of a program through /proc/self/exe does not give the runtime's binary (CVE-2019-5736)" {
	# Somebody may write a copy of the runtime; the container is made by it and runs "itself".
	local victim=$T/victim sum
	cp "$OCIRUN" "$victim"
	sum=$(sha256sum <"$victim")
	args /proc/self/exe
	OCIRUN=$victim ocirun run --bundle "$B" "$ID"
	is "$(sha256sum <"$victim")" "$sum"
}
