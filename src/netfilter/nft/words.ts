/** The words of an nft statement: quoted texts are one word with their quotes, braces and commas words of their own. */
export function nftWords(line: string): readonly string[] {
  return line.match(/"[^"]*"|[{},;]|[^\s{},;"]+/g) ?? [];
}

/** Where the brace that opens at `at` is closed; the end of the words where it is not. */
export function closing(words: readonly string[], at: number): number {
  let depth = 0;
  for (let i = at; i < words.length; i++) {
    if (words[i] === '{') depth++;
    if (words[i] === '}' && --depth === 0) return i;
  }
  return words.length;
}

/** The parts of a list between braces, without comments, time-outs and counters of elements. */
export function elementsOf(words: readonly string[]): readonly (readonly string[])[] {
  const elements: string[][] = [[]];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === ',') elements.push([]);
    else if (word === 'comment' || word === 'timeout' || word === 'expires') i++;
    else if (word === 'counter') i += words[i + 1] === 'packets' ? 4 : 0;
    else elements.at(-1)?.push(word);
  }
  return elements.filter((element) => element.length > 0);
}

export function unquoted(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1) : word;
}
