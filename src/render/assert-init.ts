import { dump } from 'js-yaml';
import type { Initial } from '../assert/init.ts';
import { safeText } from './safe.ts';

/** The file as a person would keep it beside the manifests. */
export function renderInitial({ document, origin, leftOut }: Initial): string {
  const comments = [
    `What is true of Service ${document.service} (${origin}).`,
    `Check it with: kubectl srcip assert -f FILE`,
    ...leftOut.map((text) => `left out: ${text}`),
  ];
  const head = comments.map((text) => `# ${safeText(text)}\n`).join('');
  return `${head}${dump(document, { lineWidth: 120, flowLevel: 3, noRefs: true })}`;
}
