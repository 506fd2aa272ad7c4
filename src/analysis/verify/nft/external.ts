import type { ExternalStep, NftPort } from '../../../expected/nftables.ts';
import type { NftLine } from '../../../netfilter/nft/types.ts';
import type { RuleDifference } from '../types.ts';
import { stepsIn } from './observe.ts';
import { difference, nameIn, type Scene } from './scene.ts';

const STEPS: Readonly<Record<ExternalStep, { readonly line: string; readonly meaning: string; readonly lacking: string }>> = {
  'masquerade-external': {
    line: 'jump mark-for-masquerade',
    meaning: 'masquerades all external traffic (externalTrafficPolicy Cluster)',
    lacking: 'clients from outside are not masqueraded: answers of endpoints on other nodes go past this node, and those connections hang',
  },
  'pod-short-circuit': {
    line: 'ip saddr PODS goto service-…',
    meaning: 'pods: any endpoint, not masqueraded',
    lacking: 'pods that use an address for outsiders are treated like outsiders: local endpoints only',
  },
  'masquerade-local': {
    line: 'fib saddr type local jump mark-for-masquerade',
    meaning: "masquerades the node's own traffic",
    lacking: "the node's own connections are not masqueraded: those to endpoints elsewhere may hang",
  },
  'node-short-circuit': {
    line: 'fib saddr type local goto service-…',
    meaning: 'the node itself: any endpoint',
    lacking: "the node's own processes reach local endpoints only",
  },
  'policy-jump': {
    line: 'goto …',
    meaning: 'on to the endpoints',
    lacking: 'clients from outside are not delivered by this node',
  },
};

/** What the chain for clients from outside does with them. */
export function externalDifferences(scene: Scene, { external, port }: NftPort): readonly RuleDifference[] {
  if (external === null) return [];
  const chain = nameIn(scene, external.chain);
  const asked = (step: string): boolean => scene.knowsPods || step !== 'pod-short-circuit';
  const wanted = external.steps.filter(asked);
  const observed = stepsIn(scene.table, chain).filter(({ does }) => asked(does));
  const missing = wanted.filter((step) => !observed.some(({ does }) => does === step));
  const strangers = observed.filter(({ does }) => does === 'other' || !wanted.includes(does));
  const jump = observed.find(({ does }) => does === 'policy-jump');
  const isTurned = jump !== undefined && wanted.includes('policy-jump') && /\bgoto local-/.test(jump.rule.line) !== external.toLocal;
  return [
    ...missing.map((step) =>
      difference(scene, {
        kind: 'missing',
        chain,
        line: STEPS[step].line,
        code: step,
        port,
        meaning: STEPS[step].meaning,
        effect: STEPS[step].lacking,
        severity: step === 'policy-jump' ? 'error' : 'warning',
      }),
    ),
    ...strangers.map(({ does, rule }) => strangeStep(scene, { does, rule, chain, port })),
    ...(isTurned ? [turned(scene, { rule: jump.rule, chain, port, toLocal: external.toLocal })] : []),
  ];
}

interface StrangeStep {
  readonly does: ExternalStep | 'other';
  readonly rule: NftLine;
  readonly chain: string;
  readonly port: string;
}

function strangeStep(scene: Scene, { does, rule, chain, port }: StrangeStep): RuleDifference {
  const isKnown = does !== 'other';
  return difference(scene, {
    kind: 'unexpected',
    chain,
    line: rule.line,
    lineNumber: rule.lineNumber,
    code: isKnown ? does : 'stray-rule',
    port,
    meaning: isKnown ? STEPS[does].meaning : 'a rule that kube-proxy does not write there',
    effect: isKnown ? 'clients from outside are treated as under another traffic policy' : 'it may take packets from kube-proxy’s rules',
    severity: isKnown ? 'error' : 'warning',
  });
}

function turned(
  scene: Scene,
  { rule, chain, port, toLocal }: { readonly rule: NftLine; readonly chain: string; readonly port: string; readonly toLocal: boolean },
): RuleDifference {
  return difference(scene, {
    kind: 'changed',
    chain,
    line: rule.line,
    lineNumber: rule.lineNumber,
    expected: rule.line.replace(/goto (?:local|service)-/, toLocal ? 'goto local-' : 'goto service-'),
    code: 'policy-jump',
    port,
    meaning: toLocal ? 'everything else: endpoints on this node only' : 'on to any endpoint',
    effect: toLocal
      ? 'clients from outside are sent to endpoints on other nodes without being masqueraded: those connections hang'
      : 'clients from outside are sent to local endpoints only',
    severity: 'error',
  });
}
