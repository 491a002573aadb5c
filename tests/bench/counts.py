#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What needs no clock: system calls of a case (by strace), memory of an init that waits for start.

usage: counts.py WORK   (reads WORK/cases.json, writes WORK/counts.json)
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time

GONE_TIMEOUT_S = 10
# A runtime that leaves a container behind keeps strace waiting for that: it is ended after so long.
LEFT_BEHIND_S = 3


def command(case, words):
    if case["user"] and os.getuid() == 0:
        uid, gid = case["user"]
        return ["setpriv", "--reuid=%d" % uid, "--regid=%d" % gid, "--clear-groups"] + words
    return words


def run(words):
    """Into a file: a pipe would be held open by the container."""
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode


def wait_gone(pid_file):
    with open(pid_file, encoding="utf-8") as file:
        pid = int(file.read())
    deadline = time.monotonic() + GONE_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
                if file.read().rpartition(")")[2].split()[0] in "ZX":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.002)


def count_calls(case, work):
    """System calls of all processes of the measured command, by strace's own sum; None: it failed."""
    table = work + "/strace-user/table" if case["user"] else work + "/strace"
    total = None
    for kind, words in case["steps"]:
        if kind == "gone":
            wait_gone(words[0])
        elif kind != "time":
            run(command(case, words))
        elif traced(case, ["strace", "-f", "-qq", "-c", "-U", "name,calls", "-o", table] + words):
            with open(table, encoding="utf-8") as file:
                found = re.search(r"^total\s+(\d+)", file.read(), re.M)
            total = int(found.group(1)) if found else None
    return total


def traced(case, words):
    with subprocess.Popen(command(case, words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            return process.wait(LEFT_BEHIND_S) == 0
        except subprocess.TimeoutExpired:
            for kind, after in case["steps"]:
                if kind == "after":
                    run(command(case, after))
        try:
            return process.wait(GONE_TIMEOUT_S) == 0
        except subprocess.TimeoutExpired:
            process.terminate()
            return False


def waiting_init(case):
    """Proportional and resident set of a created container's first process, in KiB."""
    steps = dict(case["steps"])
    if run(steps["time"]) != 0:
        return None
    try:
        with open(steps["time"][steps["time"].index("--pid-file") + 1], encoding="utf-8") as file:
            pid = int(file.read())
        with open("/proc/%d/smaps_rollup" % pid, encoding="utf-8") as file:
            text = file.read()
        return {key.lower(): int(re.search(r"^%s:\s+(\d+) kB" % key, text, re.M).group(1)) for key in ("Pss", "Rss")}
    finally:
        run(steps["after"])


def main():
    work = sys.argv[1]
    with open(work + "/cases.json", encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    result = {"calls": {}, "waiting": {}}
    have_strace = shutil.which("strace") is not None
    for case in cases:
        if case["counted"] and have_strace:
            result["calls"][case["name"]] = count_calls(case, work)
        if case["scenario"] == "create":
            result["waiting"][case["runtime"]] = waiting_init(case)
    with open(work + "/counts.json", "w", encoding="utf-8") as file:
        json.dump(result, file)
    if not have_strace:
        print("strace is not installed: system calls are not counted")


if __name__ == "__main__":
    main()
