import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { annotate } from '../words.ts';
import { AWS, checksPerNode, isNodePort, pinnedPorts } from './annotations.ts';

interface Override extends Fact {
  /** What is set, as `key: value`. */
  readonly setting: string;
  readonly effect: string;
  readonly fix: readonly string[];
}

const DO = 'service.beta.kubernetes.io/do-loadbalancer-override-health-check';
const OPENSTACK = 'loadbalancer.openstack.org/enable-health-monitor';

/** Local policy lives on a health check that tells nodes apart; these settings replace it by one that every node passes. */
export const hcOverrideDefeatsLocal = defineServiceRule<Override>({
  id: 'hc-override-defeats-local',
  title: "the load balancer's health check no longer tells nodes with endpoints from others",
  severity: 'error',
  needs: [],
  foldsUnder: ['lb-bypasses-nodeports', 'no-usable-endpoints'],
  detect: (scene) => {
    if (!checksPerNode(scene)) return [];
    return [...aws(scene), ...others(scene)];
  },
  tell: ({ setting, effect, fix }, scene) => ({
    message: `the health check of the load balancer of ${scene.key} does not ask which nodes have an endpoint (${setting})`,
    why: `externalTrafficPolicy is Local, so nodes without an endpoint drop, and ${effect}`,
    remedy: `Let it ask healthCheckNodePort${scene.service.healthCheckNodePort === null ? '' : ` ${scene.service.healthCheckNodePort}`}, path /healthz: ${annotate(scene, ...fix)}`,
  }),
});

function aws(scene: ServiceScene): Override[] {
  const { annotations, ports, healthCheckNodePort } = scene.service;
  const isKnown = scene.provider()?.name.startsWith('aws') === true;
  const weight = isKnown ? {} : ({ severity: 'warning', confidence: 'hint' } as const);
  const found: Override[] = [];
  const add = (key: string, effect: string, lighter: Pick<Fact, 'severity'> = {}): void => {
    const text = `${AWS}${key}: ${annotations[`${AWS}${key}`] ?? ''}`;
    found.push({ ...weight, ...lighter, key, field: 'metadata.annotations', setting: text, effect, fix: [`${AWS}${key}-`] });
  };
  const port = pinnedPorts(scene).find(({ key }) => key.startsWith(AWS))?.port ?? null;
  const word = annotations[`${AWS}port`];
  const toNodePort = word === 'traffic-port' || ports.some(({ nodePort }) => nodePort !== null && nodePort === port);
  if (annotations[`${AWS}protocol`]?.toLowerCase() === 'tcp') {
    // A connection to the node port itself fails where there is no endpoint; so does any to a port that only kube-proxy opens.
    if (word === undefined || port === healthCheckNodePort)
      add('protocol', 'a TCP connection to the health-check port succeeds on every node, whatever the answer would be');
  }
  if (toNodePort)
    add('port', 'a check of the node port itself keeps nodes in rotation until their last terminating pod is gone', { severity: 'info' });
  else if (port !== null && port !== healthCheckNodePort && !isNodePort(port)) add('port', `port ${port} answers alike on every node`);
  const path = annotations[`${AWS}path`];
  if (path !== undefined && path !== '/healthz' && port === null)
    add('path', 'kube-proxy answers 404 to any other path than /healthz, so every target is unhealthy', { severity: 'warning' });
  return found;
}

function others(scene: ServiceScene): Override[] {
  const { annotations } = scene.service;
  const provider = scene.provider()?.name;
  const found: Override[] = [];
  if (annotations[DO] !== undefined && annotations[DO] !== 'false')
    found.push({
      severity: 'warning',
      ...(provider === 'digitalocean' ? {} : { confidence: 'hint' as const }),
      key: 'digitalocean',
      field: 'metadata.annotations',
      setting: `${DO}: ${annotations[DO]}`,
      effect: 'the check that the annotations describe is used instead of the one that knows',
      fix: [`${DO}-`],
    });
  if (provider === 'openstack' && annotations[OPENSTACK] !== 'true')
    found.push({
      severity: 'warning',
      key: 'openstack',
      field: 'metadata.annotations',
      setting: 'no health monitor, which is the default unless the cloud configuration has create-monitor',
      effect: 'Octavia without a monitor sends to every member',
      fix: [`${OPENSTACK}=true`],
    });
  return found;
}
