import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verdictOf } from '../../src/analysis/flows.ts';
import type { Flow } from '../../src/analysis/report.ts';
import { SENDERS, someScene, TARGETS } from '../support/arbitrary.ts';
import { endpoint, node, port, service } from '../support/build.ts';
import type { Scene } from '../support/flow.ts';
import { ask, scene } from '../support/flow.ts';

/** What holds for every flow of every cluster. */

const RUNS = { numRuns: 60 };
const someQuestion = fc.record({ from: fc.constantFrom(...SENDERS), to: fc.constantFrom(...TARGETS) });

function everyFlow(check: (flow: Flow, of: Scene, from: string) => void): void {
  fc.assert(
    fc.property(someScene, (parts) => {
      const of = scene(parts);
      for (const from of SENDERS) for (const to of TARGETS) check(ask(of, from, to), of, from);
    }),
    RUNS,
  );
}

/** A flow without the order of its branches and reasons, which carries no meaning. */
function meaning({ verdict, branches, because }: Flow): unknown {
  const sorted = (values: readonly unknown[]): string[] => values.map((value) => JSON.stringify(value)).sort();
  return { verdict, branches: sorted(branches), because: sorted(because) };
}

test('shares sum to 1 and are equal', () => {
  everyFlow(({ branches }) => {
    if (branches.length === 0) return;
    const sum = branches.reduce((total, { share }) => total + share, 0);
    expect(Math.abs(sum - 1)).toBeLessThan(1e-9);
    for (const { share } of branches) expect(share).toBeCloseTo(1 / branches.length, 12);
  });
});

test('no endpoint has two branches', () => {
  everyFlow(({ branches }) => {
    const reached = branches.filter(({ endpoint: each }) => each !== null).map(({ endpoint: each }) => `${each?.address}:${each?.port}`);
    expect(new Set(reached).size).toBe(reached.length);
  });
});

test('the verdict is that of the branches, and undetermined means none', () => {
  everyFlow(({ verdict, branches, because }) => {
    expect(verdict).toBe(verdictOf(branches));
    expect(verdict === 'undetermined').toBe(branches.length === 0);
    if (verdict === 'undetermined') expect(because.length).toBeGreaterThan(0);
    const kinds = new Set(branches.map(({ outcome }) => outcome));
    if (kinds.size > 1) expect(verdict).toBe('partial');
  });
});

test('a branch names endpoint and source exactly where a pod is reached, and what follows only where no rule applies', () => {
  everyFlow(({ branches }) => {
    for (const { outcome, endpoint: reached, source, then } of branches) {
      const arrives = outcome === 'delivered' || outcome === 'no-reply';
      expect([reached !== null, source !== null]).toEqual([arrives, arrives]);
      if (then !== null) expect(outcome).toBe('unhandled');
    }
  });
});

test('every refusal has a reason', () => {
  everyFlow(({ verdict, because }) => {
    if (verdict !== 'delivered') expect(because.length).toBeGreaterThan(0);
  });
});

test("a preserved source is the sender's own", () => {
  everyFlow(({ from, branches }, of) => {
    for (const { source } of branches) {
      if (source?.kind !== 'preserved' || source.address === null) continue;
      expect(source).toMatchObject({ by: null, interface: null });
      // A process takes the address of the device that it sends by.
      if (from.kind === 'node') expect(of.oracle.ownerOf(source.address)?.name).toBe(from.name);
      else expect(source.address).toBe(from.address);
    }
  });
});

test('a masqueraded address belongs to the node that was asked or to the one it came from, or is not said', () => {
  everyFlow(({ from, to, via, branches }, of) => {
    const nodes = [of.oracle.ownerOf(to.address)?.name, via, from.node];
    for (const { source } of branches) {
      if (source?.kind !== 'masqueraded') continue;
      expect(source.by).not.toBeNull();
      if (source.address !== null) expect(nodes).toContain(of.oracle.ownerOf(source.address)?.name);
    }
  });
});

test('an answer is the same when it is asked again', () => {
  fc.assert(
    fc.property(someScene, someQuestion, (parts, { from, to }) => {
      const of = scene(parts);
      const first = ask(of, from, to);
      ask(of, 'client', 'node3:30080');
      expect(ask(of, from, to)).toEqual(first);
      expect(ask(scene(parts), from, to)).toEqual(first);
    }),
    RUNS,
  );
});

test('the order of nodes, pods and endpoints means nothing', () => {
  fc.assert(
    fc.property(someScene, (parts) => {
      const of = scene(parts);
      const ports = parts.service.ports.map((each) => ({ ...each, endpoints: [...each.endpoints].reverse() }));
      const turned = scene({
        ...parts,
        nodes: [...parts.nodes].reverse(),
        pods: [...parts.pods].reverse(),
        service: { ...parts.service, ports },
      });
      for (const from of SENDERS) for (const to of TARGETS) expect(meaning(ask(turned, from, to))).toEqual(meaning(ask(of, from, to)));
    }),
    RUNS,
  );
});

test('a Service, a pod and a node that have nothing to do with it change nothing', () => {
  const unrelated = service({
    name: 'unrelated',
    clusterIPs: ['10.96.7.7'],
    externalIPs: ['203.0.113.77'],
    ingress: ['192.0.2.77'],
    ports: [port([endpoint('web-1', { port: 9090 })], { port: 9090, nodePort: 30990 })],
  });
  fc.assert(
    fc.property(someScene, fc.boolean(), (parts, first) => {
      const of = scene(parts);
      const more = scene({
        ...parts,
        nodes: first ? [node('node7'), ...parts.nodes] : [...parts.nodes, node('node7')],
        others: [unrelated],
      });
      for (const from of SENDERS) {
        for (const to of TARGETS) {
          expect(meaning(ask(more, from, to))).toEqual(meaning(ask(of, from, to)));
        }
      }
    }),
    RUNS,
  );
});

test('more suppositions never make an answer more certain', () => {
  fc.assert(
    fc.property(someScene, someQuestion, (parts, { from, to }) => {
      const [one, two] = [parts.proxies['node1'] ?? [], parts.proxies['node2'] ?? []];
      const wide = Object.fromEntries(parts.nodes.map((each) => [each.name, [...one, ...two]]));
      const answer = ask(scene({ ...parts, proxies: wide }), from, to);
      if (answer.verdict === 'undetermined') return;
      for (const each of [...one, ...two]) {
        const narrow = Object.fromEntries(parts.nodes.map(({ name }) => [name, [each]]));
        expect(ask(scene({ ...parts, proxies: narrow }), from, to).verdict).toBe(answer.verdict);
      }
    }),
    RUNS,
  );
});
