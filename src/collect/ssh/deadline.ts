/** A time limit that can stand still while the user is asked something. */
export interface Deadline {
  /** Runs a task during which no time passes. */
  pausedFor<T>(task: () => Promise<T>): Promise<T>;
  stop(): void;
}

export function startDeadline(ms: number, expired: () => void): Deadline {
  let left = ms;
  let paused = 0;
  let stopped = false;
  let since = Date.now();
  let timer: NodeJS.Timeout | undefined = setTimeout(expired, left);
  const resume = (): void => {
    paused--;
    if (paused > 0 || stopped) return;
    since = Date.now();
    timer = setTimeout(expired, left);
  };
  return {
    async pausedFor(task) {
      if (paused++ === 0) {
        clearTimeout(timer);
        left = Math.max(1, left - (Date.now() - since));
      }
      try {
        return await task();
      } finally {
        resume();
      }
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
