#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Forwards one connection through the address that the interface's PortForward has given, as a kubelet does.

usage: port_forward.py URL PORT <REQUEST >ANSWER

Speaks SPDY/3.1 as far as it is needed: a stream for errors and one for data, both announced by the client. What the server
says about its streams is not looked at; what it says on the stream for errors is printed, and the status is 1.
"""
import socket
import struct
import sys
import urllib.parse
import zlib

SYN_STREAM, RST_STREAM, PING = 1, 3, 6
FIN = 1
ERROR_STREAM, DATA_STREAM = 1, 3


def control(kind, flags, payload):
    return struct.pack(">HHI", 0x8003, kind, flags << 24 | len(payload)) + payload


def data(stream, flags, payload):
    return struct.pack(">II", stream, flags << 24 | len(payload)) + payload


def connect(url):
    """A socket that speaks SPDY from here on, and what was read too much."""
    place = urllib.parse.urlsplit(url)
    sock = socket.create_connection((place.hostname, place.port), timeout=20)
    sock.sendall((f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
                  "X-Stream-Protocol-Version: portforward.k8s.io\r\nContent-Length: 0\r\n\r\n").encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = sock.recv(4096)
        if not more:
            sys.exit(f"no answer: {answer}")
        answer += more
    head, rest = answer.split(b"\r\n\r\n", 1)
    if b" 101 " not in head.splitlines()[0]:
        sys.exit(head.decode())
    return sock, rest


def announce(compressor, stream, kind, port):
    """SYN_STREAM; its headers are names and values with their lengths, in one compressed stream for the connection."""
    headers = {"streamtype": kind, "port": str(port), "requestid": "0"}
    block = struct.pack(">I", len(headers))
    for text in (word.encode() for pair in headers.items() for word in pair):
        block += struct.pack(">I", len(text)) + text
    compressed = compressor.compress(block) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return control(SYN_STREAM, 0, struct.pack(">IIH", stream, 0, 0) + compressed)


def frames(sock, rest):
    """(is_control, kind or stream, flags, payload) until the connection ends."""
    while True:
        while len(rest) < 8 or len(rest) < 8 + (struct.unpack(">I", rest[4:8])[0] & 0xFFFFFF):
            more = sock.recv(65536)
            if not more:
                return
            rest += more
        first, second = struct.unpack(">II", rest[:8])
        size = second & 0xFFFFFF
        is_control = bool(first >> 31)
        yield is_control, first & 0xFFFF if is_control else first, second >> 24, rest[8:8 + size]
        rest = rest[8 + size:]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sock, rest = connect(sys.argv[1])
    compressor = zlib.compressobj()
    sock.sendall(announce(compressor, ERROR_STREAM, "error", sys.argv[2]) + data(ERROR_STREAM, FIN, b""))
    sock.sendall(announce(compressor, DATA_STREAM, "data", sys.argv[2]))
    sock.sendall(data(DATA_STREAM, FIN, sys.stdin.buffer.read()))
    errors = b""
    ended = set()
    for is_control, what, flags, payload in frames(sock, rest):
        if is_control and what == RST_STREAM:
            ended.add(struct.unpack(">I", payload[:4])[0])
        elif is_control and what == PING:
            sock.sendall(control(PING, 0, payload))
        elif not is_control and what == ERROR_STREAM:
            errors += payload
        elif not is_control and what == DATA_STREAM:
            sys.stdout.buffer.write(payload)
        if not is_control and flags & FIN:
            ended.add(what)
        if {ERROR_STREAM, DATA_STREAM} <= ended:
            break
    if errors:
        sys.exit(errors.decode())


if __name__ == "__main__":
    main()
