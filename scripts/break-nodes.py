#!/usr/bin/env python3
"""Breaks the rules of one node of a small cluster, one way at a time, and records what the kernel then does.

    break-nodes.py LAB OUT [--only NAME ...]

LAB is the folder of the cluster made of network namespaces (lab.py and its modules); this needs root, iptables and ipset.
OUT gets a folder for every intact cluster, and one for every breakage with what differs from its cluster:

    bases/BASE/    cluster.json, scenario.json, meta.json, outcomes.json, NODE/{iptables,ip6tables}-save.txt, NODE/ip-*.json
    NAME/          breakage.json, outcomes.json (the probes that came out otherwise), NODE/{iptables,ip6tables}-save.txt
"""
import argparse
import copy
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

NODES = ["node1", "node2", "node3"]
INSIDE, OUTSIDE = ["node1", "node2", "cli-1", "cli-2", "web-1"], ["client", "lan"]
WEB, EXTERNAL, BALANCER = ["10.96.0.10", "fd00:10:96::10"], ["203.0.113.10", "2001:db8:113::10"], ["192.0.2.10", "2001:db8:2::10"]
API, NONE = ["10.96.0.20", "fd00:10:96::20"], ["10.96.0.30", "fd00:10:96::30"]
RANGES = ["198.51.100.0/24", "10.244.2.0/24", "2001:db8:100::/64"]
OTHER_RANGES = ["203.0.113.0/24", "10.244.2.0/24", "2001:db8:100::/64"]
PODS = ["10.244.0.0/16", "fd00:10:244::/48"]


# ---- clusters ----------------------------------------------------------------------------------


def base(cni="flannel", masquerade="flannel", ipv6=False, web=(), api=(), proxy=(), topology=(), probes=None, **rest):
    """Three nodes; web has endpoints on node1 and node3, api on node2, none nowhere; old-2 answers and is no endpoint."""
    ips = (lambda pair: pair) if ipv6 else (lambda pair: pair[:1])

    def service(name, address, **more):
        return {"name": f"ns1/{name}", "portName": "http", "port": 80, "clusterIPs": ips(address), "externalTrafficPolicy": "Cluster", **more}

    def endpoints(*names):
        return [{"pod": name, "port": 8080} for name in names]

    pods = [("web-1", "node1"), ("web-3", "node3"), ("api-2", "node2"), ("old-2", "node2"), ("cli-1", "node1"), ("cli-2", "node2")]
    spec = {
        "topology": {
            "cni": cni, "ipv6": ipv6, "nodes": [{"name": name} for name in NODES],
            "pods": [{"name": name, "node": node, "listen": [] if name.startswith("cli") else [8080]} for name, node in pods],
            "clients": [{"name": "client"}, {"name": "lan", "attach": "segment"}]},
        "cluster": {
            "cniMasquerade": masquerade,
            "kubeProxy": {"mode": "iptables", "detectLocal": {"mode": "ClusterCIDR", "cidrs": PODS}, **dict(proxy)},
            "services": [
                service("web", WEB, nodePort=30080, externalIPs=ips(EXTERNAL), lbIPs=ips(BALANCER),
                        **{"endpoints": endpoints("web-1", "web-3"), **dict(web)}),
                service("api", API, **{"nodePort": 30090, "endpoints": endpoints("api-2"), **dict(api)}),
                service("none", NONE, nodePort=30070, externalIPs=["203.0.113.30"], endpoints=[])]},
        "probes": probes or usual_probes(ips),
        **rest}
    for key, value in dict(topology).items():
        spec["topology"][key] = value(spec["topology"]) if callable(value) else value
    return spec


def usual_probes(ips):
    vips = ips(WEB) + ips(EXTERNAL) + ips(BALANCER)
    return [
        {"from": OUTSIDE + INSIDE, "to": NODES, "port": 30080},
        {"from": INSIDE, "to": vips, "port": 80},
        {"from": OUTSIDE, "to": vips, "port": 80, "via": ["node1", "node2"]},
        {"from": ["node1", "cli-1", "cli-2"], "to": ips(API), "port": 80},
        {"from": ["client", "cli-2"], "to": ["node1", "node2"], "port": 30090},
        {"from": ["node1", "cli-1", "cli-2"], "to": NONE[0], "port": 80},
        {"from": "client", "to": ["node1", "node2"], "port": 30070, "family": 4},
        {"from": "client", "to": "203.0.113.30", "port": 80, "via": ["node1", "node2"]},
    ]


def more_pods(topology):
    return topology["pods"] + [{"name": "web-1b", "node": "node1", "listen": [8080]}]


def on_host(topology):
    return [{**pod, "hostNetwork": True} if pod["name"] == "web-1" else pod for pod in topology["pods"]]


THREE = [{"pod": name, "port": 8080} for name in ("web-1", "web-1b", "web-3")]
BASES = {
    "cluster": base(),
    "local": base(cni="calico", masquerade="calico", web={"externalTrafficPolicy": "Local", "endpoints": THREE},
                  topology={"pods": more_pods}),
    "ranges": base(cni="kindnet", masquerade="kindnet", ipv6=True, web={"lbSourceRanges": RANGES}),
    "affinity": base(cni="flannel-host-gw", web={"sessionAffinitySeconds": 10800}, iptablesBackend="legacy", probes=[
        {"from": ["client", "node2", "cli-1", "cli-2"], "to": ["node1", "node2"], "port": 30080},
        {"from": ["node1", "node2", "cli-1", "cli-2"], "to": WEB[0], "port": 80}]),
    # web-1 is on the host network, the load balancer's address is every node's own, and there api has the number of web's node port.
    "own-vip": base(cni="calico", masquerade="calico", api={"lbIPs": BALANCER[:1], "port": 30080, "nodePort": 30090},
                    topology={"pods": on_host, "nodes": [{"name": name, "localIPs": BALANCER[:1]} for name in NODES]}, probes=[
        {"from": OUTSIDE + INSIDE[:4], "to": NODES, "port": 30080},
        {"from": INSIDE[:4], "to": WEB[:1] + BALANCER[:1], "port": 80},
        {"from": OUTSIDE, "to": BALANCER[0], "port": [80, 30080], "via": ["node1", "node2"]},
        {"from": INSIDE[:4], "to": BALANCER[0], "port": 30080}]),
}


# ---- one node ----------------------------------------------------------------------------------


class Node:
    """The live rules of a node, of one family."""

    def __init__(self, lab, name, tool="iptables"):
        self.lab, self.tool, self.node = lab, tool, lab.topology.node_by_name[name]
        self.program = f"{tool}-{lab.scenario.backend}"

    @property
    def six(self):
        return Node(self.lab, self.node.name, "ip6tables")

    def run(self, *words):
        self.node.ns.run(self.program, "-w", *" ".join(words).split())

    def save(self):
        return self.node.ns.run(f"{self.program}-save").splitlines()

    def restore(self, lines, *options):
        self.node.ns.run(f"{self.program}-restore", *options, stdin="\n".join(lines) + "\n")

    def edit(self, table, pattern, change):
        """Every rule of the table that the pattern finds becomes the lines that `change` makes of it."""
        lines, now, found = [], None, 0
        for line in self.save():
            now = line[1:] if line.startswith("*") else now
            hit = now == table and line.startswith("-A ") and re.search(pattern, line)
            found += bool(hit)
            lines += change(line) if hit else [line]
        if not found:
            raise ValueError(f"no rule in {table} like {pattern}")
        self.restore(lines)

    def delete(self, table, pattern):
        self.edit(table, pattern, lambda line: [])

    def replace(self, table, pattern, *change):
        self.edit(table, pattern, lambda line: [re.sub(*change, line)])

    def chain_behind(self, pattern):
        """The chain that the first such rule of nat leads to."""
        return next(line.split(" -j ")[1].split()[0] for line in self.save() if line.startswith("-A ") and re.search(pattern, line))

    def otherwise(self, change):
        """kube-proxy's and the CNI's rules as they would be with another configuration or other endpoints."""
        spec = copy.deepcopy(self.lab.scenario.spec)
        for service in spec["cluster"]["services"]:
            service["endpoints"] = [entry for entry in service["endpoints"] if "ip" in entry]
        change(spec["cluster"])
        from scenario import Scenario
        self.restore(["*nat", "COMMIT", "*filter", "COMMIT"])
        if len(self.lab.topology.families) > 1:
            self.six.restore(["*nat", "COMMIT", "*filter", "COMMIT"])
        for tool, text in Scenario(spec).rules_of(self.node):
            if tool in ("iptables", "ip6tables"):
                Node(self.lab, self.node.name, tool).restore(re.sub(r"-m nfacct --nfacct-name \S+ ", "", text).splitlines(), "--noflush")


def only(service, **values):
    """A change of one Service for `otherwise`."""
    def change(cluster):
        next(each for each in cluster["services"] if each["name"] == f"ns1/{service}").update(values)
    return change


def endpoints(name, change):
    def apply(cluster):
        service = next(each for each in cluster["services"] if each["name"] == f"ns1/{name}")
        service["endpoints"] = change(service["endpoints"])
    return apply


def proxy(**values):
    return lambda cluster: cluster["kubeProxy"].update(values)


def half_of_nat(node):
    """A restore that stopped in the middle: all chains of nat, and the first half of its rules."""
    lines = node.save()
    nat = lines[lines.index("*nat"):lines.index("COMMIT", lines.index("*nat"))]
    rules = [line for line in nat if line.startswith("-A ")]
    node.restore([line for line in nat if not line.startswith("-A ")] + rules[:len(rules) // 2] + ["COMMIT"])


def old_endpoint(entries):
    return entries + [{"ip": "10.244.2.11", "node": "node2", "port": 8080}]


def gone_endpoint(entries):
    return entries + [{"ip": "10.244.3.99", "node": "node3", "port": 8080}]


def both_families(act):
    def apply(node):
        act(node)
        act(node.six)
    return apply


def run(*commands):
    def apply(node):
        for command in commands:
            node.run(command)
    return apply


def delete(table, pattern):
    return lambda node: node.delete(table, pattern)


def replace(table, pattern, *change):
    return lambda node: node.replace(table, pattern, *change)


def flush(pattern):
    return lambda node: node.run("-t nat -F", node.chain_behind(pattern))


TO_WEB, TO_API = r"^-A KUBE-SERVICES -d 10\.96\.0\.10/.* -j KUBE-SVC-", r"^-A KUBE-SERVICES -d 10\.96\.0\.20/.* -j KUBE-SVC-"
WEB_PORT = r"^-A KUBE-NODEPORTS .*ns1/web:http.* -j KUBE-EXT-"
FIRST_SEAT, LAST_SEAT = r"^-A KUBE-SVC-.*ns1/web:http -> .*probability", r"^-A KUBE-SVC-.*ns1/web:http -> (?!.*probability)"
DNAT_OF = r"^-A KUBE-SEP-.*--to-destination {}:8080$".format

# name: (cluster, node, how)
BREAKAGES = {
    # entrances
    "node-port-jump-deleted": ("cluster", "node1", delete("nat", WEB_PORT)),
    "cluster-ip-jump-deleted": ("cluster", "node2", delete("nat", TO_WEB)),
    "load-balancer-jump-deleted": ("local", "node1", delete("nat", r"^-A KUBE-SERVICES .*ns1/web:http loadbalancer IP")),
    "cluster-ip-to-other-service": ("cluster", "node1", lambda node: node.replace("nat", TO_WEB, r"-j \S+", "-j " + node.chain_behind(TO_API))),
    "node-ports-jump-deleted": ("cluster", "node2", delete("nat", r"^-A KUBE-SERVICES .*-j KUBE-NODEPORTS")),
    "node-ports-jump-first": ("own-vip", "node1", lambda node: (
        node.delete("nat", r"^-A KUBE-SERVICES .*-j KUBE-NODEPORTS"),
        node.run("-t nat -I KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"))),
    "node-ports-jump-for-another-address": ("cluster", "node2", replace(
        "nat", r"^-A KUBE-SERVICES .*-j KUBE-NODEPORTS", r"^-A KUBE-SERVICES ", "-A KUBE-SERVICES -d 10.0.0.1/32 ")),
    # hooks
    "prerouting-hook-deleted": ("cluster", "node1", delete("nat", r"^-A PREROUTING .*KUBE-SERVICES")),
    "output-hook-deleted": ("local", "node1", delete("nat", r"^-A OUTPUT .*KUBE-SERVICES")),
    "postrouting-hook-deleted": ("ranges", "node1", delete("nat", r"^-A POSTROUTING .*KUBE-POSTROUTING")),
    "filter-hooks-deleted": ("cluster", "node2", delete("filter", r"^-A (INPUT|FORWARD|OUTPUT) .*KUBE-(EXTERNAL-)?SERVICES")),
    # endpoints
    "dnat-to-nobody": ("local", "node3", replace("nat", DNAT_OF(r"10\.244\.3\.10"), r"10\.244\.3\.10:", "10.244.3.99:")),
    "dnat-to-wrong-port": ("cluster", "node2", replace("nat", DNAT_OF(r"10\.244\.3\.10"), ":8080", ":8081")),
    "endpoint-of-a-living-pod-left": ("cluster", "node1", lambda node: node.otherwise(endpoints("web", old_endpoint))),
    "endpoint-of-a-dead-pod-left": ("ranges", "node2", lambda node: node.otherwise(endpoints("web", gone_endpoint))),
    "endpoint-not-there-yet": ("cluster", "node2", lambda node: node.otherwise(endpoints("web", lambda entries: entries[:1]))),
    "all-to-the-first": ("cluster", "node1", replace("nat", FIRST_SEAT, r"--probability \S+", "--probability 1.0")),
    "first-seat-deleted": ("cluster", "node3", delete("nat", FIRST_SEAT)),
    "last-seat-deleted": ("cluster", "node1", delete("nat", LAST_SEAT)),
    "first-endpoint-chain-flushed": ("cluster", "node2", flush(FIRST_SEAT)),
    "last-endpoint-chain-flushed": ("ranges", "node2", flush(LAST_SEAT)),
    "hairpin-mark-deleted": ("cluster", "node1", delete("nat", r"^-A KUBE-SEP-\S+ -s 10\.244\.1\.10/32 .*KUBE-MARK-MASQ")),
    # a Service's chains
    "service-chain-flushed": ("ranges", "node1", flush(TO_WEB)),
    "services-chain-flushed": ("local", "node2", run("-t nat -F KUBE-SERVICES")),
    "node-ports-chain-flushed": ("ranges", "node1", both_families(run("-t nat -F KUBE-NODEPORTS"))),
    "external-chain-flushed": ("local", "node1", flush(r"^-A KUBE-NODEPORTS .*ns1/web:http.* -j KUBE-EXT-")),
    # masquerading
    "masquerade-rule-deleted": ("cluster", "node2", delete("nat", r"^-A KUBE-POSTROUTING .*-j MASQUERADE")),
    "postrouting-return-deleted": ("local", "node1", delete("nat", r"^-A KUBE-POSTROUTING .*-j RETURN")),
    "marks-another-bit": ("cluster", "node1", replace("nat", r"^-A KUBE-MARK-MASQ", "0x4000/0x4000", "0x8000/0x8000")),
    "asks-for-another-bit": ("ranges", "node2", replace("nat", r"^-A KUBE-POSTROUTING .*-j RETURN", "0x4000/0x4000", "0x8000/0x8000")),
    "external-mark-deleted": ("cluster", "node2", delete("nat", r"^-A KUBE-EXT-\S+ .*ns1/web:http.*KUBE-MARK-MASQ")),
    "cluster-ip-mark-deleted": ("cluster", "node1", delete("nat", r"^-A KUBE-SVC-\S+ ! -s .*-d 10\.96\.0\.10/.*KUBE-MARK-MASQ")),
    "masquerades-everything-of-a-service": ("cluster", "node2", replace(
        "nat", r"^-A KUBE-SVC-\S+ ! -s .*-d 10\.96\.0\.10/.*KUBE-MARK-MASQ", r"! -s \S+ ", "")),
    "masquerade-all-configured": ("cluster", "node2", lambda node: node.otherwise(proxy(masqueradeAll=True))),
    "another-cluster-cidr-configured": ("cluster", "node1", lambda node: node.otherwise(
        proxy(detectLocal={"mode": "ClusterCIDR", "cidrs": ["10.99.0.0/16"]}))),
    "another-cluster-cidr-in-one-rule": ("cluster", "node1", replace(
        "nat", r"^-A KUBE-SVC-\S+ ! -s .*-d 10\.96\.0\.10/.*KUBE-MARK-MASQ", r"! -s \S+", "! -s 10.99.0.0/16")),
    # the Local policy
    "local-seat-deleted": ("local", "node1", delete("nat", r"^-A KUBE-SVL-\S+ .*ns1/web:http -> (?!.*probability)")),
    "local-short-circuit-for-all": ("local", "node1", replace("nat", r"^-A KUBE-EXT-\S+ -s 10\.244\.0\.0/16 .*-j KUBE-SVC-", r"-s \S+ ", "")),
    "pod-short-circuit-deleted": ("local", "node2", delete("nat", r"^-A KUBE-EXT-\S+ -s 10\.244\.0\.0/16 .*-j KUBE-SVC-")),
    "node-short-circuit-deleted": ("local", "node2", delete("nat", r"^-A KUBE-EXT-\S+ .*route LOCAL traffic.*-j KUBE-SVC-")),
    "local-drop-deleted": ("local", "node2", delete("filter", r"^-A KUBE-EXTERNAL-SERVICES .*ns1/web:http has no local endpoints")),
    "policy-from-before": ("local", "node2", lambda node: node.otherwise(only("web", externalTrafficPolicy="Cluster"))),
    "internal-policy-set": ("cluster", "node2", lambda node: node.otherwise(only("web", internalTrafficPolicy="Local"))),
    # refusals and source ranges
    "reject-deleted": ("cluster", "node2", delete("filter", r"ns1/none:http has no endpoints")),
    "rules-from-before-the-endpoints": ("cluster", "node1", lambda node: node.otherwise(only("web", endpoints=[]))),
    "reject-left": ("cluster", "node1", lambda node: node.run(
        "-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment ns1/web:http -m tcp --dport 80 -j REJECT")),
    "firewall-drop-deleted": ("ranges", "node2", both_families(delete("filter", r"^-A KUBE-PROXY-FIREWALL .*-j DROP"))),
    "another-source-range": ("ranges", "node1", lambda node: node.otherwise(only("web", lbSourceRanges=OTHER_RANGES))),
    "source-range-altered": ("ranges", "node2", replace("nat", r"^-A KUBE-FW-\S+ -s 198\.51\.100\.0/24", r"-s \S+", "-s 198.51.100.128/25")),
    # affinity
    "affinity-rule-deleted": ("affinity", "node1", delete("nat", r"^-A KUBE-SVC-.*--rcheck")),
    "affinity-list-not-kept": ("affinity", "node2", replace("nat", r"^-A KUBE-SEP-.*-j DNAT", r"-m recent --set \S+ \S+ --mask \S+ --rsource ", "")),
    # tables, eras
    "half-of-nat": ("local", "node1", half_of_nat),
    "nat-flushed": ("cluster", "node2", run("-t nat -F")),
    "all-flushed": ("local", "node2", run("-F", "-t nat -F", "-X", "-t nat -X")),
    "old-node-port": ("cluster", "node2", lambda node: node.otherwise(only("web", nodePort=30079))),
    "one-family-flushed": ("ranges", "node2", lambda node: node.six.run("-t nat -F", node.six.chain_behind(
        r"^-A KUBE-SERVICES -d fd00:10:96::10/.* -j KUBE-SVC-"))),
    # foreign rules and policies
    "forward-policy-drop": ("cluster", "node1", run("-P FORWARD DROP")),
    "forward-policy-drop-without-kube-forward": ("cluster", "node1", lambda node: (
        node.run("-P FORWARD DROP"), node.delete("filter", r"^-A FORWARD .*KUBE-FORWARD"))),
    "input-policy-drop": ("own-vip", "node1", run("-P INPUT DROP")),
    "input-policy-drop-under-a-tunnel": ("cluster", "node2", run("-P INPUT DROP")),
    "output-policy-drop": ("local", "node2", run("-P OUTPUT DROP")),
    "drop-in-forward": ("cluster", "node1", run("-I FORWARD -p tcp --dport 8080 -j DROP")),
    "drop-in-docker-user": ("ranges", "node1", run(
        "-N DOCKER-USER", "-I FORWARD -j DOCKER-USER", "-A DOCKER-USER ! -s 172.18.0.0/24 -p tcp -m tcp --dport 8080 -j DROP")),
    "reject-at-the-end-of-forward": ("local", "node3", run("-A FORWARD -j REJECT --reject-with icmp-host-prohibited")),
    "drop-of-answers": ("local", "node3", run("-I FORWARD -p tcp --sport 8080 -m conntrack --ctstate ESTABLISHED -j DROP")),
    "drop-in-input": ("own-vip", "node1", run("-I INPUT -p tcp --dport 8080 -j DROP")),
    "drop-of-the-node-port-in-input": ("cluster", "node1", run("-I INPUT -p tcp --dport 30080 -j DROP")),
    "reject-in-output": ("cluster", "node2", run("-I OUTPUT -p tcp --dport 8080 -j REJECT --reject-with tcp-reset")),
    "drop-in-raw": ("cluster", "node2", run("-t raw -I PREROUTING -p tcp --dport 30080 -j DROP")),
    "notrack-in-raw": ("cluster", "node1", run("-t raw -I PREROUTING -p tcp --dport 80 -j CT --notrack")),
    "drop-in-mangle": ("local", "node1", run("-t mangle -I FORWARD -p tcp --dport 8080 -m conntrack --ctstate NEW -j DROP")),
    "mark-set-in-mangle": ("local", "node1", run("-t mangle -A PREROUTING -p tcp --dport 30080 -j MARK --set-xmark 0x4000/0x4000")),
    "mark-cleared-in-mangle": ("ranges", "node2", run("-t mangle -A POSTROUTING -j MARK --set-xmark 0x0/0xffffffff")),
    "accept-first-in-nat": ("cluster", "node2", run("-t nat -I PREROUTING -p tcp --dport 30080 -j ACCEPT")),
    "accept-for-some-in-nat": ("cluster", "node1", run("-t nat -I PREROUTING -s 198.51.100.0/24 -j ACCEPT")),
    "dnat-first": ("cluster", "node2", run("-t nat -I PREROUTING -p tcp --dport 30080 -j DNAT --to-destination 10.244.2.11:8080")),
    "redirect-first": ("local", "node1", run("-t nat -I PREROUTING -p tcp -d 192.0.2.10 -j REDIRECT --to-ports 9999")),
    "snat-first": ("local", "node1", run("-t nat -I POSTROUTING -p tcp --dport 8080 -j SNAT --to-source 172.18.0.11 --random-fully")),
    "masquerade-at-the-end": ("local", "node3", run("-t nat -A POSTROUTING -p tcp --dport 8080 -j MASQUERADE")),
    "accept-first-in-postrouting": ("cluster", "node1", run("-t nat -I POSTROUTING -p tcp --dport 8080 -j ACCEPT")),
    # another version's rules: see other_era
    "rules-of-1.20": ("local", "node1", lambda node: other_era(node, 20)),
}


def other_era(node, minor):
    """The rules that an old kube-proxy would have written for this cluster, as this project renders them."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "break-nodes-check.ts")
    with tempfile.TemporaryDirectory() as folder:
        node.lab.export(folder, [])
        text = subprocess.run(["node", os.path.join(os.path.dirname(script), "run-ts.mjs"), script, "--render", folder, node.node.name, str(minor)],
                              check=True, capture_output=True, text=True).stdout
    kept = [line for line in node.save() if not re.search(r"KUBE-|^#", line)]
    node.restore(kept)
    node.restore(text.splitlines(), "--noflush")


# ---- recording ---------------------------------------------------------------------------------


def plain(text):
    """A dump without the time and the counters of policies, which differ from run to run."""
    lines = (re.sub(r"\[\d+:\d+\]$", "[0:0]", line) for line in text.splitlines() if not line.startswith("#"))
    return "\n".join(lines) + "\n"


def tidy(case, slim):
    """As lab.py's cases are kept; but a dump without rules says that there are none."""
    saves = {path: read(path) for path in glob.glob(os.path.join(case, "*", "*-save.txt"))}
    slim(case)
    for path, text in saves.items():
        if not os.path.exists(path) and "*" in text:
            write(path, text)
    for name in NODES:
        for tool in ("iptables", "ip6tables"):
            path = os.path.join(case, name, f"{tool}-save.txt")
            if os.path.exists(path):
                with open(path) as file:
                    text = plain(file.read())
                with open(path, "w") as file:
                    file.write(text)


def key(record):
    return tuple(record.get(name) for name in ("from", "ip", "port", "protocol", "via"))


def seen(record):
    """What happened, without how often."""
    return sorted(json.dumps({k: v for k, v in outcome.items() if k != "count"}, sort_keys=True) for outcome in record["outcomes"])


def load(path):
    with open(path) as file:
        return json.load(file)


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        return file.read()


def slim_breakage(case, intact, broken):
    """Keeps what differs from the intact cluster; the other nodes' rules must not."""
    for name in ("cluster.json", "scenario.json", "meta.json"):
        if load(os.path.join(case, name)) != load(os.path.join(intact, name)):
            raise ValueError(f"{case}: another {name}")
        os.unlink(os.path.join(case, name))
    for node in NODES:
        for name in ("ip-addr.json", "ip-route.json"):
            os.unlink(os.path.join(case, node, name))
        if node == broken:
            continue
        for tool in ("iptables", "ip6tables"):
            if read(os.path.join(case, node, f"{tool}-save.txt")) != read(os.path.join(intact, node, f"{tool}-save.txt")):
                raise ValueError(f"{case}: {node} changed, too")
        shutil.rmtree(os.path.join(case, node))
    before = {key(record): seen(record) for record in load(os.path.join(intact, "outcomes.json"))}
    return [record for record in load(os.path.join(case, "outcomes.json")) if seen(record) != before[key(record)]]


def record(tools, case, spec, breakage=None):
    if os.path.exists(case):
        shutil.rmtree(case)
    os.makedirs(case)
    with tools.Lab(tools.Scenario(spec)) as lab:
        if breakage is not None:
            breakage[2](Node(lab, breakage[1]))
        lab.export(case, [without_taps(lab, each) for each in lab.probe(spec["probes"])])
    tidy(case, tools.slim)


def without_taps(lab, record):
    """A tap on a node sees requests before its rules do: what a hostNetwork pod does not answer has not come to it for sure."""
    def fate(outcome):
        pod = lab.topology.members.get(outcome.get("server"))
        lost = outcome["result"] == "no-reply" and pod.host_network
        return {"result": "timeout", "count": outcome["count"]} if lost else outcome
    return {**record, "outcomes": [fate(outcome) for outcome in record["outcomes"]]}


def write(path, content):
    with open(path, "w") as file:
        file.write(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lab")
    parser.add_argument("out")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=list(BREAKAGES))
    args = parser.parse_args()
    if os.geteuid() != 0 or not os.path.exists(os.path.join(args.lab, "lab.py")):
        print(f"break-nodes: skipped: it needs root, and lab.py in {args.lab}", file=sys.stderr)
        return 0
    sys.path.insert(0, args.lab)
    sys.dont_write_bytecode = True
    import types
    import corpus
    import lab
    import scenario
    tools = types.SimpleNamespace(Lab=lab.Lab, Scenario=scenario.Scenario, slim=corpus.slim, compact=corpus.compact)
    for name in dict.fromkeys(BREAKAGES[each][0] for each in args.only):
        folder = os.path.join(args.out, "bases", name)
        if not os.path.exists(folder) or args.only == list(BREAKAGES):
            record(tools, folder, BASES[name])
    for name in args.only:
        cluster, node, _ = BREAKAGES[name]
        folder, intact = os.path.join(args.out, name), os.path.join(args.out, "bases", cluster)
        record(tools, folder, BASES[cluster], BREAKAGES[name])
        changed = slim_breakage(folder, intact, node)
        write(os.path.join(folder, "outcomes.json"), tools.compact(changed))
        write(os.path.join(folder, "breakage.json"), json.dumps({"base": cluster, "node": node}) + "\n")
        print(f"{name}: {len(changed)} probes come out otherwise", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
