import type { RecentMatch } from '../rule/match-kinds.ts';
import type { Scene } from './scene.ts';
import { known, type Ternary, withNot } from './ternary.ts';

/** xt_recent: `--set` always holds; the others ask whether the address is in the list, and with `--hitcount` how often it was noted there. */
export function matchRecent(match: RecentMatch, scene: Scene): Ternary {
  if (match.action === 'set') return withNot('yes', match.negated);
  const times = timesNoted(match, scene);
  if (!scene.newClient || times === null) return 'unknown';
  const wanted = match.action === 'remove' ? 1 : Math.max(1, match.hitcount ?? 1);
  return withNot(known(times >= wanted), match.negated);
}

function timesNoted(match: RecentMatch, scene: Scene): number | null {
  const key = recentKey(match, scene);
  return key === null ? null : (scene.recent.get(key) ?? 0);
}

function recentKey(match: RecentMatch, scene: Scene): string | null {
  const address = match.side === 'rsource' ? scene.packet.source : scene.packet.destination;
  return address === null ? null : `${match.list} ${address}`;
}

/** The lists with what this match notes in them. */
export function noted(match: RecentMatch, scene: Scene): ReadonlyMap<string, number> {
  const key = recentKey(match, scene);
  if (key === null) return scene.recent;
  return new Map(scene.recent).set(key, (scene.recent.get(key) ?? 0) + 1);
}
