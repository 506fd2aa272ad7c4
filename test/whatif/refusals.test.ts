import { describe, expect, test } from 'vitest';
import { balancer, configMap, nodes, service, slice, webOn } from '../cluster/objects.ts';
import { ask, cluster, refusal, webPod } from './ask.ts';

const clusterIp = service({ spec: { type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] } });
const twoPorts = service({
  spec: {
    ports: [
      { name: 'http', port: 80, targetPort: 8080, nodePort: 30080 },
      { name: 'https', port: 443, targetPort: 8443, nodePort: 30443 },
    ],
  },
});
const other = {
  ...service({
    metadata: { name: 'other' },
    spec: { clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20'], ports: [{ port: 80, nodePort: 30099 }] },
  }),
};
const web = [webPod(1), webPod(3)];

describe('what the API server would refuse, or nobody can mean', () => {
  test.for([
    // Service, change, message, hint
    [service(), 'set:externalTraficPolicy=Local', 'no such field', 'did you mean "externalTrafficPolicy"'],
    [service(), 'set:externalTrafficPolicy=local', 'externalTrafficPolicy cannot be "local"', 'did you mean "Local"?'],
    [service(), 'set:externalTrafficPolicy', 'is no FIELD=VALUE', '--set externalTrafficPolicy=Local'],
    [clusterIp, 'set:externalTrafficPolicy=Local', 'refused for a Service of type ClusterIP', 'type=NodePort'],
    [clusterIp, 'set:nodePort=30123', 'nodePort is refused for type ClusterIP', 'type=NodePort'],
    [service(), 'set:nodePort=30099', 'taken by Service ns1/other', 'choose another'],
    [service(), 'set:nodePort=99999', 'nodePort cannot be "99999"', '1 to 65535'],
    [twoPorts, 'set:nodePort=30123', 'which port?', 'nodePort.http=30123'],
    [twoPorts, 'set:nodePort.htp=30123', 'no port "htp"', 'did you mean "http"'],
    [service(), 'set:type=ExternalName', 'type cannot be "ExternalName"', 'ClusterIP or NodePort or LoadBalancer'],
    [service(), 'set:loadBalancerSourceRanges=10.0.0.0/8', 'refused for type NodePort', 'type=LoadBalancer'],
    [balancer(), 'set:loadBalancerSourceRanges=10.0.0.0', '"10.0.0.0" is not possible', 'CIDRs'],
    [service(), 'set:externalIPs=10.1', '"10.1" is not possible', 'IP addresses'],
    [service(), 'set:healthCheckNodePort=31000', 'healthCheckNodePort is refused', 'LoadBalancer with externalTrafficPolicy Local'],
    [balancer({ spec: { externalTrafficPolicy: 'Local' } }), 'set:healthCheckNodePort=31999', 'cannot be changed from 31000', 'given once'],
    [service(), 'set:publishNotReadyAddresses=yes', 'cannot be "yes"', 'true or false'],
    [service(), 'drain:node9', 'node "node9" not found', 'did you mean'],
    [service(), 'delete-pod:web-9', 'pod "web-9" not found in namespace "ns1"', 'did you mean'],
    [service(), 'move:web-1=node9', 'node "node9" not found', 'did you mean'],
    [service(), 'move:web-1', 'is no POD=NODE', 'POD=NODE'],
    [service(), 'scale:-1', 'no number of pods', '0 to'],
    [service({ spec: { selector: {} } }), 'scale:3', 'has no selector', 'nothing to scale'],
    [service(), 'kube-version:banana', 'no version of Kubernetes', '1.34'],
    [service(), 'proxy-mode:nftable', 'no mode of kube-proxy', 'did you mean "nftables"'],
    [service(), 'kube-version:1.28', '', ''],
    [service(), 'detect-local:CluserCIDR=10.0.0.0/8', 'no way to tell', 'did you mean "ClusterCIDR"'],
    [service(), 'detect-local:ClusterCIDR=10.0.0.0', 'is not possible', 'ClusterCIDR=CIDR'],
    [service(), 'detect-local:NodeCIDR=1', 'takes no value', '--detect-local NodeCIDR'],
    [service(), 'detect-local:BridgeInterface=', 'is not possible', 'BridgeInterface=DEVICE'],
  ] as const)('%#: %s', ([of, word, message, hint]) => {
    const raw = cluster(of, [other, ...web]);
    if (message === '') expect(ask(raw, [word], { to: ['clusterIP'] }).kind).toBe('WhatifReport');
    else {
      const said = refusal(raw, [word]);
      expect(said).toContain(message);
      expect(said).toContain(hint);
    }
  });

  test('nothing to change', () => {
    expect(refusal(cluster(service()), [])).toContain('nothing is to be changed');
  });

  test('nftables mode of a kube-proxy that has none', () => {
    expect(refusal(cluster(service()), ['kube-version:1.28', 'proxy-mode:nftables'])).toContain('1.28 has no nftables mode');
  });

  test('a kube-proxy of which nothing is known', () => {
    const raw = [...nodes(2), service(), slice([webOn(1)])];
    expect(refusal(raw, ['proxy-mode:nftables'])).toContain('is not known, so that kube-proxy mode nftables cannot be judged');
  });

  test('a cluster without kube-proxy', () => {
    const cilium = [
      ...nodes(2),
      service(),
      slice([webOn(1)]),
      configMap('cilium-config', { 'kube-proxy-replacement': 'true' }),
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'cilium', namespace: 'kube-system' },
        spec: { template: { spec: { containers: [{ name: 'cilium-agent', image: 'quay.io/cilium/cilium:v1.17.0' }] } } },
      },
    ];
    expect(refusal(cilium, ['proxy-mode:nftables'])).toContain('Services are served by cilium');
  });

  test('a client that is gone then', () => {
    expect(refusal(cluster(service(), web), ['drain:node1'], { from: ['pod/web-1'] })).toContain('pod ns1/web-1 is gone after the change');
  });

  test('a DaemonSet is not scaled, and its pods do not move', () => {
    const raw = cluster(service(), [webPod(1, 'DaemonSet'), webPod(3, 'DaemonSet')]);
    expect(refusal(raw, ['scale:1'])).toContain('belong to a DaemonSet');
    expect(refusal(raw, ['move:web-1=node2'])).toContain('belongs to a DaemonSet');
  });
});
