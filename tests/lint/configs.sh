#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The drop-in files for engines in contrib/engines: each parses as what it is, and all mean one program.
. "$(dirname "$0")/lib.bash"
need jq python3
python3 -c 'import tomllib, yaml' 2>/dev/null || {
	echo "python3 has no tomllib (since 3.11) or no yaml"
	[ "${CI:-}" = true ] && exit 1
	exit 77
}

bad=0
# value FILE PYTHON: an expression about d, the document (YAML: the list of documents).
value()
{
	python3 - "$@" <<-'PROGRAM'
	import sys, tomllib, yaml
	file = open(sys.argv[1], "rb")
	d = list(yaml.safe_load_all(file)) if sys.argv[1].endswith(".yaml") else tomllib.load(file)
	print(eval(sys.argv[2]))
	PROGRAM
}

# is FILE EXPRESSION EXPECTED
is()
{
	local got

	case $1 in
	*.json) got=$(jq -r "$2" "contrib/engines/$1" 2>&1) || : ;;
	*) got=$(value "contrib/engines/$1" "$2" 2>&1) || : ;;
	esac
	if [ "$got" != "$3" ]; then
		echo "contrib/engines/$1: $2 is ${got##*$'\n'}, not $3"
		bad=1
	fi
}

cri_v2='d["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]["ocirun"]'
cri_v3='d["plugins"]["io.containerd.cri.v1.runtime"]["containerd"]["runtimes"]["ocirun"]'
engine='d["engine"]'
is podman.conf "$engine"'["runtimes"]["ocirun"][0]' /usr/bin/ocirun
is podman.conf '"ocirun" in '"$engine"'["runtime_supports_json"]' True
is podman.conf '"ocirun" in '"$engine"'["runtime_supports_nocgroup"]' True
is crio.conf 'd["crio"]["runtime"]["runtimes"]["ocirun"]["runtime_path"]' /usr/bin/ocirun
is containerd-v2.toml 'd["version"]' 2
is containerd-v2.toml "$cri_v2"'["options"]["BinaryName"]' /usr/bin/ocirun
is containerd-v2.toml "$cri_v2"'["runtime_type"]' io.containerd.runc.v2
is containerd-v2.toml '"runc" in '"${cri_v2%\[*}" True
is containerd-v3.toml 'd["version"]' 3
is containerd-v3.toml "$cri_v3"'["options"]["BinaryName"]' /usr/bin/ocirun
is containerd-v3.toml "$cri_v3"'["runtime_type"]' io.containerd.runc.v2
is containerd-v3.toml '"runc" in '"${cri_v3%\[*}" True
is docker.json '.runtimes.ocirun.path' /usr/bin/ocirun
is runtimeclass.yaml 'd[0]["handler"]' ocirun
is runtimeclass.yaml 'd[1]["spec"]["runtimeClassName"] == d[0]["metadata"]["name"]' True

# None that nobody looks at.
for file in contrib/engines/*; do
	grep -q "^is ${file##*/} " tests/lint/configs.sh || {
		echo "$file: not checked by tests/lint/configs.sh"
		bad=1
	}
done
exit $bad
