import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { whatifAll } from '../../src/whatif/all/all.ts';
import { evidenceOf, service } from '../cluster/objects.ts';
import { change, cluster, webPod } from './ask.ts';
import { type Situation, SURGE, sleeping, update } from './rollout-cases.ts';

function validator(name: string) {
  const schema = JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'));
  return new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);
}

describe('rollouts', () => {
  const validate = validator('rollout-report');

  test.for([
    { strategy: SURGE, container: sleeping(20) },
    { strategy: { type: 'Recreate' }, service: 'nodePort' },
    { kind: 'DaemonSet', service: 'clusterIP', internal: 'Local' },
    { nodes: 3, strategy: SURGE, container: { ports: [{ containerPort: 80, hostPort: 80 }] } },
  ] as const satisfies readonly Situation[])('%j', (situation) => {
    validate(JSON.parse(JSON.stringify(update(situation))));
    expect(validate.errors).toBeNull();
  });
});

describe('many Services', () => {
  const validate = validator('whatif-all-report');

  test.for(['drain:node1', 'proxy-mode:nftables', 'cordon:node2'])('%s', (word) => {
    const raw = cluster(service({ spec: { externalTrafficPolicy: 'Local' } }), [webPod(1), webPod(3)]);
    validate(JSON.parse(JSON.stringify(whatifAll(evidenceOf(raw), { namespace: 'ns1', all: true }, [change(word)]))));
    expect(validate.errors).toBeNull();
  });
});
