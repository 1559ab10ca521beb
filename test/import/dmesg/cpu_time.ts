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
