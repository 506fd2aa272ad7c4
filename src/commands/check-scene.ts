import type { VerifyReport } from '../analysis/verify-report.ts';
import type { Evidence } from '../cluster/evidence.ts';
import type { Service } from '../cluster/model.ts';
import { serviceKey } from '../cluster/model.ts';
import type { Location } from '../findings/check-report.ts';
import { type ClusterScene, createClusterScene, type SceneExtras } from '../findings/scene.ts';
import { Failure } from '../net/failure.ts';
import { didYouMean } from '../net/near.ts';
import type { Gathered } from './gather.ts';

interface Asked {
  readonly names: readonly string[];
  readonly all: boolean;
  readonly filename?: readonly string[] | undefined;
  readonly recursive?: boolean | undefined;
}

interface Prepared {
  readonly scene: ClusterScene;
  readonly services: readonly Service[];
  readonly locate: (service: Service, field: string | null) => Location | null;
}

/** The cluster as it is to be checked: with the manifests laid over it, and with what its nodes' rules show. */
export async function prepareCheck(gathered: Gathered, asked: Asked): Promise<Prepared> {
  const { namespace } = gathered;
  const over = asked.filename === undefined ? null : await overlay(gathered, asked.filename, asked.recursive === true);
  const evidence = over?.evidence ?? gathered.evidence;
  const extras: SceneExtras = {
    ...(over === null ? {} : { unapplied: over.unapplied, endpointsUnknown: over.endpointsUnknown, fromManifests: new Set(over.services) }),
    ...(gathered.evidence.nodeFiles.length === 0 ? {} : await fromRules(gathered.evidence)),
  };
  const scene = createClusterScene(evidence, extras);
  // Nodes that may not be read are a gap, and what needs them is not checked.
  if (scene.cluster.nodes.length === 0 && !evidence.gaps.some(({ what }) => what === 'Nodes'))
    throw new Failure(
      `no nodes in ${evidence.origin}`,
      'without Node objects nothing can be said; -f lays manifests over a cluster or a --snapshot',
    );
  const services = servicesAsked(scene, { ...asked, namespace, inFiles: over === null ? null : over.services });
  return { scene, services, locate: over?.locate ?? (() => null) };
}

/** What the nodes' own rules show; of the cluster as it is, because nobody has written rules for what is not applied. */
async function fromRules(evidence: Evidence): Promise<SceneExtras> {
  const [{ verifyAll }, { createFollow }, { hostProbeOf }] = await Promise.all([
    import('../analysis/verify.ts'),
    import('../analysis/follow.ts'),
    import('../findings/host-probe.ts'),
  ]);
  const { cluster, dataplane } = createClusterScene(evidence);
  if (cluster.nodes.length === 0 || cluster.services.length === 0) return {};
  const probeHost = hostProbeOf({ evidence, cluster, dataplane });
  try {
    const verified = verifyAll(evidence, null);
    const follow = createFollow({ evidence, cluster, dataplane }, nodesOfInterest(verified));
    return { probeHost, verified, follow };
  } catch (error) {
    // Rules that cannot be compared are no reason to judge nothing: the findings that need them are listed as not checked.
    if (error instanceof Failure) return { probeHost };
    throw error;
  }
}

/** One node of each sort that was found, the gravest first. */
function nodesOfInterest({ nodeGroups }: VerifyReport): readonly string[] {
  return nodeGroups.map(({ sample }) => sample);
}

async function overlay({ evidence, namespace }: Gathered, paths: readonly string[], recursive: boolean) {
  const [{ readManifests }, { layOver }, { lineOf }] = await Promise.all([
    import('../collect/manifests/read.ts'),
    import('../collect/manifests/overlay.ts'),
    import('../collect/manifests/located.ts'),
  ]);
  const { manifests } = await readManifests(paths, { namespace, recursive });
  const places = new Map(
    manifests
      .filter(({ object }) => object.kind === 'Service')
      .map((manifest) => [`${manifest.object.metadata.namespace ?? namespace}/${manifest.object.metadata.name}`, manifest]),
  );
  const locate = (service: Service, field: string | null): Location | null => {
    const place = places.get(serviceKey(service));
    return place === undefined ? null : { file: place.file, line: lineOf(place.at, field) };
  };
  return { ...layOver(evidence, manifests), locate };
}

interface Scope extends Asked {
  readonly namespace: string;
  /** Services of the manifests; null: there are no manifests. */
  readonly inFiles: readonly string[] | null;
}

function servicesAsked(scene: ClusterScene, { names, all, namespace, inFiles }: Scope): readonly Service[] {
  const { services } = scene.cluster;
  if (all && names.length > 0)
    throw new Failure('check takes Services or -A, not both', 'usage: kubectl srcip check svc/NAME …, or check -A');
  if (all) return services;
  if (names.length > 0) return names.map((name) => serviceNamed(scene, namespace, name));
  if (inFiles !== null && inFiles.length > 0) {
    const wanted = new Set(inFiles);
    return services.filter((service) => wanted.has(serviceKey(service)));
  }
  const here = services.filter((service) => service.namespace === namespace);
  if (here.length > 0) return here;
  const others = new Set(services.map((service) => service.namespace));
  throw new Failure(
    `no Services in namespace "${namespace}" (${scene.evidence.origin})`,
    didYouMean(namespace, others) ?? 'check every namespace with -A, or name one with -n',
  );
}

function serviceNamed({ cluster, evidence }: ClusterScene, namespace: string, name: string): Service {
  const found = cluster.services.find((service) => service.namespace === namespace && service.name === name);
  if (found !== undefined) return found;
  const elsewhere = cluster.services.filter((service) => service.name === name).map((service) => service.namespace);
  const near = cluster.services.filter((service) => service.namespace === namespace).map((service) => service.name);
  throw new Failure(
    `Service "${name}" not found in namespace "${namespace}" (${evidence.origin})`,
    elsewhere.length > 0
      ? `there is one in -n ${elsewhere.slice(0, 3).join(', -n ')}`
      : (didYouMean(name, near) ?? 'see kubectl get services -A'),
  );
}
