import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import type ssh2 from 'ssh2';
import { codeOf, messageOf } from '../live/text.ts';
import type { HostConfig } from './config-values.ts';
import { SshTrouble } from './trouble.ts';

/** A TCP connection. Without noDelay each round trip of the handshake waits some 40 ms: ssh2 writes packets in pieces. */
export function tcp({ hostName, port }: HostConfig, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const sock = connectTcp({ host: hostName, port, noDelay: true, signal });
    const failed = (error: Error): void => reject(new SshTrouble(`connect to ${hostName} port ${port}: ${socketTrouble(error)}`));
    sock.once('error', failed);
    sock.once('connect', () => {
      sock.removeListener('error', failed);
      sock.on('error', () => undefined);
      resolve(sock);
    });
  });
}

/** A connection that the jump host makes. */
export function forward({ hostName, port }: HostConfig, client: ssh2.Client): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(new SshTrouble(`the jump host cannot connect to ${hostName} port ${port}: ${messageOf(error).replace(/^\(SSH\) /, '')}`));
    try {
      client.forwardOut('127.0.0.1', 0, hostName, port, (error, channel) => (error === undefined ? resolve(channel) : failed(error)));
    } catch {
      failed(new Error('its connection was closed'));
    }
  });
}

function socketTrouble(error: Error): string {
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  switch (codeOf(first)) {
    case 'ECONNREFUSED':
      return 'connection refused; is it another --ssh-port or --ssh-address?';
    case 'EHOSTUNREACH':
      return 'no route to host';
    case 'ENETUNREACH':
      return 'network is unreachable';
    case 'ETIMEDOUT':
      return 'timed out';
    case 'ECONNRESET':
      return 'connection reset';
    case 'ENOTFOUND':
      return 'the name is not known';
    case 'EAI_AGAIN':
      return 'the name cannot be resolved now';
    default:
      return messageOf(first);
  }
}
