/** Kubernetes quantities: `64Mi`, `1.5Gi`, `128974848`, `129e6`, `500m` (apimachinery resource). */
import { InputError, printable } from '../../workload/problems.js';

const FACTORS: ReadonlyMap<string, bigint> = new Map([
  ['', 1n],
  ...['k', 'M', 'G', 'T', 'P', 'E'].map((unit, i): [string, bigint] => [
    unit,
    1000n ** BigInt(i + 1),
  ]),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((unit, i): [string, bigint] => [
    unit,
    1024n ** BigInt(i + 1),
  ]),
]);
const DIVISORS: ReadonlyMap<string, bigint> = new Map([
  ['m', 1000n],
  ['u', 1_000_000n],
  ['n', 1_000_000_000n],
]);
const QUANTITY = /^\+?(\d{1,20})?(?:\.(\d{1,12})?)?(?:([eE])([+-]?\d{1,2})|([A-Za-z]{0,2}))$/;

/**
 * A quantity in whole units, rounded up as Value() does.
 * @throws InputError if it is none, or is negative
 */
export function parseQuantity(written: unknown, where: string): number {
  const text = typeof written === 'number' ? String(written) : written;
  const match = typeof text === 'string' ? QUANTITY.exec(text.trim()) : null;
  const value = match === null ? null : unitsOf(match);
  if (value === null || value > Number.MAX_SAFE_INTEGER) {
    throw new InputError(
      `${where}: expected a quantity such as 512Mi, found ${printable(JSON.stringify(written) ?? 'nothing')}`,
    );
  }
  return value;
}

function unitsOf(match: RegExpExecArray): number | null {
  const [, whole = '', fraction = '', exponent, power = '0', unit = ''] = match;
  if (whole === '' && fraction === '') return null;
  let numerator = BigInt(whole + fraction);
  let divisor = 10n ** BigInt(fraction.length);
  if (exponent !== undefined) {
    const tens = Number(power);
    if (tens >= 0) numerator *= 10n ** BigInt(tens);
    else divisor *= 10n ** BigInt(-tens);
  } else {
    const factor = FACTORS.get(unit);
    const small = DIVISORS.get(unit);
    if (factor === undefined && small === undefined) return null;
    numerator *= factor ?? 1n;
    divisor *= small ?? 1n;
  }
  return Number((numerator + divisor - 1n) / divisor);
}
