/**
 * p-values adjusted for their number: the chance that any of them is wrong stays below the level.
 *
 * Source: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6, 1979.
 * @returns in the order of the input
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues
    .map((p, index) => ({ p, index }))
    .sort((a, b) => a.p - b.p || a.index - b.index);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  for (const [rank, { p, index }] of order.entries()) {
    largest = Math.max(largest, Math.min(1, p * (pValues.length - rank)));
    adjusted[index] = largest;
  }
  return adjusted;
}
