import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import { messageOf } from '../live/text.ts';
import { prepareOffers } from './auth.ts';
import type { HostConfig } from './config-values.ts';
import type { Deadline } from './deadline.ts';
import { hostKeyAlgorithms, judgeHostKey } from './host-key.ts';
import { changedWarning, refusal } from './host-verdict.ts';
import type { KeyRing } from './keys.ts';
import { type KnownHostsStore, nameOf } from './known-hosts-store.ts';
import { SshTrouble } from './trouble.ts';
import type { SshOptions } from './types.ts';

/** What all log-ins of one run share. */
export interface LoginSurroundings {
  readonly options: SshOptions;
  readonly keys: KeyRing;
  readonly knownHosts: KnownHostsStore;
}

/** Handshake and log-in over an open connection. Rejects with SshTrouble. */
export async function logIn(config: HostConfig, { sock, deadline, around }: Way): Promise<ssh2.Client> {
  const lines = await around.knownHosts.linesFor(config);
  const offers = prepareOffers(config, { keys: around.keys, deadline });
  const client = new ssh2.Client();
  let refused: string | null = null;
  let unknownKey: Buffer | null = null;
  const verify = (key: Buffer): boolean => {
    const answer = judgeHostKey(key, lines);
    if (answer.kind === 'known') return true;
    if (answer.kind === 'unknown' && (around.options.acceptNew === true || config.acceptsNew)) {
      unknownKey = key;
      return true;
    }
    if (answer.kind === 'changed') around.options.warn?.(changedWarning(answer, key, config));
    refused = refusal(answer, key, config);
    return false;
  };
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      sock.destroy();
      reject(new SshTrouble(why));
    };
    let remembered: Promise<void> = Promise.resolve();
    client.on('error', (error) => {
      // An agent that does not answer is no reason to leave the key files untried.
      if (levelOf(error) !== 'agent') fail(refused ?? (levelOf(error) === 'client-authentication' ? offers.failure() : explain(error)));
    });
    client.on('close', () => fail(refused ?? 'the connection was closed during log-in'));
    // Not before: only now has the host proved that the key is its own.
    client.once('handshake', () => {
      if (unknownKey !== null) remembered = rememberKey(unknownKey, { config, around });
      remembered.catch((error: unknown) => fail(messageOf(error)));
    });
    client.once(
      'ready',
      () =>
        void remembered.then(
          () => resolve(client),
          () => undefined,
        ),
    );
    try {
      client.connect({
        sock,
        username: config.user,
        // The deadline counts instead.
        readyTimeout: 0,
        hostVerifier: verify,
        algorithms: { serverHostKey: hostKeyAlgorithms(lines) },
        authHandler: (accepted, _partial, next) => {
          // The types know neither null (nothing said yet) nor false (nothing left), which ssh2 documents.
          const answer = next as (offer: unknown) => void;
          offers.next(accepted as readonly string[] | null).then(
            (offer) => answer(offer ?? false),
            (error: unknown) => fail(messageOf(error)),
          );
        },
      });
    } catch (error) {
      fail(messageOf(error));
    }
  });
}

/** An open way to a host, and the time left for it. */
export interface Way {
  readonly sock: Duplex;
  readonly deadline: Deadline;
  readonly around: LoginSurroundings;
}

async function rememberKey(
  key: Buffer,
  { config, around }: { readonly config: HostConfig; readonly around: LoginSurroundings },
): Promise<void> {
  const file = await around.knownHosts.remember(config, key);
  around.options.warn?.(`Permanently added '${nameOf(config)}' to the list of known hosts (${file}).`);
}

function levelOf(error: Error): string {
  return 'level' in error && typeof error.level === 'string' ? error.level : '';
}

function explain(error: Error): string {
  const message = messageOf(error);
  if (/no matching (?:key exchange|host key|server host key|cipher|C->S|S->C)/i.test(message))
    return `${message.replace(/^Handshake failed: /, '')}: the server wants algorithms that the built-in client lacks; use --ssh-command ssh`;
  if (/before handshake/i.test(message))
    return 'the server closed the connection before the handshake (too many connections at once, or no SSH server)';
  return message;
}
