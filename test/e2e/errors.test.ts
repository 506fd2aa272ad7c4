import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { faultsOf, srcip } from './support/cli.ts';
import { demoWith, type Folder, is, listOf, makeFolder, startWorld, type World } from './support/world.ts';

// Whatever goes wrong: exit code 2, one or two lines on stderr, nothing on stdout, never a stack trace.

let world: World;
let folder: Folder;

beforeAll(async () => {
  world = await startWorld();
  folder = makeFolder();
});
afterAll(async () => {
  await world.end();
  folder.remove();
});

async function failure(args: readonly string[], more: Parameters<typeof srcip>[1] = {}): Promise<string> {
  const ran = await srcip(args, { env: world.env, ...more });
  expect({ faults: faultsOf(ran), stderr: ran.stderr }).toEqual({ faults: [], stderr: ran.stderr });
  return ran.stderr;
}

describe('the command line', () => {
  test.for([
    [[], 'no Service was named', 'svc/NAME'],
    [['svc'], 'which Service?', 'svc/NAME'],
    [['pod/web'], '"pod" is no Service', 'svc/web'],
    [['deploy', 'web'], '"deploy" is no Service', 'svc/web'],
    [['svc/web', 'api'], 'no need to specify a resource type as a separate argument', 'svc/web'],
    [['svc', 'web', 'api'], 'Unexpected argument: api', '--help'],
    [['svc/'], 'cannot be the name of a Service', 'lower-case'],
    [['svc/Web'], '"Web" cannot be the name of a Service', 'lower-case'],
    [['svc/../../nodes'], 'cannot be the name of a Service', 'lower-case'],
    [['svc/web?watch=1'], 'cannot be the name of a Service', 'lower-case'],
    [['svc/web', '--nope'], 'Nonexistent flag: --nope', '--help'],
    [['svc/web', '-x'], 'Nonexistent flag: -x', '--help'],
    [['svc/web', '--port'], '--port expects a value', '--help'],
    [['svc/web', '-o', 'csv'], '--output=csv', 'table, wide, json'],
    [['svc/web', '--fail-on', 'often'], '--fail-on=often', 'error, warning'],
    [['svc/web', '--request-timeout', 'soon'], 'invalid --request-timeout "soon"', '2m'],
    [['svc/web', '--from', 'moon'], '--from "moon" is no client', 'pod@NODE'],
    [['svc/web', '--from', 'external=1.2.3'], '--from "external=1.2.3" is no client', 'external=IP'],
    [['svc/web', '--from', 'pod/'], '--from "pod/" is no client', 'pod/NAME'],
    [['svc/web', '--to', 'moon'], '--to "moon" is no target', 'IP:PORT'],
    [['svc/web', '--to', '10.0.0.1'], '--to "10.0.0.1" is no target', 'IP:PORT'],
    [['svc/web', '--to', '10.0.0.1:99999'], '--to "10.0.0.1:99999" is no target', 'IP:PORT'],
    [['svc/web', '--to', '[::1:80'], '--to "[::1:80" is no target', 'IPv6'],
    [['svc/web', '--port', '99'], 'has no port "99"', 'http'],
    [['svc/web', '--port', 'htpp'], 'has no port "htpp"', 'http'],
    [['svc/web', '--from', 'node/worker-9'], 'node "worker-9" not found', 'worker-1'],
    [['svc/web', '--from', 'pod@worker-9'], 'node "worker-9" not found', 'worker-1'],
    [['svc/web', '--to', 'node/worker-9'], 'node "worker-9" not found', 'worker-1'],
    [['svc/web', '--via', 'worker-9'], 'node "worker-9" not found', 'worker-1'],
    [['svc/web', '--from', 'pod/nope'], 'pod "nope" not found in namespace "shop"', 'pod@NODE'],
    [['svc/web', '--from', 'pod/other/nope'], 'pod "nope" not found in namespace "other"', 'pod@NODE'],
    [['svc/web', '--as-group', 'ops'], 'without impersonating a user', '--as'],
    [['svc/web', '--context', 'prod'], 'context "prod" does not exist', '"demo"'],
    [['svc/web', '--cluster', 'prod'], 'cluster "prod" does not exist', '"demo"'],
    [['svc/web', '--user', 'jane'], 'user "jane" does not exist', '"demo"'],
  ] as const)('%j: %s', async ([args, what, hint]) => {
    const said = await failure(['explain', ...args]);
    expect(said).toContain(what);
    expect(said).toContain(hint);
  });

  test('an unknown command', async () => {
    expect(await failure(['explian', 'svc/web'])).toMatch(/unknown command "explian"\n.*explain/);
    expect(await failure(['svc/web'])).toContain('unknown command "svc/web"');
    expect(await failure(['constructor'])).toContain('unknown command "constructor"');
    expect(await failure(['help', 'nope'])).toContain('unknown command "nope"');
  });

  test('control characters of an argument are shown, not sent', async () => {
    for (const args of [
      ['svc/\u001b[31mx'],
      ['svc/web', '--\u001b]0;x\u0007'],
      ['svc/web', '--from', '\u001b[2J'],
      ['svc/web', '-o', 'a\u001b[1mb'],
      ['svc/web', '--context', '\u202ex\u001b[1m'],
    ]) {
      expect(await failure(['explain', ...args])).not.toMatch(/[\u001b\u0007\u202e]/);
    }
  });
});

describe('the Service', () => {
  test.for([
    [['svc/webb', '-n', 'shop'], 'Service "webb" not found in namespace "shop"', '"web"'],
    [['svc/ingress-nginx-contoller', '-n', 'ingress-nginx'], 'not found in namespace "ingress-nginx"', 'ingress-nginx-controller'],
    [['svc/web', '-n', 'default'], 'Service "web" not found in namespace "default"', '-n shop'],
    [['svc/web', '-n', 'shpo'], 'there is no namespace "shpo"', 'shop'],
    [['svc/db', '-n', 'shop'], 'shop/db is headless', 'DNS'],
    [['svc/mail', '-n', 'shop'], 'shop/mail is of type ExternalName', 'smtp.example.net'],
  ] as const)('%j: %s', async ([args, what, hint]) => {
    const said = await failure(['explain', ...args]);
    expect(said).toContain(what);
    expect(said).toContain(hint);
  });

  test('the same errors from a snapshot', async () => {
    const path = folder.write('demo.json', listOf(loadDemoCluster()));
    for (const args of [
      ['svc/wbe', '-n', 'shop'],
      ['svc/db', '-n', 'shop'],
      ['svc/web'],
      ['svc/web', '-n', 'shop', '--from', 'node/nope'],
    ]) {
      const [files, live] = [
        await failure(['explain', ...args, '--snapshot', path]),
        await failure(['explain', ...args, ...(args.includes('-n') ? [] : ['-n', 'default'])]),
      ];
      expect(files.replace(/\(snapshot [^)]*\)/, '()')).toBe(live.replace('(context demo)', '()'));
    }
  });

  test('one that another proxy handles is not answered with the rules of kube-proxy', async () => {
    const labelled = demoWith((object) =>
      is(object, 'Service', 'web') ? { metadata: { labels: { 'service.kubernetes.io/service-proxy-name': 'cilium' } } } : undefined,
    );
    const said = await failure(['explain', 'svc/web', '-n', 'shop', '--snapshot', folder.write('labelled.json', listOf(labelled))]);
    expect(said).toContain('service.kubernetes.io/service-proxy-name');
    expect(said).toContain('cilium');
  });
});

describe('the kubeconfig', () => {
  const away = (path: string): { env: Record<string, string> } => ({ env: { KUBECONFIG: path } });

  test('none at all', async () => {
    expect(await failure(['explain', 'svc/web'], { env: {} })).toMatch(/no kubeconfig found.*\n.*--snapshot/);
    expect(await failure(['explain', 'svc/web'], away('/nonexistent/config'))).toContain('/nonexistent/config');
  });

  test('a file that is not there, or no kubeconfig', async () => {
    expect(await failure(['explain', 'svc/web', '--kubeconfig', '/nonexistent/config'])).toContain('no such file');
    expect(await failure(['explain', 'svc/web'], away(folder.write('list.yaml', '- a\n- b\n')))).toContain('list.yaml');
    expect(await failure(['explain', 'svc/web'], away(folder.write('broken.yaml', 'a: [\n\u001b[31m')))).toContain('broken.yaml');
    expect(await failure(['explain', 'svc/web'], away(folder.path))).toContain('is a directory');
  });

  test('no current context, a context of nothing', async () => {
    const text = (current: string): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': current,
        contexts: [{ name: 'a', context: { cluster: 'gone', user: 'u' } }],
        clusters: [],
        users: [],
      });
    expect(await failure(['explain', 'svc/web'], away(folder.write('none.json', text(''))))).toContain('no current-context');
    expect(await failure(['explain', 'svc/web'], away(folder.write('gone.json', text('a'))))).toContain('cluster "gone" does not exist');
  });
});

describe('snapshots', () => {
  const explain = (path: string, input?: string | Buffer): Promise<string> =>
    failure(['explain', 'svc/web', '-n', 'shop', '--snapshot', path], input === undefined ? {} : { input });

  test('a path that is not there', async () => {
    expect(await explain('/nonexistent/x.tar.gz')).toContain('"/nonexistent/x.tar.gz" does not exist');
  });

  test.for([
    ['empty.json', '', 'empty'],
    ['empty.tar.gz', gzipSync(''), 'empty'],
    ['half.json', listOf(loadDemoCluster()).slice(0, 4000), null],
    ['half.tar.gz', gzipSync(Buffer.alloc(50_000, 'x')).subarray(0, 40), 'half.tar.gz'],
    ['noise.bin', Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 197) % 256)), 'noise.bin'],
    ['text.yaml', 'hello world\n', 'text.yaml'],
    ['other.json', '{"kind":"Job","apiVersion":"batch/v1","metadata":{"name":"x"}}', 'Job'],
    ['escape.yaml', 'kind: "\\e[31m"\napiVersion: v1\nmetadata: {name: "\\e]0;x\\a"}\n', null],
  ] as const)('%s', async ([name, content, expected]) => {
    const said = await explain(folder.write(name, content));
    if (expected !== null) expect(said).toContain(expected);
  });

  test('an empty folder, an empty archive, a dangling link, a folder of other things', async () => {
    const root = mkdtempSync(join(folder.path, 'dirs-'));
    for (const name of ['empty', 'link', 'other']) mkdirSync(join(root, name));
    symlinkSync('/nonexistent', join(root, 'link', 'a.yaml'));
    writeFileSync(join(root, 'other', 'notes.txt'), 'nothing here');
    for (const name of ['empty', 'link', 'other']) await explain(join(root, name));
    await explain(folder.write('empty.tar', Buffer.alloc(1024)));
  });

  test('standard input that is empty or broken', async () => {
    expect(await explain('-', '')).toContain('standard input');
    expect(await explain('-', '{"kind": ')).toContain('standard input');
  });

  test('a Service that the snapshot does not have', async () => {
    const nodes = loadDemoCluster().filter((object) => object['kind'] === 'Node');
    expect(await explain(folder.write('nodes.json', listOf(nodes)))).toContain('"web" not found');
  });
});
