import { describe, expect, test } from 'vitest';
import { endpointChain, serviceChain } from '../../src/kubeproxy/names.ts';
import { endpoint, port, service } from '../support/build.ts';

/** `ns/name:port`, or `ns/name` for the unnamed port. */
function chainOf(prefix: Parameters<typeof serviceChain>[0], name: string, protocol: 'TCP' | 'UDP' | 'SCTP'): string {
  const { named, its } = parse(name, protocol);
  return serviceChain(prefix, named, its);
}

function parse(name: string, protocol: 'TCP' | 'UDP' | 'SCTP') {
  const [place = '', portName = ''] = name.split(':');
  const [namespace = '', serviceName = ''] = place.split('/');
  return { named: service({ namespace, name: serviceName }), its: port([], { name: portName, protocol }) };
}

// kube-proxy's own tests (proxier_test.go) have those of ns1 to ns5; the others stand in dumps of real nodes.
test.each([
  ['KUBE-SVC', 'ns1/svc1:p80', 'TCP', 'XPGD46QRK7WJZT7O'],
  ['KUBE-SVC', 'ns2/svc2:p80', 'TCP', 'GNZBNJ2PO5MGZ6GT'],
  ['KUBE-EXT', 'ns2/svc2:p80', 'TCP', 'GNZBNJ2PO5MGZ6GT'],
  ['KUBE-SVL', 'ns2/svc2:p80', 'TCP', 'GNZBNJ2PO5MGZ6GT'],
  ['KUBE-XLB', 'ns2/svc2:p80', 'TCP', 'GNZBNJ2PO5MGZ6GT'],
  ['KUBE-EXT', 'ns4/svc4:p80', 'TCP', '4SW47YFZTEDKD3PK'],
  ['KUBE-FW', 'ns5/svc5:p80', 'TCP', 'NUKIZ6OKUXPJNT4C'],
  ['KUBE-SVC', 'default/kubernetes:https', 'TCP', 'NPX46M4PTMTKRN6Y'],
  ['KUBE-SVC', 'kube-system/kube-dns:dns', 'UDP', 'TCOU7JCQXEZGVUNU'],
  ['KUBE-SVC', 'kube-system/kube-dns:dns-tcp', 'TCP', 'ERIFXISQEP7F7OF4'],
  ['KUBE-SVC', 'kube-system/kube-dns:metrics', 'TCP', 'JD5MR3NA4I4DYORP'],
  ['KUBE-SVC', 'default/nginx', 'TCP', '2CMXP7HKUVJN7L6M'],
  ['KUBE-SVC', 'ns1/svc1', 'TCP', 'AQI2S6QIMU7PVVRP'],
] as const)('%s of %s %s is …%s', (prefix, name, protocol, hash) => {
  expect(chainOf(prefix, name, protocol)).toBe(`${prefix}-${hash}`);
});

test.each([
  ['ns1/svc1:p80', '10.180.0.1', 'SXIVWICOYRO3J4NJ'],
  ['ns2/svc2:p80', '10.180.0.2', 'RS4RBKLTHTF2IUXJ'],
  ['ns4/svc4:p80', '10.180.0.4', 'UKSFD7AGPMPPLUHC'],
  ['ns4/svc4:p80', '10.180.0.5', 'C6EBXVWJJZMIWKLZ'],
  ['ns5/svc5:p80', '10.180.0.3', 'I77PXRDZVX7PMWMN'],
  ['ns1/svc1:p80', 'fd00:10:180::1', 'OGYCNMB4EMRUSJ6N'],
])('KUBE-SEP of %s at %s is …%s', (name, address, hash) => {
  const { named, its } = parse(name, 'TCP');
  expect(endpointChain(named, its, endpoint('web-1', { address, port: 80 }))).toBe(`KUBE-SEP-${hash}`);
});

describe('what the hash depends on', () => {
  test('the port by its name, never by its number', () => {
    const named = service();
    const chain = (number: number): string => serviceChain('KUBE-SVC', named, port([], { port: number }));
    expect(chain(80)).toBe(chain(8080));
  });

  test('the protocol', () => {
    expect(chainOf('KUBE-SVC', 'ns1/dns:dns', 'TCP')).not.toBe(chainOf('KUBE-SVC', 'ns1/dns:dns', 'UDP'));
  });

  test('the unnamed port has no trailing colon since 1.19', () => {
    expect(chainOf('KUBE-SVC', 'ns1/svc1', 'TCP')).not.toBe('KUBE-SVC-AHZNAGK3SCETOS2T');
  });
});
