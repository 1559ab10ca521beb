/** From the forms in which factors are written to their levels. */
import { formatSize, formatTime, parseSize, parseTime } from '../../workload/units.js';
import type { FactorForm, RangeForm } from './schema.js';
import type { Change, Factor, Level } from './types.js';

const MIB = 1024 * 1024;
const NS_PER_MS = 1e6;

/** Names of factors that stand for places in the workload. */
const PLACES: Readonly<Record<string, string>> = {
  policy: 'kernel.oom_policy',
  kernel: 'kernel.version',
};

/** The place that a factor changes when it says none: what it is called. */
function placeOf(name: string): string {
  return PLACES[name] ?? name;
}

/** @throws RangeError saying why the levels of a range are none, as a phrase */
export function factorOf(name: string, form: FactorForm): Factor {
  switch (form.kind) {
    case 'list':
      return scalarFactor(name, form.levels, [placeOf(name)], (i) => [i]);
    case 'values':
      return scalarFactor(name, form.levels, placesOf(form.at), (i) => ['values', i]);
    case 'range':
      return rangeFactor(name, form);
    case 'levels':
      return { name, unit: null, levels: namedLevels(name, form.levels) };
  }
}

type Places = readonly (string | readonly (string | number)[])[];

/** A list of lists is several places; a list of keys is one. */
function placesOf(at: RangeForm['at'] & {}): Places {
  if (typeof at === 'string') return [at];
  return Array.isArray(at[0]) ? (at as Places) : [at as (string | number)[]];
}

function namedLevels(
  name: string,
  written: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Level[] {
  return Object.entries(written).map(([label, changes]) => ({
    label,
    number: null,
    changes: Object.entries(changes).map(([at, value]): Change => ({ at: placeOf(at), value })),
    source: ['factors', name, 'levels', label],
  }));
}

function scalarFactor(
  name: string,
  values: readonly (string | number | boolean)[],
  places: Places,
  sourceOf: (index: number) => readonly PropertyKey[],
): Factor {
  const unit = PLACES[name] === undefined ? unitOf(values) : null;
  const levels = values.map((value, index): Level => {
    const number = unit === null ? null : numberOf(value, unit);
    const changes = places.map((at) => ({ at, value }));
    return { label: String(value), number, changes, source: ['factors', name, ...sourceOf(index)] };
  });
  return { name, unit, levels };
}

/** The unit in which all values can be numbers, or null. */
function unitOf(values: readonly (string | number | boolean)[]): string | null {
  if (values.every((value) => typeof value === 'number')) return '';
  for (const unit of ['MiB', 'ms']) {
    if (values.every((value) => numberOf(value, unit) !== null)) return unit;
  }
  return null;
}

function numberOf(value: string | number | boolean, unit: string): number | null {
  if (typeof value === 'boolean') return null;
  if (unit === '') return typeof value === 'number' ? value : null;
  if (typeof value === 'number' && value !== 0) return null;
  const parsed = unit === 'MiB' ? parseSize(value) : parseTime(value);
  if (!parsed.ok) return null;
  return parsed.value / (unit === 'MiB' ? MIB : NS_PER_MS);
}

const PAGE_BYTES = 4096;

function rangeFactor(name: string, form: RangeForm): Factor {
  const places = form.at === null ? [name] : placesOf(form.at);
  const factor = scalarFactor(name, distinct(spread(form)), places, () => []);
  const companions = Object.entries(form.with).map(([at, { from, to }]) => ({
    at,
    values: spread({ from, to, steps: form.steps }),
  }));
  const levels = factor.levels.map((level, index) => ({
    ...level,
    changes: [
      ...level.changes,
      ...companions.map(({ at, values }) => ({ at, value: values[index] })),
    ],
  }));
  return { ...factor, levels };
}

/** Evenly spaced values: whole numbers, whole pages or whole microseconds. */
function spread({
  from,
  to,
  steps,
}: Pick<RangeForm, 'from' | 'to' | 'steps'>): (string | number)[] {
  const at = (a: number, b: number, i: number) => a + ((b - a) * i) / (steps - 1);
  const indexes = Array.from({ length: steps }, (_, i) => i);
  if (typeof from === 'number' && typeof to === 'number') {
    return indexes.map((i) => Math.round(at(from, to, i)));
  }
  const sizes = [parseSize(from), parseSize(to)];
  if (sizes[0]?.ok && sizes[1]?.ok) {
    const [a, b] = [sizes[0].value, sizes[1].value];
    return indexes.map((i) => formatSize(Math.round(at(a, b, i) / PAGE_BYTES) * PAGE_BYTES));
  }
  const times = [parseTime(from), parseTime(to)];
  if (times[0]?.ok && times[1]?.ok) {
    const [a, b] = [times[0].value, times[1].value];
    return indexes.map((i) => formatTime(Math.round(at(a, b, i) / 1000) * 1000));
  }
  throw new RangeError('from and to must both be numbers, sizes or times');
}

function distinct(values: (string | number)[]): (string | number)[] {
  if (new Set(values).size === values.length) return values;
  throw new RangeError('more steps than there are whole values between from and to');
}
