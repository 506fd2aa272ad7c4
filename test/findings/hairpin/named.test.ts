import { expect, test } from 'vitest';
import { hostsIn, registryOf } from '../../../src/findings/scene/named.ts';

test.for([
  ['https://app.example.com/login?next=x.y', [['app.example.com', 443]]],
  ['http://app.example.com:8080', [['app.example.com', 8080]]],
  ['App.Example.COM', [['app.example.com', null]]],
  ['postgres://user:secret@db.example.com:5432/main', [['db.example.com', 5432]]],
  ['wss://[2001:db8:0:0::1]:8443/', [['2001:db8::1', 8443]]],
  [
    '10.0.0.1:80,10.0.0.2',
    [
      ['10.0.0.1', 80],
      ['10.0.0.2', null],
    ],
  ],
  ['localhost', []],
  ['', []],
  ['-----BEGIN CERTIFICATE-----', []],
] as const)('hosts in %s', ([text, wanted]) => {
  const found = hostsIn(text).map(({ host, port }) => [host, port]);
  for (const one of wanted) expect(found).toContainEqual(one);
  if (wanted.length === 0) expect(found).toEqual([]);
});

test('a long hostile value is no list of hosts', () => {
  expect(hostsIn(`${'a.'.repeat(50_000)}!`).length).toBeLessThan(3);
  expect(hostsIn(`${'a-'.repeat(50_000)}.`).length).toBeLessThan(3);
  expect(hostsIn(`${'x@'.repeat(50_000)}.`).length).toBeLessThan(3);
});

test('an image names its registry only where it does', () => {
  expect(registryOf('registry.example.com/team/app:v1')).toEqual({ host: 'registry.example.com', port: 443 });
  expect(registryOf('registry.example.com:5000/app')).toEqual({ host: 'registry.example.com', port: 5000 });
  expect(registryOf('library/nginx')).toBeNull();
  expect(registryOf('nginx:1.29')).toBeNull();
});
