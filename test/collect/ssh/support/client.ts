import { appendFileSync, writeFileSync } from 'node:fs';
import { collectOverSsh } from '../../../../src/collect/ssh/collect.ts';
import type { NodeTarget, SshOptions, SshProgress, SshResult } from '../../../../src/collect/ssh/types.ts';
import { type Lab, type Sshd, USER } from './sshd.ts';

let count = 0;

/** A client of its own: configuration file and known_hosts in the lab's folder, no agent, the lab's user key. */
export interface TestClient {
  readonly knownHosts: string;
  readonly know: (line: string) => void;
  readonly run: (nodes: readonly NodeTarget[], more?: SshOptions, progress?: (p: SshProgress) => void) => Promise<SshResult>;
}

export function createClient(
  lab: Lab,
  config: readonly string[] = [],
  { userKey = true }: { readonly userKey?: boolean } = {},
): TestClient {
  const knownHosts = lab.path(`known_hosts.${count}`);
  const configFile = lab.path(`ssh_config.${count++}`);
  writeFileSync(
    configFile,
    [
      ...config,
      'Host *',
      `  User ${USER}`,
      ...(userKey ? [`  IdentityFile ${lab.path('user')}`] : []),
      `  UserKnownHostsFile ${knownHosts}`,
      '  GlobalKnownHostsFile none',
      '',
    ].join('\n'),
  );
  return {
    knownHosts,
    know: (line) => appendFileSync(knownHosts, `${line}\n`),
    run: (nodes, more = {}, progress) => collectOverSsh(nodes, { configFile, variables: withoutAgent(), ...more }, progress),
  };
}

/** A client that knows the server's host key. */
export function acquainted(lab: Lab, server: Sshd, config: readonly string[] = []): TestClient {
  const client = createClient(lab, config);
  client.know(`[127.0.0.1]:${server.port} ${lab.publicKey(server.hostKey)}`);
  return client;
}

export function nodeAt(name: string, address = '127.0.0.1'): NodeTarget {
  return { name, addresses: [{ type: 'InternalIP', address }] };
}

export function withoutAgent(): Record<string, string | undefined> {
  const { SSH_AUTH_SOCK: _agent, ...rest } = process.env;
  return rest;
}

export function whyOf(result: SshResult): readonly string[] {
  return result.gaps.map(({ what, why }) => `${what}: ${why}`);
}
