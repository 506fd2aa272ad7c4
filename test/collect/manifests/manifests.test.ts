import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { clusterFrom } from '../../../src/cluster/from-kubernetes.ts';
import { lineOf, locatedDocuments } from '../../../src/collect/manifests/located.ts';
import { layOver } from '../../../src/collect/manifests/overlay.ts';
import { readManifests } from '../../../src/collect/manifests/read.ts';
import { balancer, evidenceOf, kubeadm, nodes, type Raw, slice, webOn } from '../../cluster/objects.ts';
import { READ } from '../../findings/scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'srcip-manifests-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('where things stand', () => {
  const TEXT = `# a comment
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---

apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  # why
  externalTrafficPolicy: Local
  ports:
  - port: 80
    targetPort: http
  - name: x
    port: 81
    targetPort: other
`;

  test('lines of fields in block style', async () => {
    const [, service] = await locatedDocuments(TEXT);
    if (service === undefined) throw new Error('two documents');
    const lines = ['', 'spec', 'spec.externalTrafficPolicy', 'spec.ports.0.targetPort', 'spec.ports.1.targetPort', 'spec.none'];
    expect(lines.map((path) => lineOf(service, path))).toEqual([7, 11, 13, 16, 19, 11]);
  });

  test('lines of fields in JSON', async () => {
    const [object] = await locatedDocuments(JSON.stringify({ a: 1, spec: { type: 'x', list: [{ b: 1 }, { b: 1 }] } }, null, 2));
    if (object === undefined) throw new Error('one document');
    expect([lineOf(object, 'spec.type'), lineOf(object, 'spec.list.1.b')]).toEqual([4, 10]);
  });

  test('the same value twice, empty values, keys that look like values', async () => {
    const [object] = await locatedDocuments('a: a\nb:\nc: a\nd: {e: 1,\n  f: 1}\n');
    if (object === undefined) throw new Error('one document');
    expect(['a', 'b', 'c', 'd.e', 'd.f'].map((path) => lineOf(object, path))).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('reading', () => {
  const service = (name: string) => `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: 80}]}\n`;

  test('files, folders, lists; the asked namespace where none is given; other kinds are counted', async () => {
    mkdirSync(join(folder, 'dir', 'deep'), { recursive: true });
    write('dir/b.yaml', `${service('b')}---\nkind: Secret\napiVersion: v1\nmetadata: {name: s}\n---\n`);
    write(
      'dir/a.json',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'own' } }],
      }),
    );
    write('dir/kustomization.yaml', 'resources: [b.yaml]\n');
    write('dir/notes.txt', 'no: manifest');
    write('dir/deep/c.yml', service('c'));
    const read = await readManifests([join(folder, 'dir')], { namespace: 'shop' });
    expect(read.manifests.map(({ object }) => `${object.metadata.namespace}/${object.metadata.name}`)).toEqual(['own/a', 'shop/b']);
    expect(read.passedOver).toEqual({ Secret: 1 });
    const deep = await readManifests([join(folder, 'dir')], { namespace: 'shop', recursive: true });
    expect(deep.manifests.map(({ object }) => object.metadata.name)).toEqual(['a', 'b', 'c']);
  });

  test('standard input', async () => {
    const { manifests } = await readManifests(['-'], {
      namespace: 'ns',
      stdin: Readable.from([service('web').slice(0, 9), service('web').slice(9)]),
    });
    expect(manifests.map(({ file, object }) => [file, object.metadata.name])).toEqual([['stdin', 'web']]);
  });

  test.each([
    ['broken.yaml', 'a: 1\nb: [\n', /manifest ".*broken\.yaml" line \d+: /],
    ['template.yaml', 'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n', /line 1: Service without a name/],
    ['empty.yaml', '', /no Kubernetes objects of use/],
    ['other.yaml', 'hello: world\n', /no Kubernetes objects of use/],
    [
      'bomb.yaml',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefg'.replace(
        /./g,
        (c) =>
          `${c}: &${c} [${Array(10)
            .fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)
            .join()}]\n`,
      )}`,
      /aliases expand/,
    ],
  ])('%s is refused in one line', async (name, text, message) => {
    await expect(readManifests([write(name, text)], { namespace: 'ns' })).rejects.toThrow(message);
  });

  test('a path that is not there', async () => {
    await expect(readManifests([join(folder, 'nope')], { namespace: 'ns' })).rejects.toThrow(/nope" does not exist/);
  });
});

describe('laid over a cluster', () => {
  const base = (): Raw[] => [
    ...nodes(2),
    ...kubeadm(),
    balancer(),
    slice([webOn(1)]),
    podOf('web-1', 'node1', 'web'),
    podOf('api-1', 'node2', 'api'),
  ];

  function podOf(name: string, nodeName: string, app: string): Raw {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'ns1', labels: { app } },
      spec: { nodeName, containers: [] },
      status: {
        phase: 'Running',
        podIPs: [{ ip: nodeName === 'node1' ? '10.244.1.10' : '10.244.2.10' }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    };
  }

  async function over(text: string) {
    const { manifests } = await readManifests([write('over.yaml', text)], { namespace: 'ns1' });
    const overlaid = layOver(evidenceOf(base(), READ), manifests);
    const { services } = clusterFrom(overlaid.evidence);
    return { ...overlaid, of: (name: string) => services.find((service) => service.name === name) };
  }

  test('a changed Service keeps what the API server allocated, and its status', async () => {
    const { of, unapplied } = await over(
      'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}\n',
    );
    expect(of('web')).toMatchObject({
      externalTrafficPolicy: 'Local',
      clusterIPs: ['10.96.0.10'],
      ports: [{ nodePort: 30080, endpoints: [{ address: '10.244.1.10' }] }],
      ingress: [{ ip: '203.0.113.80' }],
    });
    expect([...unapplied]).toEqual([]);
  });

  test('a changed selector leads to the pods that it would pick', async () => {
    const { of } = await over(
      'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: api}, ports: [{port: 80, targetPort: 9000}]}\n',
    );
    expect(of('web')?.ports.map(({ endpoints }) => endpoints.map(({ address, port, node }) => [address, port, node]))).toEqual([
      [['10.244.2.10', 9000, 'node2']],
    ]);
  });

  test('a new Service has the endpoints that it would get; what is not allocated yet is said', async () => {
    const { of, unapplied, evidence } = await over(
      'apiVersion: v1\nkind: Service\nmetadata: {name: new}\nspec: {type: NodePort, selector: {app: api}, ports: [{port: 80, targetPort: 9000}]}\n',
    );
    expect(of('new')).toMatchObject({ ports: [{ nodePort: null, endpoints: [{ address: '10.244.2.10' }] }] });
    expect([...unapplied]).toEqual(['ns1/new']);
    expect(evidence.gaps).toContainEqual({
      what: 'addresses of Service ns1/new',
      why: expect.stringContaining('allocated when it is applied'),
    });
  });

  test('pods of a Deployment that is new as well: nobody knows the endpoints', async () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: new}\nspec: {selector: {app: fresh}, ports: [{port: 80}]}\n';
    const deployment =
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: fresh}\nspec: {template: {metadata: {labels: {app: fresh}}}}\n';
    expect([...(await over(`${service}---\n${deployment}`)).endpointsUnknown]).toEqual([
      ['ns1/new', 'its pods do not run yet: Deployment fresh is not applied'],
    ]);
    const alone = await over(service);
    expect([...alone.endpointsUnknown]).toEqual([]);
    expect(alone.of('new')?.endpointsFrom).toBe('EndpointSlice');
  });
});
