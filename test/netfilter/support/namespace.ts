import { execFileSync, spawnSync } from 'node:child_process';

const IP = 'ip';
const NAME = `srcip-test-${process.pid}`;

/** A network namespace of this test alone, with nothing in it but loopback. */
export interface Namespace {
  run(command: readonly string[], input?: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string };
  remove(): void;
}

/** Whether this machine lets us make namespaces and load rules in them (root, ip, iptables). */
export function canLoadRules(): boolean {
  if (process.getuid?.() !== 0) return false;
  const probe = `${NAME}-probe`;
  if (spawnSync(IP, ['netns', 'add', probe]).status !== 0) return false;
  const loads = ['iptables-restore', 'ip6tables-restore'].every(
    (program) => spawnSync(IP, ['netns', 'exec', probe, program], { input: '*filter\nCOMMIT\n' }).status === 0,
  );
  spawnSync(IP, ['netns', 'del', probe]);
  return loads;
}

export function newNamespace(): Namespace {
  execFileSync(IP, ['netns', 'add', NAME]);
  execFileSync(IP, ['netns', 'exec', NAME, 'ip', 'link', 'set', 'lo', 'up']);
  return {
    run: (command, input = '') => {
      const { status, stdout, stderr } = spawnSync(IP, ['netns', 'exec', NAME, ...command], { input, encoding: 'utf8' });
      return { status, stdout, stderr };
    },
    remove: () => execFileSync(IP, ['netns', 'del', NAME]),
  };
}
