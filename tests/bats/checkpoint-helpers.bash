# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the files with a real CRIU share: load it instead of helpers.

load helpers

cache=${OCIRUN_TEST_CACHE:-${HOME:-/root}/.cache/ocirun-tests}

# A CRIU that works on this kernel: the host's, or a newer one from the cache.  Looked for once in a file.
with_criu() {
	requires_root "CRIU needs it"
	PATH=$PATH:/usr/sbin command -v iptables-restore >/dev/null || skip "needs iptables, by which CRIU holds the network"
	local answer=$BATS_FILE_TMPDIR/criu
	[[ -e $answer ]] || find_criu >"$answer" 2>"$answer.log"
	PATH=$(<"$answer"):$PATH
	[[ $PATH != :* ]] || skip "no CRIU works here: $(tail -n 1 "$answer.log")"
}

find_criu() {
	local directory
	for directory in /usr/sbin "$cache/criu/bin"; do
		if [[ $directory == "$cache"* && ! -e $directory/criu ]] && command -v mmdebstrap >/dev/null; then
			"$tests_dir/make-criu" "$cache/criu" >&2 || true
		fi
		if [[ -x $directory/criu ]] && "$directory/criu" check >&2; then
			echo "$directory"
			return 0
		fi
	done
	return 0
}

# into_pipe ARG...: `works ARG...` with a pipe as standard output and error, as from an engine; what comes through is
# in $T/said.
into_pipe() {
	local pid
	exec 9> >(exec cat >"$T/said" 3>&- 4>&-)
	pid=$!
	# shellcheck disable=SC2016
	WRAP=(bash -c 'exec "$@" >&9 2>&9 9>&-' bash)
	ocirun "$@"
	[[ $status == 0 ]] || cat "$T/said"
	is "status $status" "status 0"
	WRAP=()
	exec 9>&-
	container_out=$T/said
	echo "$pid" >"$T/cat"
}

# The other end of the pipe is closed: all that was said is there.
all_said() {
	wait_until is_gone "$(<"$T/cat")"
}

is_gone() {
	[[ ! -e /proc/$1 ]]
}

# waiting COMMAND...: a container that runs guest commands, the `await /go` among them.
waiting() {
	with_criu
	guest "$@"
	into_pipe create --bundle "$B" "$ID"
	works start "$ID"
	wait_until said waiting
}

go_on() {
	touch "$R/go"
	wait_for_status stopped "${1:-$RID}"
	all_said
}

# A TCP port that nobody uses, as $port.
free_port() {
	port=$((20000 + RANDOM % 10000))
	while grep -qi ":$(printf %04X "$port") " /proc/net/tcp /proc/net/tcp6; do
		port=$((port + 1))
	done
}

saved() { # OPTION...
	works checkpoint --image-path "$T/images" "$@" "$ID"
}

# A new container from the images, with another id.
restored() { # OPTION...
	RID=${ID}r
	into_pipe restore --detach --bundle "$B" --image-path "$T/images" "$@" "$RID"
	is "$(container_status "$RID")" running
}

restored_pid() {
	state "$RID"
	jq -r .pid <<<"$output"
}

# fails_to_restore TEXT... -- OPTION...: and nothing of it stays.
fails_to_restore() {
	local texts=()
	while [[ $1 != -- ]]; do
		texts+=("$1")
		shift
	done
	refused "${texts[@]}" -- restore --detach --bundle "$B" --image-path "$T/images" "${@:2}" "${ID}r"
	no_container "${ID}r"
	no_cgroup "${ID}r"
}

# facts_kept FACT...: those that the guest tells after the restore are those of before; and its mounts.
facts_kept() { # FACT...
	local fact before after
	before=$(head -n 1 "$T/said")
	saved
	restored
	go_on
	after=$(container_output)
	for fact; do
		is "$fact $(jq -cS ".[\"$fact\"]" <<<"$after")" "$fact $(jq -cS ".[\"$fact\"]" <<<"$before")"
	done
	is "$(mounts_of "$after")" "$(mounts_of "$before")"
}

mounts_of() {
	jq -r '(if type == "array" then . else .mounts end) | sort_by(.target)[] | "\(.target) \(.type) \(.options)"' <<<"$1"
}
