/** What is still to be played, cell by cell, and when a cell has been played often enough. */
import { type Shard, WHOLE } from '../plan/shard.js';
import type { Block, Cell, Plan } from '../plan/types.js';
import { isEnough } from './stopping.js';

/** A cell with the numbers of the runs that are to be played next. */
export interface Portion {
  readonly cell: Cell;
  readonly runs: readonly number[];
}

/** How far a cell is. */
class Progress {
  /** By run - 1: 0 to do, 1 handed out, 2 done. */
  readonly state: Uint8Array;
  /** By run - 1: the value of the rule's metric. */
  readonly values: Float64Array | null;

  constructor(
    readonly cell: Cell,
    max: number,
    hasRule: boolean,
  ) {
    this.state = new Uint8Array(max);
    this.values = hasRule ? new Float64Array(max).fill(Number.NaN) : null;
  }
}

class BlockProgress {
  /** Runs of each cell that are wanted so far. */
  target: number;
  /** Of those, how many are not done. */
  left = 0;

  constructor(
    readonly block: Block,
    readonly cells: readonly Progress[],
    min: number,
  ) {
    this.target = min;
  }
}

/**
 * Which runs are played depends on the plan, the shard and the results of whole blocks alone, never on
 * the order in which runs come back: hence any number of threads plays the same runs.
 *
 * Without a stopping rule, shards divide runs; with one, blocks, as the rule needs all of a block.
 */
export class Agenda {
  readonly #plan: Plan;
  readonly #shard: Shard;
  readonly #blocks: BlockProgress[];
  readonly #byCell = new Map<number, { progress: Progress; block: BlockProgress }>();
  /** Index of the first block that may have runs to hand out. */
  #from = 0;
  done = 0;
  failed = 0;

  constructor(plan: Plan, shard: Shard = WHOLE) {
    this.#plan = plan;
    this.#shard = shard;
    const { min, max, rule } = plan.experiment.replications;
    this.#blocks = plan.blocks
      .filter((block) => rule === null || block.index % shard.count === shard.index - 1)
      .map((block) => {
        const cells = block.cells.map((cell) => new Progress(cell, max, rule !== null));
        const progress = new BlockProgress(block, cells, min);
        for (const cell of cells)
          this.#byCell.set(cell.cell.index, { progress: cell, block: progress });
        return progress;
      });
    for (const block of this.#blocks) this.#count(block);
  }

  /** Runs that this shard is to play, as far as is known by now. */
  get total(): number {
    return this.#blocks.reduce((sum, block) => sum + this.#wantedOf(block), 0);
  }

  #wantedOf(block: BlockProgress): number {
    let wanted = 0;
    for (const { cell } of block.cells) {
      for (let run = 1; run <= block.target; run++) if (this.#isMine(cell, run)) wanted++;
    }
    return wanted;
  }

  #isMine(cell: Cell, run: number): boolean {
    const { replications } = this.#plan.experiment;
    if (replications.rule !== null || this.#shard.count === 1) return true;
    const number = cell.index * replications.max + run - 1;
    return number % this.#shard.count === this.#shard.index - 1;
  }

  /** A run was played, now or by an earlier batch. Without `isNew`, blocks are looked at later. */
  add(cell: number, run: number, value: number, isNew: boolean): void {
    const found = this.#byCell.get(cell);
    if (found === undefined || run > found.progress.state.length) return;
    const { progress, block } = found;
    if (progress.state[run - 1] === DONE) return;
    progress.state[run - 1] = DONE;
    if (progress.values !== null) progress.values[run - 1] = value;
    if (!this.#isMine(progress.cell, run)) return;
    if (run > block.target) return;
    this.done++;
    block.left--;
    if (isNew && block.left === 0) this.#judge(block);
  }

  /** To be called when all runs of earlier batches were added. */
  resume(): void {
    for (const block of this.#blocks) if (block.left === 0) this.#judge(block);
  }

  #count(block: BlockProgress): void {
    block.left = 0;
    for (const { cell, state } of block.cells) {
      for (let run = 1; run <= block.target; run++) {
        if (state[run - 1] !== DONE && this.#isMine(cell, run)) block.left++;
      }
    }
  }

  /** All wanted runs of a block are there: are they enough? */
  #judge(block: BlockProgress): void {
    const { rule, max, step } = this.#plan.experiment.replications;
    while (rule !== null && block.left === 0 && block.target < max) {
      const values = block.cells.map((cell) => cell.values!.subarray(0, block.target));
      if (values.every((known) => isEnough(known, rule))) return;
      const before = block.target;
      block.target = Math.min(max, block.target + step);
      for (const { state } of block.cells) {
        for (let run = before + 1; run <= block.target; run++)
          if (state[run - 1] === DONE) this.done++;
      }
      this.#count(block);
      this.#from = 0;
    }
  }

  /** The next runs to play, of one cell; null if there are none to hand out now. */
  next(runsMax: number): Portion | null {
    for (; this.#from < this.#blocks.length; this.#from++) {
      const block = this.#blocks[this.#from]!;
      if (block.left === 0) continue;
      for (const { cell, state } of block.cells) {
        const runs: number[] = [];
        for (let run = 1; run <= block.target && runs.length < runsMax; run++) {
          if (state[run - 1] !== TO_DO || !this.#isMine(cell, run)) continue;
          state[run - 1] = HANDED_OUT;
          runs.push(run);
        }
        if (runs.length > 0) return { cell, runs };
      }
    }
    return null;
  }

  /** Runs of a cell that count; more may be there, from an experiment with more replications. */
  targetOf(cell: number): number {
    return this.#byCell.get(cell)?.block.target ?? 0;
  }

  /** Whether all is played. */
  get isComplete(): boolean {
    return this.#blocks.every(({ left }) => left === 0);
  }
}

const TO_DO = 0;
const HANDED_OUT = 1;
const DONE = 2;
