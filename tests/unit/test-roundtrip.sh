#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What engines write, read and printed by libocispec-lite, says the same as before: jq compares the two after
# taking out of both what means "absent" (null, false, 0, empty arrays and objects).  Prints TAP.
#
# Needs lite-dump (built beside it; LITE_DUMP=PATH) and jq.  OCIRUN_TEST_CONFIGS: another folder of configs.

configs=${OCIRUN_TEST_CONFIGS:-${srcdir:-.}/tests/data/configs}
dump=${LITE_DUMP:-tests/unit/lite-dump}
meaning='def weight: . == null or . == false or . == 0 or . == [] or . == {};
	def meaning: walk(if type == "object" then with_entries(select(.value | weight | not)) else . end);'

skip()
{
	echo "1..0 # SKIP $1"
	exit 0
}

command -v jq >/dev/null || skip "no jq"
[ -x "$dump" ] || skip "no lite-dump at $dump"
[ -d "$configs" ] || skip "no folder $configs"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0
failed=0
for file in "$configs"/*.json; do
	n=$((n + 1))
	name=$(basename "$file")
	case $name in
	*-process.json) document=process ;;
	*) document=config ;;
	esac
	ok="ok"
	"$dump" "$document" "$file" >"$work/printed" 2>"$work/said" &&
		jq -e -n --slurpfile a "$file" --slurpfile b "$work/printed" \
			"$meaning"' ($a | meaning) == ($b | meaning)' >/dev/null || ok="not ok"
	# The engines of Linux write nothing that we do not know.
	grep -q '^unknown ' "$work/said" && ok="not ok"
	echo "$ok $n - $name says the same after reading and printing"
	if [ "$ok" != ok ]; then
		failed=1
		jq -S "$meaning meaning" "$file" >"$work/before"
		jq -S "$meaning meaning" "$work/printed" >"$work/after"
		diff "$work/before" "$work/after" | sed 's/^/# /' - "$work/said"
	fi
done
echo "1..$n"
exit "$failed"
