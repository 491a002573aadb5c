#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The completions and the manual page name exactly the commands and options that --help prints.
# shellcheck disable=SC2001,SC2016
# Usage: OCIRUN=path/to/ocirun test-completions.sh (default: the one in the build directory)

[ -n "$BASH_VERSION" ] || exec bash "$0" "$@"

top=$(cd "$(dirname "$0")/../.." && pwd)
ocirun=${OCIRUN:-${abs_top_builddir:-.}/ocirun}
completions=$top/contrib/completions
n=0
failed=0

check() # text, expected, actual
{
	n=$((n + 1))
	if [[ $2 == "$3" ]]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		diff <(echo "$2") <(echo "$3") | sed 's/^/# /'
		failed=1
	fi
}

skip()
{
	n=$((n + 1))
	echo "ok $n # SKIP $1"
}

# Long options in the text on stdin, sorted.
options()
{
	grep -oE -- '--[a-z][a-z0-9-]*' | sort -u
}

# Long options that --help of a command (none: the program's) describes.
help_options()
{
	"$ocirun" ${1:+"$1"} --help | sed -nE 's/^  (-., |    )(--[a-z0-9-]+).*/\2/p' | sort -u
}

help_commands()
{
	"$ocirun" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort
}

bash_options()
{
	bash -c '. "$0/ocirun.bash"; _ocirun_options "$1"' "$completions" "$1" | options
}

fish_options()
{
	local condition="__fish_seen_subcommand_from [a-z ]*\\<$1\\>"

	[[ -n $1 ]] || condition=__fish_use_subcommand
	{
		grep -E "$condition" "$completions/ocirun.fish"
		grep '^complete -c ocirun -s h -l help' "$completions/ocirun.fish"
	} | grep -oE -- ' -l [a-z0-9-]+' | sed 's/ -l /--/' | sort -u
}

# The branch of the command in _ocirun without its descriptions, with what its variables stand for.
zsh_options()
{
	local branch

	if [[ -z $1 ]]; then
		branch=$(sed -n '/^_ocirun() {/,$p' "$completions/_ocirun")
	else
		branch=$(sed -nE "/^	([a-z]+ \| )*$1( \| [a-z]+)*\)\$/,/;;/p" "$completions/_ocirun")
	fi
	{
		sed 's/\[[^]]*]//g' <<<"$branch"
		[[ $branch != *'$create'* ]] || sed -n '/local -a create=(/,/^	)/p' "$completions/_ocirun"
		[[ $branch != *'$criu'* ]] || sed -n "/local -a criu=(/,/^	)/p" "$completions/_ocirun" | sed "s/\[[^]]*]//g"
		[[ $branch != *'$help'* ]] || echo --help
	} | options
}

# Options under the command's heading; `run` refers to those of `create`.
man_options()
{
	local heading="## $1( .*)?" page=$top/docs/ocirun.1.md

	[[ -n $1 ]] || heading="# GLOBAL OPTIONS"
	{
		sed 's/\\-/-/g' "$page" | awk -v heading="^$heading\$" '
			/^#/ { inside = $0 ~ heading; next }
			inside && /^\*\*--/ { print }'
		[[ $1 != run ]] || man_options create
		echo --help
	} | options
}

bash_commands=$(bash -c '. "$0/ocirun.bash"; echo "$_ocirun_commands"' "$completions" | tr ' ' '\n' | sort)
fish_commands=$(sed -n 's/^set -l commands //p' "$completions/ocirun.fish" | tr ' ' '\n' | sort)
fish_described=$(sed -nE 's/^complete -c ocirun -n __fish_use_subcommand -a ([a-z]+) .*/\1/p' "$completions/ocirun.fish" | sort)
zsh_commands=$(sed -nE "s/^		'([a-z]+):.*/\1/p" "$completions/_ocirun" | sort)
man_commands=$(sed -nE 's/^## ([a-z]+).*/\1/p' "$top/docs/ocirun.1.md" | sort)

check "there are commands" 20 "$(help_commands | wc -l)"
check "bash: commands" "$(help_commands)" "$bash_commands"
check "fish: commands" "$(help_commands)" "$fish_commands"
check "fish: descriptions of commands" "$(help_commands)" "$fish_described"
check "zsh: commands" "$(help_commands)" "$zsh_commands"
check "manual page: commands" "$(help_commands)" "$man_commands"

for command in "" $(help_commands | grep -v '^help$'); do
	expected=$(help_options "$command")
	what=${command:-global}
	check "bash: $what options" "$expected" "$(bash_options "$command")"
	check "fish: $what options" "$expected" "$(fish_options "$command")"
	check "zsh: $what options" "$expected" "$(zsh_options "$command")"
	check "manual page: $what options" "$expected" "$(man_options "$command")"
done

for shell in "bash ocirun.bash" "zsh _ocirun" "fish ocirun.fish"; do
	read -r program file <<<"$shell"
	if ! command -v "$program" >/dev/null; then
		skip "$program is not installed"
		continue
	fi
	check "$program: syntax" "" "$("$program" -n "$completions/$file" 2>&1)"
done

# What bash offers for a line whose last word is being typed.
bash_offers()
{
	bash -c '. "$0/ocirun.bash"; COMP_WORDS=(ocirun "$@"); COMP_CWORD=$#; _ocirun; echo "${COMPREPLY[*]}"' \
		"$completions" "$@"
}

check "bash: a command" "start state" "$(bash_offers sta)"
check "bash: a command behind global options" "features" "$(bash_offers --root /x --debug feat)"
check "bash: words of an option" "json" "$(bash_offers --log-format j)"
check "bash: words of an option behind =" "json" "$(bash_offers list --format = j)"
check "bash: an option of a command" "--pid-file --pidfd-socket" "$(bash_offers create --pid)"
check "bash: a signal" "SIGKILL" "$(bash_offers kill id SIGKI)"
check "bash: nothing of the command of exec" "" "$(bash_offers exec id --fo)"

echo "1..$n"
exit "$failed"
