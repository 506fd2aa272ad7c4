import type { Pki } from '../../collect/live/support/pki.ts';
import { outcomeOf } from './outcome.ts';
import type { Row, Try } from './row.ts';
import { type Client, commandOf, run } from './run.ts';
import { Stage } from './stage.ts';
import type { Tried } from './table.ts';

/** Runs kubectl, then this program, in the same situation. */
export async function tryBoth(row: Row, pki: Pki, behind: number): Promise<Tried> {
  const stage = new Stage(pki, behind);
  try {
    const how = await row.set(stage);
    const kubectl = await tryOne('kubectl', how, stage);
    const srcip = await tryOne('srcip', how, stage);
    return {
      group: row.group,
      name: row.name,
      given: stage.show(given(how)),
      kubectl,
      srcip,
      differs: row.differs ?? (srcip === kubectl ? null : 'NOT EXPLAINED'),
    };
  } finally {
    await stage.end();
  }
}

async function tryOne(client: Client, how: Try, stage: Stage): Promise<string> {
  const before = { seen: new Set(stage.seen().map(({ headers }) => headers)), passed: count(stage.passed()) };
  const ran = await run(client, how, stage);
  return stage.show(
    outcomeOf(ran, {
      seen: stage.seen().filter(({ headers }) => !before.seen.has(headers)),
      passed: [...count(stage.passed())].filter(([text, times]) => times > (before.passed.get(text) ?? 0)).map(([text]) => text),
      tells: how.tells,
    }),
  );
}

function count(texts: readonly string[]): Map<string, number> {
  const counted = new Map<string, number>();
  for (const text of texts) counted.set(text, (counted.get(text) ?? 0) + 1);
  return counted;
}

/** Flags and environment as one would type them; KUBECONFIG only where it is more than one file in its usual place. */
function given(how: Try): string {
  const env = Object.entries(how.env ?? {}).filter(
    ([name, value]) => name !== 'KUBECONFIG' || !value.endsWith('/config') || value.includes(':'),
  );
  const [kubectl, srcip] = [commandOf('kubectl', how), commandOf('srcip', how)];
  const words = how.kubectl === undefined ? (how.flags ?? kubectl.slice(1)) : kubectl;
  const own = how.srcip === undefined || how.kubectl === undefined ? [] : ['/', 'srcip', ...srcip];
  return [
    ...env.map(([name, value]) => `${name}=${value}`),
    ...(how.words !== undefined || how.flags !== undefined || how.kubectl !== undefined ? words : []),
    ...own,
  ].join(' ');
}
