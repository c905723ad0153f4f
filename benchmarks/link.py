"""A slow network between processes of this machine: each in a network of its own, whose packets wait as on a real one.

    python -m benchmarks.link 1Gbit,1ms 100Mbit,10ms

measures round trips and throughput of such networks beside what was asked for. An end is a TUN device in a network
namespace that ends with its process, so that nothing is left behind and no file of the system changes. A switch (this
process) reads the packets, lets each take its time on the wire of its sender and of its receiver, and hands it over
after the delay. It loses none: queues are as long as they get. Linux only; without root it needs user namespaces.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import heapq
import json
import os
import re
import select
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

DEVICE, NETWORK = "link0", "10.77.0."
TUN, NO_HEADER, SET_DEVICE = 0x0001, 0x1000, 0x400454CA  # of <linux/if_tun.h>
NEW_NETWORK, NEW_USER = 0x40000000, 0x10000000  # of <linux/sched.h>
WIRE_SECONDS = 5e-4  # that a packet takes at most: of a faster network they are larger, so that we handle fewer
SMALLEST, LARGEST = 1500, 65_000  # bytes of a packet
LOOK = 0.05  # seconds between looks whether the processes have ended
UNITS = {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


class Link(NamedTuple):
    """A network: bits a second that an end sends and, at the same time, receives; seconds from end to end."""

    rate: float
    delay: float

    @classmethod
    def of(cls, text: str) -> Link:
        """Return what a text like "100Mbit,10ms" says; "none" is as fast as it goes.

        Raises
        ------
        ValueError
            If it says something else.

        Examples
        --------
        >>> Link.of("1Gbit,1ms"), Link.of("none,0s").rate
        (Link(rate=1000000000.0, delay=0.001), inf)
        """
        found = re.fullmatch(r"(none|([\d.]+)([kmg]bit)),([\d.]+)([um]?s)", text.strip().lower())
        if not found:
            raise ValueError(f"a network like 100Mbit,10ms or none,1ms expected, got {text!r}")
        _, rate, unit, delay, of_time = found.groups()
        return cls(float(rate) * UNITS[unit] if rate else float("inf"), float(delay) * UNITS[of_time])

    @property
    def packet(self) -> int:
        """Bytes of the largest packet."""
        return round(min(LARGEST, max(SMALLEST, self.rate / 8 * WIRE_SECONDS)))


class Switch:
    """Hands packets over between ends, each after its time.

    Parameters
    ----------
    link : Link
        The network.
    ends : Sequence[int]
        The file descriptor of each end.
    """

    def __init__(self, link: Link, ends: Sequence[int]):
        self.link, self.ends = link, ends
        self.sends, self.receives = [0.0] * len(ends), [0.0] * len(ends)  # until when the wires of an end are busy
        self.waiting: list[tuple[float, int, int, bytes]] = []  # when, in which order, to whom, what
        self.taken = 0

    def take(self, sender: int, packet: bytes, now: float) -> None:
        """Take a packet; what goes to nobody here (the kernel looks for neighbours) is dropped."""
        receiver = packet[19] - 1 if len(packet) >= 20 and packet[0] >> 4 == 4 else -1
        if not 0 <= receiver < len(self.ends):
            return
        on_wire = 8 * len(packet) / self.link.rate
        sent = max(now, self.sends[sender])
        self.sends[sender] = sent + on_wire
        self.receives[receiver] = max(sent + self.link.delay, self.receives[receiver]) + on_wire
        self.taken += 1
        heapq.heappush(self.waiting, (self.receives[receiver], self.taken, receiver, packet))

    def due(self, now: float) -> list[tuple[int, bytes]]:
        """Return the packets that have arrived, each with the end that it is for."""
        found = []
        while self.waiting and self.waiting[0][0] <= now:
            _, _, receiver, packet = heapq.heappop(self.waiting)
            found.append((receiver, packet))
        return found

    def work(self, processes: Sequence[int]) -> None:
        """Hand packets over until all processes have ended.

        Raises
        ------
        RuntimeError
            If one of them fails.
        """
        left, look = set(processes), 0.0
        with urgently():
            while left:
                now = time.perf_counter()
                for receiver, packet in self.due(now):
                    os.write(self.ends[receiver], packet)
                if now >= look:
                    look = now + LOOK
                    left -= {pid for pid in left if has_ended(pid)}
                wait = max(0.0, min(look, self.waiting[0][0] if self.waiting else look) - now)
                for end in select.select(self.ends, [], [], wait)[0]:
                    self._read(self.ends.index(end))

    def _read(self, sender: int) -> None:
        now = time.perf_counter()
        try:
            for _ in range(64):
                self.take(sender, os.read(self.ends[sender], LARGEST + 100), now)
        except BlockingIOError:
            return


@contextlib.contextmanager
def urgently() -> Iterator[None]:
    """Take precedence over other processes, if we may: no network waits for a processor."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


def has_ended(pid: int) -> bool:
    """Return whether a process has ended well.

    Raises
    ------
    RuntimeError
        If it has failed.
    """
    done, status = os.waitpid(pid, os.WNOHANG)
    if done and status:
        raise RuntimeError(f"a process on the network failed: {status}")
    return bool(done)


def linked(link: Link | None, count: int, act: Callable[[], Any], port: int = 29_500) -> Any:
    """Let forks of this process act at each end of a network, or on this machine for None; return what the first found.

    They find in their environment what torchrun would tell them, and the device that messages go through.

    Parameters
    ----------
    link : Link, optional
        The network.
    count : int
        How many ends there are.
    act : Callable[[], Any]
        What each does; what the first one returns can be written as JSON.

    Raises
    ------
    OSError
        If there is no such network here.
    RuntimeError
        If one of them fails.
    """
    ends: list[int] = []
    told: list[socket.socket] = []
    processes: list[int] = []
    environment = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1" if link is None else address(0)}
    environment |= {"MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo" if link is None else DEVICE}
    try:
        for rank in range(count):
            ours, theirs = socket.socketpair()
            told.append(ours)
            pid = os.fork()
            if not pid:
                os.environ.update(environment | {"RANK": str(rank)})
                be(rank, link, theirs, act)
            processes.append(pid)
            theirs.close()
            if link is not None:
                _, found, _, _ = socket.recv_fds(ours, 1, 1)
                if not found:
                    raise OSError(f"process {rank} got no network of its own")
                os.set_blocking(found[0], False)
                ends += found
        Switch(link or Link(float("inf"), 0.0), ends).work(processes)
        return json.loads(told[0].makefile().read())
    finally:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):  # most have ended
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        for ours in told:
            ours.close()
        for end in ends:
            os.close(end)


def be(rank: int, link: Link | None, to: socket.socket, act: Callable[[], Any]) -> NoReturn:
    """Be one end: go into a network of our own, send its device, act, and send what was found."""
    code = 1
    try:
        if link is not None:
            enter(rank, link, to)
        to.sendall(json.dumps(act()).encode())
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def address(rank: int) -> str:
    """Return the address of an end."""
    return f"{NETWORK}{rank + 1}"


def refusal() -> str:
    """Return why there can be no slow network here, "" where there can."""
    if not sys.platform.startswith("linux"):
        return "a slow network needs Linux"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK) or shutil.which("ip") is None:
        return "a slow network needs /dev/net/tun, which may be opened, and the program ip"
    tried = os.fork()
    if not tried:
        try:
            os.close(device())
        except OSError:
            os._exit(1)
        os._exit(0)
    return "a slow network needs root, or user namespaces" if os.waitpid(tried, 0)[1] else ""


def device() -> int:
    """Go into a network of our own; return its device, which hands us all packets that are sent."""
    unshare()
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, SET_DEVICE, struct.pack("16sH14x", DEVICE.encode(), TUN | NO_HEADER))
    return end


def enter(rank: int, link: Link, to: socket.socket) -> None:
    """Go into a network of our own, and send its device to who switches."""
    end = device()
    lines = [
        "link set lo up",
        f"addr add {address(rank)}/24 dev {DEVICE}",
        f"link set {DEVICE} mtu {link.packet} txqueuelen 10000 up",
    ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    socket.send_fds(to, [b"."], [end])
    os.close(end)


def unshare() -> None:
    """Leave the network that we share with others; without root by way of a user namespace."""
    user, group, is_root = os.geteuid(), os.getegid(), os.geteuid() == 0
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(NEW_NETWORK | (0 if is_root else NEW_USER)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if not is_root:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            Path(f"/proc/self/{name}").write_text(text)


# ---------------------------------------------------------------------------------------------- is it what it says?


def measured(link: Link, trips: int = 20, seconds: float = 1.0) -> dict[str, float]:
    """Return the seconds from end to end, half a round trip, and the bits a second of one stream over a network."""
    size = int(min(max(link.rate / 8 * seconds, 1e5), 1e8))
    return linked(link, 2, lambda: probe(trips, size))


def probe(trips: int, size: int) -> dict[str, float]:
    """Be one of the two ends that measure: the first one asks, the other one answers."""
    if os.environ["RANK"] == "1":
        answer(trips, size)
        return {}
    other = connected()
    other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    seconds = []
    for _ in range(trips):
        begun = time.perf_counter()
        other.send(b".")
        other.recv(1)
        seconds.append(time.perf_counter() - begun)
    delay, room, on_wire = statistics.median(seconds) / 2, bytes(size), 0.0
    for _ in range(2):  # the first time TCP finds out how fast it may send
        begun = time.perf_counter()
        other.sendall(room)
        other.recv(1)
        on_wire = time.perf_counter() - begun - 2 * delay
    return {"delay": delay, "rate": 8 * size / on_wire}


def answer(trips: int, size: int) -> None:
    """Send back single bytes, then a byte for each large message."""
    with socket.create_server((address(1), 1)) as server, server.accept()[0] as other:
        other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(trips):
            other.send(other.recv(1))
        for _ in range(2):
            left = size
            while left:
                left -= len(other.recv(min(left, 1 << 20)))
            other.send(b".")


def connected() -> socket.socket:
    """Return a connection with the end that answers, once it listens."""
    for _ in range(200):
        try:
            return socket.create_connection((address(1), 1))
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise OSError("nobody answers")


def main(words: Sequence[str] | None = None) -> int:
    """Measure some networks; print a line each."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("links", nargs="+", type=Link.of, metavar="RATE,DELAY")
    links = options.parse_args(words).links
    if reason := refusal():
        print(f"not measured: {reason}", file=sys.stderr)
        return 2
    for link in links:
        found = measured(link)
        print(
            f"asked {link.rate / 1e6:g} Mbit/s and {1e3 * link.delay:g} ms, packets of {link.packet:,} bytes; "
            f"measured {found['rate'] / 1e6:.4g} Mbit/s and {1e3 * found['delay']:.3g} ms",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
