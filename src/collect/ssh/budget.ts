/** Memory for text: hands out bytes until none are left. */
export interface Budget {
  /** How many of so many bytes may be kept. */
  take(bytes: number): number;
  /** Gives back everything, or so many bytes. */
  release(bytes?: number): void;
}

/** A budget; one that is part of another takes from both. */
export function createBudget(bytes: number, whole?: Budget): Budget {
  let taken = 0;
  return {
    take(wanted) {
      const here = Math.max(0, Math.min(wanted, bytes - taken));
      const granted = whole?.take(here) ?? here;
      taken += granted;
      return granted;
    },
    release(returned = taken) {
      taken -= returned;
      whole?.release(returned);
    },
  };
}
