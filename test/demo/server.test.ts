import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { type ApiServer, type ServedRequest, startApiServer } from '../../src/demo/server.ts';
import { ask, askList, askStatus, keys } from './ask.ts';

describe('the demo cluster over HTTP', () => {
  let server: ApiServer;
  const served: ServedRequest[] = [];
  beforeAll(async () => {
    server = await startApiServer({ objects: loadDemoCluster(), onRequest: (request) => served.push(request) });
  });
  afterAll(() => server.close());

  test('one object comes with its kind', async () => {
    const reply = await ask(server, '/api/v1/namespaces/shop/services/web');
    expect(JSON.parse(reply.text)).toMatchObject({
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { name: 'web' },
      spec: { type: 'NodePort' },
    });
  });

  test('a list of a built-in kind is typed, its items are not', async () => {
    const list = await askList(server, '/api/v1/namespaces/shop/services');
    expect(list.kind).toBe('ServiceList');
    expect(keys(list)).toEqual(['shop/api', 'shop/db', 'shop/legacy', 'shop/mail', 'shop/web']);
    expect(list.items.every((item) => item.kind === undefined)).toBe(true);
  });

  test('items of a custom resource carry their kind', async () => {
    const list = await askList(server, '/apis/metallb.io/v1beta1/ipaddresspools');
    expect(list.items.map((item) => item.kind)).toEqual(['IPAddressPool']);
  });

  test('an empty namespace is an empty list, not an error', async () => {
    expect((await askList(server, '/api/v1/namespaces/nowhere/services')).items).toEqual([]);
  });

  test.for([
    ['/api/v1/services?labelSelector=app%3Dweb', ['shop/web']],
    ['/api/v1/services?labelSelector=app%3D%3Dweb', ['shop/web']],
    ['/api/v1/services?labelSelector=app%20in%20(web,api),app!%3Dapi', ['shop/web']],
    ['/api/v1/namespaces/shop/services?labelSelector=app%20notin%20(web,api,db)', ['shop/legacy', 'shop/mail']],
    ['/api/v1/nodes?labelSelector=node-role.kubernetes.io/control-plane', ['cp-1']],
    ['/api/v1/nodes?labelSelector=!node-role.kubernetes.io/control-plane', ['worker-1', 'worker-2', 'worker-3']],
    ['/api/v1/nodes?labelSelector=node-role.kubernetes.io/control-plane%3D', ['cp-1']],
    [
      '/apis/discovery.k8s.io/v1/namespaces/ingress-nginx/endpointslices?labelSelector=kubernetes.io/service-name%3Dingress-nginx-controller',
      ['ingress-nginx/ingress-nginx-controller-vh8fh'],
    ],
    ['/api/v1/services?fieldSelector=metadata.name%3Dweb', ['shop/web']],
    ['/api/v1/services?fieldSelector=metadata.namespace!%3Dshop,spec.type%3DLoadBalancer', ['ingress-nginx/ingress-nginx-controller']],
    ['/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue', []],
  ] as const)('%s', async ([path, wanted]) => {
    expect(keys(await askList(server, path))).toEqual(wanted);
  });

  test('pods by node', async () => {
    const list = await askList(server, '/api/v1/namespaces/shop/pods?fieldSelector=spec.nodeName%3Dworker-3');
    expect(list.items).toHaveLength(2);
  });

  test.for([
    ['/api/v1/pods?fieldSelector=spec.foo%3Dbar', 400, 'BadRequest', 'field label not supported: spec.foo'],
    ['/api/v1/pods?labelSelector=a%20b%20c', 400, 'BadRequest', 'unable to parse requirement'],
    ['/api/v1/pods?limit=x', 400, 'BadRequest', 'limit'],
    ['/api/v1/pods?limit=1&continue=garbage', 400, 'BadRequest', 'continue key is not valid'],
    ['/api/v1/namespaces/shop/services/nope', 404, 'NotFound', 'services "nope" not found'],
    ['/apis/metallb.io/v1beta1/namespaces/x/ipaddresspools/y', 404, 'NotFound', 'ipaddresspools.metallb.io "y" not found'],
    ['/api/v1/services?watch=true', 405, 'MethodNotAllowed', 'read-only'],
  ] as const)('%s is refused with %i %s', async ([path, code, reason, words]) => {
    const status = await askStatus(server, path);
    expect(status).toMatchObject({ kind: 'Status', status: 'Failure', code, reason });
    expect(status.message).toContain(words);
  });

  test('a missing object is named in the details', async () => {
    const status = await askStatus(server, '/apis/apps/v1/namespaces/shop/deployments/nope');
    expect(status.details).toEqual({ name: 'nope', group: 'apps', kind: 'deployments' });
  });

  test.for([
    '/nope',
    '/api/v1/foos',
    '/apis/no.such/v1/things',
    '/api/v1/namespaces/shop/nodes',
    '/api/v1/services/web',
    '/api/%zz',
    '/apis/apps/v9',
    '/apis/no.such',
  ])('the path %s is unknown', async (path) => {
    expect(await ask(server, path)).toMatchObject({ status: 404, text: '404 page not found\n' });
  });

  test.for(['POST', 'PUT', 'PATCH', 'DELETE'])('%s is not allowed', async (method) => {
    const status = await askStatus(server, '/api/v1/namespaces/shop/services/web', { method });
    expect(status).toMatchObject({ code: 405, reason: 'MethodNotAllowed' });
    expect((await ask(server, '/api/v1/namespaces/shop/services/web')).status).toBe(200);
  });

  test.for(['/healthz', '/readyz', '/livez', '/version'])('HEAD %s', async (path) => {
    const reply = await ask(server, path, { method: 'HEAD' });
    expect([reply.status, reply.size]).toEqual([200, 0]);
  });

  test('protobuf alone is not acceptable, protobuf or JSON is JSON', async () => {
    const only = await ask(server, '/api/v1/nodes', { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
    const either = await ask(server, '/api/v1/nodes', { headers: { accept: 'application/vnd.kubernetes.protobuf,application/json' } });
    expect([only.status, either.status, either.headers['content-type']]).toEqual([406, 200, 'application/json']);
  });

  test('metadata alone leaves the spec out', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const { text } = await ask(server, '/api/v1/services', { headers: { accept } });
    expect(JSON.parse(text).kind).toBe('PartialObjectMetadataList');
    expect(text).toContain('"name":"web"');
    expect(text).not.toContain('clusterIP');
  });

  test('requests are told with status and user', async () => {
    await ask(server, '/api/v1/namespaces/shop/services/nope?x=1', { headers: { 'impersonate-user': 'dev' } });
    expect(served.at(-1)).toMatchObject({ method: 'GET', url: '/api/v1/namespaces/shop/services/nope?x=1', status: 404, user: 'dev' });
  });
});

test('close ends connections that are kept alive, and the port is free again', async () => {
  const first = await startApiServer({ objects: [] });
  await ask(first, '/healthz', { headers: { connection: 'keep-alive' } });
  await first.close();
  await expect(ask(first, '/healthz')).rejects.toThrow('ECONNREFUSED');
  const second = await startApiServer({ objects: [], port: first.port });
  await expect(startApiServer({ objects: [], port: first.port })).rejects.toThrow(`cannot listen on 127.0.0.1:${first.port}`);
  await second.close();
});
