/** How a client finds and enters the server. */
export interface KubeconfigParts {
  readonly name: string;
  readonly url: string;
  readonly namespace: string;
  readonly token: string;
  /** PEM text; null for plain HTTP. */
  readonly ca: string | null;
}

/** A kubeconfig for one cluster, as YAML text. A JSON string is a YAML string, so every value is quoted that way. */
export function kubeconfigText(parts: KubeconfigParts): string {
  const quoted = JSON.stringify;
  const ca = parts.ca === null ? [] : [`    certificate-authority-data: ${quoted(Buffer.from(parts.ca).toString('base64'))}`];
  return `${[
    'apiVersion: v1',
    'kind: Config',
    `current-context: ${quoted(parts.name)}`,
    'clusters:',
    `- name: ${quoted(parts.name)}`,
    '  cluster:',
    `    server: ${quoted(parts.url)}`,
    ...ca,
    'contexts:',
    `- name: ${quoted(parts.name)}`,
    '  context:',
    `    cluster: ${quoted(parts.name)}`,
    `    user: ${quoted(parts.name)}`,
    `    namespace: ${quoted(parts.namespace)}`,
    'users:',
    `- name: ${quoted(parts.name)}`,
    '  user:',
    `    token: ${quoted(parts.token)}`,
  ].join('\n')}\n`;
}
