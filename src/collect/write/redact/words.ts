/** Names that software brings along: they say what runs, not whose it is, and data planes are recognised by them. */
const NAMES = wordsIn(`
  kubernetes default kube-system kube-public kube-node-lease kube-flannel calico-system calico-apiserver tigera-operator metallb-system ingress-nginx
  cilium kube-router openshift-sdn openshift-ovn-kubernetes openshift-multus openshift-ingress openshift-dns openshift-console openshift-monitoring

  kube-proxy kube-proxy-windows kube-proxy-worker kube-proxy-config kube-flannel-ds kube-flannel kube-flannel-ds-amd64 kube-flannel-cfg canal canal-config
  rke2-canal rke2-canal-config calico-node calico-config calico-typha calico-kube-controllers cilium-config cilium-agent anetd aws-node weave-net weave sdn
  sdn-config kindnet kindnet-cni kindnetd antrea-agent antrea-config ovnkube-node ovnkube-config kube-router-cfg azure-cns azure-cni-manager
  azure-cni-networkmonitor azure-ip-masq-agent azure-ip-masq-agent-config ip-masq-agent kubeadm-config svclb flannel flanneld speaker coredns
  kube-dns kube-apiserver nodelocaldns node-local-dns install-cni install-cni-plugin felix metrics-server
  default-ipv4-ippool default-ipv6-ippool
`);

/** Settings, states and kinds of the APIs that are read. */
const SETTINGS = wordsIn(`
  ClusterIP NodePort LoadBalancer ExternalName None Cluster Local IPv4 IPv6 FQDN VIP Proxy ClientIP SingleStack PreferDualStack RequireDualStack
  PreferClose PreferSameZone PreferSameNode Auto auto Disabled disabled Enabled enabled TCP UDP SCTP tcp udp sctp Pod Node Service DaemonSet ReplicaSet
  Deployment StatefulSet Job Endpoints EndpointSlice Namespace ConfigMap InternalIP ExternalIP Hostname InternalDNS ExternalDNS Ready True False Unknown
  true false linux windows NoSchedule NoExecute PreferNoSchedule Running Pending Succeeded Failed

  iptables nftables ipvs userspace kernelspace unidling+iptables ClusterCIDR NodeCIDR BridgeInterface InterfaceNamePrefix
  KubeProxyConfiguration ClusterConfiguration vxlan host-gw wireguard extension ipip ipsec none Never Always CrossSubnet
  Workload Tunnel BPF Iptables Nftables VXLAN VXLANCrossSubnet IPIP IPIPCrossSubnet all() BGP IPPoolsOnly IPPoolsAndHostIPs
  partial strict probe snat dsr hybrid geneve native OpenShiftSDN OVNKubernetes Calico Cilium Flannel Antrea Contrail Kuryr
  redhat/openshift-ovs-subnet redhat/openshift-ovs-multitenant redhat/openshift-ovs-networkpolicy Network ClusterNetwork HostSubnet

  nlb nlb-ip external internal internet-facing instance ip REGIONAL REGIONAL_NETWORK kubernetes.io/h2c kubernetes.io/ws kubernetes.io/wss
  server agent cbr0 portmap bridge host-local primary
`);

/** Values of labels that are no names. */
const LABELS = wordsIn(`
  true false linux windows amd64 arm64 arm ppc64le s390x fargate virtual-kubelet endpointslice-controller.k8s.io endpointslicemirroring-controller.k8s.io
  control-plane master worker etcd infra edge node
`);

/** Keys in ConfigMaps. */
const FILES = wordsIn('config.conf config config.yaml kube-proxy-config.yaml net-conf.json cni-conf.json ClusterConfiguration');

const PORTS = wordsIn('http https http2 tls grpc h2c ws wss dns dns-tcp metrics healthz health web websecure tcp udp sctp ssh smtp');

function wordsIn(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''));
}

export function isKnownName(name: string): boolean {
  return NAMES.has(name);
}

export function isSetting(word: string): boolean {
  return SETTINGS.has(word) || NAMES.has(word);
}

export function isLabelValue(word: string): boolean {
  return LABELS.has(word) || NAMES.has(word);
}

export function isFileKey(key: string): boolean {
  return FILES.has(key);
}

export function isPortName(name: string): boolean {
  return PORTS.has(name);
}

/** Groups and versions of APIs, as in `apiVersion`. */
export function isApiVersion(text: string): boolean {
  return (
    /^(?:[a-z0-9.]+\.(?:k8s\.io|io|org)\/)?v\d{1,2}(?:(?:alpha|beta)\d{1,2})?$/.test(text) && (!text.includes('/') || isKnownDomain(text))
  );
}

const DOMAINS =
  `kubernetes.io k8s.io amazonaws.com k8s.aws google.com gke.io azure.com flannel.alpha.coreos.com projectcalico.org tigera.io cilium.io metallb.io
  metallb.universe.tf kube-vip.io k3s.io k3s.cattle.io rke2.io openshift.io openstack.org eksctl.io digitalocean.com hetzner.cloud linode.com scaleway.com
  oraclecloud.com alibabacloud.com antrea.io`
    .split(/\s+/)
    .map((domain) => domain.trim());

/** Whether the domain in front of a slash belongs to a project or provider that anybody may use. */
export function isKnownDomain(key: string): boolean {
  const domain = key.slice(0, key.indexOf('/'));
  return DOMAINS.some((known) => domain === known || domain.endsWith(`.${known}`));
}
