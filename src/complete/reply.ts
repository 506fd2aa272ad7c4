/** What a shell does with the words beside showing them; cobra's ShellCompDirective. */
export const DIRECTIVE = { files: 0, noSpace: 2, noFiles: 4, fileExtensions: 8 } as const;

/** One word that may stand where the cursor is. */
export interface Suggestion {
  readonly value: string;
  readonly description?: string | undefined;
  /** More has to follow, e.g. `node/`: no space is set behind it. */
  readonly isBeginning?: boolean | undefined;
}

/** What is said to the shell. */
export interface Reply {
  readonly suggestions: readonly Suggestion[];
  readonly directive: number;
}

export const NOTHING: Reply = { suggestions: [], directive: DIRECTIVE.noFiles };

/** The shell's own completion of paths. */
export const ANY_FILE: Reply = { suggestions: [], directive: DIRECTIVE.files };

/**
 * Names reach the scripts of shells, some of which expand what they are given (bash's `compgen -W`), and a terminal.
 * Kubernetes' own names and the usual ones of a kubeconfig (`arn:aws:eks:…:cluster/x`, `admin/api:6443/kube:admin`) pass.
 */
const HARMLESS = /^[A-Za-z0-9_.][A-Za-z0-9_.:/@=,+-]{0,400}$/;

export function isHarmless(name: string): boolean {
  return HARMLESS.test(name);
}

/** Suggestions for names that came from a cluster or a file; those that no shell should see are left out. */
export function named(names: readonly string[], description?: string): Suggestion[] {
  return names.filter(isHarmless).map((value) => ({ value, description }));
}

/** No space where one of the words that are left is only the beginning of one. */
export function replyWith(suggestions: readonly Suggestion[], partial: string): Reply {
  const fitting = suggestions.filter(({ value }) => value.startsWith(partial));
  const directive = DIRECTIVE.noFiles | (fitting.some(({ isBeginning }) => isBeginning === true) ? DIRECTIVE.noSpace : 0);
  return { suggestions: fitting, directive };
}

const MOST_SHOWN = 1000;
/** A description stands beside its word, on one line of the terminal. */
const LONGEST_DESCRIPTION = 90;

/** Cobra's form: `value<TAB>description` lines, then the directive. */
export function printReply({ suggestions, directive }: Reply): string {
  const lines = suggestions.slice(0, MOST_SHOWN).map(({ value, description = '' }) => {
    const words = plainLine(description);
    return words === '' ? `${value}\n` : `${value}\t${words}\n`;
  });
  return `${lines.join('')}:${directive}\n`;
}

function plainLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length > LONGEST_DESCRIPTION ? `${line.slice(0, LONGEST_DESCRIPTION - 1).trimEnd()}…` : line;
}
