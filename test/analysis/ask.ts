import { explain } from '../../src/analysis/explain.ts';
import { parseClient, parseTarget } from '../../src/analysis/question.ts';
import type { Flow, ServiceReport } from '../../src/analysis/report.ts';
import type { Kind } from '../../src/cluster/objects.ts';
import { Failure } from '../../src/net/failure.ts';
import { evidenceOf } from '../cluster/objects.ts';

export interface Asked {
  readonly service?: string;
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly via?: readonly string[];
  readonly port?: string;
  readonly complete?: readonly Kind[];
}

/** The report on Service ns1/web (or `ns/name`) of a cluster with these objects. */
export function ask(raw: readonly unknown[], asked: Asked = {}): ServiceReport {
  const [namespace = '', name = ''] = (asked.service ?? 'ns1/web').split('/');
  return explain(evidenceOf(raw, asked.complete), {
    namespace,
    name,
    from: (asked.from ?? []).map((text) => parseClient(text, namespace)),
    to: (asked.to ?? []).map(parseTarget),
    via: asked.via ?? [],
    port: asked.port ?? null,
  });
}

/** Message and hint of the Failure that the question ends in. */
export function refusal(raw: readonly unknown[], asked: Asked = {}): string {
  try {
    ask(raw, asked);
  } catch (error) {
    if (error instanceof Failure) return `${error.message}\n${error.hint ?? ''}`;
    throw error;
  }
  throw new Error('it was answered');
}

/** Verdicts by `from → to`, for tables: `node1 → clusterIP`. */
export function verdicts(report: ServiceReport): Record<string, string> {
  return Object.fromEntries(report.flows.map((flow) => [nameOf(flow), flow.verdict]));
}

function nameOf({ from, via, to }: Flow): string {
  const client = from.kind === 'external' ? 'outside' : from.kind === 'pod' ? `pod@${from.node}` : `${from.node}`;
  return `${client}${via === null ? '' : ` via ${via}`} → ${to.kind}${to.node === null ? '' : ` ${to.node}`}`;
}
