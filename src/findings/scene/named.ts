import type { ContainerObject, PodObject } from '../../cluster/objects.ts';
import { hostsIn, type NamedHost } from '../../net/named-hosts.ts';

export { hostsIn };

/** A host or address that a pod's manifest names. */
export interface Named extends NamedHost {
  /** `env API_URL`, `its arguments`, `its image`. */
  readonly where: string;
}

export const IN_ARGUMENTS = 'its arguments';
/** Options that say what a program is called or responsible for, not whom it asks. */
const NO_CALL =
  /^--?(publish-status-address|publish-service|domain|domain-filter|exclude-domains|zone-name-filter|hostname|external-hostname|advertise-address)=/i;

/** Everything that a pod's containers name in their environment and command lines. */
export function namedBy({ spec }: PodObject, find: typeof hostsIn): readonly Named[] {
  return (spec?.containers ?? []).flatMap((container) => namedByContainer(container, find));
}

function namedByContainer({ env = [], args = [], command = [] }: ContainerObject, find: typeof hostsIn): Named[] {
  const inEnv = env.flatMap(({ name, value = '' }) => find(value).map((found) => ({ ...found, where: `env ${name}` })));
  const inWords = [...command, ...args]
    .filter((word) => !NO_CALL.test(word))
    .flatMap((word) => find(word).map((found) => ({ ...found, where: IN_ARGUMENTS })));
  return [...inEnv, ...inWords];
}

/** The registry that an image comes from, where it is named: `registry.example.com:5000/team/app` and not `team/app`. */
export function registryOf(image: string): NamedHost | null {
  const [first = '', ...rest] = image.split('/');
  if (rest.length === 0 || !/[.:]/.test(first)) return null;
  const [host = '', port] = first.split(':');
  return { host: host.toLowerCase(), port: port === undefined ? 443 : Number(port) };
}
