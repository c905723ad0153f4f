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
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

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

    def work(self, processes: Sequence[subprocess.Popen]) -> None:
        """Hand packets over until all processes have ended, or one of them with an error."""
        with contextlib.suppress(PermissionError):  # no network waits for a processor
            os.setpriority(os.PRIO_PROCESS, 0, -20)
        look = 0.0
        while True:
            now = time.perf_counter()
            for receiver, packet in self.due(now):
                os.write(self.ends[receiver], packet)
            if now >= look:
                look, codes = now + LOOK, [process.poll() for process in processes]
                if None not in codes or any(codes):
                    return
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


def linked(link: Link, commands: Sequence[Sequence[str]], environment: dict[str, str] | None = None) -> str:
    """Run a command at each end of a network; return what the first one writes.

    They find in their environment what torchrun would tell them, and the device that messages go through.

    Raises
    ------
    OSError
        If there is no such network here, with the reason in one line.
    RuntimeError
        If a command fails.
    """
    if reason := refusal():
        raise OSError(reason)
    shared = os.environ | {"WORLD_SIZE": str(len(commands)), "MASTER_ADDR": address(0), "MASTER_PORT": "29500"}
    shared |= {"GLOO_SOCKET_IFNAME": DEVICE} | (environment or {})
    processes: list[subprocess.Popen] = []
    ends: list[int] = []
    try:
        for rank, command in enumerate(commands):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                asked = [str(theirs.fileno()), str(rank), str(link.packet)]
                processes.append(
                    subprocess.Popen(
                        [sys.executable, __file__, "--enter", *asked, *command],
                        env=shared | {"RANK": str(rank)},
                        pass_fds=[theirs.fileno()],
                        stdout=subprocess.PIPE if rank == 0 else subprocess.DEVNULL,
                        text=True,
                    )
                )
                theirs.close()
                _, found, _, _ = socket.recv_fds(ours, 1, 1)
                if not found:
                    raise OSError(f"process {rank} got no network of its own")
                os.set_blocking(found[0], False)
                ends += found
        priority = os.getpriority(os.PRIO_PROCESS, 0)
        Switch(link, ends).work(processes)
        os.setpriority(os.PRIO_PROCESS, 0, priority)
        if any(process.poll() for process in processes):
            raise RuntimeError("a process on the slow network failed")
        assert processes[0].stdout is not None
        return processes[0].stdout.read()
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for end in ends:
            os.close(end)


def address(rank: int) -> str:
    """Return the address of an end."""
    return f"{NETWORK}{rank + 1}"


def refusal() -> str:
    """Return why there can be no slow network here, "" where there can."""
    if not sys.platform.startswith("linux"):
        return "a slow network needs Linux"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK) or shutil.which("ip") is None:
        return "a slow network needs /dev/net/tun, which may be opened, and the program ip"
    tried = subprocess.run([sys.executable, __file__, "--enter"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else "a slow network needs root, or user namespaces: " + tried.stderr.strip()


def enter(words: Sequence[str]) -> int:
    """Go into a network of our own, send its device to who asked, and become the command; with no words, only try."""
    try:
        unshare()
        end = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(end, SET_DEVICE, struct.pack("16sH14x", DEVICE.encode(), TUN | NO_HEADER))
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    if not words:
        return 0
    asked, rank, packet, *command = words
    lines = [
        "link set lo up",
        f"addr add {address(int(rank))}/24 dev {DEVICE}",
        f"link set {DEVICE} mtu {packet} txqueuelen 10000 up",
    ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    with socket.socket(fileno=int(asked)) as to:
        socket.send_fds(to, [b"."], [end])
    os.close(end)
    os.execvp(command[0], command)
    return 0


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


def measured(link: Link, trips: int = 20) -> dict[str, float]:
    """Return the seconds from end to end, half a round trip, and the bits a second of one stream over a network."""
    size = int(min(max(link.rate / 8, 1e5), 1e8))  # a second's worth
    command = [sys.executable, __file__, "--probe", str(trips), str(size)]
    return json.loads(linked(link, [command, command]))


def probe(trips: int, size: int) -> None:
    """Be one of the two ends that measure: the first one asks, the other one answers."""
    if os.environ["RANK"] == "1":
        with socket.create_server((address(1), 1)) as server, server.accept()[0] as other:
            other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(trips):
                other.send(other.recv(1))
            for _ in range(2):
                left = size
                while left:
                    left -= len(other.recv(min(left, 1 << 20)))
                other.send(b".")
        return
    other = connected()
    other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    seconds = []
    for _ in range(trips):
        begun = time.perf_counter()
        other.send(b".")
        other.recv(1)
        seconds.append(time.perf_counter() - begun)
    delay, room = statistics.median(seconds) / 2, bytes(size)
    for _ in range(2):  # the first time TCP finds out how fast it may send
        begun = time.perf_counter()
        other.sendall(room)
        other.recv(1)
    on_wire = time.perf_counter() - begun - 2 * delay
    print(json.dumps({"delay": delay, "rate": 8 * size / on_wire}))


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
    for link in options.parse_args(words).links:
        try:
            found = measured(link)
        except OSError as error:
            print(f"not measured: {error}")
            return 2
        print(
            f"asked {link.rate / 1e6:g} Mbit/s and {1e3 * link.delay:g} ms, packets of {link.packet:,} bytes; "
            f"measured {found['rate'] / 1e6:.4g} Mbit/s and {1e3 * found['delay']:.3g} ms",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--enter"]:
        sys.exit(enter(sys.argv[2:]))
    elif sys.argv[1:2] == ["--probe"]:
        probe(*map(int, sys.argv[2:]))
    else:
        sys.exit(main())
