import { Failure } from '../net/failure.ts';

const TYPES: ReadonlySet<string> = new Set(['svc', 'service', 'services', 'services.v1.', 'service.v1.']);

/** `svc/NAME`, `service/NAME`, `services/NAME`, `svc NAME` and a bare `NAME` mean the same, as in kubectl. */
export function serviceName(words: readonly string[]): string {
  const [first, second, ...more] = words;
  if (first === undefined) throw new Failure('no Service was named', 'usage: kubectl srcip explain svc/NAME -n NAMESPACE');
  if (more.length > 0)
    throw new Failure(
      `one Service at a time: ${words.map((word) => JSON.stringify(word)).join(' ')}`,
      'usage: kubectl srcip explain svc/NAME',
    );
  const slash = first.indexOf('/');
  if (slash >= 0) {
    if (second !== undefined) {
      throw new Failure(
        `there is no need to specify a resource type as a separate argument when passing arguments in resource/name form`,
        `try: kubectl srcip explain ${first}`,
      );
    }
    const [type, name] = [first.slice(0, slash), first.slice(slash + 1)];
    if (!TYPES.has(type.toLowerCase()))
      throw new Failure(`${JSON.stringify(type)} is no Service`, `only Services can be explained: svc/${name}`);
    return checked(name);
  }
  if (second === undefined) {
    if (TYPES.has(first.toLowerCase()))
      throw new Failure(`which Service? ${JSON.stringify(first)} is a type`, 'usage: kubectl srcip explain svc/NAME');
    return checked(first);
  }
  if (!TYPES.has(first.toLowerCase()))
    throw new Failure(`${JSON.stringify(first)} is no Service`, `only Services can be explained: svc/${second}`);
  return checked(second);
}

/** Names are DNS labels (RFC 1123); anything else cannot exist and must not reach a URL. */
function checked(name: string): string {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return name;
  throw new Failure(`${JSON.stringify(name)} cannot be the name of a Service`, 'names have lower-case letters, digits and "-"');
}
