import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultsOf, srcip } from '../e2e/support/cli.ts';
import { startWorld, type World } from '../e2e/support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.end();
});

const ROLLOUT = ['whatif', 'svc/ingress-nginx-controller', '-n', 'ingress-nginx', '--rollout', 'deploy/ingress-nginx-controller'];
const ALL = ['whatif', '-A', '--drain', 'worker-1'];

describe('formats', () => {
  test.for([ROLLOUT, ALL])('%j: json and yaml are the same report; table, wide and markdown say its answer', async (args) => {
    const said = async (output: string): Promise<string> => {
      const ran = await srcip([...args, '-o', output], { env: world.env });
      expect({ stderr: ran.stderr, code: ran.code }).toEqual({ stderr: '', code: 0 });
      return ran.stdout;
    };
    const json = JSON.parse(await said('json')) as { kind: string; answer: { text: string } };
    expect(json.kind).toBe(args === ROLLOUT ? 'RolloutReport' : 'WhatifAllReport');
    expect(load(await said('yaml'))).toEqual(json);
    const words = json.answer.text.split(' ').slice(0, 6).join(' ');
    for (const output of ['table', 'wide', 'markdown']) expect((await said(output)).replaceAll(/\s+/g, ' ')).toContain(words);
    expect(await said('name')).toMatch(/^service\/ingress-nginx-controller/m);
  });
});

describe('exit codes', () => {
  test.for([
    [[...ROLLOUT, '--fail-on', 'error'], 0],
    [[...ROLLOUT, '--fail-on', 'warning'], 1],
    [[...ALL, '--fail-on', 'warning'], 1],
    [['whatif', '-A', '--cordon', 'worker-1', '--fail-on', 'info'], 0],
    [['whatif', '-n', 'shop', '--upgrade', 'nftables', '--fail-on', 'warning'], 0],
  ] as const)('%j: %i', async ([args, code]) => {
    const ran = await srcip(args, { env: world.env });
    expect({ stderr: ran.stderr, code: ran.code }).toEqual({ stderr: '', code });
  });
});

describe('what cannot be answered', () => {
  test.for([
    [['-A', '--set', 'type=NodePort'], '--set changes one Service'],
    [['-A', '--scale', '2'], '--scale changes one Service'],
    [['svc/web', '-A', '--drain', 'worker-1'], 'a Service or -A, not both'],
    [['-A', '--rollout', 'deploy/web'], '--rollout needs the Service'],
    [['-A', '--drain', 'worker-1', '--from', 'external'], '--from asks about single flows'],
    [['-A'], 'nothing is to be changed'],
    [['svc/web', '--rollout', 'deploy/wep'], 'did you mean "web"'],
    [['svc/web', '--rollout', 'deploy/api'], 'no pod of deployment/api is behind Service shop/web'],
    [['svc/web', '--rollout', 'job/web'], 'is no workload'],
    [['svc/web', '--upgrade', 'nftable'], 'did you mean "nftables"'],
    [['svc/web', '--upgrade', '1.36', '--proxy-mode', 'ipvs'], 'cannot also be provided'],
  ] as const)('%j', async ([args, message]) => {
    const ran = await srcip(['whatif', ...args, '-n', 'shop'], { env: world.env });
    expect(faultsOf(ran)).toEqual([]);
    expect(ran.stderr.replaceAll(/\s+/g, ' ')).toContain(message);
  });
});
