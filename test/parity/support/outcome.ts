import { kindOf } from './kinds.ts';
import type { Run } from './run.ts';
import type { SeenBy } from './stage.ts';

/** What happened, in one line that is the same for the same outcome, whatever the machine. */
export function outcomeOf(
  run: Run,
  world: { readonly seen: readonly SeenBy[]; readonly passed: readonly string[]; readonly tells: RegExp | undefined },
): string {
  const { seen, passed, tells } = world;
  // Some builds of kubectl ask for the version beforehand, to choose among several of themselves.
  const asked = seen.filter(({ path }) => !path.includes('/version'));
  const kind = ending(run);
  const told = tells === undefined ? '' : tells.test(run.stderr) ? 'says why' : 'does not say why';
  return [kind, told, ...unique(passed), ...unique(asked.map(whom)), sameForAll.has(kind) ? '' : namespaceOf(asked)]
    .filter((part) => part !== '')
    .join('; ');
}

/** kubectl meets these before it gets to the Service, when it asks what the server offers. */
const sameForAll: ReadonlySet<string> = new Set(['fails: unauthorized', 'fails: time-out', 'waits for ever']);

function ending({ code, late, stdout, stderr }: Run): string {
  if (late) return 'waits for ever';
  return code === 0 ? `answers${printed(stdout)}` : `fails: ${kindOf(stderr + stdout)}`;
}

function printed(stdout: string): string {
  if (/^(\S*: )?service\/\S+\s*$/m.test(stdout)) return ` ${/service\/\S+/.exec(stdout)?.[0]}`;
  if (stdout.startsWith('{')) return ' in JSON';
  if (/^Usage:|^USAGE/m.test(stdout)) return ' with its help';
  return /^apiVersion: /m.test(stdout) ? ' in YAML' : '';
}

function whom({ server, path, headers, commonName, sni }: SeenBy): string {
  const prefix = /^(?<prefix>.*?)\/(api|apis)\b/.exec(path)?.groups?.['prefix'] ?? '';
  const impersonated = Object.entries(headers).filter(([name]) => name.startsWith('impersonate-'));
  const credentials = [
    authorization(headers.authorization),
    commonName === null ? '' : `certificate of ${commonName}`,
    ...impersonated.map(([name, value]) => `${name.slice('impersonate-'.length)} ${value}`),
  ].filter((part) => part !== '');
  return [
    `server ${server}${prefix === '' ? '' : ` under ${prefix}`}`,
    sni === null ? '' : ` by the name ${sni}`,
    `: ${credentials.length === 0 ? 'nobody' : credentials.sort().join(', ')}`,
    /\bgzip\b/.test(String(headers['accept-encoding'])) ? '' : ', uncompressed',
  ].join('');
}

function authorization(value: string | undefined): string {
  if (value === undefined) return '';
  const [scheme, text = ''] = value.split(' ');
  return scheme === 'Basic' ? `password ${Buffer.from(text, 'base64')}` : `token ${text}`;
}

function namespaceOf(seen: readonly SeenBy[]): string {
  const [asked] = seen.flatMap(({ path }) => {
    const found = /\/api\/v1\/(?:namespaces\/(?<namespace>[^/]+)\/)?services\b/.exec(path);
    return found === null ? [] : [found.groups?.['namespace']];
  });
  if (!seen.some(({ path }) => /\/services\b/.test(path))) return '';
  return asked === undefined ? 'all namespaces' : `namespace ${asked}`;
}

function unique(parts: readonly string[]): string[] {
  return [...new Set(parts)].sort();
}
