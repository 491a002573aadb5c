#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Capabilities together with everything that their order matters for: the user, no_new_privs, the seccomp filter
# (config.md, Linux Process; capabilities(7), "Transformation of capabilities during execve()").
load helpers

# Bits: CHOWN 0, KILL 5, SETUID 7, NET_BIND_SERVICE 10, NET_RAW 13.
BOUNDING=0x4a1 PERMITTED=0xa1 INHERITABLE=0x21 AMBIENT=0x20

some_capabilities() { # AMBIENT NAMES AS JSON
	config '.process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_BIND_SERVICE"],
		permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"], effective: ["CAP_KILL"],
		inheritable: ["CAP_CHOWN", "CAP_KILL"], ambient: $a}' --argjson a "$1"
}

hex() {
	printf '%016x' "$1"
}

# What the program of this user has after execve, told by the formulas of capabilities(7).
expect_sets() { # UID NNP AMBIENT
	local permitted
	if [[ $1 == 0 ]]; then
		# root gets all of the bounding set; with no_new_privs no more than it had
		permitted=$((BOUNDING | INHERITABLE))
		[[ $2 == false ]] || permitted=$((permitted & PERMITTED))
	else
		permitted=$(($3))
	fi
	fact_is .caps.bounding "$(hex $BOUNDING)" .caps.inheritable "$(hex $INHERITABLE)" .caps.ambient "$(hex "$3")" \
		.caps.permitted "$(hex $permitted)" .caps.effective "$(hex $permitted)"
}

@test "capabilities: user, noNewPrivileges, seccomp and ambient in all combinations, for the program and for exec" {
	local uid nnp filter ambient bits
	config_many_ids
	for uid in 0 1000; do
		for nnp in true false; do
			for filter in null '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ERRNO"}]}'; do
				for ambient in '[]' '["CAP_KILL"]'; do
					echo "uid $uid, noNewPrivileges $nnp, seccomp $filter, ambient $ambient"
					bits=0
					[[ $ambient == '[]' ]] || bits=$AMBIENT
					some_capabilities "$ambient"
					config '.process.user = {uid: $u, gid: $u} | .process.noNewPrivileges = $n | .linux.seccomp = $f' \
						--argjson u "$uid" --argjson n "$nnp" --argjson f "$filter"
					check_one "$uid" "$nnp" "$filter" "$bits"
				done
			done
		done
	done
}

check_one() { # UID NNP FILTER AMBIENT
	local mode=2
	[[ $3 != null ]] || mode=0
	sleeping
	works exec "$ID" /guest all
	expect_sets "$1" "$2" "$4"
	fact_is '.process.no_new_privs == 1' "$2" .process.seccomp $mode .process.securebits 0 '.uids | unique' "[$1]"
	works delete --force "$ID"
	args /guest all
	runs
	expect_sets "$1" "$2" "$4"
	fact_is '.process.no_new_privs == 1' "$2" .process.seccomp $mode .process.securebits 0 '.uids | unique' "[$1]"
}

@test "capabilities: what an ambient one lacks, permitted or inheritable, makes it a warning" {
	local missing
	for missing in permitted inheritable; do
		some_capabilities '["CAP_KILL", "CAP_CHOWN"]'
		config '.process.capabilities[$m] -= ["CAP_CHOWN"]' --arg m $missing
		ocirun --log "$T/log" --log-level warning run --bundle "$B" "$ID"
		is "$status" 0
		fact_is .caps.ambient "$(hex $AMBIENT)"
		has "$(<"$T/log")" "process.capabilities.ambient[1]: CAP_CHOWN cannot be granted"
		rm "$T/log"
	done
}

@test "capabilities: one that the runtime itself does not have is a warning, and the others are granted" {
	requires_root "takes a capability away from the runtime"
	requires setpriv
	some_capabilities '[]'
	config '.process.capabilities |= with_entries(if .key == "ambient" then . else .value += ["CAP_NET_RAW"] end)'
	WRAP=(setpriv --bounding-set=-net_raw --inh-caps=-net_raw)
	ocirun --log "$T/log" --log-level warning run --bundle "$B" "$ID"
	is "$status" 0
	expect_sets 0 true 0
	has "$(<"$T/log")" "process.capabilities.bounding[4]: CAP_NET_RAW cannot be granted"
	has "$(<"$T/log")" "process.capabilities.permitted[3]: CAP_NET_RAW cannot be granted"
}

@test "capabilities: a set-uid program gives what is in the bounding set, and nothing with noNewPrivileges" {
	local nnp
	cp "$OCIRUN_TOOLS/guest" "$R/suid"
	config_many_ids
	chmod 4755 "$R/suid"
	for nnp in true false; do
		some_capabilities '[]'
		config '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = $n' --argjson n $nnp
		args /guest exec /suid caps
		runs
		if [[ $nnp == true ]]; then
			fact_is .permitted "$(hex 0)" .effective "$(hex 0)"
		else
			fact_is .permitted "$(hex $((BOUNDING | INHERITABLE)))"
		fi
	done
}

@test "capabilities: an inheritable one that is not in the bounding set is left out with a warning (config.md, capabilities)" {
	config '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], inheritable: ["CAP_KILL", "CAP_CHOWN"]}'
	args /guest caps
	ocirun --log "$T/log" --log-level warning run --bundle "$B" "$ID"
	is "$status" 0
	is "$(jq -r .inheritable <<<"$output")" 0000000000000020
	has "$(<"$T/log")" "process.capabilities.inheritable[1]: CAP_CHOWN cannot be granted"
}
