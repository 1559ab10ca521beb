/**
 * What the scan for the worst process reads, in the order in which it reads it.
 *
 * A process is a Task, a Signal and an Mm, each somewhere on the heap. For 100,000 of them these are
 * some 700,000 cache lines, and a scan that goes through the objects waits for memory nearly all of
 * its time. So the few numbers that oom_badness() needs of an ordinary process stand in two tables,
 * which a scan goes through from one end to the other:
 *
 *   ProcessTable  the process list. A row for each process, in the order of the list: what kind of
 *                 candidate it is, its oom_score_adj, and where its mm is in the other table.
 *   MmTable       the address spaces. Of each, the pages that oom_badness() counts. Processes can
 *                 share one, and it can outlive them, so it is not part of their rows.
 *
 * No score is kept, and nothing is put off until somebody selects: a number is written as soon as
 * what it says changes, by rescore_…() (mm/oom_index.ts). Whoever is not ordinary, because it is a
 * victim, in vfork(), without its leader's mm and so on, has LOOK_CLOSELY in its row: the scan asks
 * oom_evaluate_task() about it, which knows all rules and goes by the objects alone.
 */
import { broken, equal } from '../check/broken.js';
import type { Kernel } from '../kernel.js';
import { OOM_SCORE_ADJ_MIN, type Signal, type Task } from '../sched/task.js';
import { type Mm, mm_points } from './mm_types.js';
import type { OomControl } from './oom_control.js';
import { PROCESSES_MIN } from './oom_index.js';
import { oom_compare, oom_evaluate_task } from './oom_kill.js';

// A row of ProcessTable: two words.
/** The slot of its leader's mm, from whose points and oom_score_adj alone its badness follows; or … */
const MM = 0;
const ADJ = 1;

// … what it is instead.
/** Nobody is there any more. */
const GONE = -1;
/** Never chosen and never waited for: init, kernel threads, oom_score_adj −1000. */
const UNKILLABLE = -2;
const LOOK_CLOSELY = -3;

/** Instead of an mm's points, too: they are not all that counts (MMF_OOM_SKIP). */
const NO_POINTS = -1;

/** In the beginning. Tables double when they are full. */
const ROWS = 64;

/** The address spaces that exist. */
export class MmTable implements Iterable<Mm> {
  /** Points are written. Not before there are many processes, or selections are checked. */
  in_use = false;
  /** By slot. Slot 0 is where an mm that is gone may still write. More than 2³¹ pages are possible. */
  points = new Float64Array(0);
  readonly #mms: (Mm | null)[] = [null];
  readonly #free: number[] = [];

  get size(): number {
    return this.#mms.length - this.#free.length - 1;
  }

  /** Returns the mm's slot. */
  add(mm: Mm): number {
    const slot = this.#free.pop() ?? this.#mms.length;
    this.#mms[slot] = mm;
    if (!this.in_use) return slot;
    if (slot === this.points.length) {
      const points = new Float64Array(2 * slot);
      points.set(this.points);
      this.points = points;
    }
    this.points[slot] = 0;
    return slot;
  }

  /** From now on points are written. */
  use(): void {
    if (this.in_use) return;
    this.in_use = true;
    this.points = new Float64Array(Math.max(ROWS, 2 * this.#mms.length));
    for (const mm of this) this.update(mm);
  }

  delete(mm: Mm): void {
    this.#mms[mm.slot] = null;
    this.#free.push(mm.slot);
    mm.slot = 0;
  }

  *[Symbol.iterator](): Generator<Mm> {
    for (const mm of this.#mms) if (mm !== null) yield mm;
  }

  /** The mm's counters, or MMF_OOM_SKIP, have changed. */
  update(mm: Mm): void {
    this.points[mm.slot] = mm.oom_skip ? NO_POINTS : mm_points(mm);
  }

  /** @throws InvariantError if an mm has changed without an update */
  verify(): void {
    if (!this.in_use) return;
    for (const mm of this) {
      const now = mm.oom_skip ? NO_POINTS : mm_points(mm);
      equal(this.points[mm.slot]!, now, () => `points of the mm of ${mm.owner?.comm}`);
    }
  }
}

/** Thread-group leaders in creation order: the process list. */
export class ProcessTable implements Iterable<Task> {
  size = 0;
  /** By place, which is known to Signal. Places are given away in order, and only once. */
  readonly #leaders: (Task | null)[] = [];
  #rows = new Int32Array(2 * ROWS);
  /** How often all processes have got other places. */
  renumbered = 0;

  constructor(private readonly k: Kernel) {}

  /** Places that there are at present, taken or not. */
  get places(): number {
    return this.#rows.length / 2;
  }

  /** Who has a place; null: nobody any more. */
  at(place: number): Task | null {
    return this.#leaders[place]!;
  }

  has(leader: Task): boolean {
    return this.#leaders[leader.signal.place] === leader;
  }

  add(leader: Task): void {
    if (this.#leaders.length === this.places) this.#make_room();
    this.#take_place(leader);
    this.size++;
    if (this.size >= PROCESSES_MIN || this.k.checked) this.k.mms.use();
  }

  delete(leader: Task): void {
    const { signal } = leader;
    this.#leaders[signal.place] = null;
    this.#rows[2 * signal.place + MM] = GONE;
    signal.place = -1;
    this.size--;
  }

  *[Symbol.iterator](): Generator<Task> {
    // Those that come while somebody goes through the list are at its end.
    for (const leader of this.#leaders) if (leader !== null) yield leader;
  }

  #take_place(leader: Task): void {
    leader.signal.place = this.#leaders.length;
    this.#leaders.push(leader);
    this.update(leader.signal);
  }

  /** Everybody moves up; where that brings little, to tables twice as large. */
  #make_room(): void {
    const living = [...this];
    const crowded = living.length > this.places / 2;
    this.#rows = new Int32Array(crowded ? 2 * this.#rows.length : this.#rows.length);
    this.#leaders.length = 0;
    for (const leader of living) this.#take_place(leader);
    this.renumbered++;
  }

  /** Something that makes a process a better or worse candidate, other than its mm's pages, changed. */
  update(signal: Signal): void {
    const { place, leader } = signal;
    if (place < 0) return; // not yet in the list, or no longer
    this.#rows[2 * place + MM] = this.#mm_word(leader);
    this.#rows[2 * place + ADJ] = signal.oom_score_adj;
  }

  #mm_word({ signal, mm, vfork_done, cap_sys_admin, kthread }: Task): number {
    if (kthread || signal === this.k.init.signal) return UNKILLABLE;
    if (signal.oom_mm !== null || signal.oom_flag_origin) return LOOK_CLOSELY;
    if (signal.oom_score_adj === OOM_SCORE_ADJ_MIN) return UNKILLABLE;
    if (mm === null || !vfork_done) return LOOK_CLOSELY;
    return cap_sys_admin && this.k.profile.root_bonus ? LOOK_CLOSELY : mm.slot;
  }

  /** oom_evaluate_task() for one after the other, until one of them ends the scan. */
  scan(oc: OomControl): void {
    const { k } = this;
    const { points: points_of } = k.mms;
    const rows = this.#rows;
    const per_adj = Math.floor(oc.totalpages / 1000);
    const points_min = k.profile.badness === 'signed' ? Number.NEGATIVE_INFINITY : 1;
    const end = this.#leaders.length;
    for (let place = 0; place < end; place++) {
      const mm = rows[2 * place + MM]!;
      if (mm === GONE) continue;
      oc.visited++;
      if (mm === UNKILLABLE) continue;
      let points = mm === LOOK_CLOSELY ? NO_POINTS : points_of[mm]!;
      if (points === NO_POINTS) {
        if (oom_evaluate_task(k, this.#leaders[place]!, oc)) return;
        continue;
      }
      points = Math.max(points_min, points + rows[2 * place + ADJ]! * per_adj);
      if (points >= oc.chosen_points) oom_compare(k, this.#leaders[place]!, points, oc);
    }
  }

  /** @throws InvariantError if a row does not say what the process is */
  verify(): void {
    let size = 0;
    for (const [place, leader] of this.#leaders.entries()) {
      if (leader === null) continue;
      size++;
      const { comm, pid, signal } = leader;
      const row = [place, this.#rows[2 * place + MM], this.#rows[2 * place + ADJ]];
      const now = [signal.place, this.#mm_word(leader), signal.oom_score_adj];
      if (row.join() !== now.join()) broken(`the row of ${comm} (${pid}) is ${row}, not ${now}`);
    }
    equal(this.size, size, () => 'processes');
  }
}
