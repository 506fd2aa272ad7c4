import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { redactEvidence } from '../../../src/collect/write/redact/redact.ts';
import { caseFolders, loadCase } from '../../support/cases.ts';
import { essence, mappingOf, reportOf, SAME, servicesIn } from './support/essence.ts';
import { chainHash } from './support/hash.ts';

const folders = caseFolders(fileURLToPath(new URL('../../corpus', import.meta.url)));

describe('a redacted cluster behaves like the real one', () => {
  test.for(folders.map((folder) => [folder.slice(folder.lastIndexOf('/') + 1), folder] as const))('%s', ([, folder]) => {
    const { evidence } = loadCase(folder);
    const redacted = redactEvidence(evidence, { chainHash });
    const mapping = mappingOf(redacted);
    const services = servicesIn(evidence);
    expect(services.length).toBeGreaterThan(0);
    for (const service of services) {
      const renamed = { namespace: mapping.name('namespace', service.namespace), name: mapping.name('service', service.name) };
      expect(essence(reportOf(redacted.evidence, renamed), SAME)).toEqual(essence(reportOf(evidence, service), mapping));
    }
  });
});
