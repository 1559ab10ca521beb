/** Milliseconds of CPU time, which other programs on the machine do not add to. */
export function cpuMs(work: () => void): number {
  const elapsed = stopwatch();
  work();
  return elapsed();
}

/** Milliseconds of CPU time since it was started. */
export function stopwatch(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}

const READINGS_MAX = 3;

/**
 * CPU time of the quickest of up to three times: a collection of what earlier tests have left, or
 * caches that others have filled, can make one of them slow, but not all.
 * @param enough with less than that it isn't done again
 */
export function leastCpuMs(enough: number, work: () => void): number {
  let least = cpuMs(work);
  for (let i = 1; i < READINGS_MAX && least >= enough; i++) least = Math.min(least, cpuMs(work));
  return least;
}
