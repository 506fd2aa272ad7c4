import { describe, expect, test } from 'vitest';
import { generateCluster } from '../../scripts/generate-cluster.ts';
import { isRecord, type Json, records, text, texts, valueAt } from '../../src/demo/json.ts';
import { parseCidr } from '../../src/net/ip.ts';

const SIZE = { nodes: 60, services: 300, slices: 500, pods: 2000, nodeBytes: 9 * 1024, seed: 7 };

describe('a generated cluster', () => {
  const objects = [...generateCluster(SIZE)].filter(isRecord);
  const of = (kind: string): Json[] => objects.filter((object) => object['kind'] === kind);
  const endpointsOf = (name: string): Json[] =>
    of('EndpointSlice')
      .filter((slice) => valueAt(slice, 'metadata.namespace') === 'bench' && text(valueAt(slice, 'metadata.name')).startsWith(`${name}-`))
      .flatMap((slice) => records(slice['endpoints']));

  test('has the numbers that were asked for', () => {
    const count = Object.fromEntries(['Node', 'Service', 'EndpointSlice', 'Pod'].map((kind) => [kind, of(kind).length]));
    expect(count).toEqual({ Node: 60, Service: 300, EndpointSlice: 500, Pod: 2000 + 2 * 60 });
  });

  test('is the same for the same seed, another for another', () => {
    const again = JSON.stringify([...generateCluster(SIZE)]);
    expect(again).toBe(JSON.stringify(objects));
    expect(JSON.stringify([...generateCluster({ ...SIZE, seed: 8 })])).not.toBe(again);
  });

  test('nodes have their size', () => {
    const sizes = of('Node').map((node) => JSON.stringify(node).length);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(SIZE.nodeBytes);
    expect(Math.max(...sizes)).toBeLessThan(SIZE.nodeBytes + 400);
  });

  test('no endpoint address, cluster IP or node port is given twice', () => {
    const addresses = of('EndpointSlice').flatMap((slice) =>
      records(slice['endpoints']).flatMap((endpoint) => texts(endpoint['addresses'])),
    );
    const clusterIps = of('Service').map((service) => valueAt(service, 'spec.clusterIP'));
    const ports = of('Service').flatMap((service) => [
      ...records(valueAt(service, 'spec.ports')).flatMap((port) => port['nodePort'] ?? []),
      valueAt(service, 'spec.healthCheckNodePort') ?? [],
    ]);
    for (const values of [addresses, clusterIps, ports.flat()]) expect(new Set(values).size).toBe(values.length);
  });

  test('endpoints live in the podCIDR of their node, and their pods agree', () => {
    const cidrs = new Map(of('Node').map((node) => [valueAt(node, 'metadata.name'), parseCidr(text(valueAt(node, 'spec.podCIDR')))]));
    const pods = new Map(
      of('Pod').map((pod) => [`${text(valueAt(pod, 'metadata.namespace'))}/${text(valueAt(pod, 'metadata.name'))}`, pod]),
    );
    let met = 0;
    for (const endpoint of of('EndpointSlice').flatMap((slice) => records(slice['endpoints']))) {
      const [address = ''] = texts(endpoint['addresses']);
      expect(cidrs.get(endpoint['nodeName'])?.contains(address)).toBe(true);
      const pod = pods.get(`${text(valueAt(endpoint, 'targetRef.namespace'))}/${text(valueAt(endpoint, 'targetRef.name'))}`);
      if (pod === undefined) continue;
      met++;
      expect([valueAt(pod, 'status.podIP'), valueAt(pod, 'spec.nodeName')]).toEqual([address, endpoint['nodeName']]);
    }
    expect(met).toBe(SIZE.pods);
  });

  test('bench/target is Local with a few dozen endpoints on some nodes, bench/big has a thousand', () => {
    const target = of('Service').find((service) => valueAt(service, 'metadata.name') === 'target') ?? {};
    expect(valueAt(target, 'spec')).toMatchObject({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    expect(endpointsOf('target')).toHaveLength(36);
    expect(new Set(endpointsOf('target').map((endpoint) => endpoint['nodeName'])).size).toBe(24);
    expect(endpointsOf('big')).toHaveLength(1000);
  });
});
