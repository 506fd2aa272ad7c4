import { expect, test } from 'vitest';
import { didYouMean, nearMatches } from '../../src/net/near.ts';

const NAMES = ['web', 'web-api', 'ingress-nginx-controller', 'kube-dns', 'postgres', 'redis'];

test.for([
  ['wbe', ['web']],
  ['Web', ['web', 'web-api']],
  ['ingress', ['ingress-nginx-controller']],
  ['ingress-nginx-controler', ['ingress-nginx-controller']],
  ['kube-dsn', ['kube-dns']],
  ['postgers', ['postgres']],
  ['prostgresql', ['postgres']],
  ['e', []],
  ['', []],
  ['entirely-else', []],
] as const)('%s: %j', ([wanted, found]) => {
  expect(nearMatches(wanted, NAMES)).toEqual(found);
});

test('the nearest come first, at most three, each once', () => {
  expect(nearMatches('node1', ['node22', 'node2', 'node1x', 'node11', 'node2', 'node3', 'node1'])).toEqual(['node1', 'node11', 'node1x']);
});

test('as a question', () => {
  expect(didYouMean('wbe', NAMES)).toBe('did you mean "web"?');
  expect(didYouMean('redi', ['redis', 'reddi'])).toBe('did you mean "reddi" or "redis"?');
  expect(didYouMean('else', [])).toBeUndefined();
  expect(didYouMean('web\u001b[31', ['web\u001b[31m'])).not.toMatch(/\u001b/);
});
