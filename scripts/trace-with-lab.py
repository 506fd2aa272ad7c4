#!/usr/bin/env python3
"""Records which rules the kernel itself says that a packet met, node by node (`xtables-monitor --trace`).

    trace-with-lab.py LAB OUT [--packets N] [--seed S] [--jobs J]    clusters of every kind, N packets in all
    trace-with-lab.py LAB OUT --recorded FOLDER ... [--most M]       clusters that were recorded before: the M packets that show most

LAB is the folder of the cluster made of network namespaces (lab.py and its modules); this needs root, iptables-nft and
xtables-node. OUT gets a folder per cluster (cluster.json, scenario.json, NODE/iptables-save.txt, ...) with kernel-trace.json, or
with --recorded just NAME.json: every packet with its outcome and, for each node, the rules that its request and its answer met:

    TABLE CHAIN LINE VERDICT    LINE: of NODE/iptables-save.txt (ip6tables-save.txt), or "policy"
    TABLE CHAIN                 absent: a base chain of that file that the kernel does not have, and so reports nothing of
"""
import argparse
import collections
import concurrent.futures
import contextlib
import itertools
import json
import os
import random
import shutil
import sys

from kernel_trace import Reporters, Unreadable

IPTABLES = {4: "iptables", 6: "ip6tables"}
# The packets of a tunnel between the nodes carry the traced ones.
TUNNEL_PORTS = "4789,8472"
TABLE_FAMILY = {"ip": 4, "ip6": 6}
WAYS = ("request", "answer")

# Rules of a node's other owners: goto and return, marks of packets and connections, states, several tables and hooks.
FOREIGN = """*raw
:SEEN - [0:0]
-A PREROUTING -m comment --comment "all of it" -j SEEN
-A PREROUTING -p udp -m udp --dport 7 -j CT --notrack
-A OUTPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN -g SEEN
-A SEEN -p tcp -m multiport --dports 1:79,81:65535 -j RETURN
-A SEEN -m conntrack ! --ctstate NEW
COMMIT
*mangle
:GONE - [0:0]
:BACK - [0:0]
-A PREROUTING -m conntrack --ctstate NEW -j CONNMARK --set-xmark 0x10/0x10
-A PREROUTING -m addrtype --dst-type LOCAL -g GONE
-A PREROUTING -j MARK --set-xmark 0x20/0x20
-A INPUT -m mark --mark 0x20/0x20 -j BACK
-A INPUT -m conntrack --ctstate DNAT -j ACCEPT
-A FORWARD -m connmark --mark 0x10/0x10 -j BACK
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -p tcp -j BACK
-A POSTROUTING -m conntrack --ctstate DNAT -m conntrack --ctdir ORIGINAL -j BACK
-A GONE -p tcp -j RETURN
-A GONE -j CONNMARK --save-mark --nfmask 0x4000 --ctmask 0x4000
-A BACK ! -o lo -m comment --comment "not by lo"
-A BACK -m mark ! --mark 0x0/0x4000 -j RETURN
-A BACK -p tcp -m tcp --dport 1:1023 -j ACCEPT
-A BACK -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80
COMMIT
*nat
:OWN - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j OWN
-A OUTPUT ! -o lo -m addrtype --dst-type LOCAL -j OWN
-A OWN -p tcp -m tcp --dport 32767 -j REDIRECT --to-ports 7
-A OWN -p udp -j RETURN
-A OWN -m mark --mark 0x0/0x4000
COMMIT
*filter
:USER - [0:0]
-I FORWARD -j USER
-A USER -p tcp -m conntrack --ctorigdstport 53 -j DROP
-A USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A USER -p udp -m multiport --ports 9100,9101 -j REJECT
-A USER -j RETURN
COMMIT
"""


def skip(reason):
    print(f"trace-with-lab: skipped: {reason}", file=sys.stderr)
    sys.exit(77)


def load_lab(folder):
    """The lab's modules by name; without what the lab needs there is nothing to measure."""
    if not os.path.exists(os.path.join(folder, "lab.py")):
        skip(f"no lab.py in {folder}")
    if os.geteuid() != 0:
        skip("it needs root, for network namespaces")
    for program in ("xtables-monitor", "iptables-nft-restore", "nft"):
        if shutil.which(program) is None:
            skip(f"{program} is not installed")
    sys.path.insert(0, folder)
    return {name: __import__(name) for name in ("lab", "scenario", "corpus", "facts", "random_scenarios")}


# ---- what one node reports -----------------------------------------------------------------------


class TracedNode:
    """A node that reports which rules packets meet, by the lines of its dump."""

    def __init__(self, node, families, texts):
        self.node = node
        self.numbers = {family: _lines_by_handle(node, family, texts[family]) for family in families}
        self.reporters = Reporters(node.ns, families)
        for family in families:
            self._trace_everything(family)
        self.read()

    def _trace_everything(self, family):
        """A connection's first packet and its answer, in front of all other rules."""
        for hook in ("PREROUTING", "OUTPUT"):
            for match in (["-p", "tcp", "--tcp-flags", "SYN", "SYN"],
                          ["-p", "udp", "-m", "multiport", "!", "--dports", TUNNEL_PORTS]):
                self.node.ns.run(f"{IPTABLES[family]}-nft", "-w", "-t", "raw", "-I", hook, *match, "-j", "TRACE")

    def read(self):
        return self.reporters.read()

    def path(self, block):
        """TABLE CHAIN LINE VERDICT of all but what was added for tracing."""
        chains, lines, _ = self.numbers[block.family]
        found = []
        for step in block.steps:
            if step.handle is None:
                found += [f"{step.table} {step.chain} policy {step.verdict}"] * ((step.table, step.chain) in chains)
            elif (step.table, step.chain, step.handle) in lines:
                number, line = lines[step.table, step.chain, step.handle]
                if step.text not in (None, line):
                    raise Unreadable(f"{self.node.name}: line {number} is {line!r}, and xtables-monitor prints {step.text!r}")
                found.append(f"{step.table} {step.chain} {number} {step.verdict}")
            elif (step.table, step.verdict) != ("raw", "CONTINUE"):
                raise Unreadable(f"{self.node.name}: {step} is no rule of its dump")
        return found

    def close(self):
        self.reporters.close()


def _lines_by_handle(node, family, text):
    """(base chains, {(table, chain, handle): (line number, line)}, base chains that only the dump has).

    nft and iptables-save list the rules of a chain in the same order. iptables-nft-save also prints base chains that the kernel
    does not have.
    """
    handles, base_chains = collections.defaultdict(list), set()
    for entry in json.loads(node.ns.run("nft", "-j", "-a", "list", "ruleset"))["nftables"]:
        (kind, item), = entry.items()
        if TABLE_FAMILY.get(item.get("family")) != family:
            continue
        if kind == "rule":
            handles[item["table"], item["chain"]].append(item["handle"])
        elif kind == "chain" and "hook" in item:
            base_chains.add((item["table"], item["name"]))
    printed, lines, table = set(), collections.defaultdict(list), None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":") and line.split()[1] != "-":
            printed.add((table, line[1:].split()[0]))
        elif line.startswith("-A "):
            lines[table, line.split()[1]].append((number, line))
    if {key: len(found) for key, found in handles.items()} != {key: len(found) for key, found in lines.items()}:
        raise Unreadable(f"{node.name}: nft and iptables-save list different rules")
    by_handle = {(*key, handle): line for key in lines for handle, line in zip(handles[key], lines[key])}
    return base_chains & printed, by_handle, sorted(" ".join(key) for key in printed - base_chains)


# ---- one cluster ---------------------------------------------------------------------------------


class TracedCluster:
    """A running cluster whose nodes report what they do."""

    def __init__(self, lab, folder):
        self.lab, self.scenario = lab, lab.scenario
        self.families = list(self.scenario.topology.families)
        for ns in self.scenario.topology.namespaces:
            ns.sysctl("net.ipv4.tcp_synack_retries", 0)
        self.nodes = [TracedNode(node, self.families, _dumps(folder, node.name, self.families))
                         for node in self.scenario.topology.nodes]
        self.server_ports = {port for pod in self.scenario.topology.pods for _, port in pod.listen}

    def close(self):
        for node in self.nodes:
            node.close()

    def probes(self):
        """Every probe, one by one. A client whose packet enters by no known node asks the router, not the cluster."""
        topology = self.scenario.topology
        clients = {client.name for client in topology.clients}
        owned = {ip for node in topology.nodes for ip in node.ips.values()}
        plains = [plain for spec in self.scenario.spec["probes"] for plain in self.scenario.expand(spec)]
        return [plain for plain in plains if plain["from"] not in clients or plain["via"]
                or topology.address_of(plain["to"], plain["family"]) in owned]

    def trace(self, plain):
        """The record of one try, with what every node reported of it."""
        for node in self.nodes:
            node.read()
            node.node.ns.run("sh", "-c", "for each in /proc/self/net/xt_recent/*; do [ ! -e $each ] || echo / > $each; done")
        record, = self.lab.probe([{**plain, "tries": 1}])
        kernel = {}
        for node in self.nodes:
            ways = {way: [] for way in WAYS}
            for block in node.read():
                ways["answer" if self._is_answer(block, record) else "request"] += node.path(block)
            if any(ways.values()):
                kernel[node.node.name] = {**ways, "absent": node.numbers[record["family"]][2]}
        return {**record, "kernel": kernel}

    def _is_answer(self, block, record):
        if record["protocol"] == "tcp":
            return block.is_ack
        service = self.server_ports | {record["port"]}
        return block.source_port in service and block.port not in service


def _dumps(folder, node, families):
    found = {}
    for family in families:
        path = os.path.join(folder, node, f"{IPTABLES[family]}-save.txt")
        with contextlib.ExitStack() as stack:
            found[family] = stack.enter_context(open(path)).read() if os.path.exists(path) else ""
    return found


def record_cluster(modules, name, spec, folder, count, seed):
    """Runs a cluster, keeps it as a case and traces `count` of its probes."""
    folder = os.path.join(folder, name)
    os.makedirs(folder)
    with modules["lab"].Lab(modules["scenario"].Scenario(spec)) as lab:
        lab.export(folder, [])
        modules["corpus"].slim(folder)
        with contextlib.closing(TracedCluster(lab, folder)) as cluster:
            probes = cluster.probes()
            traced = [cluster.trace(plain) for plain in random.Random(seed).sample(probes, min(count, len(probes)))]
    with open(os.path.join(folder, "kernel-trace.json"), "w") as file:
        file.write(modules["corpus"].compact(traced))
    return len(traced)


def record_again(modules, case, out, most):
    """Traces every probe of a recorded cluster, and keeps those that together meet most rules."""
    with open(os.path.join(case, "scenario.json")) as file:
        spec = json.load(file)
    with modules["lab"].Lab(modules["scenario"].Scenario(spec)) as lab:
        for node in lab.topology.nodes:
            _compare_dump(lab, node, case)
        with contextlib.closing(TracedCluster(lab, case)) as cluster:
            traced = [cluster.trace(plain) for plain in cluster.probes()]
    name = os.path.basename(os.path.normpath(case))
    with open(os.path.join(out, f"{name}.json"), "w") as file:
        file.write(modules["corpus"].compact(_telling(traced, most)))


def _compare_dump(lab, node, case):
    for family, text in _dumps(case, node.name, lab.topology.families).items():
        now = node.ns.run(f"{IPTABLES[family]}-nft-save")
        now, then = ([line for line in dump.splitlines() if line[:1] in "*-"] for dump in (now, text))
        if now != then and any(line.startswith("-A ") for line in now + then):
            raise Unreadable(f"{case}: {node.name} has other rules now")


def _telling(traced, most):
    """At most so many, each adding as many (node, way, step) as possible to those before."""
    def steps(record):
        return {(node, way, step) for node, ways in record["kernel"].items() for way in WAYS for step in ways[way]}

    chosen, known = [], set()
    while len(chosen) < min(most, len(traced)):
        best = max(traced, key=lambda record: (record not in chosen, len(steps(record) - known)))
        chosen.append(best)
        known |= steps(best)
    return chosen


# ---- which clusters ------------------------------------------------------------------------------


def clusters(modules, seed):
    """(name, scenario), endless: known variants, random clusters, with settings that no object shows, with other owners' rules."""
    dice = random.Random(seed)
    variants = {name: spec for name, spec in modules["facts"].variants().items()
                if not name.endswith(("legacy", "nftables"))}
    names = itertools.cycle(dice.sample(sorted(variants), len(variants)))
    generate = modules["random_scenarios"].random_scenario
    for number in itertools.count(seed):
        name = next(names)
        yield f"{name}-{number}", variants[name]
        yield f"random-{number}", _in_iptables_mode(generate(number))
        yield f"knobs-{number}", _in_iptables_mode(generate(number, True))
        yield f"foreign-{number}", _with_foreign_rules(_in_iptables_mode(generate(number + 1_000_000)))


def _in_iptables_mode(spec):
    spec["cluster"]["kubeProxy"]["mode"] = "iptables"
    spec.pop("iptablesBackend", None)
    return spec


def _with_foreign_rules(spec):
    families = spec["topology"]["families"]
    rules = [{"tool": IPTABLES[family], "text": FOREIGN} for family in families]
    spec.setdefault("rules", {}).setdefault("*", []).extend(rules)
    return spec


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lab")
    parser.add_argument("out")
    parser.add_argument("--packets", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--recorded", nargs="+")
    parser.add_argument("--most", type=int, default=4)
    args = parser.parse_args()
    modules = load_lab(os.path.abspath(args.lab))
    os.makedirs(args.out, exist_ok=True)
    if args.recorded:
        for case in args.recorded:
            record_again(modules, case, args.out, args.most)
        return 0
    each = min(15, max(5, args.packets // 12))
    wanted = list(itertools.islice(clusters(modules, args.seed), -(-args.packets // each)))
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        # Modules do not travel to other processes; forked ones have them.
        runs = {name: pool.submit(_run, args.lab, name, spec, args.out, each, args.seed) for name, spec in wanted}
        failed = [(name, run.exception()) for name, run in runs.items() if run.exception()]
    for name, error in failed:
        print(f"{name}: {error}", file=sys.stderr)
    return 1 if failed else 0


def _run(lab, *rest):
    return record_cluster(load_lab(os.path.abspath(lab)), *rest)


if __name__ == "__main__":
    sys.exit(main())
