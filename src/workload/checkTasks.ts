/** How many tasks a workload starts: no cycles, no more than a simulator can hold, no busy loops. */

import { type Located, sentence } from './located.js';
import { type PlacedStep, stepsOf, takesTime } from './steps.js';
import type { ProcessSpec, Workload } from './types.js';

/** Processes and threads, counted over everything that programs start. */
export const TASKS_MAX = 1_000_000;

/** Loops that run more often than this need something in them that takes time. */
const BUSY_LOOPS_MAX = 10_000;

/** One process starting another. */
interface Edge {
  readonly target: number;
  readonly tasks: number;
  readonly path: readonly PropertyKey[];
}

/** What a process starts, and how many tasks it is itself. */
interface Starter {
  readonly own: number;
  readonly edges: readonly Edge[];
}

/** Checks cycles, the number of tasks, and loops. Names must be unique and known already. */
export function checkTasks(workload: Workload): Located[] {
  const { processes } = workload;
  const starters = startersOf(processes);
  const order = childrenFirst(starters);
  if (order.length < processes.length) return [describeCycle(processes, starters, order)];
  return [...checkTotal(processes, starters, order), ...checkLoops(workload)];
}

function startersOf(processes: readonly ProcessSpec[]): Starter[] {
  const indexOf = new Map(processes.map((process, index) => [process.name, index]));
  return processes.map((process, index): Starter => {
    let own = 1;
    const edges: Edge[] = [];
    for (const placed of stepsOf(process.program, ['processes', index, 'program'])) {
      const { step, times } = placed;
      if (step.op === 'threads') own += step.count * times;
      else if (step.op === 'bomb') own += (2 ** step.generations - 1) * times;
      else {
        const edge = edgeOf(placed, processes, indexOf);
        if (edge !== null) edges.push(edge);
      }
    }
    return { own, edges };
  });
}

function edgeOf(
  { step, path, times }: PlacedStep,
  processes: readonly ProcessSpec[],
  indexOf: ReadonlyMap<string, number>,
): Edge | null {
  if (!('process' in step)) return null;
  const target = indexOf.get(step.process);
  if (target === undefined) return null; // reported by check.ts
  const started = 'count' in step ? (step.count ?? processes[target]!.count) : 1;
  return { target, tasks: started * times, path: [...path, step.op] };
}

/**
 * The processes in an order in which everything comes after what it starts, without those that are
 * on a cycle or lead to one. Not recursive: a file may hold a chain of many thousands.
 */
function childrenFirst(starters: readonly Starter[]): number[] {
  const startedBy: number[][] = starters.map(() => []);
  const open = starters.map((starter) => starter.edges.length);
  for (const [index, starter] of starters.entries()) {
    for (const edge of starter.edges) startedBy[edge.target]!.push(index);
  }
  const order = [...open.keys()].filter((index) => open[index] === 0);
  for (let next = 0; next < order.length; next++) {
    for (const parent of startedBy[order[next]!]!) {
      open[parent]!--;
      if (open[parent] === 0) order.push(parent);
    }
  }
  return order;
}

function describeCycle(
  processes: readonly ProcessSpec[],
  starters: readonly Starter[],
  order: readonly number[],
): Located {
  const placeOf = new Map<number, number>();
  const walk: number[] = [];
  const edges: Edge[] = [];
  // Whoever isn't in the order starts someone else who isn't: following them must come round.
  const ordered = new Set(order);
  let index = starters.findIndex((_, candidate) => !ordered.has(candidate));
  while (!placeOf.has(index)) {
    placeOf.set(index, walk.length);
    walk.push(index);
    const edge = starters[index]!.edges.find((candidate) => !ordered.has(candidate.target))!;
    edges.push(edge);
    index = edge.target;
  }
  const begin = placeOf.get(index)!;
  const names = [...walk.slice(begin), index].map((member) => `"${processes[member]!.name}"`);
  const round = names.length > 6 ? [...names.slice(0, 3), '…', ...names.slice(-2)] : names;
  return sentence(edges[begin]!.path, `processes would start without end: ${round.join(' → ')}`);
}

function checkTotal(
  processes: readonly ProcessSpec[],
  starters: readonly Starter[],
  order: readonly number[],
): Located[] {
  const tasks = new Float64Array(starters.length);
  for (const index of order) {
    const { own, edges } = starters[index]!;
    tasks[index] = edges.reduce((sum, edge) => sum + edge.tasks * tasks[edge.target]!, own);
  }
  let total = 0;
  for (const [index, process] of processes.entries()) {
    if (!process.top) continue;
    total += process.count * tasks[index]!;
    if (total > TASKS_MAX) {
      const least = total >= 1e15 ? 'more than 10^15' : `at least ${total}`;
      const message = `the file asks for ${least} processes and threads: at most ${TASKS_MAX}`;
      const path = ['processes', index];
      return [sentence(process.count > 1 ? [...path, 'count'] : path, message)];
    }
  }
  return [];
}

function checkLoops({ processes, machine }: Workload): Located[] {
  const problems: Located[] = [];
  for (const [index, process] of processes.entries()) {
    for (const { step, path } of stepsOf(process.program, ['processes', index, 'program'])) {
      if (step.op !== 'loop' || (step.times ?? Number.POSITIVE_INFINITY) <= BUSY_LOOPS_MAX)
        continue;
      if (step.steps.some((inner) => takesTime(inner, machine.costs))) continue;
      problems.push(sentence(path, 'no time passes in this loop: add a sleep to it'));
    }
    const { when, delayNs, max } = process.restart;
    const endless = when === 'always' && delayNs === 0 && max === Number.POSITIVE_INFINITY;
    if (endless && !process.program.some((step) => takesTime(step, machine.costs))) {
      const message = 'it exits at once and is restarted at once, for ever: add a delay or a max';
      problems.push(sentence(['processes', index, 'restart'], message));
    }
  }
  return problems;
}
