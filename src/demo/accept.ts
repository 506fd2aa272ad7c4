import { notAcceptable } from './status.ts';

/** The form in which a client wants its answer. */
export type Form = 'object' | 'table' | 'metadata' | 'discovery';

/** The first form in an Accept header that this server speaks (protobuf it does not), or a refusal. */
export function chooseForm(accept: string | undefined): Form {
  if (accept === undefined || accept.trim() === '') return 'object';
  const form = accept
    .split(',')
    .map(formOf)
    .find((known) => known !== null);
  if (form === undefined || form === null) throw notAcceptable();
  return form;
}

function formOf(source: string): Form | null {
  const [media = '', ...parameters] = source.split(';').map((part) => part.trim());
  if (media !== 'application/json' && media !== '*/*' && media !== 'application/*') return null;
  const given = new Map(
    parameters.map((parameter) => [parameter.slice(0, parameter.indexOf('=')), parameter.slice(parameter.indexOf('=') + 1)]),
  );
  const as = given.get('as');
  if (as === undefined) return 'object';
  const from = `${given.get('g')}/${given.get('v')}`;
  if (as === 'Table' && (from === 'meta.k8s.io/v1' || from === 'meta.k8s.io/v1beta1')) return 'table';
  if ((as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') && from === 'meta.k8s.io/v1') return 'metadata';
  return as === 'APIGroupDiscoveryList' && from === 'apidiscovery.k8s.io/v2' ? 'discovery' : null;
}
