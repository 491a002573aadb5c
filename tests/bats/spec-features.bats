#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
load helpers

@test "features has what engines look for (features.md, features-linux.md)" {
	works features
	holds '.ociVersionMin | test("^1\\.0")' '.ociVersionMax | test("^1\\.[0-9]+")' \
		'.hooks | contains(["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"])' \
		'.linux.namespaces | sort == ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]' \
		'.linux.mountExtensions.idmap.enabled' '.linux.cgroup.v2' '.linux.seccomp.enabled' \
		'.linux.capabilities | index("CAP_SYS_ADMIN") != null'
}

@test "features lists every mount option of config.md, and no file system's own (features.md)" {
	works features
	local word
	for word in async atime bind defaults dev diratime dirsync exec idmap iversion lazytime loud mand noatime nodev nodiratime \
		noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev \
		rdiratime relatime remount rexec ridmap rnoatime rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid \
		rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared \
		silent slave strictatime suid symfollow sync tmpcopyup unbindable; do
		holds ".mountOptions | index(\"$word\") != null" || { echo "lacks $word" >&2; false; }
	done
	holds '.mountOptions | index("mode") == null and index("size") == null' '.mountOptions == (.mountOptions | unique)'
}

@test "features names the unsafe annotations" {
	works features
	holds '.potentiallyUnsafeConfigAnnotations | type == "array"'
}

@test "features does not depend on the environment" {
	works features
	local first=$output
	WRAP=(env -i)
	OCIRUN=$(command -v "$OCIRUN")
	works features
	is "$output" "$first"
}

@test "spec writes a config that is valid and runs (with its terminal turned off)" {
	cd "$B"
	rm config.json
	if [[ $ROOTLESS == 1 ]]; then works spec --rootless; else works spec; fi
	config '.process.terminal = false | .process.args = ["/guest", "all"] | .process.env += ["OCIRUN_TEST_MARK=" + $m]' --arg m "$ID"
	works run "$ID"
	fact_is .caps.inheritable 0000000000000000 .process.pid 1
}

@test "spec gives no inheritable or ambient capabilities" {
	cd "$T"
	works spec
	is "$(jq -c '[.process.capabilities.inheritable, .process.capabilities.ambient] | map(. // [])' config.json)" "[[],[]]"
}

@test "spec --bundle writes there, and never over a config" {
	mkdir "$T/new"
	works spec --bundle "$T/new"
	jq -e .ociVersion "$T/new/config.json"
	refused config.json -- spec --bundle "$T/new"
}

@test "spec --rootless: one id, no network namespace, no resources" {
	cd "$T"
	works spec --rootless
	output=$(<config.json)
	fact_is .linux.uidMappings "[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}]" .linux.resources null
	holds '[.linux.namespaces[].type] | index("user") != null and index("network") == null'
}
