import type { Wanted } from './types.ts';

/** What one node is asked to print. */
export interface ScriptSettings {
  /** Begins every line that is ours; random, so that nothing that a node prints looks like it. */
  readonly mark: string;
  readonly wanted: readonly Wanted[];
  /** Checked chain names, or null for all rules. */
  readonly chains: readonly string[] | null;
}

/**
 * The script that reads a node: POSIX sh, read-only commands, one run for everything. Its only parts that are not fixed are the mark and the checked chain names.
 *
 * `MARK begin NAME COMMAND`, the output, `MARK end NAME STATUS`, the errors; `MARK absent NAME` for a missing program; `MARK user ID NAME`; `MARK done` at the end.
 */
export function nodeScript({ mark, wanted, chains }: ScriptSettings): string {
  const steps = wanted.map((part) => STEPS[part]).join('\n');
  // Everything stands in braces: a shell that reads commands one by one would let the first of them eat the rest.
  // zsh splits words its own way unless it is told to be sh.
  return `{
[ -z "\${ZSH_VERSION-}" ] || emulate sh
mark='${mark}'
${keepFunction(chains)}
${FUNCTIONS}
main() {
exec 3>&1
uid=$(id -u 2>/dev/null)
say user "\${uid:-unknown}" "$(id -un 2>/dev/null)"
root=
if [ "$uid" != 0 ]; then
  if command -v sudo >/dev/null 2>&1; then root='sudo -n'; else root=none; fi
fi
${steps}
say done
}
if gzip -c </dev/null >/dev/null 2>&1; then
  printf '\\n%s gzip\\n' "$mark"
  main </dev/null | gzip -1 -c
else
  printf '\\n%s plain\\n' "$mark"
  main </dev/null
fi
exit 0
}
`;
}

const FUNCTIONS = `PATH="$PATH:/usr/sbin:/sbin:/usr/local/sbin"
LC_ALL=C
export PATH LC_ALL
say() { printf '\\n%s %s\\n' "$mark" "$*" >&3; }
part() {
  name=$1
  shift
  say begin "$name" "$*"
  if [ "$keep" = no ]; then
    err=$("$@" 2>&1 >&3 3>&-)
    code=$?
  else
    err=$({ { "$@" 2>&5; printf '\\n%s' "$?" >&5; } | keep >&3; } 5>&1)
    code=\${err##*[!0-9]}
    err=\${err%"$code"}
  fi
  say end "$name" "$code"
  [ -z "$err" ] || printf '%s' "$err" | head -c 4000 >&3
}
asroot() {
  name=$1
  shift
  if [ "$root" = none ]; then say nosudo "$name"; err=; else part "$name" $root "$@"; fi
}
rules() {
  tool=$(command -v "$1-save" || command -v "$1-nft-save" || command -v "$1-legacy-save") || { say absent "$1-save"; return; }
  # A sed that fails would make an empty dump look whole.
  [ "$chosen" = no ] || { echo | keep >/dev/null 2>&1 && keep=yes; }
  asroot "$1-save" "$tool"
  case $err in *'-legacy tables present'*)
    other=$(command -v "$1-legacy-save") && asroot "$1-legacy-save" "$other" ;;
  esac
  if [ -d /sys/module/nf_tables ] && "$tool" -V 2>/dev/null | head -n 1 | grep -q '(legacy)'; then
    other=$(command -v "$1-nft-save") && asroot "$1-nft-save" "$other"
  fi
  keep=no
}
keep=no`;

/** The steps that read each file. `ip route show table all` prints both families. */
const STEPS = {
  'iptables-save': 'rules iptables',
  'ip6tables-save': 'rules ip6tables',
  'ip-addr': 'if tool=$(command -v ip); then part ip-addr "$tool" -j addr; else say absent ip-addr; fi',
  'ip-route': 'if tool=$(command -v ip); then part ip-route "$tool" -j route show table all; else say absent ip-route; fi',
  nft: 'if tool=$(command -v nft); then asroot nft "$tool" list ruleset; else say absent nft; fi',
} as const satisfies Record<Wanted, string>;

/** Leaves out what belongs to other Services only; the chains and rules that all share, and those of others (CNI, firewalls), stay. */
function keepFunction(chains: readonly string[] | null): string {
  if (chains === null) return 'chosen=no';
  return `chosen=yes
keep() { LC_ALL=C sed -E -e '/${chains.join('|')}/b' -e '/KUBE-(FW|[A-Z]{3,4})-[A-Z2-7]{16}/d'; }`;
}
