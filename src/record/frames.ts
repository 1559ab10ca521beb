import type {
  CgroupSnapshot,
  CgroupStanding,
  MachineSnapshot,
  TaskSnapshot,
} from '../kernel/snapshot.js';

export interface CgroupFrame extends CgroupSnapshot, CgroupStanding {}

/** All that can be seen of a run at one instant. Plain data: nothing in it changes later. */
export interface Frame {
  readonly timeNs: number;
  /** Events dispatched so far. */
  readonly events: number;
  /** Why the run ended; null while it goes on. */
  readonly endedBy: string | null;
  readonly panic: string | null;
  readonly allocFailures: number;
  readonly machine: MachineSnapshot;
  /** Parents before children; the first is the machine itself, `/`. */
  readonly cgroups: readonly CgroupFrame[];
  /** The processes with the highest badness, best first; of small workloads all of them. */
  readonly tasks: readonly TaskSnapshot[];
  /** How many processes there are. */
  readonly processes: number;
}

/** A system of which frames can be taken. */
export interface FramedSystem {
  readonly nowNs: number;
  readonly events: number;
  readonly endedBy: string | null;
  readonly panic: string | null;
  readonly allocFailures: number;
  machine(): MachineSnapshot;
  cgroups(): CgroupSnapshot[];
  standings(): CgroupStanding[];
  tasks(): TaskSnapshot[];
}

/** More would fill the memory with processes that nobody looks at. */
export const FRAME_TASKS_MAX = 400;

/**
 * Takes a frame.
 * @param focus a cgroup whose processes are all wanted, whatever their badness
 */
export function takeFrame(system: FramedSystem, focus: string | null = null): Frame {
  const machine = system.machine();
  const standings = system.standings();
  const cgroups = system.cgroups().map((cgroup, i) => Object.assign(cgroup, standings[i]!));
  const processes = system.tasks().filter((task) => task.pid === task.tgid);
  const totalPages = machine.totalPages + machine.swapTotalPages;
  return {
    timeNs: system.nowNs,
    events: system.events,
    endedBy: system.endedBy,
    panic: system.panic,
    allocFailures: system.allocFailures,
    machine,
    cgroups,
    tasks: worstTasks(processes, totalPages, focus),
    processes: processes.length,
  };
}

/** Those with the highest badness, and all of the focus; best first. */
function worstTasks(
  processes: readonly TaskSnapshot[],
  totalPages: number,
  focus: string | null,
): TaskSnapshot[] {
  const points = Float64Array.from(processes, (task) => badnessOf(task, totalPages));
  // A cut first: sorting all of them would take longer than all the rest of the frame.
  const cut =
    processes.length <= FRAME_TASKS_MAX ? -Infinity : points.toSorted().at(-FRAME_TASKS_MAX)!;
  const kept: { task: TaskSnapshot; points: number }[] = [];
  processes.forEach((task, i) => {
    const isWanted = points[i]! > cut || (focus !== null && isBelow(task.cgroup, focus));
    if (isWanted) kept.push({ task, points: points[i]! });
  });
  kept.sort((a, b) => b.points - a.points || a.task.pid - b.task.pid);
  return kept.map(({ task }) => task);
}

/** Whether a cgroup is another, or below it. */
export function isBelow(path: string, ancestor: string): boolean {
  return ancestor === '/' || path === ancestor || path.startsWith(`${ancestor}/`);
}

/** The memory that counts for the OOM killer: resident, swapped out and page tables, in pages. */
export function usedPages(task: TaskSnapshot): number {
  return task.anonPages + task.filePages + task.shmemPages + task.swapPages + task.pgtablesPages;
}

/** oom_badness() of a process that may be killed, in pages. @param totalPages RAM and swap */
export function badnessOf(task: TaskSnapshot, totalPages: number): number {
  return usedPages(task) + task.oomScoreAdj * Math.floor(totalPages / 1000);
}
