/** Something that runs a script in a POSIX shell on a host. The script goes through standard input, so that no shell has to unquote it. */
export interface Backend {
  /** Rejects with SshTrouble when the host cannot be reached or lets nobody in; what happens after that is part of the answer. */
  run(host: string, job: Job): Promise<Finished>;
  close(): void;
}

export interface Job {
  readonly script: string;
  /** Reads what the script prints, to its end, and does not reject. */
  read(stdout: AsyncIterable<Buffer>): Promise<void>;
}

export interface Finished {
  readonly status: number | null;
  /** The beginning of what it wrote there. */
  readonly stderr: string;
  /** Why the connection ended before the script did, or null. */
  readonly lost: string | null;
}

/** The fixed command; every login shell understands it. */
export const SHELL = 'sh -s';
/** Longest standard error that is kept, bytes. */
export const STDERR_LIMIT = 16_384;
