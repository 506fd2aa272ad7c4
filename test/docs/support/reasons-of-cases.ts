import { join } from 'node:path';
import { explain } from '../../../src/analysis/explain.ts';
import { caseFolders, loadCase } from '../../support/cases.ts';

/** Verdict and reasons of every flow of every Service of the recorded clusters. */
export function flowsOfCases(): { readonly verdict: string; readonly codes: readonly string[] }[] {
  return caseFolders(join(process.cwd(), 'test', 'corpus')).flatMap((folder) => {
    const { evidence, services } = loadCase(folder);
    return services.flatMap(({ metadata }) => {
      const question = { ...metadata, from: [], to: [], via: [], port: null };
      return explain(evidence, question).flows.map(({ verdict, because }) => ({ verdict, codes: because.map(({ code }) => code) }));
    });
  });
}
