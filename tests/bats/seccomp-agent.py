# SPDX-License-Identifier: Apache-2.0
"""seccomp-agent.py SOCKET OUTPUT COUNT [VALUE]: an agent for seccomp notifications (config-linux.md, Seccomp).

Takes COUNT connections and appends one line to OUTPUT for each: the container process state, how many descriptors came
with the first message, and whether the connection was closed behind the one document.  Every system call that is
notified then returns VALUE, or is an error when VALUE is negative; without VALUE it goes on.
"""
import array
import errno
import fcntl
import json
import os
import select
import socket
import struct
import sys
import threading

RECEIVE, SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND
CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE


def answer(fd, value):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    # POLLHUP: nobody is left who is under the filter
    while not any(events & select.POLLHUP for _, events in poll.poll()):
        buffer = bytearray(80)
        try:
            fcntl.ioctl(fd, RECEIVE, buffer)
            cookie = struct.unpack_from("Q", buffer)[0]
            if value is None:
                reply = struct.pack("QqiI", cookie, 0, 0, CONTINUE)
            else:
                reply = struct.pack("QqiI", cookie, max(value, 0), min(value, 0), 0)
            fcntl.ioctl(fd, SEND, reply)
        except OSError as e:
            # ENOENT: who called has ended meanwhile
            if e.errno not in (errno.ENOENT, errno.EINTR):
                raise


def take(connection):
    fds = array.array("i")
    text, ancillary, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(16 * fds.itemsize))
    for _, _, data in ancillary:
        fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    end = False
    while True:
        more = connection.recv(1 << 20)
        if not more:
            end = True
            break
        text += more
    return text, list(fds), end


path, output, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
result = int(sys.argv[4]) if len(sys.argv) > 4 else None
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(path)
os.chmod(path, 0o666)
listener.listen()
threads = []
for _ in range(count):
    state, descriptors, closed = take(listener.accept()[0])
    with open(output, "a", encoding="utf-8") as f:
        f.write(json.dumps({"state": json.loads(state), "descriptors": len(descriptors), "closed": closed}) + "\n")
    for descriptor in descriptors:
        thread = threading.Thread(target=answer, args=(descriptor, result), daemon=True)
        thread.start()
        threads.append(thread)
for thread in threads:
    thread.join()
