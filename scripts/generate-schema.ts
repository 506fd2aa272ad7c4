import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, cwd } from 'node:process';
import { createGenerator } from 'ts-json-schema-generator';

export const SCHEMA_PATH = 'schemas/service-report.schema.json';

const COMMENT =
  'The fields of this version, and no others. Programs that read reports must pass over fields that they do not know: within one apiVersion fields are added, but never removed or given another meaning.';

/** The JSON Schema of `explain -o json`, from its types. `root` is the repository's folder. */
export function serviceReportSchema(root: string): string {
  const generator = createGenerator({
    path: join(root, 'src/analysis/report.ts'),
    tsconfig: join(root, 'tsconfig.json'),
    type: 'ServiceReport',
    topRef: false,
    additionalProperties: false,
    skipTypeCheck: true,
    sortProps: true,
  });
  const { $schema, ...schema } = generator.createSchema('ServiceReport');
  const head = { $schema, $id: 'https://srcip.io/schemas/v1alpha1/service-report.json', $comment: COMMENT, title: 'ServiceReport' };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

if (argv.includes('--write')) writeFileSync(join(cwd(), SCHEMA_PATH), serviceReportSchema(cwd()));
