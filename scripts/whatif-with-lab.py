#!/usr/bin/env python3
"""Really makes a change in random clusters of network namespaces, and records what the kernel then does.

    whatif-with-lab.py LAB OUT CHANGE [--seed SEED] [--count N] [--jobs J]

LAB is the folder of the cluster made of network namespaces (lab.py and its modules); this needs root, iptables and nftables.
CHANGE is one of etp-local, etp-cluster, itp-local, itp-cluster, proxy-mode, drain, scale, move, detect-local, several. OUT gets a folder for every cluster in which
the change is possible: cluster.json and meta.json (the objects before), change.json (what was changed, as whatif takes it), scenario.json and
outcomes.json (the cluster after the change, and what became of its probes).
"""
import argparse
import concurrent.futures
import copy
import json
import os
import random
import shutil
import sys

MOST_PROBES = 72


def entries_of(spec, name):
    return [entry for entry in spec["cluster"]["services"] if entry["name"] == name]


def is_external(entry):
    return bool(entry.get("nodePort") or entry.get("externalIPs") or entry.get("lbIPs") or entry.get("lbProxyIPs"))


# ---- changes: (dice, spec, service) -> what was changed, or None where it cannot be made ------------------------------------------


def set_policy(field, value, possible=lambda entry: True):
    def change(_dice, spec, service):
        entries = entries_of(spec, service)
        if entries[0].get(field, "Cluster") == value or not all(map(possible, entries)):
            return None
        for entry in entries:
            entry[field] = value
        return {"set": f"{field}={value}"}
    return change


def proxy_mode(_dice, spec, _service):
    proxy = spec["cluster"]["kubeProxy"]
    proxy["mode"] = "iptables" if proxy.get("mode") == "nftables" else "nftables"
    return {"proxyMode": proxy["mode"]}


def remove_pods(spec, names):
    topology = spec["topology"]
    topology["pods"] = [pod for pod in topology["pods"] if pod["name"] not in names]
    for entry in spec["cluster"]["services"]:
        entry["endpoints"] = [endpoint for endpoint in entry["endpoints"] if endpoint["pod"] not in names]


def drain(dice, spec, _service):
    node = dice.choice(spec["topology"]["nodes"])["name"]
    remove_pods(spec, {pod["name"] for pod in spec["topology"]["pods"] if pod["node"] == node})
    return {"drain": node}


def scale(dice, spec, service):
    entries = entries_of(spec, service)
    alive = [endpoint["pod"] for endpoint in entries[0]["endpoints"] if not endpoint.get("terminating")]
    ready = [endpoint["pod"] for endpoint in entries[0]["endpoints"] if endpoint.get("ready", True)]
    if not entries[0]["endpoints"]:
        return None
    wanted = dice.choice([number for number in range(0, len(alive) + 3) if number != len(alive)])
    if wanted < len(alive):
        waiting = [pod for pod in alive if pod not in ready]
        dice.shuffle(waiting)
        dice.shuffle(ready)
        remove_pods(spec, set((waiting + ready)[:len(alive) - wanted]))
        return {"scale": wanted}
    return {"scale": wanted} if add_pods(dice, spec, entries, wanted - len(alive)) else None


def add_pods(dice, spec, entries, count):
    topology = spec["topology"]
    pods = {pod["name"]: pod for pod in topology["pods"]}
    first = entries[0]["endpoints"][0]["pod"]
    host = pods[first].get("hostNetwork", False)
    names = [node["name"] for node in topology["nodes"]]
    if host:  # a port of a node can be taken once
        taken = {pods[endpoint["pod"]]["node"] for endpoint in entries[0]["endpoints"]}
        names = [name for name in names if name not in taken]
        if len(names) < count:
            return False
        places = dice.sample(names, count)
    else:
        places = [dice.choice(names) for _ in range(count)]
    for number, node in enumerate(places):
        name = f"more-{number + 1}"
        pod = {"name": name, "node": node, "listen": pods[first]["listen"]}
        if host:
            pod["hostNetwork"] = True
        else:
            pod["ips"] = free_ips(topology, node, 200 + number)
        topology["pods"].append(pod)
        for entry in entries:
            entry["endpoints"].append({"pod": name, "port": entry["endpoints"][0]["port"]})
    return True


def free_ips(topology, node, number):
    import ipaddress
    cidrs = next(each for each in topology["nodes"] if each["name"] == node)["podCIDRs"]
    return [str(ipaddress.ip_network(cidr)[number]) for cidr in cidrs]


def move(dice, spec, service):
    topology = spec["topology"]
    movable = [pod for pod in topology["pods"] if not pod.get("hostNetwork")
               and any(pod["name"] == endpoint["pod"] for endpoint in entries_of(spec, service)[0]["endpoints"])]
    if not movable:
        return None
    pod = dice.choice(movable)
    others = [node["name"] for node in topology["nodes"] if node["name"] != pod["node"]]
    pod["node"] = dice.choice(others)
    pod["ips"] = free_ips(topology, pod["node"], 222)
    return {"move": f"{service.split('/')[0]}/{pod['name']}={pod['node']}"}


def detect_local(dice, spec, _service):
    topology, proxy = spec["topology"], spec["cluster"]["kubeProxy"]
    ways = [{"mode": "ClusterCIDR", "cidrs": topology["podNetwork"]}, {"mode": "NodeCIDR"}]
    if topology["cni"].startswith("flannel"):
        ways.append({"mode": "BridgeInterface", "interface": "cni0"})
    if topology["cni"].startswith("calico"):
        ways.append({"mode": "InterfaceNamePrefix", "interface": "cali"})
    ways = [way for way in ways if way != proxy["detectLocal"]]
    proxy["detectLocal"] = way = dice.choice(ways)
    value = ",".join(way.get("cidrs", [])) or way.get("interface", "")
    return {"detectLocal": f"{way['mode']}={value}" if value else way["mode"]}


def several(dice, spec, service):
    """A policy, a mode and a drained node at once."""
    policy = set_policy("externalTrafficPolicy", "Local", is_external)(dice, spec, service)
    return policy and {**policy, **proxy_mode(dice, spec, service), **drain(dice, spec, service)}


CHANGES = {
    "etp-local": set_policy("externalTrafficPolicy", "Local", is_external),
    "etp-cluster": set_policy("externalTrafficPolicy", "Cluster", is_external),
    "itp-local": set_policy("internalTrafficPolicy", "Local"),
    "itp-cluster": set_policy("internalTrafficPolicy", "Cluster"),
    "proxy-mode": proxy_mode,
    "drain": drain,
    "scale": scale,
    "move": move,
    "detect-local": detect_local,
    "several": several,
}


# ---- recording -----------------------------------------------------------------------------------------------------------------


def freeze(spec, topology):
    """Addresses by number would change when pods come and go."""
    for pod in spec["topology"]["pods"]:
        if not pod.get("hostNetwork"):
            pod["ips"] = [str(ip) for ip in topology.members[pod["name"]].ips.values()]


def record(name, seed, out):
    """Returns whether the change could be made in the cluster of this seed."""
    import cluster_objects
    import random_scenarios
    from lab import Lab
    from scenario import Scenario

    generator = random_scenarios._Generator(seed, False)
    spec = generator.scenario()
    freeze(spec, Scenario(spec).topology)
    before = copy.deepcopy(spec)
    dice = random.Random(f"{name} {seed}")
    services = sorted({entry["name"] for entry in spec["cluster"]["services"]})
    dice.shuffle(services)
    for service in services:
        after = copy.deepcopy(before)
        change = CHANGES[name](dice, after, service)
        if change is not None:
            break
    else:
        return False
    probes = []
    while len(probes) < MOST_PROBES:  # a draw has few of each kind
        more = generator._probes(entries_of(before, service))
        if not more:
            break
        probes += more
    members = {pod["name"] for pod in after["topology"]["pods"]} | set(generator.nodes) | set(generator.clients)
    unique = {json.dumps(probe, sort_keys=True): probe for probe in probes if probe["from"] in members}
    after["probes"] = list(unique.values())[:MOST_PROBES]
    if not after["probes"]:
        return False
    with Lab(Scenario(after)) as lab:
        outcomes = lab.probe(after["probes"])
    folder = os.path.join(out, f"{name}-{seed:05}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    scenario = Scenario(before)
    files = {"cluster": cluster_objects.cluster(scenario), "meta": cluster_objects.meta(scenario), "scenario": after, "outcomes": outcomes,
             "change": {"service": service, **change}}
    for file, content in files.items():
        with open(os.path.join(folder, f"{file}.json"), "w") as stream:
            json.dump(content, stream, separators=(",", ":"))
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lab")
    parser.add_argument("out")
    parser.add_argument("change", choices=CHANGES)
    parser.add_argument("--seed", type=int, default=40000)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    sys.path.insert(0, os.path.abspath(args.lab))
    failed = made = 0
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        runs = {pool.submit(record, args.change, seed, args.out): seed for seed in range(args.seed, args.seed + args.count)}
        for run in concurrent.futures.as_completed(runs):
            if run.exception():
                failed += 1
                print(f"{args.change} {runs[run]}: {run.exception()}", file=sys.stderr)
            else:
                made += run.result()
    print(f"{args.change}: made in {made} of {args.count} clusters", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
