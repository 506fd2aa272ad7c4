import type { Because, Branch, Flow, SeenSource, ServiceSummary } from '../analysis/report.ts';
import type { Fate } from './compare.ts';
import type { WhatifBranch, WhatifFate, WhatifTarget } from './report.ts';
import type { StandIns } from './stage.ts';

/** Takes numbers and addresses that only stand in for unknown ones out of what is shown. */
export interface Hider {
  target(to: Flow['to']): WhatifTarget;
  fate(fate: Fate): WhatifFate;
  service(summary: ServiceSummary): ServiceSummary;
  text(text: string): string;
}

export function createHider({ ports, addresses }: StandIns): Hider {
  const [hiddenPorts, hiddenAddresses] = [new Set(ports), new Set(addresses)];
  const isWord = (text: string, word: string): boolean =>
    new RegExp(`(^|[^0-9a-f.:])${word.replaceAll('.', '\\.')}($|[^0-9a-f.])`, 'i').test(text);
  const holds = (text: string): boolean => [...ports.map(String), ...addresses].some((word) => isWord(text, word));
  const hidden = (text: string): string => {
    let shown = text;
    for (const port of hiddenPorts) shown = shown.replace(new RegExp(`(?<![0-9.])${port}(?![0-9])`, 'g'), '(not given yet)');
    for (const address of hiddenAddresses) shown = shown.replaceAll(address, '(not given yet)');
    return shown;
  };
  const portOf = (port: number): number | null => (hiddenPorts.has(port) ? null : port);
  const source = (seen: SeenSource | null): SeenSource | null =>
    seen === null || seen.address === null || !hiddenAddresses.has(seen.address) ? seen : { ...seen, address: null };
  const branch = ({ endpoint, source: seen, ...rest }: Branch): WhatifBranch => ({
    ...rest,
    endpoint: endpoint === null ? null : { ...endpoint, address: hiddenAddresses.has(endpoint.address) ? null : endpoint.address },
    source: source(seen),
  });
  const because = ({ code, text, rule }: Because): Because => ({
    code,
    text: hidden(text),
    rule: rule !== null && holds(rule) ? null : rule,
  });
  return {
    target: (to) => ({ ...to, port: to.kind === 'nodePort' || to.kind === 'healthCheckNodePort' ? portOf(to.port) : to.port }),
    fate: ({ verdict, branches, because: reasons }) => ({ verdict, branches: branches.map(branch), because: reasons.map(because) }),
    service: (summary) => ({
      ...summary,
      healthCheckNodePort: summary.healthCheckNodePort === null ? null : portOf(summary.healthCheckNodePort),
      ports: summary.ports.map((port) => ({ ...port, nodePort: port.nodePort === null ? null : portOf(port.nodePort) })),
    }),
    text: hidden,
  };
}
