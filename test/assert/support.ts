import { assertFlows } from '../../src/assert/assert.ts';
import { readAssertions } from '../../src/assert/read.ts';
import type { AssertReport } from '../../src/assert/report.ts';
import { Failure } from '../../src/net/failure.ts';
import { evidenceOf, flannel, kubeadm, nodes, type Raw, service, slice, webOn } from '../cluster/objects.ts';

/** Four flannel nodes; Service ns1/web with the endpoints web-1 and web-3. */
export function cluster(of: Raw = service(), more: readonly Raw[] = []): Raw[] {
  return [...nodes(4), of, slice([webOn(1), webOn(3)]), ...kubeadm(), ...flannel(), ...more];
}

/** A document for Service ns1/web with these flows. */
export function document(flows: string, of = 'ns1/web'): string {
  return `apiVersion: srcip.io/v1alpha1\nkind: FlowAssertions\nservice: ${of}\nflows:\n${flows}`;
}

export function check(text: string, raw: readonly Raw[] = cluster()): AssertReport {
  return assertFlows(evidenceOf(raw), readAssertions(text, 'flows.yaml'), 'ns1');
}

/** Message and hint of the Failure in which reading a file ends. */
export function refusal(text: string): string {
  try {
    readAssertions(text, 'flows.yaml');
  } catch (error) {
    if (error instanceof Failure) return `${error.message} | ${error.hint ?? ''}`;
    throw error;
  }
  throw new Error('it was read');
}
