import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseClient, parseTarget } from '../../src/analysis/question.ts';
import { Failure } from '../../src/net/failure.ts';

describe('--from', () => {
  test.for([
    ['external', { kind: 'external', address: null }],
    ['external=198.51.100.7', { kind: 'external', address: '198.51.100.7' }],
    ['external=2001:DB8::1', { kind: 'external', address: '2001:db8::1' }],
    ['external=::ffff:198.51.100.7', { kind: 'external', address: '198.51.100.7' }],
    ['node/node-1.example.com', { kind: 'node', name: 'node-1.example.com' }],
    ['pod/web-1', { kind: 'pod', namespace: 'here', name: 'web-1' }],
    ['pod/ns2/web-1', { kind: 'pod', namespace: 'ns2', name: 'web-1' }],
    ['pod@node1', { kind: 'any-pod', node: 'node1' }],
  ] as const)('%s', ([text, spec]) => {
    expect(parseClient(text, 'here')).toEqual(spec);
  });

  test.for([
    '',
    'External',
    'external=',
    'external=example.com',
    'external=10.0.0.1/8',
    'external=010.0.0.1',
    'external= 10.0.0.1',
    'node',
    'node/',
    'node/a/b',
    'pod',
    'pod/',
    'pod/a/b/c',
    'pod//a',
    'pod@',
    'pod@a b',
    'node/-a',
    'node/a;b',
    'node/../x',
    'pod/\u001b[31m',
    'external=10.0.0.1\n',
    'svc/web',
    'pod@node1/x',
  ])('%j is none', (text) => {
    expect(() => parseClient(text, 'here')).toThrow(Failure);
  });
});

describe('--to', () => {
  test.for([
    ['clusterIP', { kind: 'clusterIP' }],
    ['nodePort', { kind: 'nodePort' }],
    ['externalIP', { kind: 'externalIP' }],
    ['loadBalancer', { kind: 'loadBalancer' }],
    ['healthCheck', { kind: 'healthCheck' }],
    ['node/node1', { kind: 'node', name: 'node1' }],
    ['10.0.0.1:80', { kind: 'address', address: '10.0.0.1', port: 80, protocol: 'TCP' }],
    ['10.0.0.1:53/udp', { kind: 'address', address: '10.0.0.1', port: 53, protocol: 'UDP' }],
    ['10.0.0.1:53/SCTP', { kind: 'address', address: '10.0.0.1', port: 53, protocol: 'SCTP' }],
    ['10.0.0.1:53/tcp', { kind: 'address', address: '10.0.0.1', port: 53, protocol: 'TCP' }],
    ['[2001:DB8:0::1]:80', { kind: 'address', address: '2001:db8::1', port: 80, protocol: 'TCP' }],
    ['[fd00::1]:53/udp', { kind: 'address', address: 'fd00::1', port: 53, protocol: 'UDP' }],
    ['10.0.0.1:65535', { kind: 'address', address: '10.0.0.1', port: 65535, protocol: 'TCP' }],
    ['127.0.0.1:30080', { kind: 'address', address: '127.0.0.1', port: 30080, protocol: 'TCP' }],
  ] as const)('%s', ([text, spec]) => {
    expect(parseTarget(text)).toEqual(spec);
  });

  test.for([
    '',
    'clusterip',
    'node',
    'node/',
    'node/a b',
    '10.0.0.1',
    '10.0.0.1:0',
    '10.0.0.1:65536',
    '10.0.0.1:080000',
    '10.0.0.1:80/icmp',
    '10.0.0.1:80/',
    '2001:db8::1:80',
    '[10.0.0.1:80',
    '[2001:db8::1]',
    '[2001:db8::1]80',
    'example.com:80',
    '10.0.0.1:-1',
    '10.0.0.1:80 ',
    '010.0.0.1:80',
    '1.2.3:80',
    '[::1%eth0]:x',
    '10.0.0.1:٣',
  ])('%j is none', (text) => {
    expect(() => parseTarget(text)).toThrow(Failure);
  });
});

test('any text is a client or a target, or refused in one line that shows it safely', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((tail) => `external=${tail}`),
    fc.string().map((tail) => `10.0.0.1:${tail}`),
  );
  const check = (parse: (value: string) => unknown, value: string): void => {
    try {
      parse(value);
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      expect((error as Failure).message).not.toMatch(/[\u0000-\u001f]/);
      expect((error as Failure).hint).toMatch(/^use /);
    }
  };
  fc.assert(
    fc.property(text, (value) => {
      check((each) => parseClient(each, 'here'), value);
      check(parseTarget, value);
    }),
    { numRuns: 2000 },
  );
});
