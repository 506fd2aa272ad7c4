import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SshOptions, SshResult } from '../../../src/collect/ssh/types.ts';
import { acquainted, createClient, nodeAt, whyOf } from './support/client.ts';
import { installPrograms, RULES4 } from './support/programs.ts';
import { type Lab, openLab, sshdIsThere } from './support/sshd.ts';

const MIB = 1 << 20;
/** What begins every line of ours: a node that answers the script knows it. */
const MARK = `mark=$(sed -n "s/^mark='\\(.*\\)'/\\1/p")\nprintf '\\n%s plain\\n' "$mark"`;

describe.skipIf(!sshdIsThere())('nodes that answer as they like', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = openLab();
  });
  afterAll(() => lab.close());

  /** A node that runs a program of its own instead of the script. */
  const read = async (name: string, script: string, more: SshOptions = {}): Promise<SshResult> => {
    lab.program(name, 'answer', script);
    const server = await lab.sshd({ config: [`ForceCommand ${lab.path(name, 'answer')}`] });
    return acquainted(lab, server).run([nodeAt('node1')], { port: server.port, wanted: ['iptables-save'], ...more });
  };

  test('noise without end is not waited for', async () => {
    const result = await read('noise', 'exec yes', { commandTimeoutMs: 20_000 });
    expect(result.files).toEqual([]);
    expect(whyOf(result)).toEqual([expect.stringMatching(/^rules of node1: ssh: no commands can be run there: y/)]);
  });

  test('parts with other names are passed over, and a second one of the same name, too', async () => {
    const part = (name: string, text: string): string => `printf '\\n%s begin ${name} x\\n${text}\\n%s end ${name} 0\\n' "$mark" "$mark"`;
    const parts = [
      part('constructor', '*nat'),
      part('__proto__', '*nat'),
      part('ip-addr', '[]'),
      part('iptables-save', '*nat'),
      part('iptables-save', '*raw'),
    ];
    const result = await read(
      'names',
      `${MARK}\nprintf '\\n%s user 0 root\\n' "$mark"\n${parts.join('\n')}\nprintf '\\n%s done\\n' "$mark"`,
    );
    expect(result).toEqual({
      files: [{ node: 'node1', format: 'iptables-save', path: 'ssh node1: iptables-save', text: '*nat' }],
      gaps: [],
    });
  });

  test('texts of all sorts together take no more memory than two files', async () => {
    const one = `printf '\\n%s begin x\\n' "$mark"; head -c ${2 * MIB} /dev/zero`;
    const script = `${MARK}\nfor i in 1 2 3 4 5 6 7 8; do ${one}; done\nprintf '\\n%s user 0 root\\n\\n%s begin iptables-save\\n' "$mark" "$mark"
cat '${lab.path('rules')}'\nprintf '\\n%s end iptables-save 0\\n\\n%s done\\n' "$mark" "$mark"`;
    lab.program('.', 'rules', RULES4);
    const result = await read('big', script, { fileLimit: MIB });
    expect(whyOf(result)).toEqual([expect.stringMatching(/^rules of node1: ssh: there is no memory left for what iptables-save printed/)]);
  });

  test('little that unpacks to much is cut', async () => {
    const script = `mark=$(sed -n "s/^mark='\\(.*\\)'/\\1/p")
printf '\\n%s gzip\\n' "$mark"
{ printf '\\n%s user 0 root\\n\\n%s begin iptables-save\\n' "$mark" "$mark"; head -c ${100 * MIB} /dev/zero
printf '\\n%s end iptables-save 0\\n\\n%s done\\n' "$mark" "$mark"; } | gzip -1`;
    const result = await read('bomb', script, { fileLimit: MIB });
    expect(whyOf(result)).toEqual([expect.stringMatching(/^rules of node1: ssh: iptables-save printed more than 1 MiB/)]);
  });

  test('what is behind the packed output is passed over', async () => {
    installPrograms(lab, 'bin');
    const result = await read('logout', `sh -s; echo logout`);
    expect(result.files.map(({ text }) => text)).toEqual([RULES4]);
  });

  test('no control characters get into a reason', async () => {
    const result = await read('escape', `printf '\\033]0;owned\\007\\342\\200\\256evil\\n'; exit 3`);
    expect(whyOf(result)).toEqual(['rules of node1: ssh: no commands can be run there: ]0;owned evil (exit code 3)']);
  });

  test('memory for all nodes together', async () => {
    installPrograms(lab, 'each');
    lab.program('each', 'iptables-save', `head -c ${2 * MIB} /dev/zero | tr '\\0' x`);
    const server = await lab.sshd({ bin: 'each' });
    const settings = { port: server.port, wanted: ['iptables-save'], totalLimit: 3 * MIB, concurrency: 1 } as const;
    const nodes = [nodeAt('node1'), nodeAt('node2')];
    const kept = await acquainted(lab, server).run(nodes, settings);
    expect(kept.files.map(({ node }) => node)).toEqual(['node1']);
    expect(whyOf(kept)).toEqual([
      expect.stringMatching(/^rules of node2: ssh: there is no memory left .*; read one Service's chains only/),
    ]);
    const taken: number[] = [];
    const handed = await acquainted(lab, server).run(nodes, { ...settings, take: ({ text }) => taken.push(text.length) });
    expect([handed, taken]).toEqual([{ files: [], gaps: [] }, [2 * MIB, 2 * MIB]]);
  });

  test.for([
    ['lets nobody in nor out', 'auth', 'connect timed out after 1s'],
    ['opens no shell', 'session', 'the commands did not finish within 1s'],
    ['runs no command', 'exec', 'the commands did not finish within 1s'],
    ['says nothing', 'output', 'the commands did not finish within 1s'],
  ] as const)('a server that %s', async ([, silentAt, why]) => {
    const server = silentServer(readFileSync(lab.path('host_ed25519')), silentAt);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const client = createClient(lab);
    client.know(`[127.0.0.1]:${port} ${lab.publicKey(lab.path('host_ed25519'))}`);
    const result = await client.run([nodeAt('node1')], { port, connectTimeoutMs: 1000, commandTimeoutMs: 1000, wanted: ['iptables-save'] });
    await new Promise((resolve) => server.close(resolve));
    expect(whyOf(result)).toEqual([`rules of node1: ssh: ${why}`]);
  });
});

type Step = 'auth' | 'session' | 'exec' | 'output';

/** A server that stops to answer at one step. */
function silentServer(hostKey: Buffer, silentAt: Step): ssh2.Server {
  return new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', (attempt) => {
      if (silentAt !== 'auth') attempt.accept();
    });
    connection.on('session', (accept) => {
      if (silentAt === 'session') return;
      accept().on('exec', (acceptExec) => {
        if (silentAt !== 'exec') acceptExec();
      });
    });
  });
}
