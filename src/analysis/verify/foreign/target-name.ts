import type { Rule } from '../../../netfilter/ruleset.ts';
import { targetOf } from '../line-parts.ts';

/** What a rule does or jumps to, in the words of iptables, whichever program printed it; empty for a rule without target. */
export function targetName(rule: Rule): string {
  const written = targetOf(rule.line);
  if (written !== '' || rule.line.startsWith('-A ')) return written;
  const { target } = rule.spec;
  switch (target.kind) {
    case 'none':
      return '';
    case 'verdict':
      return target.verdict;
    case 'chain':
      return target.chain;
    case 'extension':
      return target.name;
    case 'unrecognised':
      return 'UNKNOWN';
    default:
      return target.kind.toUpperCase();
  }
}
