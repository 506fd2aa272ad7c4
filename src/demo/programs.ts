/** A program that somebody wants to run in a pod. */
export interface AskedProgram {
  readonly node: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

export interface ProgramResult {
  readonly stdout?: string | Buffer;
  readonly stderr?: string;
  /** 0 by default. */
  readonly status?: number;
  /** The connection breaks behind the output. */
  readonly cut?: true;
}

/** What programs in pods do; a promise that stays open is a program that hangs. */
export type Programs = (asked: AskedProgram) => ProgramResult | 'absent' | Promise<ProgramResult | 'absent'>;

/** The last message of a stream (k8s.io/apimachinery pkg/util/remotecommand, v4 and later). */
export function streamStatus(command: readonly string[], result: ProgramResult | 'absent'): object {
  if (result === 'absent') {
    const message = `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "0": OCI runtime exec failed: exec failed: unable to start container process: exec: "${command[0] ?? ''}": executable file not found in $PATH: unknown`;
    return { metadata: {}, status: 'Failure', message, reason: 'InternalError', details: { causes: [{ message }] }, code: 500 };
  }
  const status = result.status ?? 0;
  if (status === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${status}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(status) }] },
  };
}
