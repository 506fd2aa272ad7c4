import { nodeAddress, nodeName, podPrefix, zoneOf } from './addresses.ts';
import { hex, type Plan, uid } from './plan.ts';

export const KUBE_VERSION = 'v1.33.4';
const TIME = '2025-06-02T07:11:09Z';

/** One Node, filled up with images to the size that nodes have on big clusters. */
export function nodeObject(plan: Plan, index: number): unknown {
  const images: unknown[] = [{ names: [`registry.k8s.io/kube-proxy:${KUBE_VERSION}`], sizeBytes: 97_854_893 }];
  const node = bareNode(plan, index, images);
  let size = JSON.stringify(node).length;
  for (let i = 0; size < plan.size.nodeBytes; i++) {
    const image = imageOf(plan.size.seed, (index * 7 + i * 3) % IMAGES);
    images.push(image);
    size += JSON.stringify(image).length + 1;
  }
  return node;
}

/** The nodes of a cluster run much the same images. */
const IMAGES = 150;

function imageOf(seed: number, image: number): unknown {
  const name = `registry.example.com/platform/service-${image}`;
  return {
    names: [`${name}@sha256:${hex(seed, image, 64)}`, `${name}:1.${image % 40}.${image % 7}`],
    sizeBytes: 10_000_000 + image * 104_729,
  };
}

function bareNode(plan: Plan, index: number, images: readonly unknown[]): unknown {
  const name = nodeName(index);
  const { seed } = plan.size;
  const cidr = `${podPrefix(index)}.0/24`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: uid(seed, index),
      resourceVersion: String(1_000_000 + index),
      creationTimestamp: TIME,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': 'm6.2xlarge',
        'topology.kubernetes.io/region': 'region-1',
        'topology.kubernetes.io/zone': zoneOf(index),
        ...(index < 3
          ? { 'node-role.kubernetes.io/control-plane': '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
          : {}),
      },
      annotations: {
        'flannel.alpha.coreos.com/backend-data': JSON.stringify({
          VNI: 1,
          VtepMAC: `02:${hex(seed, index + 7, 10).replace(/(..)(?=.)/g, '$1:')}`,
        }),
        'flannel.alpha.coreos.com/backend-type': 'vxlan',
        'flannel.alpha.coreos.com/kube-subnet-manager': 'true',
        'flannel.alpha.coreos.com/public-ip': nodeAddress(index),
        'node.alpha.kubernetes.io/ttl': '300',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
    },
    spec: {
      podCIDR: cidr,
      podCIDRs: [cidr],
      ...(plan.size.cloud === '' ? {} : { providerID: `${plan.size.cloud}://${zoneOf(index)}/${name}` }),
      ...(index < 3 ? { taints: [{ effect: 'NoSchedule', key: 'node-role.kubernetes.io/control-plane' }] } : {}),
    },
    status: statusOf(plan, index, images),
  };
}

function statusOf(plan: Plan, index: number, images: readonly unknown[]): unknown {
  const resources = { cpu: '8', 'ephemeral-storage': '104845292Ki', 'hugepages-2Mi': '0', memory: '32386544Ki', pods: '110' };
  return {
    addresses: [
      { address: nodeAddress(index), type: 'InternalIP' },
      { address: nodeName(index), type: 'Hostname' },
    ],
    allocatable: resources,
    capacity: resources,
    conditions: CONDITIONS,
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    images,
    nodeInfo: {
      architecture: 'amd64',
      bootID: uid(plan.size.seed + 1, index),
      containerRuntimeVersion: 'containerd://1.7.27',
      kernelVersion: '6.8.0-85-generic',
      kubeProxyVersion: '',
      kubeletVersion: KUBE_VERSION,
      machineID: hex(plan.size.seed + 2, index, 32),
      operatingSystem: 'linux',
      osImage: 'Ubuntu 24.04.3 LTS',
      systemUUID: uid(plan.size.seed + 3, index),
    },
  };
}

const CONDITIONS = (
  [
    ['NetworkUnavailable', 'False', 'FlannelIsUp', 'Flannel is running on this node'],
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ] as const
).map(([type, status, reason, message]) => ({ lastHeartbeatTime: TIME, lastTransitionTime: TIME, message, reason, status, type }));
