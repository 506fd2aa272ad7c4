import type { Plugin } from 'esbuild';

/**
 * Keeps what the program never uses of @oclif/core out of the bundle. Commands are given to it in memory, from a manifest, so that it needs no
 * search for files and configuration; errors are written by src/main.ts; help is plain text without colours or wide characters. What the
 * stand-ins replace cost a third of the start-up time. test/e2e/help.test.ts holds the help against that of the whole library.
 */
export function slimOclif(): Plugin {
  return {
    name: NAMESPACE,
    setup(build) {
      // Spinners are never shown; the plain one is there anyway.
      build.onResolve({ filter: /^\.\/action\/spinner$/ }, ({ resolveDir, kind }) =>
        build.resolve('./action/simple', { resolveDir, kind }),
      );
      for (const [name, { filter, contents }] of Object.entries(STAND_INS)) {
        build.onResolve({ filter }, ({ importer, namespace }) =>
          namespace !== NAMESPACE && /@oclif[\\/]core[\\/]/.test(importer) ? { path: name, namespace: NAMESPACE } : null,
        );
        build.onLoad({ filter: new RegExp(`^${name}$`), namespace: NAMESPACE }, () => ({ contents, loader: 'js' }));
      }
    },
  };
}

const NAMESPACE = 'slim-oclif';

/** Commands come from memory: no folder is searched for them, and no plugin by pattern. */
function unused(...names: readonly string[]): string {
  return names.map((name) => `exports.${name} = () => { throw new Error('${name} is not part of this bundle'); };`).join('\n');
}

/** Help texts use `<%= config.bin %>` and the like, never code. */
const TEMPLATE = `
exports.render = (text, context) =>
  text.replace(/<%[=-]\\s*([\\w.]+)\\s*%>/g, (_, path) => path.split('.').reduce((value, key) => value?.[key], context) ?? '');
`;

const SILENT_LOG = `
module.exports = () => Object.assign(() => {}, { enabled: false });
module.exports.enabled = () => false;
`;

/** One column for each character, no escape sequences; words longer than a line are cut. */
const WRAP = `
module.exports = (text, columns) => text.split('\\n').map((line) => wrapLine(line, columns)).join('\\n');

function wrapLine(line, columns) {
  const rows = [];
  let row = '';
  for (const word of line.split(' ').filter((word) => word !== '')) {
    const joined = row === '' ? word : row + ' ' + word;
    if (joined.length <= columns || row === '') row = joined;
    else {
      rows.push(row);
      row = word;
    }
    while (row.length > columns) {
      rows.push(row.slice(0, columns));
      row = row.slice(columns);
    }
  }
  return [...rows, row].join('\\n');
}
`;

/** Plain text on a terminal too, as kubectl's own help; the widths above count an escape sequence as text. */
const ANSIS = `
const plain = (text) => String(text);
const style = new Proxy(plain, { get: (_, name) => (name === 'hex' || name === 'rgb' ? () => plain : style) });
module.exports = style;
`;

const STAND_INS = {
  ansis: { filter: /^ansis$/, contents: ANSIS },
  tinyglobby: { filter: /^tinyglobby$/, contents: unused('glob') },
  minimatch: { filter: /^minimatch$/, contents: unused('minimatch') },
  lilconfig: { filter: /^lilconfig$/, contents: unused('lilconfig') },
  semver: { filter: /^semver/, contents: unused('satisfies') },
  'wsl-utils': { filter: /^wsl-utils$/, contents: `exports.isWsl = false;\n${unused('powerShellPath')}` },
  ejs: { filter: /^ejs$/, contents: TEMPLATE },
  debug: { filter: /^debug$/, contents: SILENT_LOG },
  'clean-stack': { filter: /^clean-stack$/, contents: 'module.exports = (stack) => stack;' },
  'wrap-ansi': { filter: /^wrap-ansi$/, contents: WRAP },
  'string-width': { filter: /^string-width$/, contents: 'module.exports = (text) => text.length;' },
  'widest-line': {
    filter: /^widest-line$/,
    contents: "module.exports = (text) => Math.max(0, ...text.split('\\n').map((line) => line.length));",
  },
} as const;
