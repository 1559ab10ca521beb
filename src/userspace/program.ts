/**
 * Runs a process's program, step by step, as user code on the modelled kernel. Touching anonymous
 * memory is the hot path and a plain function; every other step is a flow.
 */
import type { Flow } from '../engine/coroutine.js';
import type { RandomStream } from '../engine/random.js';
import type { Kernel } from '../kernel/kernel.js';
import { touch_fast, user_fault } from '../kernel/mm/memory.js';
import { Vma } from '../kernel/mm/mm_types.js';
import { ENTER, spend } from '../kernel/sched/core.js';
import { do_group_exit } from '../kernel/sched/exit.js';
import type { Task, UserProgram } from '../kernel/sched/task.js';
import { pages_for } from '../kernel/units.js';
import type { Step, Variate } from '../workload/types.js';
import type { Host, Instance } from './host.js';
import { nap, pause, sleep_end_ns } from './sleep.js';
import { step_flow } from './steps.js';

/** A burst of touching takes about this long at most, so that others get their turn. */
const BURST_NS = 500_000;
const BURST_PAGES_MIN = 32;
const BURST_PAGES_MAX = 512;

/** Pages that a program touches in one burst. */
export function burst_pages({ costs }: Kernel): number {
  const pages = Math.floor(BURST_NS / Math.max(1, costs.touchPageNs));
  return Math.min(BURST_PAGES_MAX, Math.max(BURST_PAGES_MIN, pages));
}

/** Memory being touched: what is left of the step at hand and of the whole. */
interface Touching {
  readonly vma: Vma;
  left: number;
  left_in_step: number;
  readonly step: number;
  readonly every: Variate | null;
  /** The sleep behind the step that is done ends then; 0: there is none. */
  nap_end_ns: number;
}

/** Steps being done, and those around them: a loop is a step of what it is in. */
interface Frame {
  readonly steps: readonly Step[];
  next: number;
  times_left: number;
  readonly outer: Frame | null;
}

/** The program of one process (or thread) and how far it has got. */
export class Program implements UserProgram {
  /** null: nothing is left of it. */
  #frame: Frame | null;
  #touching: Touching | null = null;
  /** Made, and its name put together, at the first draw: many a process never draws. */
  #random: RandomStream | null = null;
  /** There is nothing left to do but wait for a fatal signal. */
  #holds = false;
  /** Who is to be started again after it; null: a thread, or another's child. */
  instance: Instance | null = null;
  /** Done once, when the program first runs. */
  before: ((t: Task) => void) | null = null;

  /** Its random stream is `name/index/life`, which must be nobody else's. */
  constructor(
    readonly host: Host,
    steps: readonly Step[],
    private readonly name: string,
    private readonly index: number | 'child',
    private readonly life: number,
  ) {
    this.#frame = { steps, next: 0, times_left: 1, outer: null };
  }

  run(t: Task): number {
    if (this.before !== null) {
      const before = this.before;
      this.before = null;
      before(t);
    }
    if (this.#touching !== null) return this.#touch(t, this.#touching);
    if (this.#holds) return pause(t);
    const step = this.#next_step();
    if (step === null) {
      t.flow = do_group_exit(this.host.k, t, 0);
      return ENTER;
    }
    if (step.op === 'anon' || step.op === 'shm') {
      this.begin_touching(
        t,
        step.op === 'shm' ? 'shmem' : 'anon',
        step.size,
        step.step,
        step.every,
      );
      return this.#touch(t, this.#touching!);
    }
    if (step.op === 'hold' && step.duration === null) {
      this.then_hold();
      return pause(t);
    }
    t.flow = step_flow(this, t, step);
    return ENTER;
  }

  /** Draws an amount; each use draws anew. */
  draw(variate: Variate): number {
    if (variate.kind === 'constant') return variate.value;
    this.#random ??= this.host.streams.passing(`${this.name}/${this.index}/${this.life}`);
    return draw_variate(variate, this.#random);
  }

  /** Maps an area and makes touching it what the program does next. */
  begin_touching(
    t: Task,
    kind: 'anon' | 'shmem',
    size: Variate,
    step: Variate | null,
    every: Variate | null,
  ): void {
    const pages = pages_for(this.draw(size));
    const vma = map_area(t, kind, pages);
    const step_pages = step === null ? pages : Math.max(1, pages_for(this.draw(step)));
    this.#touching = {
      vma,
      left: pages,
      left_in_step: Math.min(pages, step_pages),
      step: step_pages,
      every,
      nap_end_ns: 0,
    };
  }

  /** What is left of the program is to hold still. */
  then_hold(): void {
    this.#holds = true;
    this.#frame = null;
  }

  #next_step(): Step | null {
    for (;;) {
      const frame = this.#frame;
      if (frame === null) return null;
      if (frame.next >= frame.steps.length) {
        frame.times_left--;
        if (frame.times_left > 0) {
          frame.next = 0;
        } else {
          this.#frame = frame.outer;
        }
        continue;
      }
      const step = frame.steps[frame.next++]!;
      if (step.op !== 'loop') return step;
      const times = step.times ?? Number.POSITIVE_INFINITY;
      if (times > 0) this.#frame = { steps: step.steps, next: 0, times_left: times, outer: frame };
    }
  }

  #touch(t: Task, touching: Touching): number {
    const { k } = this.host;
    if (touching.left_in_step > 0) {
      const want = Math.min(touching.left_in_step, this.host.burst_pages);
      const n = touch_fast(k, t, touching.vma, want);
      if (n === 0) {
        t.flow = fault_one(k, t, touching);
        return ENTER;
      }
      touching.left -= n;
      touching.left_in_step -= n;
      return spend(t, n * k.costs.touchPageNs);
    }
    if (touching.nap_end_ns === 0 && touching.every !== null) {
      const every_ns = this.draw(touching.every);
      if (every_ns > 0) touching.nap_end_ns = sleep_end_ns(k, every_ns);
    }
    if (touching.nap_end_ns > k.sim.nowNs) return nap(k, t, touching.nap_end_ns);
    touching.nap_end_ns = 0;
    touching.left_in_step = Math.min(touching.left, touching.step);
    if (touching.left === 0) this.#touching = null;
    return this.run(t);
  }
}

/** A fault on the next page, the slow way. */
function* fault_one(k: Kernel, t: Task, touching: Touching): Flow {
  if (yield* user_fault(k, t, touching.vma)) {
    touching.left--;
    touching.left_in_step--;
  }
}

/** mmap(2): private anonymous, or shared anonymous memory. */
export function map_area(t: Task, kind: 'anon' | 'shmem', pages: number): Vma {
  const mm = t.mm!;
  const vma = new Vma(mm, kind, kind === 'shmem', pages);
  vma.locked = mm.lock_future;
  mm.insert_vma(vma);
  mm.total_vm += pages;
  return vma;
}

/** Draws from a variate with the stream's integer arithmetic. */
export function draw_variate(variate: Variate, random: RandomStream): number {
  switch (variate.kind) {
    case 'constant':
      return variate.value;
    case 'exponential':
      return random.exponential(variate.mean);
    case 'uniform':
      return random.uniform(variate.min, variate.max);
    case 'normal':
      return Math.max(0, random.normal(variate.mean, variate.sd));
    case 'choice':
      return random.choice(variate.values);
  }
}
