import type { Gap } from '../cluster/evidence.ts';
import type { Node } from '../cluster/model.ts';
import type { Signs } from './signs.ts';
import { cite, configMap, containersOf, daemonSet } from './signs.ts';

/** A service proxy other than kube-proxy's iptables and nftables modes: recognised, named, and not modelled. */
export interface Replacement {
  readonly implementation: string;
  readonly evidence: readonly string[];
  readonly why: string;
}

/** What serves Services on Linux nodes in kube-proxy's stead, or null. */
export function clusterReplacement(signs: Signs): Replacement | null {
  return cilium(signs) ?? calicoEbpf(signs) ?? ovnKubernetes(signs) ?? antrea(signs) ?? kubeRouter(signs);
}

/** What stands in kube-proxy's stead on one node by the node's own nature, or null. */
export function nodeReplacement(node: Node): Replacement | null {
  if (node.operatingSystem === 'windows') {
    return notModelled('windows', [`Node ${node.name} operatingSystem windows`], 'Windows nodes use kube-proxy kernelspace mode');
  }
  if (node.labels['type'] === 'virtual-kubelet' || node.labels['eks.amazonaws.com/compute-type'] === 'fargate') {
    return notModelled('none', [`Node ${node.name} is virtual`], 'it is a virtual node, whose provider serves Services in its own way');
  }
  return null;
}

function cilium(signs: Signs): Replacement | null {
  const config = configMap(signs, 'cilium-config');
  const daemon = daemonSet(signs, 'cilium', 'anetd');
  if (config === null && daemon === null) return null;
  const mode = config?.data?.['kube-proxy-replacement'];
  const evidence = [
    ...(config === null ? [] : [`${cite(config)} kube-proxy-replacement=${mode ?? 'unset'}`]),
    ...(daemon === null ? [] : [cite(daemon)]),
  ];
  // Cilium ≤1.13 words: disabled, partial, strict, probe; ≥1.14: true, false.
  if (mode === 'false' || mode === 'disabled') return null;
  if (mode === undefined && hasKubeProxy(signs)) {
    return notModelled('cilium', evidence, 'Cilium runs beside kube-proxy and its ConfigMap does not say which of them serves Services');
  }
  const why = mode === undefined ? 'Cilium is there, and no kube-proxy was found' : 'Cilium replaces kube-proxy with eBPF programs';
  return notModelled('cilium', evidence, why);
}

/** What may stand in kube-proxy's stead without showing, because its configuration was not read. */
export function openReplacement(signs: Signs): Gap[] {
  const calico = daemonSet(signs, 'calico-node');
  if (calico === null || signs.custom('FelixConfiguration').length > 0 || signs.isComplete('FelixConfiguration')) return [];
  if (clusterReplacement(signs) !== null) return [];
  return [
    {
      what: 'FelixConfiguration default',
      why: 'not among what was read; if it sets bpfEnabled, Calico serves Services and not kube-proxy',
    },
  ];
}

function calicoEbpf(signs: Signs): Replacement | null {
  const felix = signs.custom('FelixConfiguration').find((object) => object.metadata.name === 'default');
  const installation = signs.custom('Installation').find((object) => record(object.spec?.['calicoNetwork'])['linuxDataplane'] === 'BPF');
  const daemon = daemonSet(signs, 'calico-node');
  const byEnv =
    daemon !== null &&
    containersOf(daemon).some((c) => c.env?.some((entry) => entry.name === 'FELIX_BPFENABLED' && entry.value === 'true'));
  if (felix?.spec?.['bpfEnabled'] === true)
    return notModelled('calico-ebpf', [`${cite(felix)} bpfEnabled`], 'Calico eBPF replaces kube-proxy');
  if (installation !== undefined)
    return notModelled('calico-ebpf', [`${cite(installation)} linuxDataplane BPF`], 'Calico eBPF replaces kube-proxy');
  if (byEnv && daemon !== null) return notModelled('calico-ebpf', [`${cite(daemon)} FELIX_BPFENABLED`], 'Calico eBPF replaces kube-proxy');
  return null;
}

function ovnKubernetes(signs: Signs): Replacement | null {
  const network = signs.custom('Network').find((object) => networkType(object.spec) === 'OVNKubernetes');
  const daemon = daemonSet(signs, 'ovnkube-node');
  if (network === undefined && daemon === null) return null;
  const evidence = [...(network === undefined ? [] : [`${cite(network)} OVNKubernetes`]), ...(daemon === null ? [] : [cite(daemon)])];
  return notModelled('ovn-kubernetes', evidence, 'OVN-Kubernetes serves Services with OVN load balancers');
}

function antrea(signs: Signs): Replacement | null {
  const daemon = daemonSet(signs, 'antrea-agent');
  const config = configMap(signs, 'antrea-config');
  if (daemon === null && config === null) return null;
  const evidence = [...(daemon === null ? [] : [cite(daemon)]), ...(config === null ? [] : [cite(config)])];
  return notModelled('antrea', evidence, 'AntreaProxy serves Services, all or in part');
}

function kubeRouter(signs: Signs): Replacement | null {
  const daemon = daemonSet(signs, 'kube-router');
  if (daemon === null) return null;
  const words = containersOf(daemon).flatMap((container) => [...(container.command ?? []), ...(container.args ?? [])]);
  if (words.includes('--run-service-proxy=false')) return null;
  return notModelled('kube-router', [cite(daemon)], "kube-router's IPVS proxy serves Services");
}

/** The network type by OpenShift's Network objects (config.openshift.io and operator.openshift.io). */
export function networkType(spec: Readonly<Record<string, unknown>> | undefined): string | null {
  const type = spec?.['networkType'] ?? record(spec?.['defaultNetwork'])['type'];
  return typeof type === 'string' ? type : null;
}

function hasKubeProxy(signs: Signs): boolean {
  const daemon = daemonSet(signs, 'kube-proxy');
  return daemon !== null && (daemon.status?.desiredNumberScheduled ?? 1) > 0;
}

function notModelled(implementation: string, evidence: readonly string[], why: string): Replacement {
  return { implementation, evidence, why };
}

function record(raw: unknown): Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (raw as Readonly<Record<string, unknown>>) : {};
}
