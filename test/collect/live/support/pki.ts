import { generate } from 'selfsigned';

/** A certificate and its key, PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Pki {
  readonly ca: Pair;
  /** Valid for 127.0.0.1, ::1, localhost and api.test. */
  readonly server: Pair;
  /** Valid for other.test only. */
  readonly otherName: Pair;
  readonly expired: Pair;
  /** Client certificate of the user `alice`. */
  readonly client: Pair;
  /** A CA that signed none of these. */
  readonly strangerCa: Pair;
}

const YEAR = 365 * 86_400_000;

export async function makePki(): Promise<Pki> {
  const [ca, strangerCa] = await Promise.all([authority('test CA'), authority('another CA')]);
  const names = [
    { type: 7 as const, ip: '127.0.0.1' },
    { type: 7 as const, ip: '::1' },
    { type: 2 as const, value: 'localhost' },
    { type: 2 as const, value: 'api.test' },
  ];
  const [server, otherName, expired, client] = await Promise.all([
    signed(ca, { name: 'api.test', names }),
    signed(ca, { name: 'other.test', names: [{ type: 2, value: 'other.test' }] }),
    signed(ca, { name: 'api.test', names, notBefore: new Date(Date.now() - 2 * YEAR) }),
    signed(ca, { name: 'alice', names: [] }),
  ]);
  return { ca, server, otherName, expired, client, strangerCa };
}

async function authority(name: string): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...COMMON,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

interface Wanted {
  readonly name: string;
  readonly names: readonly ({ readonly type: 2; readonly value: string } | { readonly type: 7; readonly ip: string })[];
  readonly notBefore?: Date;
}

async function signed(ca: Pair, { name, names, notBefore }: Wanted): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...COMMON,
    ca,
    ...(notBefore === undefined ? {} : { notBeforeDate: notBefore, notAfterDate: new Date(notBefore.getTime() + YEAR) }),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      ...(names.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames: [...names] }]),
    ],
  });
  return { cert: made.cert, key: made.private };
}

const COMMON = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
