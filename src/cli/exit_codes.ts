/** What the program's exit code tells; documented in the README. */
export const EXIT = {
  ok: 0,
  /** The run ended in what was asked to be refused: a panic, a miss, a mismatch, a policy without end. */
  refused: 1,
  /** Bad usage, bad input, or a place that cannot be written to. */
  usage: 2,
  internal: 3,
  /** Ctrl-C or a signal; what was written so far is complete. */
  interrupted: 130,
} as const;
