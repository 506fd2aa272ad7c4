import type { CustomObject, LabelSelectorObject } from '../../cluster/objects.ts';
import { canonicalIp, familyOf, parseCidr } from '../../net/ip.ts';
import { customOf } from '../scene/custom.ts';
import { matchesSelector } from '../scene/selector.ts';
import type { ServiceScene } from '../scene.ts';

/** MetalLB's own objects (metallb.io/v1beta1): pools of addresses, who may announce them, and who does. */

export interface Advertisements {
  readonly pool: CustomObject;
  readonly l2: readonly CustomObject[];
  readonly bgp: readonly CustomObject[];
}

/** The pool that an address of the Service is from, and the advertisements that cover it; null: no pool of MetalLB's has the address. */
export function advertisementsFor({ cluster, service, vips }: ServiceScene): Advertisements | null {
  const pool = customOf(cluster, 'IPAddressPool').find((one) =>
    vips.some((vip) => texts(one.spec?.['addresses']).some((range) => isIn(vip, range))),
  );
  if (pool === undefined) return null;
  const covers = ({ spec }: CustomObject): boolean => {
    const names = texts(spec?.['ipAddressPools']);
    const selectors = selectorsOf(spec?.['ipAddressPoolSelectors']);
    const services = selectorsOf(spec?.['serviceSelectors']);
    if (services.length > 0 && !services.some((selector) => matchesSelector(selector, service.labels))) return false;
    if (names.length === 0 && selectors.length === 0) return true;
    return names.includes(pool.metadata.name) || selectors.some((selector) => matchesSelector(selector, pool.metadata.labels ?? {}));
  };
  return {
    pool,
    l2: customOf(cluster, 'L2Advertisement').filter(covers),
    bgp: customOf(cluster, 'BGPAdvertisement').filter(covers),
  };
}

/** Whether an advertisement lets a node announce; without selectors every node may. */
export function mayAnnounce({ spec }: CustomObject, labels: Readonly<Record<string, string>>): boolean {
  const selectors = selectorsOf(spec?.['nodeSelectors']);
  return selectors.length === 0 || selectors.some((selector) => matchesSelector(selector, labels));
}

/** The node that holds the Service's address by somebody's own word: MetalLB's ServiceL2Status, kube-vip's annotation. */
export function holderOf({ cluster, service }: ServiceScene): { readonly node: string; readonly evidence: string } | null {
  for (const { metadata, status } of customOf(cluster, 'ServiceL2Status')) {
    const name = status?.['serviceName'] ?? metadata.labels?.['metallb.io/service-name'];
    const namespace = status?.['serviceNamespace'] ?? metadata.labels?.['metallb.io/service-namespace'];
    const node = status?.['node'] ?? metadata.labels?.['metallb.io/node'];
    if (name === service.name && namespace === service.namespace && typeof node === 'string' && node !== '')
      return { node, evidence: `ServiceL2Status ${metadata.name}` };
  }
  const host = service.annotations['kube-vip.io/vipHost'];
  return host === undefined || host === '' ? null : { node: host, evidence: 'annotation kube-vip.io/vipHost' };
}

/** `192.0.2.0/24` or `192.0.2.10-192.0.2.20`. */
function isIn(address: string, range: string): boolean {
  const [first = '', last] = range.split('-').map((text) => text.trim());
  if (last === undefined) return parseCidr(first)?.contains(address) === true;
  const [low, high] = [canonicalIp(first), canonicalIp(last)];
  if (low === null || high === null || familyOf(low) !== familyOf(address)) return false;
  return numberOf(low) <= numberOf(address) && numberOf(address) <= numberOf(high);
}

function numberOf(address: string): bigint {
  if (familyOf(address) === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail = ''] = address.split('::');
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const zeros = Array.from({ length: address.includes('::') ? 8 - words(head).length - words(tail).length : 0 }, () => '0');
  return [...words(head), ...zeros, ...words(tail)].reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
}

function texts(raw: unknown): string[] {
  return Array.isArray(raw) ? raw.filter((entry) => typeof entry === 'string') : [];
}

function isRecord(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

/** Label selectors of a custom resource, each part with a look at its type. */
function selectorsOf(raw: unknown): LabelSelectorObject[] {
  return (Array.isArray(raw) ? raw : []).filter(isRecord).map((one) => {
    const labels = isRecord(one['matchLabels']) ? one['matchLabels'] : {};
    const expressions = Array.isArray(one['matchExpressions']) ? one['matchExpressions'].filter(isRecord) : [];
    return {
      matchLabels: Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
      matchExpressions: expressions.map(({ key, operator, values }) => ({
        key: String(key),
        operator: String(operator),
        values: texts(values),
      })),
    };
  });
}
