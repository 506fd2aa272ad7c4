"""What the kernel itself says that packets met in a network namespace: the messages behind TRACE rules, as `xtables-monitor --trace` prints them.

KernelTrace reads the messages (group NFNLGRP_NFTRACE), XtablesMonitor what the program makes of them. Both give blocks: one packet in one base
chain. xtables-monitor 1.8.9 ends at the first IPv6 rule with a port, so it is only asked about IPv4; there the two have to agree.
"""
import contextlib
import ctypes
import dataclasses
import itertools
import os
import re
import select
import signal
import socket
import struct
import subprocess
import time

NETLINK_NETFILTER, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTRACE = 12, 270, 1, 9
NFT_MSG_TRACE = 10 << 8 | 17
SO_RCVBUFFORCE, RECEIVE_BUFFER = 33, 16 << 20
# enum nft_trace_attributes, nft_verdict_attributes, nft_trace_types, nft_verdicts
TABLE, CHAIN, HANDLE, TYPE, VERDICT, NETWORK_HEADER, TRANSPORT_HEADER, NFPROTO, POLICY = 1, 2, 3, 4, 5, 8, 9, 15, 16
VERDICT_CODE, VERDICT_CHAIN = 1, 2
POLICY_TYPE, RULE_TYPE = 1, 3
VERDICTS = {0: "DROP", 1: "ACCEPT", 0xffffffff: "CONTINUE", 0xfffffffd: "JUMP", 0xfffffffc: "GOTO", 0xfffffffb: "RETURN"}
FAMILY_OF_NFPROTO = {2: 4, 10: 6}
TCP, UDP, ACK = 6, 17, 0x10

PR_SET_PDEATHSIG = 1
# A port that nothing else asks; the packets to it show that all earlier ones were reported.
SENTINEL_PORT, SENTINEL_SOURCES, MOST_SENTINELS, SENTINEL_WAIT = 9, range(61000, 65536), 100, 0.05
PACKET_LINE = re.compile(r"^PACKET: \d+ \S+ .* SPORT=(\d+) DPORT=(\d+)(.*)$")
TRACE_LINE = re.compile(r"^ TRACE: (\d+) \S+ (\w+):([^:]+):(?:(?:rule:(0x[0-9a-f]+)|(policy)):(\S*)|return:)(?: +-[46] -t \w+ (.*))?$")


class Unreadable(RuntimeError):
    """A report that is not understood, or no report at all."""


@dataclasses.dataclass
class Step:
    """One rule that matched, or the policy of a base chain (then without a handle)."""
    table: str
    chain: str
    handle: int
    verdict: str
    text: str = dataclasses.field(default=None, compare=False)  # the rule, where the reporter prints it


@dataclasses.dataclass
class Block:
    """One packet in one base chain."""
    family: int
    source_port: int
    port: int
    is_ack: bool
    steps: list


class KernelTrace:
    """The messages of one namespace."""

    def __init__(self, ns):
        with ns.entered():
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self.sock.bind((0, 0))
        self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTRACE)
        self.sock.setblocking(False)
        self.blocks = []

    def fileno(self):
        return self.sock.fileno()

    def receive(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                data = self.sock.recv(1 << 16)
                length, kind = struct.unpack_from("=IH", data)
                if kind == NFT_MSG_TRACE:
                    self._take(dict(_attributes(data[20:length])))

    def _take(self, message):
        header = message.get(TRANSPORT_HEADER)
        if header is not None:  # only the first message of a packet in a chain has it
            family = FAMILY_OF_NFPROTO[_number(message[NFPROTO])]
            protocol = message[NETWORK_HEADER][9 if family == 4 else 6]
            source, target = struct.unpack_from("!HH", header)
            self.blocks.append(Block(family, source, target, protocol == TCP and bool(header[13] & ACK), []))
        kind, table, chain = _number(message[TYPE]), _text(message[TABLE]), _text(message[CHAIN])
        if kind == POLICY_TYPE:
            self.blocks[-1].steps.append(Step(table, chain, None, VERDICTS[_number(message[POLICY])]))
        elif kind == RULE_TYPE and HANDLE in message:  # the end of a chain has none
            self.blocks[-1].steps.append(Step(table, chain, _number(message[HANDLE]), _verdict(message[VERDICT])))

    def close(self):
        self.sock.close()


def _attributes(data):
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        yield kind & 0x3fff, data[at + 4:at + length]
        at += (length + 3) & ~3


def _number(data):
    return int.from_bytes(data, "big")


def _text(data):
    return data.rstrip(b"\0").decode()


def _verdict(data):
    parts = dict(_attributes(data))
    name = VERDICTS[_number(parts[VERDICT_CODE])]
    return f"{name}:{_text(parts[VERDICT_CHAIN])}" if VERDICT_CHAIN in parts else name


class XtablesMonitor:
    """What `xtables-monitor` prints in one namespace, of IPv4."""

    def __init__(self, ns):
        with ns.entered():
            self.process = subprocess.Popen(["xtables-monitor", "-4", "--trace"], stdout=subprocess.PIPE,
                                            preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM))
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = ""
        self.blocks = []

    def fileno(self):
        return self.process.stdout.fileno()

    def receive(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                more = os.read(self.fileno(), 1 << 16)
                if not more:
                    raise Unreadable(f"xtables-monitor has ended: {self.text[-300:]}")
                *lines, self.text = (self.text + more.decode()).split("\n")
                for line in lines:
                    self._take(line.rstrip())

    def _take(self, line):
        packet, step = PACKET_LINE.match(line), TRACE_LINE.match(line)
        if packet:
            source, target, flags = packet.groups()
            self.blocks.append(Block(4, int(source), int(target), " ACK" in flags, []))
        elif step and self.blocks:  # without a packet: it began to listen in the midst of a sentinel's way
            _, table, chain, handle, policy, verdict, text = step.groups()
            if handle or policy:
                name = VERDICTS[int(verdict, 16)] if verdict.startswith("0x") else verdict
                self.blocks[-1].steps.append(Step(table, chain, int(handle, 16) if handle else None, name, text))
        elif not step and not line.startswith("PACKET: "):  # another protocol's
            raise Unreadable(f"not understood: {line!r}")

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Reporters:
    """Everyone who reports on a namespace; they have to agree on IPv4."""

    def __init__(self, ns, families):
        self.ns, self.family = ns, min(families)  # the sentinels' family: one that everyone reports
        self.sources = itertools.cycle(SENTINEL_SOURCES)
        self.kernel, self.printed = KernelTrace(ns), XtablesMonitor(ns) if 4 in families else None

    def read(self):
        """The blocks since the last reading: all of them, as a sentinel that comes last shows."""
        reporters = [self.kernel] + ([self.printed] if self.printed else [])
        for _ in range(MOST_SENTINELS):
            source = next(self.sources)
            self._send_sentinel(source)
            if self._receive_until(reporters, source):
                kernel, *others = (_take(each) for each in reporters)
                of_ipv4 = [block for block in kernel if block.family == 4]
                for other in others:
                    if other != of_ipv4:
                        raise Unreadable(f"{self.ns.label}: xtables-monitor prints {other}\nwhere the kernel reports {of_ipv4}")
                return [block for block in kernel if block.family == 6] + (others[0] if others else of_ipv4)
        raise Unreadable(f"{self.ns.label}: nothing is reported")

    def _receive_until(self, reporters, source):
        """Whether every reporter has come to the sentinel in time."""
        waiting, deadline = list(reporters), time.monotonic() + SENTINEL_WAIT
        while waiting:
            left = deadline - time.monotonic()
            ready, _, _ = select.select(waiting, [], [], max(0, left))
            for reporter in ready:
                reporter.receive()
            waiting = [each for each in waiting
                       if not any(block.port == SENTINEL_PORT and block.source_port == source for block in each.blocks)]
            if not ready and left <= 0:
                return not waiting
        return True

    def _send_sentinel(self, source):
        with self.ns.entered():
            sock = socket.socket({4: socket.AF_INET, 6: socket.AF_INET6}[self.family], socket.SOCK_DGRAM)
        with contextlib.closing(sock), contextlib.suppress(OSError):
            sock.bind(("", source))
            sock.sendto(b"", ({4: "127.0.0.1", 6: "::1"}[self.family], SENTINEL_PORT))

    def close(self):
        self.kernel.close()
        if self.printed:
            self.printed.close()


def _take(reporter):
    """All that was reported but sentinels; the last one's report may still go on."""
    blocks, reporter.blocks = reporter.blocks, reporter.blocks[-1:]
    return [block for block in blocks if block.port != SENTINEL_PORT]
