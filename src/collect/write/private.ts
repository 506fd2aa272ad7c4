import type { ContainerObject, DaemonSetObject, KubeObject, PodObject, PodSpecObject } from '../../cluster/objects.ts';

/** DaemonSets whose command lines and environment tell how traffic goes (src/dataplane); those of all others may hold passwords. */
const TELLING =
  /^(?:kube-proxy(?:-.*)?|kube-flannel(?:-ds.*)?|canal|rke2-canal|kindnet|calico-node|cilium|anetd|aws-node|weave-net|sdn|kube-router|antrea-agent|ovnkube-node|azure-cns|azure-cni-.*)$/;
const SECRET = /PASSW|TOKEN|SECRET|CREDENTIAL|PRIVATE|_KEY$/i;

/** An object as a snapshot may hold it: without the command lines and environments of pods that nobody needs to know. */
export function withoutPrivate(object: KubeObject): KubeObject {
  if (object.kind === 'Pod') return withoutPodPrivate(object);
  return object.kind === 'DaemonSet' ? withoutDaemonPrivate(object) : object;
}

function withoutPodPrivate(pod: PodObject): PodObject {
  return pod.spec === undefined ? pod : { ...pod, spec: withoutSpecPrivate(pod.spec, /^kube-proxy(?:-|$)/.test(pod.metadata.name)) };
}

function withoutDaemonPrivate(daemon: DaemonSetObject): DaemonSetObject {
  const template = daemon.spec?.template;
  if (template?.spec === undefined) return daemon;
  const spec = withoutSpecPrivate(template.spec, TELLING.test(daemon.metadata.name));
  return { ...daemon, spec: { ...daemon.spec, template: { ...template, spec } } };
}

function withoutSpecPrivate(spec: PodSpecObject, isTelling: boolean): PodSpecObject {
  return spec.containers === undefined
    ? spec
    : { ...spec, containers: spec.containers.map((one) => withoutContainerPrivate(one, isTelling)) };
}

function withoutContainerPrivate({ command, args, env, envFrom: _envFrom, ...rest }: ContainerObject, isTelling: boolean): ContainerObject {
  if (!isTelling) return rest;
  return {
    ...rest,
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
    ...(env === undefined
      ? {}
      : { env: env.map(({ name, value }) => (value === undefined || SECRET.test(name) ? { name } : { name, value })) }),
  };
}
