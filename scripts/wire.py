"""A peer of the Firn protocol for scripts: DEALER sockets of the system's libzmq, and messages by the numbers of their fields.

It exists to do what no client does: to connect thousands of times from one process, to act as a worker that evaluates
nothing, and to send what breaks the protocol. protocol/firn.proto has the fields.
"""

import ctypes
import ctypes.util
import errno
import pathlib
import re
import struct

DEALER, CURVE_SERVERKEY, CURVE_PUBLICKEY, CURVE_SECRETKEY = 5, 50, 48, 49
LINGER, SNDHWM, RCVHWM, RCVTIMEO, SNDMORE, DONTWAIT, MAX_SOCKETS = 17, 23, 24, 27, 2, 1, 2

library = ctypes.CDLL(ctypes.util.find_library("zmq") or "libzmq.so.5", use_errno=True)
library.zmq_ctx_new.restype = ctypes.c_void_p
library.zmq_ctx_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
library.zmq_socket.restype = ctypes.c_void_p
library.zmq_socket.argtypes = [ctypes.c_void_p, ctypes.c_int]
library.zmq_setsockopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
library.zmq_connect.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
library.zmq_send.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
library.zmq_recv.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
library.zmq_close.argtypes = [ctypes.c_void_p]
library.zmq_errno.restype = ctypes.c_int

context = library.zmq_ctx_new()
library.zmq_ctx_set(context, MAX_SOCKETS, 20_000)
buffer = ctypes.create_string_buffer(32 << 20)


def key(path):
    """The public and, if it is there, the secret key of a certificate."""
    text = pathlib.Path(path).read_text()
    found = {name: re.search(name + r'-key = "(.*)"', text) for name in ("public", "secret")}
    return tuple(found[name].group(1).encode() if found[name] else None for name in ("public", "secret"))


def new_key():
    """A key pair that nobody knows."""
    public, secret = ctypes.create_string_buffer(41), ctypes.create_string_buffer(41)
    library.zmq_curve_keypair(public, secret)
    return public.value, secret.value


class Dealer:
    """A connection with a key."""

    def __init__(self, endpoint, own, server, receives=True):
        self.socket = library.zmq_socket(context, DEALER)
        if not self.socket:
            raise OSError(library.zmq_errno(), "no more sockets")
        self.set(LINGER, 0)
        if not receives:
            self.set(RCVHWM, 1)
        for option, value in ((CURVE_SERVERKEY, server), (CURVE_PUBLICKEY, own[0]), (CURVE_SECRETKEY, own[1])):
            library.zmq_setsockopt(self.socket, option, ctypes.c_char_p(value + b"\0"), len(value) + 1)
        library.zmq_connect(self.socket, endpoint.encode())

    def set(self, option, value):
        number = ctypes.c_int(value)
        library.zmq_setsockopt(self.socket, option, ctypes.byref(number), 4)

    def send_frames(self, frames, wait=True):
        """Returns whether the queue had room."""
        for index, frame in enumerate(frames):
            flags = (SNDMORE if index + 1 < len(frames) else 0) | (0 if wait else DONTWAIT)
            if library.zmq_send(self.socket, bytes(frame), len(frame), flags) < 0:
                return False
        return True

    def send(self, kind, body=b"", correlation=0, wait=True):
        return self.send_frames([header(kind, correlation), body], wait)

    def receive(self, timeout=10.0):
        """Kind, correlation and body of the next message; None if none comes in that many seconds."""
        self.set(RCVTIMEO, int(timeout * 1000))
        count = library.zmq_recv(self.socket, buffer, len(buffer), 0)
        if count < 0:
            if library.zmq_errno() in (errno.EAGAIN, errno.EINTR):
                return None
            raise OSError(library.zmq_errno(), "receive")
        head = buffer.raw[:count] if count < 64 else b""
        count = library.zmq_recv(self.socket, buffer, len(buffer), 0)
        return head[5], struct.unpack("<Q", head[8:16])[0], ctypes.string_at(buffer, count)

    def ask(self, kind, body, correlation, timeout=60.0):
        """The reply to a request, past everything else."""
        self.send(kind, body, correlation)
        while True:
            got = self.receive(timeout)
            if got is None:
                raise TimeoutError(f"no reply to a message of kind {kind}")
            if got[1] == correlation:
                return got

    def close(self):
        library.zmq_close(self.socket)


def header(kind, correlation=0, version=1):
    return b"FIRN" + bytes([version, kind, 0, 0]) + struct.pack("<Q", correlation)


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def fields(data):
    """The fields of an encoded message: number and value, an int or bytes."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 2:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = 8 if tag & 7 == 1 else 4
            value, at = data[at:at + size], at + size
        yield tag >> 3, value


def read_varint(data, at):
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 127) << shift
        if byte < 128:
            return result, at
        shift += 7


def job(source, key=b"", **more):
    """A JobSpecification with a source; `more` has encoded fields."""
    return text(1, text(1, source)) + (text(12, key) if key else b"") + b"".join(more.values())


HELLO = text(1, "script")
