import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { askCase, caseFolders, gradeCase, loadCase } from './support/cases.ts';
import { textOf } from './support/flow.ts';

/** Predictions from API objects alone, held against what a real kernel did. */
const ROOT = fileURLToPath(new URL('corpus', import.meta.url));
const folders = caseFolders(ROOT);
const name = (folder: string): string => folder.slice(folder.lastIndexOf('/') + 1);

test('there are cases of both modes, all decidable by API objects', () => {
  expect(folders.length).toBeGreaterThanOrEqual(80);
  expect(folders.filter((folder) => loadCase(folder).decidable !== 'api')).toEqual([]);
});

describe('the kernel agrees', () => {
  test.each(folders.map((folder) => [name(folder), folder]))('%s', (_, folder) => {
    const grades = gradeCase(loadCase(folder));
    expect(grades.length).toBeGreaterThan(0);
    expect(grades.filter(({ grade }) => grade !== 'agree').map(({ grade, about }) => `${grade}: ${about}`)).toEqual([]);
  });
});

/** Clusters of well-known articles about source addresses, and what their authors saw. */
const ARTICLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'article-nodeport-cluster': {
    'node-198 → node-198:31113': 'delivered: echo sees 10.244.0.0 (kube-proxy)',
    'node-198 → node-201:31113': 'delivered: echo sees 10.244.1.0 (kube-proxy)',
    'node-198 → node-202:31113': 'delivered: echo sees 10.244.2.1 (kube-proxy)',
    'node-198 → node-203:31113': 'delivered: echo sees 10.244.3.0 (kube-proxy)',
  },
  'article-nodeport-local': {
    'node-198 → node-198:31113': 'delivered: echo sees 10.244.0.0 (kube-proxy)',
    'node-198 → node-201:31113': 'dropped',
    'node-198 → node-202:31113': 'delivered: echo sees 172.19.120.198',
    'node-198 → node-203:31113': 'dropped',
  },
  'article-twonodes-cluster': {
    'client → node1:31999': 'delivered: echo sees 10.244.1.1 (kube-proxy)',
    'client → node2:31999': 'delivered: echo sees 172.18.0.12 (kube-proxy)',
  },
  'article-twonodes-local': {
    'client → node1:31999': 'delivered: echo sees 198.51.100.10',
    'client → node2:31999': 'dropped',
  },
  'article-ingress-clustercidr': {
    'cli-1 → 1.2.3.4:80': 'delivered: nginx sees 10.244.1.11',
    'cli-2 → 1.2.3.4:80': 'delivered: nginx sees 10.244.2.10',
  },
  'article-ingress-nocidr': {
    'cli-1 → 1.2.3.4:80': 'delivered: nginx sees 10.244.1.11',
    'cli-2 → 1.2.3.4:80': 'dropped',
  },
  'article-ingress-nftables': {
    'cli-1 → 1.2.3.4:80': 'delivered: nginx sees 10.244.1.11',
    'cli-2 → 1.2.3.4:80': 'delivered: nginx sees 10.244.2.10',
  },
  'article-clusterip-calico': {
    'cli-1 → 10.96.0.34:80': 'delivered: echo sees 10.244.1.11',
    'cli-2 → 10.96.0.34:80': 'delivered: echo sees 10.244.2.10',
  },
};

describe.each(Object.entries(ARTICLES))('%s', (article, seen) => {
  const asked = askCase(loadCase(`${ROOT}/${article}`));
  const said = new Map(asked.map(({ record, flow }) => [`${record.from} → ${record.to}:${record.port}`, flow]));
  test.each(Object.entries(seen))('%s: %s', (probe, outcome) => {
    const flow = said.get(probe);
    expect(flow === undefined ? 'not asked' : textOf(flow)).toBe(outcome);
  });
});
