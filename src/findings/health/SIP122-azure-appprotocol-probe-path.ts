import { defineServiceRule, type Fact } from '../types.ts';
import { annotate, nameList, verb } from '../words.ts';
import { AZURE } from './annotations.ts';

interface RootProbed extends Fact {
  readonly ports: readonly string[];
  readonly isNginx: boolean;
}

const PORT_SETTING = /^service\.beta\.kubernetes\.io\/port_(\d+)_health-probe_(protocol|request-path)$/;

/** cloud-provider-azure: with Cluster policy a port's appProtocol http(s) makes the probe an HTTP GET of `/`, which must answer 200. */
export const azureAppprotocolProbePath = defineServiceRule<RootProbed>({
  id: 'azure-appprotocol-probe-path',
  title: 'Azure probes "/" over HTTP because of appProtocol, and marks every node down',
  severity: 'warning',
  needs: [],
  anyDataplane: true,
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    const { service } = scene;
    if (scene.provider()?.name !== 'azure' || scene.isLocal || service.annotations[`${AZURE}request-path`] !== undefined) return [];
    if (/^tcp$/i.test(service.annotations[`${AZURE}protocol`] ?? '')) return [];
    const set = new Set(Object.keys(service.annotations).flatMap((key) => PORT_SETTING.exec(key)?.[1] ?? []));
    const ports = (scene.object?.spec?.ports ?? []).filter(
      ({ appProtocol, port }) => /^https?$/i.test(appProtocol ?? '') && !set.has(String(port)),
    );
    if (ports.length === 0) return [];
    const labels = { ...service.labels, ...scene.object?.spec?.selector };
    const isNginx = Object.values(labels).some((value) => /ingress-nginx|nginx-ingress/.test(value));
    const names = ports.map(({ name, port }) => (name === undefined || name === '' ? String(port) : name));
    return [{ severity: isNginx ? 'error' : 'warning', field: 'spec.ports', ports: names, isNginx }];
  },
  tell: ({ ports, isNginx }, scene) => ({
    message: `Azure probes ${scene.key} on ${nameList(ports)} with an HTTP request for "/": ${isNginx ? 'ingress-nginx answers 404, every node counts as down, and nothing is reachable' : 'unless "/" answers 200, every node counts as down'}`,
    why: `${verb(ports.length, 'that port has', 'these ports have')} appProtocol http or https, the policy is Cluster, and no probe path is given`,
    remedy: `Name a path that answers 200 without a host (ingress-nginx: /healthz): ${annotate(scene, `${AZURE}request-path=/healthz`)}`,
  }),
});
