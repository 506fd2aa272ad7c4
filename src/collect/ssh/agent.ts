import ssh2 from 'ssh2';

type Identities = ssh2.IdentityCallback<ssh2.ParsedKey>;

/** The user's agent; with IdentitiesOnly just those of its keys that belong to the configured key files. */
export class ChosenAgent extends ssh2.OpenSSHAgent {
  readonly #only: readonly Buffer[] | null;
  /** Public keys that it offered; trying their files again would be in vain. */
  readonly offered: Buffer[] = [];

  constructor(socket: string, only: readonly Buffer[] | null) {
    super(socket);
    this.#only = only;
  }

  override getIdentities(answer: Identities): void {
    super.getIdentities((error, keys) => {
      if (keys === undefined) return answer(error ?? undefined, keys);
      const chosen = keys.filter((key) => this.#only === null || includes(this.#only, blobOf(key)));
      this.offered.push(...chosen.map(blobOf).filter((blob) => blob !== null));
      answer(undefined, chosen);
    });
  }
}

/** OpenSSH agents give keys only; the types know others that give more. */
function blobOf(key: object): Buffer | null {
  return 'getPublicSSH' in key && typeof key.getPublicSSH === 'function' ? (key.getPublicSSH() as Buffer) : null;
}

function includes(blobs: readonly Buffer[], wanted: Buffer | null): boolean {
  return wanted !== null && blobs.some((blob) => blob.equals(wanted));
}
