import { expect, test } from 'vitest';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../src/demo/server.ts';
import { ask, askList, askStatus, keys, type List } from './ask.ts';

async function withServer(options: Partial<ApiServerOptions>, run: (server: ApiServer) => Promise<void>): Promise<void> {
  const server = await startApiServer({ objects: loadDemoCluster(), ...options });
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

const NUMBERED = Array.from({ length: 25 }, (_, i) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${String(i).padStart(2, '0')}`, annotations: { filler: 'x'.repeat(8000) } },
}));

test('pages together are the list, without gaps or repeats', () =>
  withServer({ objects: NUMBERED }, async (server) => {
    const names: string[] = [];
    const remaining: (number | undefined)[] = [];
    let token = '';
    do {
      const page = await askList(server, `/api/v1/nodes?limit=10&continue=${token}`);
      names.push(...keys(page));
      remaining.push(page.metadata.remainingItemCount);
      token = page.metadata.continue ?? '';
    } while (token !== '');
    expect(names).toEqual(NUMBERED.map((node) => node.metadata.name));
    expect(remaining).toEqual([15, 5, undefined]);
  }));

test('resourceVersion=0 ignores the limit, as a watch cache does', () =>
  withServer({ objects: NUMBERED }, async (server) => {
    expect((await askList(server, '/api/v1/nodes?limit=10&resourceVersion=0')).items).toHaveLength(25);
  }));

test('an expired token is a 410 whose own token goes on, and a new list works', () =>
  withServer({ objects: NUMBERED, expireContinueAfter: 1 }, async (server) => {
    const first = await askList(server, '/api/v1/nodes?limit=10');
    const second = await askList(server, `/api/v1/nodes?limit=10&continue=${first.metadata.continue}`);
    const third = await askStatus(server, `/api/v1/nodes?limit=10&continue=${second.metadata.continue}`);
    expect(third).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired' });
    expect(keys(await askList(server, `/api/v1/nodes?limit=10&continue=${third.metadata.continue}`))).toEqual([
      'node-20',
      'node-21',
      'node-22',
      'node-23',
      'node-24',
    ]);
    const stale = await askStatus(server, `/api/v1/nodes?limit=10&continue=${first.metadata.continue}`);
    expect(stale.code).toBe(410);
    const again = await askList(server, '/api/v1/nodes?limit=20');
    expect((await askList(server, `/api/v1/nodes?limit=20&continue=${again.metadata.continue}`)).items).toHaveLength(5);
  }));

test('large answers are compressed when asked, small ones never', () =>
  withServer({ objects: NUMBERED }, async (server) => {
    const headers = { 'accept-encoding': 'gzip' };
    const plain = await ask(server, '/api/v1/nodes');
    const zipped = await ask(server, '/api/v1/nodes', { headers });
    const again = await ask(server, '/api/v1/nodes', { headers });
    const small = await ask(server, '/api/v1/nodes/node-01', { headers });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(small.headers['content-encoding']).toBeUndefined();
    expect([zipped.text, again.text]).toEqual([plain.text, plain.text]);
    expect(zipped.size).toBeLessThan(plain.size / 10);
  }));

test('a kept compressed page is never the answer to another question', () =>
  withServer({ objects: NUMBERED, deny: [{ user: 'dev' }], expireContinueAfter: 0 }, async (server) => {
    const headers = { 'accept-encoding': 'gzip' };
    const page = async (path: string): Promise<List> => JSON.parse((await ask(server, path, { headers })).text) as List;
    const first = await page('/api/v1/nodes?limit=20');
    expect((await ask(server, '/api/v1/nodes?limit=20', { headers: { ...headers, 'impersonate-user': 'dev' } })).text).toContain(
      'Forbidden',
    );
    expect((await ask(server, `/api/v1/nodes?limit=20&continue=${first.metadata.continue}`, { headers })).status).toBe(410);
    const again = await page('/api/v1/nodes?limit=20');
    expect((await page(`/api/v1/nodes?limit=20&continue=${again.metadata.continue}`)).items).toHaveLength(5);
  }));

test('a deny rule forbids by user, verb, resource and namespace', () =>
  withServer(
    {
      tokens: { t1: 'dev', t2: 'admin' },
      deny: [
        { user: 'dev', verbs: ['list'], resources: ['nodes'] },
        { user: 'dev', namespaces: ['kube-system'] },
      ],
    },
    async (server) => {
      const dev = { headers: { authorization: 'Bearer t1' } };
      const admin = { headers: { authorization: 'Bearer t2' } };
      expect(await askStatus(server, '/api/v1/nodes', dev)).toMatchObject({
        code: 403,
        reason: 'Forbidden',
        message: 'nodes is forbidden: User "dev" cannot list resource "nodes" in API group "" at the cluster scope',
        details: { kind: 'nodes' },
      });
      expect((await askStatus(server, '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy', dev)).message).toBe(
        'daemonsets.apps "kube-proxy" is forbidden: User "dev" cannot get resource "daemonsets" in API group "apps" in the namespace "kube-system"',
      );
      expect((await ask(server, '/api/v1/nodes/cp-1', dev)).status).toBe(200);
      expect((await ask(server, '/api/v1/nodes', admin)).status).toBe(200);
      expect((await ask(server, '/api/v1/nodes', { headers: { ...admin.headers, 'impersonate-user': 'dev' } })).status).toBe(403);
    },
  ));

test('with tokens, nobody gets in without one; health and version stay open', () =>
  withServer({ tokens: { secret: 'dev' } }, async (server) => {
    expect(await askStatus(server, '/api/v1/nodes')).toMatchObject({ code: 401, reason: 'Unauthorized' });
    expect((await ask(server, '/apis', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect((await ask(server, '/api/v1/nodes', { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
    expect((await ask(server, '/healthz')).status).toBe(200);
    expect(server.kubeconfig()).toContain('token: "secret"');
  }));

test('a path prefix is part of every path', () =>
  withServer({ pathPrefix: '/k8s/clusters/c-1' }, async (server) => {
    expect(server.url).toMatch(/\/k8s\/clusters\/c-1$/);
    expect((await askList(server, '/api/v1/nodes')).items).toHaveLength(4);
    expect((await ask({ ...server, url: `http://127.0.0.1:${server.port}` }, '/api/v1/nodes')).status).toBe(404);
  }));

test('a resource can be absent, as on an older cluster', () =>
  withServer({ absent: ['endpointslices.discovery.k8s.io'] }, async (server) => {
    expect((await ask(server, '/apis/discovery.k8s.io/v1/endpointslices')).status).toBe(404);
    expect((await ask(server, '/apis')).text).not.toContain('discovery.k8s.io');
  }));

test('kinds that nobody announced are served under their usual plural', () =>
  withServer(
    {
      objects: [
        { apiVersion: 'crd.projectcalico.org/v1', kind: 'IPPool', metadata: { name: 'default' }, spec: { cidr: '10.0.0.0/8' } },
        { apiVersion: 'discovery.k8s.io/v1beta1', kind: 'EndpointSlice', metadata: { name: 's', namespace: 'a' } },
        'no object',
        { kind: 'Nameless' },
      ],
    },
    async (server) => {
      expect(keys(await askList(server, '/apis/crd.projectcalico.org/v1/ippools'))).toEqual(['default']);
      expect(keys(await askList(server, '/apis/discovery.k8s.io/v1beta1/namespaces/a/endpointslices'))).toEqual(['a/s']);
    },
  ));

test('an interceptor may answer in the place of the server', () =>
  withServer(
    {
      intercept: (request, response) => {
        if (request.url !== '/api/v1/nodes') return false;
        response.writeHead(503).end('busy');
        return true;
      },
    },
    async (server) => {
      expect((await ask(server, '/api/v1/nodes')).text).toBe('busy');
      expect((await ask(server, '/api/v1/pods')).status).toBe(200);
    },
  ));
