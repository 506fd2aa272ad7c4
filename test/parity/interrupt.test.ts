import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { openLab, programIsThere, sshdIsThere, USER } from '../collect/ssh/support/sshd.ts';
import { startWorld } from '../e2e/support/world.ts';
import { hasTmux, Terminal } from './support/terminal.ts';

const FLANNEL = fileURLToPath(new URL('../fixtures/rules/recorded/cluster-flannel', import.meta.url));
const CLEAN = { changed: [], cursor: '1', left: [] };
const BY_SIGNAL = { ...CLEAN, code: 130 };

describe.skipIf(!hasTmux)(`Ctrl-C leaves nothing behind${hasTmux ? '' : ' (skipped: no tmux)'}`, () => {
  const ends: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  function open(name: string): Terminal {
    const terminal = new Terminal(name);
    ends.push(() => terminal.end());
    return terminal;
  }

  test('while a server does not answer', async () => {
    let asked = 0;
    const world = await startWorld({ intercept: () => ++asked > 0 });
    ends.push(() => world.end());
    const terminal = open('hang');
    terminal.start('explain svc/web', { env: `KUBECONFIG=${world.kubeconfig}` });
    await terminal.until(() => asked > 0);
    expect(await terminal.interrupt()).toMatchObject(BY_SIGNAL);
  });

  test('while an exec plugin asks, with the echo turned off', async () => {
    const terminal = open('exec');
    const lines = [
      '#!/bin/sh',
      `echo $$ > ${terminal.path('plugin-pid')}`,
      'stty -echo < /dev/tty',
      "printf 'Password: ' >&2",
      'read -r x',
    ];
    terminal.folder.write('plugin', `${lines.join('\n')}\n`);
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: [terminal.path('plugin')],
      interactiveMode: 'IfAvailable',
    };
    const config = terminal.folder.write(
      'config',
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
        clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:1' } }],
        users: [{ name: 'u', user: { exec } }],
      }),
    );
    terminal.start('explain svc/web', { env: `KUBECONFIG=${config}` });
    await terminal.until(() => terminal.screen().includes('Password:'));
    expect(await terminal.interrupt(['plugin-pid'])).toMatchObject(BY_SIGNAL);
  });

  test('while nobody reads a long answer', async () => {
    const world = await startWorld();
    ends.push(() => world.end());
    const terminal = open('pipe');
    terminal.start('explain svc/ingress-nginx-controller -n ingress-nginx -o json', {
      env: `KUBECONFIG=${world.kubeconfig}`,
      after: `| sh -c 'echo $$ > ${terminal.path('reader-pid')}; exec sleep 60'`,
    });
    await terminal.until(() => world.asked.length > 5);
    await sleep(500);
    expect(await terminal.interrupt(['reader-pid'])).toMatchObject(BY_SIGNAL);
  });

  test('while the demo cluster is served', async () => {
    const terminal = open('demo');
    terminal.start('demo');
    await terminal.until(() => terminal.screen().includes('until Ctrl-C'));
    expect(await terminal.interrupt()).toMatchObject({ ...CLEAN, code: 0 });
  });

  test.skipIf(!sshdIsThere() || !programIsThere('ssh'))('while --rules ssh asks for a passphrase: no second question', async () => {
    const lab = openLab();
    ends.push(() => lab.close());
    const sshd = await lab.sshd();
    const terminal = open('ssh');
    const key = lab.makeKey('locked', { passphrase: 'secret' });
    terminal.folder.write('known_hosts', `[127.0.0.1]:${sshd.port} ${lab.publicKey(sshd.hostKey)}\n`);
    const config = terminal.folder.write(
      'ssh_config',
      `Host *\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User ${USER}\n  IdentityFile ${key}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${terminal.path('known_hosts')}\n`,
    );
    terminal.start(`verify svc/web -n ns1 --snapshot ${FLANNEL} --rules ssh --ssh-config ${config} --ssh-address name`);
    await terminal.until(() => terminal.screen().includes('passphrase of key'));
    const after = await terminal.interrupt();
    expect(after).toMatchObject(CLEAN);
    expect(after.screen.match(/passphrase of key/g)).toHaveLength(1);
    expect(existsSync(join(terminal.folder.path, 'tmp'))).toBe(true);
  });
});
