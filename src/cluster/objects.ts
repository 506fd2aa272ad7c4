/**
 * Kubernetes objects as the API server prints them, cut down to the fields that this program reads.
 * Everything is optional, because manifests, old servers and support bundles leave fields out; defaults are applied in one place only (from-kubernetes.ts).
 */

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly { readonly kind?: string; readonly name?: string }[];
}

interface ObjectOf<K extends string> {
  readonly apiVersion: string;
  readonly kind: K;
  readonly metadata: Metadata;
}

export interface ServiceObject extends ObjectOf<'Service'> {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly ipFamilies?: readonly string[];
    readonly externalIPs?: readonly string[];
    readonly externalName?: string;
    readonly externalTrafficPolicy?: string;
    readonly internalTrafficPolicy?: string;
    readonly healthCheckNodePort?: number;
    readonly allocateLoadBalancerNodePorts?: boolean;
    readonly loadBalancerClass?: string;
    readonly loadBalancerIP?: string;
    readonly loadBalancerSourceRanges?: readonly string[];
    readonly ports?: readonly {
      readonly name?: string;
      readonly protocol?: string;
      readonly port: number;
      readonly targetPort?: number | string;
      readonly nodePort?: number;
      readonly appProtocol?: string;
    }[];
    readonly publishNotReadyAddresses?: boolean;
    readonly selector?: Readonly<Record<string, string>>;
    readonly sessionAffinity?: string;
    readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
    readonly trafficDistribution?: string;
    readonly topologyKeys?: readonly string[];
  };
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string; readonly ipMode?: string }[];
    };
  };
}

export interface EndpointSliceObject extends ObjectOf<'EndpointSlice'> {
  readonly addressType?: string;
  readonly endpoints?:
    | readonly {
        readonly addresses?: readonly string[];
        readonly conditions?: { readonly ready?: boolean | null; readonly serving?: boolean | null; readonly terminating?: boolean | null };
        readonly nodeName?: string;
        readonly zone?: string;
        readonly topology?: Readonly<Record<string, string>>;
        readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
        readonly hints?: {
          readonly forZones?: readonly { readonly name: string }[];
          readonly forNodes?: readonly { readonly name: string }[];
        };
      }[]
    | null;
  readonly ports?: readonly { readonly name?: string | null; readonly protocol?: string | null; readonly port?: number | null }[] | null;
}

export interface EndpointsObject extends ObjectOf<'Endpoints'> {
  readonly subsets?: readonly {
    readonly addresses?: readonly EndpointsAddress[];
    readonly notReadyAddresses?: readonly EndpointsAddress[];
    readonly ports?: readonly { readonly name?: string; readonly protocol?: string; readonly port: number }[];
  }[];
}

interface EndpointsAddress {
  readonly ip: string;
  readonly nodeName?: string;
  readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
}

export interface NodeObject extends ObjectOf<'Node'> {
  readonly spec?: {
    readonly podCIDR?: string;
    readonly podCIDRs?: readonly string[];
    readonly providerID?: string;
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly effect?: string }[];
  };
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly nodeInfo?: { readonly kubeletVersion?: string; readonly kubeProxyVersion?: string; readonly operatingSystem?: string };
  };
}

export interface ContainerObject {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly {
    readonly name?: string;
    readonly containerPort: number;
    readonly hostPort?: number;
    readonly protocol?: string;
  }[];
}

export interface PodSpecObject {
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
  readonly containers?: readonly ContainerObject[];
  readonly volumes?: readonly { readonly name?: string; readonly configMap?: { readonly name?: string } }[];
}

export interface PodObject extends ObjectOf<'Pod'> {
  readonly spec?: PodSpecObject;
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly hostIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export interface DaemonSetObject extends ObjectOf<'DaemonSet'> {
  readonly spec?: {
    readonly template?: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> }; readonly spec?: PodSpecObject };
  };
  readonly status?: {
    readonly desiredNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberReady?: number;
  };
}

export interface ConfigMapObject extends ObjectOf<'ConfigMap'> {
  readonly data?: Readonly<Record<string, string>>;
}

export interface NamespaceObject extends ObjectOf<'Namespace'> {}

/** A custom resource that reveals the data plane: its spec is read by key, field by field. */
export interface CustomObject extends ObjectOf<CustomKind> {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  /** OpenShift's ClusterNetwork and HostSubnet carry their fields at the top. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export type CustomKind =
  | 'IPPool'
  | 'FelixConfiguration'
  | 'Installation'
  | 'CiliumNode'
  | 'ServiceCIDR'
  | 'Network'
  | 'ClusterNetwork'
  | 'HostSubnet';

export type KubeObject =
  | ServiceObject
  | EndpointSliceObject
  | EndpointsObject
  | NodeObject
  | PodObject
  | DaemonSetObject
  | ConfigMapObject
  | NamespaceObject
  | CustomObject;

export type Kind = KubeObject['kind'];
