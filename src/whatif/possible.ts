/** More choices than this are not tried one by one. */
const MOST_CHOICES = 40;

/**
 * Ways to choose some of these. All of them where they are few; else such that whatever is chosen lies between them for everyone who only asks
 * whether there is one in a place, or one at all: all stay, or only those of one place or another.
 */
export function chooseSome<T>(items: readonly T[], count: number, placeOf: (item: T) => string | null): (readonly T[])[] {
  if (combinations(items.length, count) <= MOST_CHOICES) return subsets(items, count);
  const [first] = items;
  const elsewhere = items.find((item) => first !== undefined && placeOf(item) !== placeOf(first));
  const alone = [first, elsewhere].filter((item) => item !== undefined).map((item) => [item]);
  return [items, ...alone];
}

function combinations(n: number, k: number): number {
  let found = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) found = (found * (n - i + 1)) / i;
  return found;
}

function subsets<T>(items: readonly T[], count: number): (readonly T[])[] {
  if (count === 0) return [[]];
  if (items.length < count) return [];
  const [first, ...rest] = items;
  if (first === undefined) return [];
  return [...subsets(rest, count - 1).map((chosen) => [first, ...chosen]), ...subsets(rest, count)];
}
