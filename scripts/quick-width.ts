import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * cli-table3 measures every piece of text with a regular expression for all emoji, which takes longer to compile than a small table to
 * draw. Letters and the symbols of the tables are one column each; only texts with anything else in them are left to the real `string-width`.
 */
export function quickWidth(): Plugin {
  return {
    name: NAMESPACE,
    setup(build) {
      const resolveDir = join(build.initialOptions.absWorkingDir ?? process.cwd(), 'node_modules/cli-table3');
      build.onResolve({ filter: /^string-width$/ }, ({ importer, namespace }) =>
        namespace !== NAMESPACE && importer.includes('cli-table3') ? { path: 'string-width', namespace: NAMESPACE } : null,
      );
      build.onLoad({ filter: /./, namespace: NAMESPACE }, () => ({ contents: QUICK, loader: 'js', resolveDir }));
    },
  };
}

const NAMESPACE = 'quick-width';

/** ASCII, Latin, punctuation, arrows, box drawing, check marks: no emoji among them (it takes U+FE0F to make one), nothing of two columns. */
export const ONE_COLUMN_EACH: RegExp = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u25fc\u25ff\u2710-\u271f]*$/;

const QUICK = `
let real;
module.exports = (text) => {
  if (typeof text === 'string' && ${ONE_COLUMN_EACH}.test(text)) return text.length;
  real ??= require('string-width');
  return real(text);
};
`;
