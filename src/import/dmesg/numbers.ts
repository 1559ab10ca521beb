/** Numbers as logs print them: bounded, so that an absurd one is large and never NaN. */

/** `page_counter` and `res_counter` maxima as K() prints them, 64 and 32 bit. */
const UNLIMITED_KB_64 = 9_007_199_254_000_000;
const UNLIMITED_KB_32 = 8_589_934_588;

/** A run of digits (with an optional minus) as an integer, clamped to ±(2^53 − 1). */
export function count(digits: string): number {
  const value = Number(digits);
  if (Number.isNaN(value)) return 0;
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(value)));
}

/** The same, null when there are no digits. */
export function countOrNull(digits: string | undefined): number | null {
  return digits === undefined || digits === '' ? null : count(digits);
}

/** A limit in kB; Infinity for what the kernel prints when there is none. */
export function limitKb(digits: string): number {
  const value = count(digits);
  return value >= UNLIMITED_KB_64 || value === UNLIMITED_KB_32 ? Number.POSITIVE_INFINITY : value;
}
