# SPDX-License-Identifier: Apache-2.0
# Completion of ocirun's command line for fish; it goes into PREFIX/share/fish/vendor_completions.d.

set -l commands create start run state kill delete exec list ps pause resume update mounts events checkpoint restore spec features doctor help

complete -c ocirun -f

# Global options and commands.
complete -c ocirun -n __fish_use_subcommand -l root -r -a '(__fish_complete_directories)' -d 'Where states are kept'
complete -c ocirun -n __fish_use_subcommand -l log -r -F -d 'Write errors to this file, too'
complete -c ocirun -n __fish_use_subcommand -l log-format -x -a 'text json' -d 'Format of the log file'
complete -c ocirun -n __fish_use_subcommand -l log-level -x -a 'error warning info debug' -d 'How much to log'
complete -c ocirun -n __fish_use_subcommand -l debug -d 'The same as --log-level debug'
complete -c ocirun -n __fish_use_subcommand -l cgroup-manager -x -a 'cgroupfs systemd disabled' -d 'Who makes cgroups'
complete -c ocirun -n __fish_use_subcommand -l systemd-cgroup -d 'The same as --cgroup-manager systemd'
complete -c ocirun -n __fish_use_subcommand -l rootless -x -a 'true false auto' -d 'Act as without privileges'
complete -c ocirun -n __fish_use_subcommand -s v -l version -d 'Show the version'
complete -c ocirun -s h -l help -d 'Show help'
complete -c ocirun -n __fish_use_subcommand -a create -d 'Make a container'
complete -c ocirun -n __fish_use_subcommand -a start -d 'Run the program of a created container'
complete -c ocirun -n __fish_use_subcommand -a run -d 'Make a container, run its program, remove it'
complete -c ocirun -n __fish_use_subcommand -a state -d 'Print the state of a container'
complete -c ocirun -n __fish_use_subcommand -a kill -d 'Send a signal to a container'
complete -c ocirun -n __fish_use_subcommand -a delete -d 'Remove a container'
complete -c ocirun -n __fish_use_subcommand -a exec -d 'Run one more program in a container'
complete -c ocirun -n __fish_use_subcommand -a list -d 'Print the containers'
complete -c ocirun -n __fish_use_subcommand -a ps -d 'Print the processes of a container'
complete -c ocirun -n __fish_use_subcommand -a pause -d 'Freeze a container'
complete -c ocirun -n __fish_use_subcommand -a resume -d 'Let a paused container go on'
complete -c ocirun -n __fish_use_subcommand -a update -d 'Change resource limits'
complete -c ocirun -n __fish_use_subcommand -a mounts -d 'Show, add and remove mounts'
complete -c ocirun -n __fish_use_subcommand -a events -d 'Print what a container uses'
complete -c ocirun -n __fish_use_subcommand -a checkpoint -d 'Save a running container'
complete -c ocirun -n __fish_use_subcommand -a restore -d 'Make a container from saved files'
complete -c ocirun -n __fish_use_subcommand -a spec -d 'Write a config.json to begin with'
complete -c ocirun -n __fish_use_subcommand -a features -d 'Print what this build can do'
complete -c ocirun -n __fish_use_subcommand -a doctor -d 'Try what containers can have here'
complete -c ocirun -n __fish_use_subcommand -a help -d 'Show what a command does and takes'

# Ids, and names of commands behind help.
complete -c ocirun -n '__fish_seen_subcommand_from start state kill delete exec ps pause resume update events checkpoint' \
    -a '(command ocirun list --quiet 2>/dev/null)' -d Container
complete -c ocirun -n '__fish_seen_subcommand_from help' -a "$commands"

# create and run
complete -c ocirun -n '__fish_seen_subcommand_from create run' -s b -l bundle -r -a '(__fish_complete_directories)' -d 'Directory of the container'
complete -c ocirun -n '__fish_seen_subcommand_from create run' -s f -l config -r -F -d 'Configuration to use'
complete -c ocirun -n '__fish_seen_subcommand_from create run' -l console-socket -r -F -d 'Receives the terminal'
complete -c ocirun -n '__fish_seen_subcommand_from create run' -l pid-file -r -F -d 'Write the process id here'
complete -c ocirun -n '__fish_seen_subcommand_from create run' -l pidfd-socket -r -F -d 'Receives a pidfd'
complete -c ocirun -n '__fish_seen_subcommand_from create run' -l preserve-fds -x -d 'Number of descriptors to hand on'
complete -c ocirun -n '__fish_seen_subcommand_from create run' -l no-pivot -d 'Do not use pivot_root'
complete -c ocirun -n '__fish_seen_subcommand_from create run' -l no-new-keyring -d 'Keep the session keyring'
complete -c ocirun -n '__fish_seen_subcommand_from create run' -l no-subreaper -d 'Without effect'
complete -c ocirun -n '__fish_seen_subcommand_from run' -s d -l detach -d 'Return as soon as the program runs'
complete -c ocirun -n '__fish_seen_subcommand_from run' -l keep -d 'Keep the container after its end'

# kill and delete
complete -c ocirun -n '__fish_seen_subcommand_from kill' -s a -l all -d 'Signal every process'
complete -c ocirun -n '__fish_seen_subcommand_from delete' -s f -l force -d 'Kill what runs first'

# exec
complete -c ocirun -n '__fish_seen_subcommand_from exec' -s p -l process -r -F -d 'JSON file of the process'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l cwd -x -d 'Working directory'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -s e -l env -x -d 'Environment variable'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -s u -l user -x -d 'User and group'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -s g -l additional-gids -x -d 'Supplementary groups'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -s c -l cap -x -d 'Capabilities to add'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l no-new-privs -d 'Set no_new_privs'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l apparmor -x -d 'AppArmor profile'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l process-label -x -d 'SELinux label'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l cgroup -x -d 'Sub-group of the cgroup'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l ignore-paused -d 'Also into a paused container'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -s t -l tty -d 'Give it a terminal'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -s d -l detach -d 'Return as soon as the program runs'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l console-socket -r -F -d 'Receives the terminal'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l pid-file -r -F -d 'Write the process id here'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l pidfd-socket -r -F -d 'Receives a pidfd'
complete -c ocirun -n '__fish_seen_subcommand_from exec' -l preserve-fds -x -d 'Number of descriptors to hand on'

# list and ps
complete -c ocirun -n '__fish_seen_subcommand_from list ps doctor' -s f -l format -x -a 'table json' -d 'How to print them'
complete -c ocirun -n '__fish_seen_subcommand_from list' -s q -l quiet -d 'Print only the ids'

# mounts
complete -c ocirun -n '__fish_seen_subcommand_from mounts' -a 'list add remove'
complete -c ocirun -n '__fish_seen_subcommand_from mounts' -s d -l destination -x -d 'Where in the container'
complete -c ocirun -n '__fish_seen_subcommand_from mounts' -s s -l source -r -F -d 'What to mount'
complete -c ocirun -n '__fish_seen_subcommand_from mounts' -s t -l type -x -a 'bind tmpfs overlay' -d 'Type of the mount'
complete -c ocirun -n '__fish_seen_subcommand_from mounts' -s o -l options -x -d 'Options, separated by commas'
complete -c ocirun -n '__fish_seen_subcommand_from mounts' -s f -l format -x -a 'table json' -d 'How to print them'

# update
complete -c ocirun -n '__fish_seen_subcommand_from update' -s r -l resources -r -F -d 'JSON file with all changes'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l blkio-weight -x -d 'Share of disk time'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l cpu-burst -x -d 'Run time to save up'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l cpu-idle -x -a '0 1' -d 'Run only when nothing else does'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l cpu-period -x -d 'Length of a period'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l cpu-quota -x -d 'Run time in each period'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l cpu-rt-period -x -d 'Length of a real-time period'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l cpu-rt-runtime -x -d 'Real-time run time'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l cpu-share -x -d 'Share of CPU time'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l cpuset-cpus -x -d 'CPUs to use'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l cpuset-mems -x -d 'Memory nodes to use'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l kernel-memory -x -d 'Limit of kernel memory'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l kernel-memory-tcp -x -d 'Limit of TCP buffers'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l l3-cache-schema -x -d 'Part of the L3 cache to use'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l mem-bw-schema -x -d 'Part of the memory bandwidth to use'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l memory -x -d 'Limit of memory'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l memory-reservation -x -d 'Memory that is taken last'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l memory-swap -x -d 'Limit of memory and swap'
complete -c ocirun -n '__fish_seen_subcommand_from update' -l pids-limit -x -d 'Limit of processes'

# events
complete -c ocirun -n '__fish_seen_subcommand_from events' -l stats -d 'Print the statistics once'
complete -c ocirun -n '__fish_seen_subcommand_from events' -l interval -x -d 'Time between two statistics'

# checkpoint and restore
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l image-path -r -a '(__fish_complete_directories)' -d "Directory of the saved files"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l work-path -r -a '(__fish_complete_directories)' -d "Directory of CRIU's log"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l tcp-established -d "Keep open TCP connections"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l tcp-skip-in-flight -d "Leave out TCP connections that are being made"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l ext-unix-sk -d "Keep unix sockets that lead outside"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l shell-job -d "The program uses the terminal of the caller"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l file-locks -d "Keep file locks"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l manage-cgroups-mode -x -a 'soft full strict ignore none props' -d "What CRIU does about cgroups"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l network-lock -x -a 'iptables nftables skip' -d "How the network is held meanwhile"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l empty-ns -x -a 'network' -d "Make this namespace, but leave it empty"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l lazy-pages -d "Move memory when it is used"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l auto-dedup -d "Free pages of parent images"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint restore' -l link-remap -d "Keep open files without a name"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint' -l leave-running -d "Let the container go on"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint' -l pre-dump -d "Save only memory; the container goes on"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint' -l parent-path -x -d "Images of an earlier pre-dump"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint' -l page-server -x -d "Send memory to a page server"
complete -c ocirun -n '__fish_seen_subcommand_from checkpoint' -l status-fd -x -d "Descriptor that gets a NUL when lazy pages can be fetched"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -s b -l bundle -r -a '(__fish_complete_directories)' -d "Directory of the container"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -s f -l config -r -F -d "Configuration to use"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -l console-socket -r -F -d "Unix socket that receives the terminal"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -l pid-file -r -F -d "Write the process id to this file"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -l pidfd-socket -r -F -d "Unix socket that receives a pidfd"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -s d -l detach -d "Return as soon as the container runs"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -l keep -d "Keep the container after its end"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -l tcp-close -d "Restore TCP connections as closed"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -l lsm-profile -x -d "AppArmor profile or SELinux label"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -l lsm-mount-context -x -d "SELinux context of mounts"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -l no-pivot -d "Accepted and without effect"
complete -c ocirun -n '__fish_seen_subcommand_from restore' -l no-subreaper -d "Accepted and without effect"

# spec
complete -c ocirun -n '__fish_seen_subcommand_from spec' -s b -l bundle -r -a '(__fish_complete_directories)' -d 'Where to write it'
complete -c ocirun -n '__fish_seen_subcommand_from spec' -l rootless -d 'For a caller without privileges'
