#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: bulk.py PORT     An app that gives and takes large bodies, and does nothing else for them.

GET /BYTES answers so many zeros; POST takes a body with a length and answers how many bytes it had.
"""

import socket
import sys
import threading

BLOCK = 1 << 20


def serve(connection):
    received = bytearray(BLOCK)
    with connection, connection.makefile("rb") as lines:
        while line := lines.readline():
            method, path, _ = line.split()
            length = 0
            while (field := lines.readline()) not in (b"\r\n", b""):
                name, _, value = field.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if method == b"POST":
                left = length
                while left:
                    count = lines.readinto(memoryview(received)[:min(left, BLOCK)])
                    if not count:
                        return
                    left -= count
                answer(connection, str(length).encode())
            elif path[1:].isdigit():
                answer_zeros(connection, int(path[1:]))
            else:
                answer(connection, b"")


def answer(connection, body):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def answer_zeros(connection, length):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
    block = bytes(BLOCK)
    while length:
        connection.sendall(block[:length])
        length -= min(length, BLOCK)


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main()
