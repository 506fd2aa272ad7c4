import { describe, expect, test } from 'vitest';
import { configHosts } from '../../src/cluster/config-hosts.ts';
import { slim } from '../../src/cluster/slim.ts';
import { configMap } from './objects.ts';

const hosts = (data: Record<string, string>, name = 'app') => configHosts(configMap(name, data, 'shop'))?.hosts ?? {};

describe('what is kept of a ConfigMap', () => {
  test('hosts by key, each once, and nothing else of it', () => {
    const text =
      'password: hunter2\nurl: https://App.example.com/a?b\nagain: app.example.com:443\ndb: postgres://me:pw@db.example.com:5432/x\n';
    const found = configHosts(configMap('app', { 'app.yaml': text, plain: 'no host here' }, 'shop'));
    expect(found).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigHosts',
      metadata: { name: 'app', namespace: 'shop' },
      hosts: { 'app.yaml': ['app.example.com:443', 'db.example.com:5432'] },
    });
    expect(JSON.stringify(found)).not.toMatch(/hunter2|pw|me:/);
  });

  test('without a host, of another kind, of the cluster itself: nothing', () => {
    expect(configHosts(configMap('app', { a: 'x', b: '1.2.3' }))).toBeNull();
    expect(configHosts(configMap('coredns', { Corefile: 'app.example.com:53 {}' }))).toBeNull();
    expect(configHosts({ ...configMap('app', { a: 'app.example.com' }), kind: 'Secret' })).toBeNull();
    expect(configHosts({ ...configMap('app', { a: 'app.example.com' }), apiVersion: 'other.io/v1' })).toBeNull();
    expect([null, 7, 'x', [], {}, { apiVersion: 'v1', kind: 'ConfigMap', data: 7 }].map((raw) => configHosts(raw))).toEqual(
      Array(6).fill(null),
    );
  });

  test('binary data and whatever is no text are left out', () => {
    const raw = { ...configMap('app', {}), data: { a: 7, b: ['app.example.com'] }, binaryData: { c: 'YXBwLmV4YW1wbGUuY29t' } };
    expect(configHosts(raw)).toBeNull();
  });

  test('bounded: hosts of a key, keys, and the length of a text', () => {
    const many = Array.from({ length: 1000 }, (_, i) => `h${i}.example.com`).join('\n');
    expect(hosts({ a: many })['a']).toHaveLength(200);
    expect(Object.keys(hosts(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 'a.example.com']))))).toHaveLength(200);
    expect(hosts({ a: `${'x\n'.repeat(40_000)}late.example.com` })).toEqual({});
    expect(hosts({ a: `${'x '.repeat(4000)}late.example.com\nnext.example.com` })).toEqual({ a: ['next.example.com'] });
  });

  test('no kind that a file may bring along', () => {
    expect(slim({ apiVersion: 'v1', kind: 'ConfigHosts', metadata: { name: 'a' }, hosts: { a: ['x.example.com'] } })).toBeNull();
  });

  test('a hostile text takes no time to speak of', () => {
    const hostile = [
      `${'a.'.repeat(32_000)}!`,
      `${'a-'.repeat(32_000)}.`,
      `${'x@'.repeat(32_000)}.`,
      `${'[:'.repeat(32_000)}.`,
      '.\n'.repeat(32_000),
    ];
    expect(Object.keys(hosts(Object.fromEntries(hostile.map((text, i) => [`k${i}`, text])))).length).toBeLessThan(6);
  });
});

describe('what a pod says of ConfigMaps', () => {
  const pod = (spec: object) => slim({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'shop' }, spec });

  test('references stay, those to Secrets and to the root certificate do not', () => {
    const volumes = [
      { name: 'a', projected: { sources: [{ serviceAccountToken: { path: 't' } }, { configMap: { name: 'kube-root-ca.crt' } }] } },
      {
        name: 'b',
        projected: {
          defaultMode: 420,
          sources: [{ secret: { name: 's' } }, { configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } }],
        },
      },
      { name: 'd', secret: { secretName: 's' } },
      { name: 'e', configMap: { name: 'f', defaultMode: 420 } },
    ];
    const containers = [
      {
        name: 'main',
        env: [
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k', optional: true } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        ],
        envFrom: [{ secretRef: { name: 's' } }, { prefix: 'P_', configMapRef: { name: 'c' } }],
      },
      { name: 'other', envFrom: [{ secretRef: { name: 's' } }] },
    ];
    expect(pod({ volumes, containers })).toMatchObject({
      spec: {
        volumes: [
          { name: 'b', projected: { sources: [{ configMap: { name: 'c', items: [{ key: 'k' }] } }] } },
          { name: 'e', configMap: { name: 'f' } },
        ],
        containers: [
          {
            name: 'main',
            env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }, { name: 'B' }],
            envFrom: [{ configMapRef: { name: 'c' } }],
          },
          { name: 'other' },
        ],
      },
    });
    expect(JSON.stringify(pod({ volumes, containers }))).not.toMatch(/secret|kube-root/);
  });
});
