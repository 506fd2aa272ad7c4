import type { Cidr } from '../../net/ip.ts';
import { parseCidrs } from '../../net/ip.ts';
import type { Signs } from '../signs.ts';
import { cite, daemonSet, envOf } from '../signs.ts';
import type { PodNetwork } from '../types.ts';
import { podCidrsOf } from './pod-cidrs.ts';

/** kindnet: point-to-point veths that carry the gateway address, plain routes between nodes, always masquerades what leaves the pod network. */
export function kindnetNetworks(signs: Signs): PodNetwork[] {
  const daemon = daemonSet(signs, 'kindnet');
  if (daemon === null) return [];
  const subnets = parseCidrs((envOf(daemon, 'POD_SUBNET') ?? '').split(',').filter((text) => text !== ''));
  return [
    {
      name: 'kindnet',
      evidence: [cite(daemon)],
      podLink: 'ptp',
      podDevice: 'veth*',
      hairpin: true,
      routing: { kind: 'direct' },
      networks: subnets.length > 0 ? subnets : podCidrsOf(signs.cluster.nodes),
      masquerade: { style: 'kindnet' },
      servesClusterIPs: false,
    },
  ];
}

interface Known {
  readonly daemons: readonly string[];
  readonly name: string;
  readonly podDevice: string | null;
  readonly servesClusterIPs?: boolean;
}

const KNOWN: readonly Known[] = [
  { daemons: ['azure-cns', 'azure-cni-manager', 'azure-cni-networkmonitor'], name: 'azure', podDevice: null },
  { daemons: ['cilium', 'anetd'], name: 'cilium', podDevice: 'lxc*', servesClusterIPs: true },
  { daemons: ['weave-net'], name: 'weave', podDevice: 'weave' },
  { daemons: ['sdn'], name: 'openshift-sdn', podDevice: 'tun0' },
  { daemons: ['kube-router'], name: 'kube-router', podDevice: 'kube-bridge' },
  { daemons: ['antrea-agent'], name: 'antrea', podDevice: 'antrea-gw0' },
  { daemons: ['ovnkube-node'], name: 'ovn-kubernetes', podDevice: 'ovn-k8s-mp0' },
];

/**
 * AWS VPC CNI: pods have addresses of the VPC, and what stays in the VPC keeps them (aws/amazon-vpc-cni-k8s README: AWS-SNAT-CHAIN-0);
 * other nodes' pods are reached over the primary interface. Which address a local pod's veth lends is not documented.
 */
export function awsNetworks(signs: Signs): PodNetwork[] {
  const daemon = daemonSet(signs, 'aws-node');
  if (daemon === null) return [];
  return [
    {
      name: 'aws-vpc',
      evidence: [cite(daemon)],
      podLink: 'unknown',
      podDevice: 'eni*',
      hairpin: true,
      routing: { kind: 'direct' },
      networks: [],
      masquerade: { style: 'none' },
      servesClusterIPs: false,
    },
  ];
}

/** CNIs that are recognised by name, but whose source addresses and masquerading no measurement here backs. */
export function recognisedNetworks(signs: Signs): PodNetwork[] {
  for (const { daemons, ...known } of KNOWN) {
    const daemon = daemonSet(signs, ...daemons);
    if (daemon !== null) return [{ ...unknownNetwork(signs), ...known, evidence: [cite(daemon)] }];
  }
  return [];
}

/** A pod network of which nothing is known but the addresses of pods. */
export function unknownNetwork(signs: Signs): PodNetwork {
  return {
    name: 'unknown',
    evidence: [],
    podLink: 'unknown',
    podDevice: null,
    hairpin: null,
    routing: { kind: 'unknown' },
    networks: [...openShiftNetworks(signs), ...podCidrsOf(signs.cluster.nodes)],
    masquerade: { style: 'unknown' },
    servesClusterIPs: false,
  };
}

/** `clusterNetwork[].cidr` of OpenShift's Network objects. */
function openShiftNetworks(signs: Signs): Cidr[] {
  const lists = signs.custom('Network').flatMap((object) => [object.status?.['clusterNetwork'], object.spec?.['clusterNetwork']]);
  const texts = lists
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .map((entry: unknown) => (typeof entry === 'object' && entry !== null && 'cidr' in entry ? entry.cidr : null));
  return parseCidrs([...new Set(texts.filter((text): text is string => typeof text === 'string'))]);
}
