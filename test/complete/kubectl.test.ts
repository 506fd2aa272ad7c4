import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnv, outcome, type Ran } from '../e2e/support/cli.ts';
import { onlyAllowed } from '../e2e/support/rbac.ts';
import { type Folder, makeFolder, startWorld, type World } from '../e2e/support/world.ts';

const COMPLETE = join(process.cwd(), 'bin', 'complete.js');
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

let world: World;
let folder: Folder;
let runs = 0;

beforeAll(async () => {
  world = await startWorld();
  folder = makeFolder();
});
afterAll(async () => {
  await world.end();
  folder.remove();
});

/** The program as kubectl runs it, in an environment of its own. */
function complete(words: readonly string[], env: Readonly<Record<string, string>> = world.env): Promise<Ran> {
  return outcome(spawn(process.execPath, [COMPLETE, ...words], { env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] }));
}

const SILENCE: Ran = { code: 0, signal: null, stdout: ':4\n', stderr: '' };

describe.skipIf(!hasKubectl)('through the real kubectl (skipped: no kubectl on the PATH)', () => {
  beforeAll(() => {
    mkdirSync(join(folder.path, 'bin'));
    // As npm links them.
    symlinkSync(join(process.cwd(), 'bin', 'run.js'), join(folder.path, 'bin', 'kubectl-srcip'));
    symlinkSync(COMPLETE, join(folder.path, 'bin', 'kubectl_complete-srcip'));
  });

  async function ask(command: '__complete' | '__completeNoDesc', ...words: string[]): Promise<string> {
    const env = cleanEnv({ ...world.env, HOME: folder.path, PATH: `${join(folder.path, 'bin')}:${process.env['PATH']}` });
    const ran = await outcome(spawn('kubectl', [command, 'srcip', ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
    expect(ran.code).toBe(0);
    return ran.stdout;
  }

  test.for([
    [['expl'], 'explain\tWhat happens to traffic for a Service, and why.\n:4\n'],
    [['explain', 'svc/'], 'svc/api\nsvc/db\nsvc/legacy\nsvc/mail\nsvc/web\n:4\n'],
    [['explain', '-n', 'ingress-nginx', 'svc/ingress-nginx-controller'], 'svc/ingress-nginx-controller\n:4\n'],
    [['explain', 'svc/web', '-n', 'sh'], 'shop\n:4\n'],
    [['explain', 'svc/web', '--namespace=sh'], 'shop\n:4\n'],
    [['explain', 'svc/web', '--via', ''], 'cp-1\nworker-1\nworker-2\nworker-3\n:4\n'],
    [['explain', 'svc/web', '--from', 'node/worker-'], 'node/worker-1\nnode/worker-2\nnode/worker-3\n:4\n'],
    [['explain', 'svc/web', '--port', 'h'], 'http\t80/TCP\n:4\n'],
    [['explain', '--context', ''], 'demo\n:4\n'],
    [['whatif', 'svc/web', '--set', 'externalT'], 'externalTrafficPolicy=\tCluster, Local\n:6\n'],
    [['check', '--select', 'SIP103'], 'SIP103\toutside traffic is dropped on nodes without a local endpoint\n:4\n'],
    [['explain', '--snapshot', ''], ':0\n'],
  ] as const)('%j', async ([words, expected]) => {
    expect(await ask('__complete', ...words)).toBe(expected);
  });

  test('without descriptions, where a shell wants none', async () => {
    expect(await ask('__completeNoDesc', 'explain', 'svc/web', '--port', 'h')).toBe('http\n:4\n');
  });

  test('pods are asked for by their names alone, and no Service is read whole', async () => {
    world.asked.length = 0;
    expect(await ask('__complete', 'explain', '--from', 'pod/ingress-nginx/')).toMatch(/^(?:pod\/ingress-nginx\/\S+\n)+:4\n$/);
    // kubectl itself may ask for the version.
    const ours = world.asked.map(({ url }) => url).filter((url) => !url.startsWith('/version'));
    expect(ours).toEqual(['/api/v1/namespaces/ingress-nginx/pods?limit=1000']);
  });
});

describe('snapshots', () => {
  test.for([
    ['svc/w', 'svc/web\n:4\n'],
    ['legacy', 'legacy\n:4\n'],
  ] as const)('%s: names from a file', async ([word, expected]) => {
    const ran = await complete(['explain', '--snapshot', 'demo/cluster.json', '-n', 'shop', word], {});
    expect(ran).toEqual({ ...SILENCE, stdout: expected });
  });

  test("a Service's ports, nodes and namespaces from a file", async () => {
    const from = ['explain', 'svc/web', '-n', 'shop', '--snapshot=demo/cluster.json'];
    expect((await complete([...from, '--port', 'ht'], {})).stdout).toBe('http\t80/TCP\n:4\n');
    expect((await complete([...from, '--via', 'cp'], {})).stdout).toBe('cp-1\n:4\n');
    expect((await complete([...from, '-n', 'ing'], {})).stdout).toBe('ingress-nginx\n:4\n');
  });

  test('names that a shell might run, or a terminal obey, are not passed on', async () => {
    const evil = ['$(touch pwned)', '`id`', 'a;id', 'tab\there', 'line\n:0', '\u001b]0;title\u0007', '--flag', "quo'te", 'good'];
    const items = evil.map((name) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: {} }));
    const file = folder.write('evil.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    expect(await complete(['explain', '--snapshot', file, 'svc/'], {})).toEqual({ ...SILENCE, stdout: 'svc/good\n:4\n' });
  });

  test('a snapshot that takes too long is no names, in time', async () => {
    const object = (index: number): string =>
      `- apiVersion: v1\n  kind: Service\n  metadata: {name: s${index}, namespace: default, annotations: {a: "${'x'.repeat(200)}"}}\n  spec: {ports: [{port: 80}]}\n`;
    const file = folder.write(
      'long.yaml',
      `apiVersion: v1\nkind: List\nitems:\n${Array.from({ length: 150_000 }, (_, index) => object(index)).join('')}`,
    );
    expect(await complete(['explain', '--snapshot', file, 'svc/'], {})).toEqual(SILENCE);
  });

  test.for(['/nonexistent', '/dev/null', '/', 'package.json'])('%s: silence', async (path) => {
    expect(await complete(['explain', '--snapshot', path, 'svc/'], {})).toEqual(SILENCE);
  });

  test('standard input is not taken for a snapshot that never ends', async () => {
    const child = spawn(process.execPath, [COMPLETE, 'explain', '--snapshot', '-', 'svc/'], {
      env: cleanEnv(),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    expect(await outcome(child)).toEqual(SILENCE);
  });
});

describe('when the cluster does not answer: silence, and the process ends by itself', () => {
  const ASKED = ['explain', 'svc/'];
  let hole: Server;
  const held = new Set<Socket>();

  beforeAll(async () => {
    // It takes every connection, reads everything, and never says a word.
    hole = createServer((socket) => held.add(socket.on('error', () => {}).resume()));
    await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of held) socket.destroy();
    hole.close();
  });

  function kubeconfig(server: string, user = ''): Readonly<Record<string, string>> {
    const name = `config-${runs++}`;
    const text = `{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: "${server}"}}], users: [{name: u, user: {${user}}}]}`;
    return { KUBECONFIG: folder.write(name, text) };
  }

  function holePort(): number {
    const address = hole.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  test('a closed port', async () => {
    expect(await complete(ASKED, kubeconfig('https://127.0.0.1:1'))).toEqual(SILENCE);
  });

  test.for(['http', 'https'])('a black hole behind %s', async (scheme) => {
    expect(await complete(ASKED, kubeconfig(`${scheme}://127.0.0.1:${holePort()}`))).toEqual(SILENCE);
  });

  test('what needs no server is said even so', async () => {
    const env = kubeconfig(`http://127.0.0.1:${holePort()}`);
    expect((await complete(['explain', 'svc/web', '--to', ''], env)).stdout).toMatch(/^clusterIP\t.*\n:6\n$/s);
  });

  test('forbidden', async () => {
    let refused = 0;
    const refuse = onlyAllowed([]);
    const closed = await startWorld({ intercept: (request, response) => refuse(request, response) && ++refused > 0 });
    expect(await complete(ASKED, closed.env)).toEqual(SILENCE);
    expect(refused).toBeGreaterThan(0);
    await closed.end();
  });

  test('no kubeconfig, a broken one, an empty one, a wrong context', async () => {
    expect(await complete(ASKED, {})).toEqual(SILENCE);
    expect(await complete(ASKED, { KUBECONFIG: folder.write('broken', '{{{') })).toEqual(SILENCE);
    expect(await complete(ASKED, { KUBECONFIG: folder.write('empty', '') })).toEqual(SILENCE);
    expect(await complete(['explain', '--context', 'nope', 'svc/'])).toEqual(SILENCE);
    expect(await complete(['explain', '--kubeconfig', '/nonexistent', 'svc/'])).toEqual(SILENCE);
  });

  test('words that no command line has', async () => {
    for (const words of [
      [],
      ['\u0000\u001b'],
      ['--', '--'],
      ['constructor', ''],
      ['explain', '--__proto__', ''],
      ['explain', '--set=', '-', '-=', ''],
    ])
      expect(await complete(words.filter((word) => !word.includes('\u0000')))).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test('a reader that is gone', async () => {
    const child = spawn(process.execPath, [COMPLETE, ''], { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    expect(await outcome(child)).toMatchObject({ code: 0, stderr: '' });
  });

  describe('exec plugins', () => {
    function plugin(script: string): string {
      const path = folder.write(`plugin-${runs++}`, `#!/bin/sh\n${script}\n`);
      chmodSync(path, 0o755);
      return path;
    }
    const user = (command: string, mode: string): string =>
      `exec: {apiVersion: client.authentication.k8s.io/v1, command: ${command}, interactiveMode: ${mode}}`;
    const TOKEN = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"secret"}}';

    test('one that must ask is not started', async () => {
      const ran = join(folder.path, 'asked');
      const env = kubeconfig('https://127.0.0.1:1', user(plugin(`touch ${ran}`), 'Always'));
      expect(await complete(ASKED, env)).toEqual(SILENCE);
      expect(existsSync(ran)).toBe(false);
    });

    test('one that may ask has nobody to ask: no input, no word on standard error', async () => {
      const said = join(folder.path, 'said');
      const script = `cat > ${said}; echo "open https://login.example" >&2; printf '%s' "$KUBERNETES_EXEC_INFO" >> ${said}; echo '${TOKEN}'`;
      expect(await complete(ASKED, kubeconfig('https://127.0.0.1:1', user(plugin(script), 'IfAvailable')))).toEqual(SILENCE);
      expect(JSON.parse(readFileSync(said, 'utf8'))).toMatchObject({ kind: 'ExecCredential', spec: { interactive: false } });
    });

    test('one that hangs is ended', async () => {
      const pidFile = join(folder.path, 'pid');
      const env = kubeconfig('https://127.0.0.1:1', user(plugin(`echo $$ > ${pidFile}; exec sleep 600`), 'Never'));
      expect(await complete(ASKED, env)).toEqual(SILENCE);
      const pid = Number(readFileSync(pidFile, 'utf8'));
      expect(pid).toBeGreaterThan(1);
      await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Ended and not yet waited for is ended.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('what a run loads', () => {
  interface Coverage {
    readonly result: readonly { readonly url: string }[];
  }

  /** The packages and folders of src/ whose code a run loads, and how many bytes. */
  async function loadedBy(words: readonly string[]): Promise<{ sources: string[]; bytes: number }> {
    const coverage = join(folder.path, `coverage-${runs++}`);
    expect(await complete(words, { ...world.env, NODE_V8_COVERAGE: coverage })).toMatchObject({ code: 0, stderr: '' });
    const urls = readdirSync(coverage).flatMap((file) => (JSON.parse(readFileSync(join(coverage, file), 'utf8')) as Coverage).result);
    const texts = urls.filter(({ url }) => /\/dist\//.test(url)).map(({ url }) => readFileSync(new URL(url), 'utf8'));
    const found = texts.flatMap((text) =>
      [...text.matchAll(/^ {0,4}(?:\/\/ |")(?:node_modules\/(?<pkg>(?:@[^/]+\/)?[^/]+)|src\/(?<own>[^/\n]+))\//gm)].map(
        ({ groups }) => groups?.['pkg'] ?? groups?.['own'] ?? '',
      ),
    );
    return { sources: [...new Set(found)].sort(), bytes: texts.reduce((sum, text) => sum + text.length, 0) };
  }

  test.for([[['ex']], [['explain', '--']], [['explain', '-o', '']], [['whatif', '--set', 'ext']]] as const)(
    '%j: nothing but completion itself',
    async ([words]) => {
      const { sources, bytes } = await loadedBy(words);
      expect(sources).toEqual(['complete']);
      expect(bytes).toBeLessThan(60_000);
    },
  );

  test('contexts: a YAML parser, no client', async () => {
    expect((await loadedBy(['explain', '--context', ''])).sources).not.toContain('@kubernetes/client-node');
  });

  test('findings: their titles, no cluster', async () => {
    const { sources } = await loadedBy(['check', '--select', 'SIP1']);
    expect(sources).toContain('findings');
    expect(sources.filter((name) => ['@oclif/core', '@kubernetes/client-node', 'collect'].includes(name))).toEqual([]);
  });

  test('Services: the client, and nothing that judges', async () => {
    const { sources } = await loadedBy(['explain', 'svc/']);
    expect(sources).toContain('@kubernetes/client-node');
    expect(
      sources.filter((name) => ['@oclif/core', 'cli-table3', 'ssh2', 'analysis', 'render', 'findings', 'demo'].includes(name)),
    ).toEqual([]);
  });
});
