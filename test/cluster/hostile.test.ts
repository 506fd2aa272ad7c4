import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explain } from '../../src/analysis/explain.ts';
import { Failure } from '../../src/net/failure.ts';
import { balancer, evidenceOf, flannel, kubeadm, nodes, slice, webOn } from './objects.ts';

const demo: unknown[] = JSON.parse(readFileSync(new URL('../../demo/cluster.json', import.meta.url), 'utf8')).items;
const small: unknown[] = [
  ...nodes(3, { annotations: { 'flannel.alpha.coreos.com/backend-type': 'vxlan', 'k3s.io/node-args': '["server"]' } }),
  ...kubeadm(),
  ...flannel(),
  balancer({ spec: { externalTrafficPolicy: 'Local', loadBalancerSourceRanges: ['198.51.100.0/24'], sessionAffinity: 'ClientIP' } }),
  slice([webOn(1), webOn(3, { hints: { forZones: [{ name: 'a' }], forNodes: [{ name: 'node3' }] } })]),
  { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16'] } },
  {
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'IPPool',
    metadata: { name: 'p' },
    spec: { cidr: '10.244.0.0/16', vxlanMode: 'Always', natOutgoing: true },
  },
  { apiVersion: 'crd.projectcalico.org/v1', kind: 'FelixConfiguration', metadata: { name: 'default' }, spec: { bpfEnabled: false } },
  {
    apiVersion: 'operator.tigera.io/v1',
    kind: 'Installation',
    metadata: { name: 'default' },
    spec: { calicoNetwork: { linuxDataplane: 'Iptables' } },
  },
  {
    apiVersion: 'config.openshift.io/v1',
    kind: 'Network',
    metadata: { name: 'cluster' },
    spec: { clusterNetwork: [{ cidr: '10.128.0.0/14' }] },
    status: { clusterNetwork: [{ cidr: '10.128.0.0/14' }] },
  },
];

const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(new URL('../../schemas/service-report.schema.json', import.meta.url), 'utf8')),
);

/** Values that a field may hold by mistake or malice. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1.5,
    1e308,
    65536,
    true,
    false,
    [],
    {},
    [null],
    [[]],
    [{}],
    { a: 1 },
    'None',
    '::',
    '1.2.3.4/99',
  ),
  fc.constantFrom<unknown>('__proto__', 'constructor', '\u001b[31m', 'a'.repeat(300), '10.96.0.10', '999.1.1.1', 'fe80::1%eth0'),
  fc.string(),
  fc.integer(),
  fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { maxLength: 3 }),
);

/** A copy of a value in which the n-th part, counted depth first, is another. */
function withPart(value: unknown, n: { left: number }, replacement: unknown): unknown {
  if (n.left-- === 0) return replacement;
  if (Array.isArray(value)) return value.map((element) => withPart(element, n, replacement));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withPart(child, n, replacement)]));
}

function partsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, child: unknown) => sum + partsOf(child), 1);
}

/** Ends in a valid report, or in a Failure of one line; anything else is thrown. */
function ask(objects: readonly unknown[], namespace: string, name: string): 'answered' | 'refused' {
  try {
    const report = explain(evidenceOf(objects), { namespace, name, from: [], to: [], via: [], port: null });
    if (!validate(JSON.parse(JSON.stringify(report)))) throw new Error(`invalid report: ${JSON.stringify(validate.errors)}`);
    return 'answered';
  } catch (error) {
    if (error instanceof Failure && !error.message.includes('\n')) return 'refused';
    throw error;
  }
}

const clusters = [
  { what: 'a small cluster with everything in it', objects: small, services: [['ns1', 'web']] },
  {
    what: 'the demo cluster',
    objects: demo,
    services: demo
      .filter(
        (object): object is { kind: string; metadata: { namespace: string; name: string } } =>
          (object as { kind: string }).kind === 'Service',
      )
      .map(({ metadata }) => [metadata.namespace, metadata.name]),
  },
] as const;

describe.for(clusters)('$what', ({ objects, services }) => {
  test('answers as it is', () => {
    for (const [namespace = '', name = ''] of services) expect(['answered', 'refused']).toContain(ask(objects, namespace, name));
    const [namespace = '', name = ''] = services[0] ?? [];
    expect(ask(objects, namespace, name)).toBe('answered');
  });

  test('with values of any type in any place, it answers or refuses', () => {
    const sizes = objects.map(partsOf);
    const change = fc.record({ object: fc.nat(objects.length - 1), part: fc.nat(), value: junk });
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(services.length - 1), (changes, which) => {
        const broken = [...objects];
        for (const { object, part, value } of changes) {
          broken[object] = withPart(broken[object], { left: part % (sizes[object] ?? 1) }, value);
        }
        const [namespace = '', name = ''] = services[which] ?? [];
        seen.add(ask(broken, namespace, name));
      }),
      { numRuns: 400, endOnFailure: true },
    );
    expect(seen).toContain('answered');
  });
});

test('every single field of the small cluster may be of any type', () => {
  const values: readonly unknown[] = [null, 7, 'x', [], [7], [{}]];
  for (const [index, object] of small.entries()) {
    for (let part = 1; part < partsOf(object); part++) {
      for (const value of values) {
        const broken = small.with(index, withPart(object, { left: part }, value));
        ask(broken, 'ns1', 'web');
      }
    }
  }
});
