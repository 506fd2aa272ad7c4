import type { NameKind } from './names.ts';
import { type Pen, scramble } from './pen.ts';
import { isKnownName } from './words.ts';

/** The name of an object, as it stands in the object and wherever else it is spoken of. Names that others go by stay recognisable. */
export function redactName(kind: NameKind, name: string, pen: Pen): string {
  // Nobody's nodes are called by software.
  if (kind === 'node') return pen.names.of(kind, name);
  if (isKnownName(name)) return name;
  if (kind === 'daemon') return redactDaemon(name, pen);
  const found = pen.names.of(kind, name);
  return kind === 'pod' && name.startsWith('kube-proxy-') && found !== name ? `kube-proxy-${found}` : found;
}

/** k3s calls what serves a load balancer `svclb-SERVICE-UID8`. */
function redactDaemon(name: string, pen: Pen): string {
  const { service, uid } = /^svclb-(?<service>.+)-(?<uid>[0-9a-f]{8})$/.exec(name)?.groups ?? {};
  if (service !== undefined && uid !== undefined) return `svclb-${redactName('service', service, pen)}-${scramble(pen, uid, 'hex')}`;
  const found = pen.names.of('daemon', name);
  return name.startsWith('kube-proxy-') && found !== name ? `kube-proxy-${found}` : found;
}
