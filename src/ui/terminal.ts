/** What of a terminal the dashboard has to know. */
export interface TerminalLike {
  readonly isTTY?: boolean;
}

/**
 * Whether an output can show the dashboard. Drawing into a pipe, a log of a CI job or a terminal
 * that knows no cursor would only leave escape codes there.
 *
 * @returns the reason against it, or null when it can
 */
export function whyNoDashboard(
  stdout: TerminalLike,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  if (stdout.isTTY !== true) return 'stdout is not a terminal';
  if (env.TERM === 'dumb') return 'TERM is dumb';
  if (env.CI !== undefined && env.CI !== '' && env.CI !== '0' && env.CI !== 'false') {
    return 'CI is set';
  }
  return null;
}

/** NO_COLOR counts when it is set to anything but the empty string (no-color.org). */
export function isColorRefused(env: Readonly<Record<string, string | undefined>>): boolean {
  return env.NO_COLOR !== undefined && env.NO_COLOR !== '';
}

/**
 * Whether a terminal shows more than ASCII, as far as its environment says: the Linux console has few
 * characters, and the locale tells the rest. No locale at all is the C locale.
 */
export function knowsUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.TERM === 'linux') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || 'C';
  return /utf-?8/i.test(locale);
}
