/** Reading plain data that came from YAML or JSON without trusting its shape. */

export type Plain = Readonly<Record<string, unknown>>;

const EMPTY: Plain = {};

/** The value as a map; an empty one if it is none. */
export function mapOf(value: unknown): Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Plain)
    : EMPTY;
}

/** The value as a list; an empty one if it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A string, or null. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A count; `otherwise` where none is written. */
export function countOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : otherwise;
}
