import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, cwd } from 'node:process';
import { createGenerator } from 'ts-json-schema-generator';

/** A report that `-o json` prints, and the file in which its type stands. */
interface Published {
  readonly type: string;
  readonly source: string;
  /** Of its schema: the file's name, and the end of its `$id`. */
  readonly name: string;
}

export const PUBLISHED: readonly Published[] = [
  { type: 'ServiceReport', source: 'src/analysis/report.ts', name: 'service-report' },
  { type: 'VerifyReport', source: 'src/analysis/verify-report.ts', name: 'verify-report' },
  { type: 'CheckReport', source: 'src/findings/check-report.ts', name: 'check-report' },
  { type: 'TraceReport', source: 'src/analysis/trace-report.ts', name: 'trace-report' },
  { type: 'WhatifReport', source: 'src/whatif/report.ts', name: 'whatif-report' },
  { type: 'WhatifAllReport', source: 'src/whatif/all/report.ts', name: 'whatif-all-report' },
  { type: 'RolloutReport', source: 'src/whatif/rollout/report.ts', name: 'rollout-report' },
  { type: 'AssertReport', source: 'src/assert/report.ts', name: 'assert-report' },
];

const COMMENT =
  'The fields of this version, and no others. Programs that read reports must pass over fields that they do not know: within one apiVersion fields are added, but never removed or given another meaning.';

/** Where a report's schema stands, in the repository and in the package. */
export function schemaPath({ name }: Published): string {
  return `schemas/${name}.schema.json`;
}

/** The JSON Schema of a report, from its types. `root` is the repository's folder. */
export function schemaOf({ type, source, name }: Published, root: string): string {
  const generator = createGenerator({
    path: join(root, source),
    tsconfig: join(root, 'tsconfig.json'),
    type,
    topRef: false,
    additionalProperties: false,
    skipTypeCheck: true,
    sortProps: true,
  });
  const { $schema, ...schema } = generator.createSchema(type);
  const head = { $schema, $id: `https://srcip.io/schemas/v1alpha1/${name}.json`, $comment: COMMENT, title: type };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

if (argv.includes('--write'))
  for (const published of PUBLISHED) writeFileSync(join(cwd(), schemaPath(published)), schemaOf(published, cwd()));
