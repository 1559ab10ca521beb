/** Two runs: where they part, and why. */
import type { System } from '../boot.js';
import { checkpointOf } from '../checkpoint.js';
import { formatCount } from '../summary.js';
import { findParting, type Parting } from './part.js';
import { findRecordParting, type RecordParting } from './records.js';
import { bootSide, playTo, type Side } from './side.js';
import { isSameCourse, playedWindow, recordedWindow, type Window } from './window.js';

export interface DiffReport {
  readonly same: boolean;
  /** null: they are the same, or only their records could be compared. */
  readonly parting: Parting | null;
  /** Where the records part that this program does not reproduce. */
  readonly records: RecordParting | null;
  /** What was found out about the records, in sentences. */
  readonly notes: readonly string[];
}

export interface DiffOptions {
  /** Events shown before and after the one that differs. */
  readonly context: number;
  /** Called now and then with the number of events compared. */
  readonly onStep?: (events: number) => void;
}

/**
 * Finds the first event at which two runs part. Records narrow it down by bisection; what is left is
 * played again, both runs side by side.
 * @throws InputError for a kernel or policy that does not exist
 */
export function diffRuns(a: Side, b: Side, options: DiffOptions): DiffReport {
  const recorded = recordedWindow(a.checkpoints, b.checkpoints);
  const [x, y] = [bootSide(a), bootSide(b)];
  if (recorded !== null) for (const system of [x, y]) playTo(system, recorded.from);
  const stale = recorded === null ? [] : staleSides([a, b], [x, y], recorded);
  const notes = stale.map(({ name }) => `this program does not play ${name} as it was recorded`);
  if (notes.length > 0) return diffRecords(a, b, notes, options);
  const window = playedWindow(x, y, options.onStep);
  if (recorded !== null && (window === null || window.from >= recorded.to)) {
    const where = `before event ${formatCount(recorded.to)}`;
    const note = `their records part ${where}; played again by this program, the runs do not`;
    return diffRecords(a, b, [note], options);
  }
  const parting = window === null ? null : findParting(a, b, window, options.context);
  return { same: parting === null, parting, records: null, notes: [] };
}

/** Those whose records are not what this program plays, as far as the beginning of the window. */
function staleSides(sides: readonly Side[], systems: readonly System[], { from }: Window): Side[] {
  return sides.filter(({ checkpoints }, i) => {
    const recorded = checkpoints.find(({ events }) => events === from);
    return recorded !== undefined && !isSameCourse(recorded, checkpointOf(systems[i]!));
  });
}

function diffRecords(
  a: Side,
  b: Side,
  notes: readonly string[],
  { context }: DiffOptions,
): DiffReport {
  if (a.dir === null || b.dir === null) return { same: false, parting: null, records: null, notes };
  const records = findRecordParting(a.dir, b.dir, context);
  return { same: records === null, parting: null, records, notes };
}
