/** Whether a pattern of OpenSSH's (`*` and `?`) matches a name. No regular expression, because many stars in one pattern would make one slow. */
export function matchesPattern(pattern: string, name: string): boolean {
  let [p, n, star, resume] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') [star, resume] = [p++, n];
    else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Whether a list of patterns covers a name: one matches, and none that begins with `!` does. */
export function coveredBy(patterns: readonly string[], name: string): boolean {
  let covered = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!matchesPattern(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    covered = true;
  }
  return covered;
}
