#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman: images as people have them.  A Debian with its shell and tools, nginx, PostgreSQL, systemd.
# as: root user
# image: debian-bookworm
# image: debian-services nginx-light postgresql procps systemd-sysv dbus

load helpers
load podman-helpers

# image_of NAME: imports the tar that the head of this file names, once.
image_of() {
	debian_tar "$1"
	podman image exists "$1" || ENGINE_TIMEOUT=300 does podman import "$tar" "$1"
}

@test "Debian: several processes, users, a package manager" {
	image_of debian-bookworm
	does podman run --rm debian-bookworm bash -c 'sleep 0.2 & sleep 0.3 & wait; for i in $(seq 20); do echo $i; done | sort -n | tail -n 1; dpkg --status bash | head -n 1'
	has "$output" "20"
	has "$output" "Package: bash"
	does podman run --rm --user nobody debian-bookworm id -un
	is "$output" nobody
	does podman run --rm debian-bookworm bash -c 'useradd --create-home tester && su tester -c "id -un; pwd; touch ~/x"; chown tester /srv; chmod 4755 /srv'
	has "$output" tester
	on_tty $'echo $((6*7)); exit\n' podman run --rm -it debian-bookworm bash
	has "$output" 42
}

# bats test_tags=all
@test "nginx: serves on loopback, reloads, logs, stops" {
	image_of debian-services
	local network=(--network host)
	mkdir "$T/www"
	echo "from the volume" >"$T/www/index.html"
	cat >"$T/nginx.conf" <<-'END'
		daemon off;
		user www-data;
		error_log /dev/stderr;
		worker_processes 2;
		events { }
		http { access_log /dev/stdout; server { listen 127.0.0.1:18082; root /www; } }
	END
	does podman run -d --name "$ID" "${network[@]}" --read-only --tmpfs /var/lib/nginx --tmpfs /var/log/nginx -v "$T/www:/www:ro" \
		-v "$T/nginx.conf:/etc/nginx/nginx.conf:ro" --health-cmd 'test -e /run/nginx.pid' --health-interval disable debian-services nginx
	wait_until prints "from the volume" busybox wget -q -O - http://127.0.0.1:18082/
	does podman healthcheck run "$ID"
	does podman exec "$ID" nginx -s reload
	echo "changed" >"$T/www/index.html"
	wait_until prints changed busybox wget -q -O - http://127.0.0.1:18082/
	does podman top "$ID" user comm
	has "$output" www-data
	does podman logs "$ID"
	has "$output" "GET / HTTP"
	does podman stop --signal QUIT "$ID" || does podman stop "$ID"
	does podman inspect --format '{{.State.ExitCode}}' "$ID"
	is "$output" 0
}

# bats test_tags=all
@test "PostgreSQL: a volume, tables that survive, a second server on the same data" {
	image_of debian-services
	cat >"$T/serve" <<-'END'
		#!/bin/sh
		set -e
		bin=$(echo /usr/lib/postgresql/*/bin)
		[ -e /data/PG_VERSION ] || "$bin/initdb" -D /data -A trust >/dev/null
		exec "$bin/postgres" -D /data -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c fsync=off
	END
	chmod 755 "$T/serve"
	does podman volume create "$ID"
	postgres_up
	does podman exec "$ID" psql -h 127.0.0.1 -U postgres -Atc 'create table t (n int); insert into t select generate_series(1, 1000); select sum(n) from t'
	has "$output" 500500
	does podman exec --user root "$ID" ps -o user= -C postgres
	has "$output" postgres
	does podman stop --time 20 "$ID"
	does podman inspect --format '{{.State.ExitCode}}' "$ID"
	is "$output" 0
	does podman rm "$ID"
	postgres_up
	does podman exec "$ID" psql -h 127.0.0.1 -U postgres -Atc 'select count(*) from t'
	is "$output" 1000
	does podman kill "$ID"
	does podman rm "$ID"
	does podman volume rm "$ID"
}

postgres_up() {
	does podman run -d --name "$ID" --network none --user postgres --shm-size 256m -v "$ID:/data:U" -v "$T/serve:/serve:ro" debian-services /serve
	wait_until podman exec "$ID" psql -h 127.0.0.1 -U postgres -c 'select 1'
}

# bats test_tags=all
@test "systemd: boots with --systemd=always, runs a unit, powers off" {
	image_of debian-services
	does podman run -d --name "$ID" --network none --systemd always debian-services /lib/systemd/systemd
	wait_until systemd_is_up
	does podman exec "$ID" systemd-run --wait --pipe echo from-a-unit
	has "$output" from-a-unit
	does podman exec "$ID" systemctl show --property ControlGroup --value dbus.service
	does podman stop --time 30 "$ID"
}

systemd_is_up() {
	[[ $(podman exec "$ID" systemctl is-system-running) =~ running|degraded ]]
}
