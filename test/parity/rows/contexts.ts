import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

/** Two clusters, two users and three contexts; the current one is `here`: MAIN, alice, namespace shop. */
export async function twoClusters(stage: Stage): Promise<object> {
  const [main, other] = await Promise.all([stage.api('main'), stage.api('other')]);
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [
      { name: 'here', context: { cluster: 'main', user: 'alice', namespace: 'shop' } },
      { name: 'there', context: { cluster: 'other', user: 'bob', namespace: 'ingress-nginx' } },
      { name: 'bare', context: { cluster: 'main', user: 'alice' } },
      { name: 'half', context: { cluster: 'gone', user: 'alice', namespace: 'shop' } },
      { name: 'userless', context: { cluster: 'main', user: 'gone', namespace: 'shop' } },
    ],
    clusters: [
      { name: 'main', cluster: stage.cluster(main) },
      { name: 'other', cluster: stage.cluster(other) },
    ],
    users: [
      { name: 'alice', user: { token: 'alice-token' } },
      { name: 'bob', user: { token: 'bob-token' } },
    ],
  };
}

function flags(...given: readonly string[]): (stage: Stage) => Promise<Try> {
  return async (stage) => stage.from(await twoClusters(stage), { flags: given });
}

export const CONTEXTS = rows(
  'Context, cluster, user and namespace',
  { name: 'the current context', set: flags() },
  { name: 'another context', set: flags('--context', 'there') },
  { name: 'another context, one word', set: flags('--context=there') },
  { name: 'a context that does not exist', set: flags('--context', 'nowhere') },
  { name: 'an empty context', set: flags('--context=') },
  {
    name: 'a context whose cluster does not exist',
    differs: 'kubectl asks http://localhost:8080, whatever listens there; srcip says what is missing',
    set: flags('--context', 'half'),
  },
  { name: 'a context whose cluster does not exist, and another cluster', set: flags('--context', 'half', '--cluster', 'other') },
  {
    name: 'a context whose user does not exist',
    differs:
      'kubectl asks for a user name and a password on standard input, which no API server has taken since Kubernetes 1.19; srcip says that the user does not exist',
    set: flags('--context', 'userless'),
  },
  { name: 'a context whose user does not exist, and another user', set: flags('--context', 'userless', '--user', 'bob') },
  { name: 'another cluster', set: flags('--cluster', 'other') },
  { name: 'a cluster that does not exist', set: flags('--cluster', 'nowhere') },
  { name: 'another user', set: flags('--user', 'bob') },
  { name: 'a user that does not exist', set: flags('--user', 'nobody') },
  { name: 'another cluster and user', set: flags('--cluster=other', '--user=bob') },
  { name: 'a context and another user', set: flags('--context', 'there', '--user', 'alice') },
  { name: 'a context without a namespace', set: flags('--context', 'bare') },
  { name: 'a namespace', set: flags('-n', 'default') },
  { name: 'a namespace, joined', set: flags('-ndefault') },
  { name: 'a namespace, with an equals sign', set: flags('-n=default') },
  { name: 'a namespace, long', set: flags('--namespace', 'default') },
  { name: 'a namespace, long, with an equals sign', set: flags('--namespace=default') },
  { name: 'an empty namespace', set: flags('-n', '') },
  { name: "a namespace over another context's", set: flags('--context', 'there', '-n', 'shop') },
  { name: 'a namespace twice: the last one', set: flags('-n', 'default', '-n', 'shop') },
  { name: 'a context twice: the last one', set: flags('--context', 'there', '--context', 'here') },
  { name: 'a namespace that does not exist', set: flags('-n', 'nowhere') },
  {
    name: 'a namespace that can be none',
    differs: 'the same complaint, but kubectl asks the server for its types first',
    set: flags('-n', 'a/../b'),
  },
  {
    name: 'all namespaces',
    set: async (stage) =>
      stage.from(await twoClusters(stage), {
        kubectl: ['get', 'services', '-A', '-o', 'json'],
        srcip: ['check', '-A', '-o', 'json', '--fail-on', 'never'],
      }),
  },
  {
    name: 'all namespaces and one of them: all',
    set: async (stage) =>
      stage.from(await twoClusters(stage), {
        kubectl: ['get', 'services', '-A', '-n', 'shop', '-o', 'json'],
        srcip: ['check', '-A', '-n', 'shop', '-o', 'json', '--fail-on', 'never'],
      }),
  },
);
