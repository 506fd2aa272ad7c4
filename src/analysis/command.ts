/** A word of a command that a person may copy: names come from the cluster, and one that a shell would take for more than a word is quoted. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** `kubectl VERB svc NAME -n NAMESPACE`. */
export function kubectlOn({ namespace, name }: { readonly namespace: string; readonly name: string }, verb: string): string {
  return `kubectl ${verb} svc ${shellWord(name)} -n ${shellWord(namespace)}`;
}
