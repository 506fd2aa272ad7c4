import { describe, expect, test } from 'vitest';
import { endpoint, proxier, service, WEB } from '../../expected/sample.ts';
import { dumpText, OTHER, verify } from './sample-dump.ts';
import { brief, differencesOf } from './support.ts';

const MINORS = Array.from({ length: 18 }, (_, index) => 19 + index);
const CLUSTER = service({ externalTrafficPolicy: 'Cluster', externalIPs: ['192.0.2.9'], healthCheckNodePort: null });
const NONE = service({ name: 'none', clusterIPs: ['10.96.9.9'], externalIPs: ['192.0.2.8'], ingress: [] }, []);
const ELSEWHERE = service({ name: 'far', clusterIPs: ['10.96.9.8'], ingress: [], affinitySeconds: null }, [
  endpoint('10.244.2.8', 'node2'),
]);

describe.each(MINORS)('1.%i', (minor) => {
  test.for([
    ['Local', [WEB, OTHER]],
    ['Cluster', [CLUSTER, OTHER]],
    ['no endpoints, no local endpoints', [NONE, ELSEWHERE, OTHER]],
  ] as const)('%s: its own rules differ in nothing', ([, services]) => {
    const where = proxier(minor);
    const results = verify(services, where, dumpText(services, where));
    expect(differencesOf(results).map(brief)).toEqual([]);
    expect(results.flatMap((result) => result.gaps)).toEqual([]);
  });

  test.for([
    ['Local', WEB],
    ['Cluster', CLUSTER],
  ] as const)('%s: each rule that is deleted is missing, and nothing else', ([, web]) => {
    const where = proxier(minor);
    const services = [web, OTHER];
    const lines = dumpText(services, where).split('\n');
    const rules = lines.flatMap((line, index) => (line.startsWith('-A ') ? [index] : []));
    expect(rules.length).toBeGreaterThan(20);
    for (const index of rules) {
      const line = lines[index] ?? '';
      const found = differencesOf(verify(services, where, lines.filter((_line, at) => at !== index).join('\n')));
      const silent = isSilent(line, lines);
      expect(found.map(brief), line).toEqual(silent ? [] : [`missing in ${found[0]?.table} ${line.split(' ')[1]}: ${line}`]);
    }
  });

  test('the API supposes another version: the dump wins, and the contradiction is stated', () => {
    const where = proxier(minor);
    const supposed = proxier(minor <= 23 ? 34 : 21);
    const services = [WEB, OTHER];
    const results = verify(services, supposed, dumpText(services, where));
    const version = results[0]?.settings.find((setting) => setting.name === 'version');
    expect(version).toMatchObject({ from: 'dump', contradicts: `1.${supposed.config.minor}` });
    expect(Number(version?.value.slice(2)) <= 23).toBe(minor <= 23);
  });
});

/** What does nothing, or stands twice. */
function isSilent(line: string, lines: readonly string[]): boolean {
  const bare = (text: string): string => text.replace(/ -m comment --comment (?:"[^"]*"|\S+)/, '');
  const twice = lines.filter((other) => bare(other) === bare(line)).length > 1;
  return twice || !/ -[jg] /.test(line);
}
