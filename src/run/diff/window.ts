/** Where two runs part, roughly: between which two looks at them. */
import type { Checkpoint } from '../../record/checkpoints_csv.js';
import type { System } from '../boot.js';
import { checkpointOf } from '../checkpoint.js';
import { playTo } from './side.js';

/** The runs are the same after `from` events, and no longer after `to`. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Events between two looks when runs are played side by side: what is then looked through one by one. */
const STEP_EVENTS = 512;

/**
 * The window between two recorded checkpoints, or null if the records do not part. The hash of a
 * checkpoint is over all events before it: once two runs have parted all later ones differ, and
 * bisection finds the first.
 */
export function recordedWindow(a: readonly Checkpoint[], b: readonly Checkpoint[]): Window | null {
  const others = new Map(b.map((point) => [point.events, point]));
  const common = a.filter(({ events }) => others.has(events));
  let [low, high] = [0, common.length]; // the first that differs is in low … high
  while (low < high) {
    const middle = (low + high) >> 1;
    const point = common[middle]!;
    if (isSameCourse(point, others.get(point.events)!)) low = middle + 1;
    else high = middle;
  }
  // The state may part before the events do, and may even come together again.
  const state = common.findIndex((point) => !isSameState(point, others.get(point.events)!));
  const first = state < 0 ? low : Math.min(low, state);
  if (first === common.length) return null;
  return { from: common[first - 1]?.events ?? 0, to: common[first]!.events };
}

/**
 * Plays both runs side by side, from where they stand, until they differ.
 * @param onStep called now and then with the number of events
 * @returns null if they are the same to their ends
 */
export function playedWindow(
  a: System,
  b: System,
  onStep: (events: number) => void = () => {},
): Window | null {
  for (;;) {
    const from = a.events;
    playTo(a, from + STEP_EVENTS);
    playTo(b, from + STEP_EVENTS);
    if (!isSame(a, b)) return { from, to: from + STEP_EVENTS };
    if (a.endedBy !== null && b.endedBy !== null) return null;
    onStep(a.events);
  }
}

/** Whether both runs have come the same way, stand at the same state, and go on or not alike. */
export function isSame(a: System, b: System): boolean {
  if (a.events !== b.events || a.endedBy !== b.endedBy) return false;
  const [x, y] = [checkpointOf(a), checkpointOf(b)];
  return isSameCourse(x, y) && isSameState(x, y);
}

export function isSameCourse(a: Checkpoint, b: Checkpoint): boolean {
  return a.lanes.every((lane, i) => lane === b.lanes[i]);
}

function isSameState({ state: a }: Checkpoint, { state: b }: Checkpoint): boolean {
  return a.memory === b.memory && a.cgroups === b.cgroups && a.tasks === b.tasks;
}
