/** "Did you mean": the nearest known word to one that isn't known. */

/** Longer words are compared by their beginning only, so that the table stays small. */
const LENGTH_MAX = 64;

/** The candidate that is likely meant by `word`, or null when none is near enough. Ties: the first. */
export function closest(word: string, candidates: Iterable<string>): string | null {
  const wanted = word.slice(0, LENGTH_MAX).toLowerCase();
  // A third of the letters may be wrong: `rsss` → rss, `anno` → anon, but `x` suggests nothing.
  let best: string | null = null;
  let bestDistance = Math.floor(Math.max(wanted.length, 3) / 3) + 1;
  for (const candidate of candidates) {
    const known = candidate.slice(0, LENGTH_MAX).toLowerCase();
    if (Math.abs(known.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, known);
    if (distance < bestDistance && distance < known.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `, did you mean "x"?` or nothing. */
export function hint(word: string, candidates: Iterable<string>): string {
  const found = closest(word, candidates);
  return found === null ? '' : `, did you mean "${found}"?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
function editDistance(source: string, target: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: target.length + 1 }, (_, index) => index);
  for (let row = 1; row <= source.length; row++) {
    const current = [row];
    for (let column = 1; column <= target.length; column++) {
      const same = source[row - 1] === target[column - 1];
      let cost = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (same ? 0 : 1),
      );
      const swapped =
        row > 1 &&
        column > 1 &&
        source[row - 1] === target[column - 2] &&
        source[row - 2] === target[column - 1];
      if (swapped) cost = Math.min(cost, beforePrevious[column - 2]! + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[target.length]!;
}
