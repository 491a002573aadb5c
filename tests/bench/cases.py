#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the bundles and the cases of the benchmark.

usage: cases.py WORK < SETTINGS   (JSON, from `run')

What is measured is the table SCENARIOS; the container is that of floor.c, keep the two alike.  All
runtimes get the same configuration, but for the path of the cgroup.  Output: WORK/bundles, WORK/cases
(for measure), WORK/cases.json (for counts.py and report.py), WORK/setup and WORK/teardown (scripts).
"""
import json
import os
import re
import shlex
import sys

N_BINDS = 100
N_LIST = 100

NAMESPACES = ["pid", "ipc", "uts", "mount"]
CAPABILITIES = ["CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE"]
STRICT = ["nosuid", "noexec", "nodev"]
MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
          "/proc/sched_debug", "/proc/scsi", "/sys/firmware"]
READ_ONLY = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

# name: what the table calls it, who it is for, what its container has more, its steps (kind of step:
# words after the runtime's own), arguments of the floor (None: it has no such thing), and whether its
# system calls are counted.  ID, BUNDLE and PIDFILE are replaced.
RUN = [("time", "run --bundle BUNDLE ID")]
CREATE = "create --bundle BUNDLE --pid-file PIDFILE ID"
DELETE = "delete --force ID"
SCENARIOS = {
    "run": ("run", "root", [], RUN, [], True),
    "run-netns": ("run, network namespace", "root", ["net"], RUN, ["-n"], True),
    "run-rootless": ("run, rootless, one id", "user", [], RUN, ["-u"], True),
    "run-sub-ids": ("run, rootless, sub-ids, network", "user", ["net", "sub-ids"], RUN, ["-u", "-n", "SUB-IDS"], False),
    "run-seccomp": ("run, Podman's seccomp profile", "root", ["net", "seccomp"], RUN, None, False),
    "run-devices": ("run, device rules", "root", ["net", "devices"], RUN, None, False),
    "run-binds": ("run, %d more binds" % N_BINDS, "root", ["net", "binds"], RUN, ["-n", "BINDS"], False),
    "create": ("create", "root", ["net", "forever"], [("time", CREATE), ("after", DELETE)], None, True),
    "start": ("start", "root", ["net", "forever"],
              [("before", CREATE), ("time", "start ID"), ("after", DELETE)], None, True),
    "state": ("state", "root", ["live"], [("time", "state ID")], None, True),
    "kill": ("kill", "root", ["live"], [("time", "kill ID SIGUSR1")], None, True),
    "delete": ("delete", "root", ["net"],
               [("before", CREATE), ("before", "start ID"), ("gone", "PIDFILE"), ("time", "delete ID")], None, True),
    "delete-force": ("delete -f of a live one", "root", ["net", "forever"],
                     [("before", CREATE), ("before", "start ID"), ("time", DELETE)], None, True),
    "exec": ("exec", "root", ["live"], [("time", "exec ID /bin/payload")], None, True),
    "list": ("list of %d" % N_LIST, "root", ["list"], [("time", "list")], None, False),
}


class Bench:
    def __init__(self, work, settings):
        self.work = work
        self.set = settings
        self.root = settings["uid"] == 0
        self.cases = []
        self.setup = []
        self.teardown = []

    def mounts(self, user, features):
        rootless_host_net = user and "net" not in features
        sys_mount = {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": STRICT + ["ro"]}
        if rootless_host_net:
            sys_mount = {"destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "ro"] + STRICT}
        mounts = [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
             "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
             "options": STRICT + ["mode=1777", "size=65536k"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": STRICT},
            sys_mount,
        ]
        if not user:
            mounts.append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                           "options": STRICT + ["relatime", "ro"]})
        if "binds" in features:
            mounts += [{"destination": "/binds/%d" % i, "type": "bind", "source": self.work + "/data",
                        "options": ["rbind", "rprivate"]} for i in range(N_BINDS)]
        return mounts

    def config(self, name, user, features):
        linux = {"namespaces": [{"type": t} for t in NAMESPACES], "maskedPaths": MASKED, "readonlyPaths": READ_ONLY}
        if "net" in features:
            linux["namespaces"].append({"type": "network"})
        if user:
            linux["namespaces"].append({"type": "user"})
            for kind, own in (("uid", self.set["user_uid"]), ("gid", self.set["user_gid"])):
                linux[kind + "Mappings"] = [{"containerID": 0, "hostID": own, "size": 1}]
                if "sub-ids" in features:
                    linux[kind + "Mappings"].append(
                        {"containerID": 1, "hostID": int(self.set["sub_ids"]), "size": 65535})
        else:
            linux["namespaces"].append({"type": "cgroup"})
            linux["cgroupsPath"] = "/%s/%s" % (self.set["cgroup"], name)
        if "seccomp" in features:
            with open(self.set["seccomp"], encoding="utf-8") as file:
                linux["seccomp"] = json.load(file)["linux"]["seccomp"]
        if "devices" in features:
            linux["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
        return {
            # The last that all peers of Debian 12 take.
            "ociVersion": "1.0.2",
            "root": {"path": self.work + ("/rootfs-user" if user else "/rootfs")},
            "hostname": "bench",
            "process": {
                "args": ["/bin/payload"] + (["forever"] if {"forever", "live", "list"} & set(features) else []),
                "cwd": "/",
                "env": ["PATH=/bin"],
                "user": {"uid": 0, "gid": 0},
                "capabilities": {kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")},
                "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 1024}],
                "noNewPrivileges": True,
            },
            "mounts": self.mounts(user, features),
            "linux": linux,
        }

    def bundle(self, name, user, features):
        path = "%s/bundles/%s" % (self.work, name)
        os.makedirs(path)
        with open(path + "/config.json", "w", encoding="utf-8") as file:
            json.dump(self.config(name, user, features), file)
        return path

    def add(self, scenario, runtime, user, steps):
        """Steps are (kind, words)."""
        self.cases.append({"scenario": scenario, "runtime": runtime, "name": scenario + "/" + runtime,
                           "user": [self.set["user_uid"], self.set["user_gid"]] if user else None,
                           "counted": SCENARIOS[scenario][5] if scenario in SCENARIOS else False,
                           "steps": steps})

    def runtime_case(self, scenario, runtime, path):
        _, who, features, steps, _, _ = SCENARIOS[scenario]
        user = who == "user"
        place = "user" if user else "list" if "list" in features else "root"
        command = [path, "--root", "%s/state/%s/%s" % (self.work, place, runtime)]
        ident = runtime + "-live" if "live" in features else runtime + "-" + scenario
        values = {"ID": ident, "PIDFILE": "%s/%s.pid" % (self.work, ident)}
        if "live" in features:
            self.live(command, ident)
        elif "list" in features:
            for i in range(N_LIST):
                self.live(command, "%s-list-%d" % (runtime, i), start=False)
        else:
            values["BUNDLE"] = self.bundle(ident, user, features)
        words = [(kind, [values.get(word, word) for word in step.split()]) for kind, step in steps]
        self.add(scenario, runtime, user, [(kind, w if kind == "gone" else command + w) for kind, w in words])

    def live(self, command, ident, start=True):
        """A container that lives through all rounds."""
        if os.path.exists("%s/bundles/%s" % (self.work, ident)):
            return
        bundle = self.bundle(ident, False, ["live"])
        self.setup.append(command + ["create", "--bundle", bundle, ident])
        if start:
            self.setup.append(command + ["start", ident])
        self.teardown.append(command + ["delete", "--force", ident])

    def floor_case(self, scenario):
        _, who, _, _, options, _ = SCENARIOS[scenario]
        user = who == "user"
        words = [self.work + "/floor"]
        for option in options:
            words += {"SUB-IDS": ["-s", str(self.set["sub_ids"])],
                      "BINDS": ["-b", str(N_BINDS), self.work + "/data"]}.get(option, [option])
        if not user:
            words += ["-g", "/sys/fs/cgroup/%s/floor-%s" % (self.set["cgroup"], scenario)]
        words += [self.work + ("/rootfs-user" if user else "/rootfs"), "/bin/payload"]
        self.add(scenario, "floor", user, [("time", words)])

    def all(self):
        pattern = re.compile(self.set["only"])
        for scenario, (title, who, features, _, floor, _) in SCENARIOS.items():
            if not (pattern.search(scenario) or pattern.search(title)):
                continue
            if (who == "root" and not self.root) or ("sub-ids" in features and not self.set["sub_ids"]):
                continue
            for runtime, path in self.set["runtimes"].items():
                self.runtime_case(scenario, runtime, path)
            if floor is not None:
                self.floor_case(scenario)
        # What any program costs here, before it does anything.
        self.add("empty", "empty program, ocirun's libraries", False, [("time", [self.work + "/empty"])])
        self.add("empty", "empty program, static", False, [("time", [self.work + "/payload"])])

    def write(self):
        with open(self.work + "/cases", "w", encoding="utf-8") as file:
            for case in self.cases:
                file.write("case\t%s\n" % case["name"])
                if case["user"] and self.root:
                    file.write("user\t%d\t%d\n" % tuple(case["user"]))
                for kind, words in case["steps"]:
                    file.write("\t".join([kind] + words) + "\n")
        titles = {name: row[0] for name, row in SCENARIOS.items()}
        with open(self.work + "/cases.json", "w", encoding="utf-8") as file:
            json.dump({"titles": titles, "cases": self.cases, "settings": self.set}, file)
        for name, commands in (("setup", self.setup), ("teardown", self.teardown)):
            with open(self.work + "/" + name, "w", encoding="utf-8") as file:
                file.writelines(shlex.join(command) + "\n" for command in commands)


def main():
    bench = Bench(sys.argv[1], json.load(sys.stdin))
    bench.all()
    bench.write()


if __name__ == "__main__":
    main()
