# SPDX-License-Identifier: Apache-2.0
# Completion of ocirun's command line for bash; it goes into PREFIX/share/bash-completion/completions.

_ocirun_commands="create start run state kill delete exec list ps pause resume update mounts events checkpoint restore spec features doctor help"

# The options of a command; without a command the global ones.
_ocirun_options()
{
	local create="--bundle --config --console-socket --pid-file --pidfd-socket --preserve-fds --no-pivot
		--no-new-keyring --no-subreaper"

	local criu="--image-path --work-path --tcp-established --tcp-skip-in-flight --ext-unix-sk --shell-job
		--file-locks --manage-cgroups-mode --network-lock --empty-ns --lazy-pages --auto-dedup
		--link-remap"

	case "$1" in
	"") echo "--root --log --log-format --log-level --debug --cgroup-manager --systemd-cgroup --rootless --version" ;;
	create) echo "$create" ;;
	run) echo "$create --detach --keep" ;;
	kill) echo "--all" ;;
	delete) echo "--force" ;;
	exec) echo "--process --cwd --env --user --additional-gids --cap --no-new-privs --apparmor --process-label
		--cgroup --ignore-paused --tty --detach --console-socket --pid-file --pidfd-socket --preserve-fds" ;;
	list) echo "--format --quiet" ;;
	ps) echo "--format" ;;
	update) echo "--resources --blkio-weight --cpu-burst --cpu-idle --cpu-period --cpu-quota --cpu-rt-period
		--cpu-rt-runtime --cpu-share --cpuset-cpus --cpuset-mems --kernel-memory --kernel-memory-tcp
		--l3-cache-schema --mem-bw-schema --memory --memory-reservation --memory-swap --pids-limit" ;;
	mounts) echo "--destination --source --type --options --format" ;;
	events) echo "--stats --interval" ;;
	checkpoint) echo "$criu --leave-running --pre-dump --parent-path --page-server --status-fd" ;;
	restore) echo "$criu --bundle --config --console-socket --pid-file --pidfd-socket --detach --keep --tcp-close
		--lsm-profile --lsm-mount-context --no-pivot --no-subreaper" ;;
	spec) echo "--bundle --rootless" ;;
	doctor) echo "--format" ;;
	esac
	echo "--help"
}

# What may follow an option: words, or the name of an action of compgen.  Fails if it takes no value.
_ocirun_values()
{
	case "$2" in
	--log-format) echo "text json" ;;
	--log-level) echo "error warning info debug" ;;
	--cgroup-manager) echo "cgroupfs systemd disabled" ;;
	--format) echo "table json" ;;
	--cpu-idle) echo "0 1" ;;
	--manage-cgroups-mode) echo "soft full strict ignore none props" ;;
	--network-lock) echo "iptables nftables skip" ;;
	--empty-ns) echo "network" ;;
	--rootless) [[ -z $1 ]] && echo "true false auto" ;;
	--root | --bundle | -b | --image-path | --work-path) echo "directory" ;;
	-f) case "$1" in create | run | restore) echo "file" ;; list | ps | mounts | doctor) echo "table json" ;; *) return 1 ;; esac ;;
	--log | --config | --console-socket | --pid-file | --pidfd-socket | --process | --resources | -p | -r | --source) echo "file" ;;
	-d | -s | -t | -o) [[ $1 == mounts ]] && echo ;;
	--env | -e | --user | -u | --additional-gids | -g | --cap | -c | --cwd | --apparmor | --process-label | --cgroup | \
		--parent-path | --page-server | --status-fd | --lsm-profile | --lsm-mount-context | --destination | --type | --options | \
		--preserve-fds | --blkio-weight | --cpu-* | --cpuset-* | --kernel-memory* | --memory* | --pids-limit | --interval) echo ;;
	*) return 1 ;;
	esac
}

_ocirun()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev="" command="" n_args=0 i values root=()

	# COMP_WORDBREAKS cuts --name=value into three words.
	[[ $cur == "=" ]] && cur=""
	for ((i = 1; i < COMP_CWORD; i++)); do
		local word=${COMP_WORDS[i]}

		if [[ $word == "=" ]]; then
			continue
		elif [[ -n $prev ]] && _ocirun_values "$command" "$prev" >/dev/null; then
			[[ $prev == --root ]] && root=(--root "$word")
			prev=""
		elif [[ $word == -* ]]; then
			prev=$word
		elif [[ -z $command ]]; then
			command=$word prev=""
		else
			n_args=$((n_args + 1)) prev=""
		fi
	done

	COMPREPLY=()
	if [[ -n $prev ]] && values=$(_ocirun_values "$command" "$prev"); then
		case "$values" in
		directory) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
		file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
		*) mapfile -t COMPREPLY < <(compgen -W "$values" -- "$cur") ;;
		esac
	elif [[ $command == exec && $n_args -gt 0 ]]; then
		return
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_ocirun_options "$command")" -- "$cur")
	elif [[ -z $command || ($command == help && $n_args -eq 0) ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_ocirun_commands" -- "$cur")
	elif [[ $command == kill && $n_args -eq 1 ]]; then
		mapfile -t COMPREPLY < <(compgen -A signal -- "$cur")
	elif [[ $command == mounts && $n_args -eq 0 ]]; then
		mapfile -t COMPREPLY < <(compgen -W "list add remove" -- "$cur")
	elif [[ $command == mounts && $n_args -eq 2 ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	elif [[ $command == doctor ]]; then
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	elif [[ $n_args -eq 0 || ($command == mounts && $n_args -eq 1) ]] && [[ $command != create && $command != run ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(ocirun "${root[@]}" list --quiet 2>/dev/null)" -- "$cur")
	fi
}

complete -F _ocirun ocirun
