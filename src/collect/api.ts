/** How the program talks to an API server: JSON in, no classes, pages mapped to slim records as they arrive. */
export interface ApiClient {
  /** Base URL of the server, for messages. */
  readonly server: string;
  /** Name of the kubeconfig context in use, or null (flags only, in-cluster). */
  readonly context: string | null;
  /** The namespace that kubectl would use here: -n, else the context's, else in-cluster's, else `default`. */
  readonly namespace: string;
  /** One object. Throws ApiError for a Status answer, Failure when the server cannot be reached. */
  get(path: string, query?: Readonly<Record<string, string>>): Promise<unknown>;
  /**
   * Every item of a list, in pages of 500, each item handed on as soon as its page is parsed.
   * An expired `continue` token (410) is answered by starting again: `restart` is called before, so that the caller can drop what it has.
   */
  list(path: string, query: Readonly<Record<string, string>>, sink: ListSink): Promise<void>;
  close(): void;
}

export interface ListSink {
  item(object: unknown): void;
  restart(): void;
}

/** The server answered, but not with what was asked for. */
export class ApiError extends Error {
  readonly status: number;
  /** `Forbidden`, `NotFound`, `Unauthorized`, …; the server's word. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
  }
}

/** The connection flags that kubectl has, as given. Undefined: not given. */
export interface ConnectionFlags {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly namespace?: string | undefined;
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly as?: string | undefined;
  readonly asGroup?: readonly string[] | undefined;
  readonly asUid?: string | undefined;
  readonly certificateAuthority?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
  readonly requestTimeout?: string | undefined;
  readonly disableCompression?: boolean | undefined;
}
