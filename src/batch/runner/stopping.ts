import type { StoppingRule } from '../experiment/types.js';
import { meanInterval } from '../statistics/t_interval.js';

/** Whether the mean of the values is known well enough. What has no value says nothing. */
export function isEnough(values: Float64Array, { halfWidth, relative }: StoppingRule): boolean {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length < 2) return known.length === 0;
  const { mean, low, high } = meanInterval(known);
  const half = (high - low) / 2;
  return half <= (relative ? halfWidth * Math.abs(mean) : halfWidth);
}
