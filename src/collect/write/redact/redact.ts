import { createHmac, randomBytes } from 'node:crypto';
import type { Evidence, Gap, NodeFile } from '../../../cluster/evidence.ts';
import { type AddressMap, createAddressMap } from './address-map.ts';
import { createChainBook, noteObjects } from './chain-book.ts';
import { redactIpJson, redactNftJson } from './json.ts';
import { createNames, type NameKind } from './names.ts';
import { redactNft } from './nft.ts';
import { checked, redactObject } from './objects.ts';
import type { Pen } from './pen.ts';
import { findPins, type Pin, withPins } from './pins.ts';
import { noteSave, redactSave, type SavePass } from './save.ts';
import { redactText } from './text.ts';

export interface RedactOptions {
  /** Base32 of the SHA-256 of a text, at least 16 characters: how kube-proxy names chains. */
  readonly chainHash: (text: string) => string;
  /** Default: a new random one, so that two snapshots cannot be held against each other. */
  readonly key?: Buffer | undefined;
}

export interface Redacted {
  readonly evidence: Evidence;
  /** What stands for an address, or for every address in a text. */
  readonly addressFor: (text: string) => string;
  readonly nameFor: (kind: NameKind, name: string) => string;
}

/** The more addresses there are in a small range, the less can be avoided that one's replacement is another's original. */
const ATTEMPTS = 16;

/**
 * The same cluster under other names and addresses: whatever relation they had, they have afterwards. What is not understood is left out.
 * The first pass only looks which names and addresses there are.
 */
export function redactEvidence(evidence: Evidence, { chainHash, key = randomBytes(32) }: RedactOptions): Redacted {
  const names = createNames();
  const found = new Set<string>();
  redactAll(evidence, { names, addresses: recorder(found), key, chainHash });
  names.settle();
  const addresses = chooseMap(found, findPins(evidence.objects, evidence.nodeFiles), key);
  const pen: Pen = { names, addresses, key, chainHash };
  return {
    evidence: redactAll(evidence, pen),
    addressFor: (text) => redactText(text, pen),
    nameFor: (kind, name) => names.of(kind, name),
  };
}

function redactAll(evidence: Evidence, pen: Pen): Evidence {
  const book = createChainBook(pen);
  noteObjects(evidence.objects, book);
  const pass = { book, pen, known: new Map<string, string>() };
  for (const file of evidence.nodeFiles) if (/^ip6?tables-save$/.test(file.format)) noteSave(file.text, book);
  return {
    origin: 'a redacted snapshot',
    objects: evidence.objects.map((object) => checked(redactObject(object, pen))),
    complete: evidence.complete,
    gaps: evidence.gaps.map((gap) => redactGap(gap, pen)),
    nodeFiles: evidence.nodeFiles.map((file) => ({
      node: pen.names.of('node', file.node),
      format: file.format,
      path: '',
      text: redactFile(file, pass),
    })),
  };
}

function redactFile({ format, text }: NodeFile, pass: SavePass): string {
  const { book, pen } = pass;
  switch (format) {
    case 'iptables-save':
    case 'ip6tables-save':
      return redactSave(text, pass);
    case 'nft':
      return redactNft(text, book, pen);
    case 'nft-json':
      return redactNftJson(text, book, pen);
    case 'ip-addr':
    case 'ip-route':
      return redactIpJson(text, pen);
  }
}

/** Reasons quote servers, users and paths. */
function redactGap({ what }: Gap, { names }: Pen): Gap {
  const groups = /^(?<part>(?:IPv6 )?rules|nftables ruleset|addresses|routes) of (?<node>\S+)$/.exec(what)?.groups;
  const shown = groups === undefined ? 'a part of the cluster' : `${groups['part']} of ${names.of('node', groups['node'] ?? '')}`;
  return { what: shown, why: 'not read when the snapshot was written' };
}

function recorder(found: Set<string>): AddressMap {
  const record = (canonical: string): string => {
    found.add(canonical);
    return canonical;
  };
  return { address: record, network: record };
}

/** A map under which no address becomes another one's original, if that can be had. */
function chooseMap(found: ReadonlySet<string>, pins: readonly Pin[], key: Buffer): AddressMap {
  let best: { readonly map: AddressMap; readonly clashes: number } | null = null;
  for (let attempt = 0; attempt < ATTEMPTS && best?.clashes !== 0; attempt++) {
    const own = createHmac('sha256', key).update(`addresses ${attempt}`).digest();
    const map = withPins(pins, createAddressMap(own));
    const clashes = clashesOf(found, map);
    if (best === null || clashes < best.clashes) best = { map, clashes };
  }
  return best?.map ?? createAddressMap(key);
}

function clashesOf(found: ReadonlySet<string>, map: AddressMap): number {
  const taken = new Set<string>();
  let clashes = 0;
  for (const address of found) {
    const mapped = map.address(address);
    if (taken.has(mapped) || (mapped !== address && found.has(mapped))) clashes++;
    taken.add(mapped);
  }
  return clashes;
}
