import type { DaemonSetObject, NodeObject } from '../cluster/objects.ts';
import { type Reader, segment } from './reader.ts';

/** Which objects to look for, by the DaemonSets and Nodes that are there. All are optional: what is missing shows in the report. */
export function dataPlaneReads(reader: Reader): Promise<unknown>[] {
  const daemons = reader.objectsOf('DaemonSet');
  const named = (...names: readonly string[]): DaemonSetObject | undefined =>
    daemons.find((daemon) => names.includes(daemon.metadata.name));
  const reads: Promise<unknown>[] = [
    reader.list(
      { kind: 'ServiceCIDR', apiVersion: 'networking.k8s.io/v1', path: '/apis/networking.k8s.io/v1/servicecidrs' },
      {},
      'absent-is-ok',
    ),
  ];
  reads.push(...kubeProxyReads(reader, daemons));
  const flannel = named('kube-flannel-ds', 'kube-flannel-ds-amd64', 'kube-flannel', 'canal', 'rke2-canal');
  if (flannel !== undefined)
    reads.push(configMap(reader, flannel.metadata.namespace, 'kube-flannel-cfg', 'canal-config', 'rke2-canal-config'));
  if (named('calico-node') !== undefined) reads.push(...calicoReads(reader));
  const cilium = named('cilium', 'anetd');
  if (cilium !== undefined) reads.push(configMap(reader, cilium.metadata.namespace, 'cilium-config'));
  const antrea = named('antrea-agent');
  if (antrea !== undefined) reads.push(configMap(reader, antrea.metadata.namespace, 'antrea-config'));
  if (named('sdn', 'ovnkube-node') !== undefined || reader.objectsOf('Node').some(isOpenShift)) reads.push(...openShiftReads(reader));
  return reads;
}

function kubeProxyReads(reader: Reader, daemons: readonly DaemonSetObject[]): Promise<unknown>[] {
  const proxy = daemons.find((daemon) => /^kube-proxy(-|$)/.test(daemon.metadata.name));
  const pods = (labelSelector: string): Promise<unknown> =>
    reader.list({ kind: 'Pod', apiVersion: 'v1', path: '/api/v1/namespaces/kube-system/pods' }, { labelSelector }, 'partial');
  if (proxy === undefined)
    return [configMap(reader, 'kube-system', 'kube-proxy', 'kube-proxy-config'), pods('component=kube-proxy'), pods('k8s-app=kube-proxy')];
  const volumes = (proxy.spec?.template?.spec?.volumes ?? []).map((volume) => volume.configMap?.name).filter((name) => name !== undefined);
  const configMaps =
    volumes.length > 0
      ? // EKS mounts two: `kube-proxy` has the kubeconfig, `kube-proxy-config` the configuration.
        [...new Set(volumes)].map((name) => configMap(reader, proxy.metadata.namespace, name))
      : [configMap(reader, proxy.metadata.namespace, 'kube-proxy', 'kube-proxy-config')];
  const rolledOut = proxy.status?.updatedNumberScheduled === proxy.status?.desiredNumberScheduled;
  // Only in the middle of a roll-out do pods tell more than the template: another version on some nodes.
  return [...configMaps, ...(rolledOut ? [] : [pods('k8s-app=kube-proxy')])];
}

function calicoReads(reader: Reader): Promise<unknown>[] {
  const custom = '/apis/crd.projectcalico.org/v1';
  return [
    reader.list({ kind: 'IPPool', apiVersion: 'crd.projectcalico.org/v1', path: `${custom}/ippools` }, {}, 'absent-is-ok'),
    reader.get({ kind: 'FelixConfiguration', apiVersion: 'crd.projectcalico.org/v1', path: `${custom}/felixconfigurations/default` }),
    reader.get({ kind: 'Installation', apiVersion: 'operator.tigera.io/v1', path: '/apis/operator.tigera.io/v1/installations/default' }),
  ];
}

function openShiftReads(reader: Reader): Promise<unknown>[] {
  return [
    reader.get({ kind: 'Network', apiVersion: 'config.openshift.io/v1', path: '/apis/config.openshift.io/v1/networks/cluster' }),
    configMap(reader, 'openshift-sdn', 'sdn-config'),
  ];
}

function isOpenShift(node: NodeObject): boolean {
  return node.metadata.labels?.['node.openshift.io/os_id'] !== undefined;
}

/** The first of these ConfigMaps that is there. */
async function configMap(reader: Reader, namespace: string | undefined, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = `/api/v1/namespaces/${segment(namespace ?? 'kube-system')}/configmaps/${segment(name)}`;
    if ((await reader.get({ kind: 'ConfigMap', apiVersion: 'v1', path })) !== 'absent') return;
  }
}
