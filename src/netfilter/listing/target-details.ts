import { quoteString } from '../rule/words.ts';

/** What a listing prints of a target, up to the end of the line, and the same in the words of iptables-save. */
type Form = readonly [shown: RegExp, saved: (groups: readonly (string | undefined)[]) => string];

const FLAGS = `((?: (?:random-fully|random|persistent))*)$`;

function flags(text: string | undefined): string {
  return (text ?? '').replace(/ /g, ' --');
}

function nat(option: string): Form {
  return [new RegExp(String.raw`^to:(\S+)${FLAGS}`), ([to, more]) => `${option} ${to}${flags(more)}`];
}

const SET_MARK: Readonly<Record<string, string>> = {
  xset: '--set-xmark',
  set: '--set-mark',
  and: '--and-mark',
  or: '--or-mark',
  xor: '--xor-mark',
};

function mark(name: string): Form {
  return [
    new RegExp(`^${name} (xset|set|and|or|xor) (0x[0-9a-f]+(?:/0x[0-9a-f]+)?)$`),
    ([how, value]) => `${SET_MARK[how ?? '']} ${value}`,
  ];
}

const LOG_FLAGS = ['--log-tcp-sequence', '--log-tcp-options', '--log-ip-options', '--log-uid', '', '--log-macdecode'];

function log([bits, level, prefix]: readonly (string | undefined)[]): string {
  const named = prefix === undefined ? '' : `--log-prefix ${quoteString(prefix)}`;
  const own = LOG_FLAGS.filter((_, bit) => (Number(bits) & (1 << bit)) !== 0);
  return [named, level === '4' ? '' : `--log-level ${level}`, ...own].filter((word) => word !== '').join(' ');
}

// The print functions of iptables 1.8.9's targets.
const FORMS: Readonly<Record<string, readonly Form[]>> = {
  DNAT: [nat('--to-destination')],
  SNAT: [nat('--to-source')],
  NETMAP: [[/^to:(\S+)$/, ([to]) => `--to ${to}`]],
  MASQUERADE: [
    [new RegExp(String.raw`^masq ports: (\S+)${FLAGS}`), ([ports, more]) => `--to-ports ${ports}${flags(more)}`],
    [/^((?:random-fully|random) ?)+$/, ([more]) => `--${more}`],
  ],
  REDIRECT: [[new RegExp(String.raw`^redir ports (\S+)${FLAGS}`), ([ports, more]) => `--to-ports ${ports}${flags(more)}`]],
  MARK: [mark('MARK')],
  CONNMARK: [
    mark('CONNMARK'),
    [/^CONNMARK (save|restore)(?: mask (0x[0-9a-f]+))?$/, ([how, mask]) => `--${how}-mark${mask === undefined ? '' : ` --mask ${mask}`}`],
    // The tilde is printed, but the mask behind it is not inverted.
    [
      /^CONNMARK (save|restore) nfmask (0x[0-9a-f]+) ctmask ~?(0x[0-9a-f]+)$/,
      ([how, nf, ct]) => `--${how}-mark --nfmask ${nf} --ctmask ${ct}`,
    ],
  ],
  REJECT: [[/^reject-with (\S+)$/, ([kind]) => `--reject-with ${kind}`]],
  LOG: [[/^LOG flags (\d+) level (\d+)(?: prefix "(.*)")?$/, log]],
  NFLOG: [
    [
      /^((?:nflog-(?:group|range|size|threshold) \d+ ?|nflog-prefix (?:"[^"]*"|\S+) ?)+)$/,
      ([all]) => (all ?? '').trim().replace(/(^| )nflog-/g, '$1--nflog-'),
    ],
  ],
  TCPMSS: [
    [/^TCPMSS clamp to PMTU$/, () => '--clamp-mss-to-pmtu'],
    [/^TCPMSS set (\d+)$/, ([size]) => `--set-mss ${size}`],
  ],
  CT: [
    [/^CT notrack$/, () => '--notrack'],
    [/^CT helper (\S+)$/, ([helper]) => `--helper ${helper}`],
  ],
  TPROXY: [
    [
      /^TPROXY redirect (\S+):(\d+) mark (0x[0-9a-f]+\/0x[0-9a-f]+)$/,
      ([ip, port, value]) => `--on-port ${port} --on-ip ${ip} --tproxy-mark ${value}`,
    ],
  ],
  NFQUEUE: [[/^NFQUEUE num (\d+)( bypass)?$/, ([queue, bypass]) => `--queue-num ${queue}${bypass === undefined ? '' : ' --queue-bypass'}`]],
  CHECKSUM: [[/^CHECKSUM fill$/, () => '--checksum-fill']],
  DSCP: [[/^DSCP set (\S+)$/, ([value]) => `--set-dscp ${value}`]],
  TTL: [[/^TTL set to (\d+)$/, ([value]) => `--ttl-set ${value}`]],
  TEE: [[/^TEE gw:(\S+)$/, ([gateway]) => `--gateway ${gateway}`]],
};

/** The options of a target as iptables-save prints them, when the text shows nothing but them. */
export function readTargetDetails(target: string, text: string): string | null {
  if (!Object.hasOwn(FORMS, target)) return null;
  for (const [shown, saved] of FORMS[target] ?? []) {
    const found = shown.exec(text);
    if (found !== null) return saved(found.slice(1)).trim();
  }
  return null;
}
