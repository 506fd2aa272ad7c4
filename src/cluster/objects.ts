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

interface ConfigKeyRef {
  readonly name: string;
  readonly key?: string;
}

/** A ConfigMap that is mounted; `items`: only these keys of it. */
export interface ConfigMapMount {
  readonly name?: string;
  readonly items?: readonly { readonly key: string }[];
}

export interface ContainerObject {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly configMapKeyRef: ConfigKeyRef };
  }[];
  /** ConfigMaps only. */
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
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
  /** Those with ports only: sidecars that run beside the containers. */
  readonly initContainers?: readonly Pick<ContainerObject, 'name' | 'ports'>[];
  /** Those of ConfigMaps only. */
  readonly volumes?: readonly {
    readonly name?: string;
    readonly configMap?: ConfigMapMount;
    readonly projected?: { readonly sources: readonly { readonly configMap: ConfigMapMount }[] };
  }[];
}

export interface PodObject extends ObjectOf<'Pod'> {
  readonly spec?: PodSpecObject;
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly hostIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    /** Those that wait only, with the reason: `CrashLoopBackOff`. */
    readonly containerStatuses?: readonly { readonly name?: string; readonly state: { readonly waiting: { readonly reason: string } } }[];
  };
}

/** What a template says about the end of a pod, beside what pods have. */
export interface TemplateSpecObject extends PodSpecObject {
  readonly terminationGracePeriodSeconds?: number;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Without a key: every taint. */
  readonly tolerations?: readonly { readonly key?: string; readonly effect?: string }[];
  readonly containers?: readonly (ContainerObject & {
    readonly lifecycle?: {
      /** A command is kept only as the `sleep` in it; one without is `exec: {}`. */
      readonly preStop?: { readonly sleep?: { readonly seconds: number }; readonly exec?: Readonly<Record<string, never>> };
    };
    readonly readinessProbe?: ProbeObject;
  })[];
}

export interface ProbeObject {
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

interface TemplateObject {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: TemplateSpecObject;
}

export interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

/** `1` or `25%`. */
type Amount = number | string;

export interface DeploymentObject extends ObjectOf<'Deployment'> {
  readonly spec?: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector?: LabelSelectorObject;
    readonly strategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxSurge?: Amount; readonly maxUnavailable?: Amount };
    };
    readonly template?: TemplateObject;
  };
}

export interface StatefulSetObject extends ObjectOf<'StatefulSet'> {
  readonly spec?: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector?: LabelSelectorObject;
    readonly template?: TemplateObject;
  };
}

export interface PodDisruptionBudgetObject extends ObjectOf<'PodDisruptionBudget'> {
  readonly spec?: { readonly minAvailable?: Amount; readonly maxUnavailable?: Amount; readonly selector?: LabelSelectorObject };
}

interface IngressBackend {
  readonly service?: { readonly name?: string; readonly port?: { readonly name?: string; readonly number?: number } };
}

export interface IngressObject extends ObjectOf<'Ingress'> {
  readonly spec?: {
    readonly ingressClassName?: string;
    readonly defaultBackend?: IngressBackend;
    readonly tls?: readonly { readonly hosts?: readonly string[] }[];
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths?: readonly { readonly path?: string; readonly backend?: IngressBackend }[] };
    }[];
  };
  readonly status?: ServiceObject['status'];
}

export interface IngressClassObject extends ObjectOf<'IngressClass'> {
  readonly spec?: { readonly controller?: string };
}

export interface GatewayObject extends ObjectOf<'Gateway'> {
  readonly spec?: {
    readonly gatewayClassName?: string;
    readonly listeners?: readonly {
      readonly name?: string;
      readonly hostname?: string;
      readonly port?: number;
      readonly protocol?: string;
    }[];
  };
  readonly status?: { readonly addresses?: readonly { readonly type?: string; readonly value?: string }[] };
}

/** HTTPRoute and its kin of the Gateway API. */
export interface RouteObject extends ObjectOf<'HTTPRoute' | 'GRPCRoute' | 'TLSRoute'> {
  readonly spec?: {
    readonly hostnames?: readonly string[];
    readonly parentRefs?: readonly { readonly kind?: string; readonly namespace?: string; readonly name?: string }[];
    readonly rules?: readonly {
      readonly backendRefs?: readonly {
        readonly kind?: string;
        readonly namespace?: string;
        readonly name?: string;
        readonly port?: number;
      }[];
    }[];
  };
}

export interface NetworkPolicyObject extends ObjectOf<'NetworkPolicy'> {
  readonly spec?: {
    readonly podSelector?: LabelSelectorObject;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly {
      readonly from?: readonly {
        readonly ipBlock?: { readonly cidr?: string; readonly except?: readonly string[] };
        readonly podSelector?: LabelSelectorObject;
        readonly namespaceSelector?: LabelSelectorObject;
      }[];
      readonly ports?: readonly { readonly protocol?: string; readonly port?: Amount; readonly endPort?: number }[];
    }[];
  };
}

/** acme.cert-manager.io. */
export interface ChallengeObject extends ObjectOf<'Challenge'> {
  readonly spec?: { readonly dnsName?: string; readonly type?: string };
  readonly status?: { readonly state?: string; readonly reason?: string; readonly presented?: boolean; readonly processing?: boolean };
}

export interface DaemonSetObject extends ObjectOf<'DaemonSet'> {
  readonly spec?: {
    readonly minReadySeconds?: number;
    readonly updateStrategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxSurge?: Amount; readonly maxUnavailable?: Amount };
    };
    readonly template?: TemplateObject;
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

/** Of a ConfigMap only the hosts that its texts name, by key: `app.example.com`, `app.example.com:443`. No API has this kind. */
export interface ConfigHostsObject extends ObjectOf<'ConfigHosts'> {
  readonly hosts: Readonly<Record<string, readonly string[]>>;
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
  | 'HostSubnet'
  // MetalLB: who may announce which address, and who does.
  | 'IPAddressPool'
  | 'L2Advertisement'
  | 'BGPAdvertisement'
  | 'ServiceL2Status'
  // Calico: which Service addresses are announced.
  | 'BGPConfiguration'
  // Ingress controllers' own words about clients' addresses.
  | 'Middleware'
  | 'ClientTrafficPolicy'
  | 'SecurityPolicy';

export type KubeObject =
  | ServiceObject
  | EndpointSliceObject
  | EndpointsObject
  | NodeObject
  | PodObject
  | DaemonSetObject
  | ConfigMapObject
  | ConfigHostsObject
  | NamespaceObject
  | DeploymentObject
  | StatefulSetObject
  | PodDisruptionBudgetObject
  | IngressObject
  | IngressClassObject
  | GatewayObject
  | RouteObject
  | NetworkPolicyObject
  | ChallengeObject
  | CustomObject;

export type Kind = KubeObject['kind'];
