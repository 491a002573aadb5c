#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A program that speaks `criu swrk FD` and saves nothing.  Each request goes to $FAKE_CRIU_LOG as one line of JSON:
# field numbers, and what they hold.  $FAKE_CRIU says how it behaves; see BEHAVIOURS.
import json
import os
import signal
import socket
import sys

NOTIFY, VERSION = 6, 10


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def data(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def fields(message):
    i = 0

    def read():
        nonlocal i
        value = shift = 0
        while True:
            byte = message[i]
            i += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while i < len(message):
        key = read()
        value = read()
        if key & 7 == 2:
            i += value
            value = message[i - value : i]
        yield key >> 3, value


# Those of the options that are messages themselves: page server, ext_mnt, cg_root, inherit_fd, join_ns.
NESTED = (11, 23, 25, 27, 39)


def plain(value):
    return value.decode() if isinstance(value, bytes) else value


def decode(message):
    request = {"type": None, "opts": {}}
    for field, value in fields(message):
        if field == 1:
            request["type"] = value
        elif field == 2:
            for n, v in fields(value):
                v = [plain(x) for _, x in fields(v)] if n in NESTED else plain(v)
                request["opts"].setdefault(str(n), []).append(v)
        elif field == 3:
            request["notified"] = bool(value)
    return request


sock = socket.socket(fileno=int(sys.argv[2]))
behaviour = os.environ.get("FAKE_CRIU", "")
log = open(os.environ["FAKE_CRIU_LOG"], "a")


def receive():
    message = sock.recv(1 << 20)
    if not message:
        sys.exit(0)
    request = decode(message)
    print(json.dumps(request), file=log, flush=True)
    return request


def send(message):
    sock.send(message)


def notify(script, pid=0, fd=None):
    message = number(1, NOTIFY) + number(2, 1) + data(5, data(1, script.encode()) + number(2, pid))
    if fd is None:
        send(message)
    else:
        socket.send_fds(sock, [message], [fd])
    return receive()


def succeed(request):
    send(number(1, request["type"]) + number(2, 1) + data(4, number(1, 999999)))


def fail(request):
    os.makedirs("/proc/self/fd/5", exist_ok=True)
    with open("/proc/self/fd/5/" + request["opts"]["10"][0], "w") as out:
        out.write("(00.1) pie: 1: fine\n")
        for n in range(1, 6):
            out.write("(00.%d) Error (criu/x.c:%d): reason\033 %d\n" % (n, n, n))
        out.write("(00.9) Error (criu/cr-dump.c:9): Dumping FAILED.\n")
    send(number(1, request["type"]) + number(2, 0) + data(9, b"first reason"))


def message_only(request):
    send(number(1, request["type"]) + number(2, 0) + data(9, b"no log of this"))


def die(request):
    print("terrible\x1b things\nhappen", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def garbage(request):
    send(b"\xff" * 100)


def huge(request):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    send(b"\x0a" + varint(100000) + b"x" * 100000)


def other(request):
    send(number(1, 9) + number(2, 1))


def pages(request):
    notify("status-ready")
    succeed(request)


def hang(request):
    signal.pause()


def wrong_pid(request):
    notify("setup-namespaces", 0)
    fail(request)


def no_terminal(request):
    notify("orphan-pts-master")
    fail(request)


BEHAVIOURS = {
    "": succeed, "fail": fail, "message": message_only, "die": die, "garbage": garbage, "huge": huge, "other": other,
    "pages": pages, "hang": hang, "wrong-pid": wrong_pid, "no-terminal": no_terminal,
}

if behaviour == "mute":
    sys.exit("I am not in the mood\nat all")
request = receive()
assert request["type"] == VERSION
version = {"old": (3, 15), "older": (0, 0), "no-nftables": (3, 16)}.get(behaviour, (4, 1))
send(number(1, VERSION) + number(2, 1) + data(10, number(1, version[0]) + number(2, version[1]) + number(4, 1)))
request = receive()
BEHAVIOURS.get(behaviour, succeed)(request)
