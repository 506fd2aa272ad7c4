import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkAccess, userOf } from './access.ts';
import type { HandlerContext } from './handler.ts';
import { readUrl } from './handler.ts';
import { records, text, valueAt } from './json.ts';
import { type Programs, streamStatus } from './programs.ts';
import { badRequest, notAllowed, notFound, StatusError, statusBody } from './status.ts';
import type { StoredObject } from './store.ts';
import { acceptWebSocket } from './websocket.ts';

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const CHANNELS = { stdout: 1, stderr: 2, status: 3 } as const;
const PIECE = 32 * 1024;

/** How an upgrade ended, for whoever keeps count. */
export interface Streamed {
  readonly status: number;
  readonly user: string | null;
}

/** Takes up a WebSocket to `pods/NAME/exec` and runs the program in it; anything else gets the refusal that an API server gives. */
export function handleUpgrade(context: HandlerContext, request: IncomingMessage, socket: Duplex): Streamed {
  socket.on('error', () => socket.destroy());
  let user: string | null = null;
  try {
    user = userOf(request, context.access);
    const { route, parameters } = readUrl(context, request);
    if (route.kind !== 'exec') throw badRequest('only pods/exec can be upgraded');
    const pod = podToRunIn(context, { ...route, user });
    if (context.programs === undefined) throw notAllowed();
    const { programs } = context;
    const sending = acceptWebSocket(request, socket, PROTOCOLS);
    if (sending === null) throw badRequest('unable to upgrade: unable to negotiate protocol');
    const send = (channel: number, data: Buffer): void => sending.message(Buffer.concat([Buffer.from([channel]), data]));
    // apiserver pkg/util/wsstream: an empty message opens every channel.
    for (const channel of Object.values(CHANNELS)) send(channel, Buffer.alloc(0));
    const command = parameters.getAll('command');
    const asked = { node: text(valueAt(pod.object, 'spec.nodeName')), ...placeOf(pod, parameters.get('container')), command };
    run(programs, asked, send).then(
      (isWhole) => (isWhole ? sending.close() : socket.destroy()),
      () => socket.destroy(),
    );
    return { status: 101, user };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    refuse(socket, error);
    return { status: error.status.code, user };
  }
}

type Send = (channel: number, data: Buffer) => void;

/** Whether the stream ended as it should. */
async function run(programs: Programs, asked: Parameters<Programs>[0], send: Send): Promise<boolean> {
  const result = await programs(asked);
  if (result !== 'absent') {
    const stdout = Buffer.from(result.stdout ?? '');
    for (let at = 0; at < stdout.length; at += PIECE) send(CHANNELS.stdout, stdout.subarray(at, at + PIECE));
    if (result.stderr) send(CHANNELS.stderr, Buffer.from(result.stderr));
    if (result.cut) return false;
  }
  send(CHANNELS.status, Buffer.from(JSON.stringify(streamStatus(asked.command, result))));
  return true;
}

/** An upgrade needs the right to create, too (kubernetes/kubernetes: AuthorizePodWebsocketUpgradeCreatePermission, on since 1.35). */
function podToRunIn({ store, access }: HandlerContext, route: { namespace: string; name: string; user: string }): StoredObject {
  const type = store.find('', 'v1', 'pods');
  if (type === undefined) throw badRequest('this server has no pods');
  for (const verb of ['get', 'create'] as const)
    checkAccess(type, { ...route, subresource: 'exec' }, { user: route.user, deny: access.deny ?? [], verb });
  const pod = store.get(type, route.namespace, route.name);
  if (pod === undefined) throw notFound(type, route.name);
  return pod;
}

function placeOf(pod: StoredObject, wanted: string | null): { namespace: string; pod: string; container: string } {
  const names = records(valueAt(pod.object, 'spec.containers')).map((container) => text(container['name']));
  if (wanted !== null && !names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${pod.name}`);
  return { namespace: pod.namespace, pod: pod.name, container: wanted ?? names[0] ?? '' };
}

function refuse(socket: Duplex, { status }: StatusError): void {
  const body = JSON.stringify(statusBody(status));
  const head = [`HTTP/1.1 ${status.code} ${status.reason}`, 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
  socket.end(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`);
}
