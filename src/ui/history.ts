import type { CgroupFrame, Frame } from '../record/frames.js';

/** Cgroups and processes in all frames together; some hundred MB at the most. */
const WEIGHT_MAX = 150_000;

/**
 * Frames of a run in the order of time, as many as memory allows: when there are too many, every
 * other one is dropped, and from then on fewer are wanted. The first and the last always stay.
 */
export class FrameHistory {
  readonly #weightMax: number;
  #frames: Frame[] = [];
  #weight = 0;
  #spacingNs = 0;

  constructor(weightMax = WEIGHT_MAX) {
    this.#weightMax = weightMax;
  }

  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** Whether a frame of this instant is still worth taking. */
  wants(timeNs: number): boolean {
    const last = this.#frames.at(-1);
    return last === undefined || timeNs - last.timeNs >= this.#spacingNs;
  }

  /** Adds a frame that is not older than the last. */
  add(frame: Frame): void {
    this.#frames.push(frame);
    this.#weight += weightOf(frame);
    if (this.#weight > this.#weightMax && this.#frames.length > 2) this.#thin();
  }

  /** The index of the last frame that isn't later; 0 when all are. */
  indexAt(timeNs: number): number {
    let low = 0;
    let high = this.#frames.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#frames[middle]!.timeNs <= timeNs) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Simulated time between the frames around an instant. */
  gapNs(timeNs: number): number {
    const index = this.indexAt(timeNs);
    const after = this.#frames[index + 1];
    return after === undefined ? 0 : after.timeNs - this.#frames[index]!.timeNs;
  }

  #thin(): void {
    const last = this.#frames.length - 1;
    this.#frames = this.#frames.filter((_frame, i) => i % 2 === 0 || i === last);
    this.#weight = this.#frames.reduce((sum, frame) => sum + weightOf(frame), 0);
    const spanNs = this.#frames.at(-1)!.timeNs - this.#frames[0]!.timeNs;
    this.#spacingNs = spanNs / this.#frames.length;
  }
}

const weightOf = (frame: Frame): number => 1 + frame.cgroups.length + frame.tasks.length;

const indexes = new WeakMap<Frame, ReadonlyMap<string, CgroupFrame>>();

/** A cgroup of a frame by its path. */
export function cgroupOf(frame: Frame, path: string): CgroupFrame | undefined {
  let index = indexes.get(frame);
  if (index === undefined) {
    index = new Map(frame.cgroups.map((cgroup) => [cgroup.path, cgroup]));
    indexes.set(frame, index);
  }
  return index.get(path);
}
