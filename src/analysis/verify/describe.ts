import type { Rule } from '../../netfilter/ruleset.ts';
import { effectOfChanged } from './effects-changed.ts';
import { missingFilterOutput } from './effects-hooks.ts';
import { effectOfMissing, type Scene } from './effects-missing.ts';
import { effectOfUnexpected } from './effects-unexpected.ts';
import { type Effect, type Finding, type Found, info } from './finding.ts';
import { targetText } from './form.ts';
import { targetOf } from './line-parts.ts';
import type { PortFacts } from './port-facts.ts';
import { isBuiltIn, type RulesetIndex, rulesIn } from './ruleset-index.ts';
import type { DifferenceCode, RuleDifference } from './types.ts';

/** Puts findings into words. `factsOf` knows the service port of a rule or chain. */
export function describe(
  found: Found,
  index: RulesetIndex,
  factsOf: (finding: Finding, chain: string) => PortFacts | null,
): RuleDifference[] {
  const policy = (chain: string): string | null => index.ruleset.tables.get('filter')?.chains.get(chain)?.policy ?? null;
  return found.findings.map((finding) => {
    const scene: Scene = {
      ...found,
      facts: factsOf(finding, found.chain),
      forwardPolicy: policy('FORWARD'),
      inputPolicy: policy('INPUT'),
    };
    return difference(finding, found, scene, index);
  });
}

function difference(finding: Finding, found: Found, scene: Scene, index: RulesetIndex): RuleDifference {
  const shared = {
    kind: finding.kind,
    table: found.table,
    chain: found.chain,
    chainIs: found.chainIs,
    ...effectOf(finding, found, scene, index),
  } as const;
  switch (finding.kind) {
    case 'missing': {
      const { line, code, port, meaning } = finding.expected;
      return { ...shared, line, lineNumber: null, expected: null, code, port, meaning };
    }
    case 'changed': {
      const { line, code, port, meaning } = finding.expected;
      return { ...shared, line: finding.observed.line, lineNumber: finding.observed.lineNumber, expected: line, code, port, meaning };
    }
    case 'unexpected': {
      const { line, lineNumber } = finding.observed;
      const port = scene.facts?.name ?? null;
      return { ...shared, line, lineNumber, expected: null, code: finding.code, port, meaning: meaningOf(finding.code, finding.observed) };
    }
  }
}

function effectOf(finding: Finding, found: Found, scene: Scene, index: RulesetIndex): Effect {
  if (!isBuiltIn(found.chain) && !index.reached.has(`${found.table} ${found.chain}`))
    return info(`nothing more: no packet comes to ${found.chain}`);
  switch (finding.kind) {
    case 'missing':
      // nat and filter have an OUTPUT with a jump to KUBE-SERVICES each.
      if (found.table === 'filter' && found.chain === 'OUTPUT' && targetOf(finding.expected.line) === 'KUBE-SERVICES')
        return missingFilterOutput();
      return effectOfMissing(finding.expected, scene);
    case 'changed':
      return effectOfChanged(finding, scene);
    case 'unexpected':
      return effectOfUnexpected(finding, scene, rulesIn(index.ruleset, found.table, targetOf(finding.observed.line)));
  }
}

function meaningOf(code: DifferenceCode, rule: Rule): string {
  switch (code) {
    case 'stale-endpoint':
      return 'a way to an endpoint that the Service no longer has';
    case 'unused-endpoint':
      return 'a way to an endpoint that should not be used here';
    case 'duplicate':
      return 'a second way to one endpoint';
    case 'outdated-rule':
      return 'a rule of kube-proxy that the Service does not call for';
    case 'stray-hook':
      return `a jump to ${targetText(rule)} that kube-proxy does not make here`;
    default:
      return 'not a rule of kube-proxy';
  }
}
