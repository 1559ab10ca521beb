import { normalQuantile } from './distributions.js';
import { CONFIDENCE, type Interval } from './interval.js';

/**
 * The score interval of a share: sensible also where nobody or everybody has it.
 * Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927.
 */
export function shareInterval(hits: number, of: number, confidence = CONFIDENCE): Interval {
  const z = normalQuantile((1 + confidence) / 2);
  const share = hits / of;
  const scale = 1 + (z * z) / of;
  const middle = (share + (z * z) / (2 * of)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  return {
    mean: share,
    low: hits === 0 ? 0 : Math.max(0, middle - half),
    high: hits === of ? 1 : Math.min(1, middle + half),
  };
}
