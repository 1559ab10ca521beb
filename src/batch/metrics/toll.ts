/** What the kills cost each container, and how each choice compares with the others there were. */
import type { CgroupSnapshot, TaskSnapshot } from '../../kernel/snapshot.js';
import type { TraceFields } from '../../kernel/trace.js';
import { type Containers, isWithin, sizeOf } from './containers.js';

type Kill = TraceFields['oomsim:oom_kill'];

/** The machine at the moment of a kill. */
export interface Moment {
  readonly cgroups: readonly CgroupSnapshot[];
  readonly tasks: readonly TaskSnapshot[];
  readonly totalPages: number;
}

const OOM_SCORE_ADJ_MIN = -1000;

export class Toll {
  kills = 0;
  kernelKills = 0;
  innocent = 0;
  pages = 0;
  smallBias = 0;
  readonly regrets: number[] = [];
  readonly containerRegrets: number[] = [];
  /** By container. */
  readonly killed: Float64Array;
  readonly expected: Float64Array;
  readonly killedPages: Float64Array;
  /** The container of the first victim; null without a victim, -1 if it is in none. */
  first: number | null = null;
  readonly #containers: Containers;

  constructor(containers: Containers) {
    this.#containers = containers;
    this.killed = new Float64Array(containers.count);
    this.expected = new Float64Array(containers.count);
    this.killedPages = new Float64Array(containers.count);
  }

  add(kill: Kill, byKernel: boolean, moment: Moment): void {
    const own = this.#containers.of(kill.cgroup);
    const pages = kill.anon + kill.pgtables;
    this.kills++;
    if (byKernel) this.kernelKills++;
    this.pages += pages;
    this.first ??= own;
    if (own >= 0) {
      this.killed[own]!++;
      this.killedPages[own]! += pages;
    }
    const memory = this.#containers.pages(moment.cgroups, moment.tasks);
    this.#expect(own, memory);
    if (own >= 0 && this.#isInnocent(own, kill, memory[own]!, moment)) this.innocent++;
    this.#regret(own, kill, memory, moment.tasks);
  }

  #expect(own: number, memory: Float64Array): void {
    const total = memory.reduce((sum, pages) => sum + pages, 0);
    if (total === 0) return;
    const some = memory.filter((pages) => pages > 0).length;
    let small = 0;
    for (const [index, pages] of memory.entries()) {
      this.expected[index]! += pages / total;
      if (pages * some < total) small += pages / total;
    }
    const isSmall = own >= 0 && memory[own]! * some < total;
    this.smallBias += (isSmall ? 1 : 0) - small;
  }

  #isInnocent(own: number, kill: Kill, pages: number, moment: Moment): boolean {
    // Out of memory in itself, or in a part of itself: nobody else is to blame.
    if (kill.memcg !== '' && this.#containers.of(kill.memcg) === own) return false;
    const sharePages = moment.totalPages / this.#containers.count;
    return this.#containers.isWithinRights(own, pages, moment.cgroups, sharePages);
  }

  #regret(own: number, kill: Kill, memory: Float64Array, tasks: readonly TaskSnapshot[]): void {
    const size = kill.anon + kill.file + kill.shmem + kill.swap + kill.pgtables;
    let largest = size;
    let largestContainer = own >= 0 ? memory[own]! : 0;
    for (const task of tasks) {
      if (!couldBeKilled(task, kill)) continue;
      largest = Math.max(largest, sizeOf(task));
      const container = this.#containers.of(task.cgroup);
      if (container >= 0) largestContainer = Math.max(largestContainer, memory[container]!);
    }
    // Who dies with a group was not chosen for its own size.
    if (largest > 0 && !kill.group) this.regrets.push(1 - size / largest);
    if (own >= 0 && largestContainer > 0) {
      this.containerRegrets.push(1 - memory[own]! / largestContainer);
    }
  }
}

function couldBeKilled(task: TaskSnapshot, kill: Kill): boolean {
  if (task.pid !== task.tgid || task.oomVictim) return false;
  if (task.oomScoreAdj === OOM_SCORE_ADJ_MIN) return false;
  return kill.memcg === '' || isWithin(task.cgroup, kill.memcg);
}
