/**
 * What the schema can't see because it concerns more than one place of the file: names that must
 * differ, names that must exist, sums that must fit.
 */

import { checkKernel } from './checkKernel.js';
import { checkKillers } from './checkKillers.js';
import { checkMachine } from './checkMachine.js';
import { checkTasks } from './checkTasks.js';
import { KILLER_COMMS } from './killerTypes.js';
import { type Located, sentence } from './located.js';
import { stepsOf } from './steps.js';
import { hint } from './suggest.js';
import type { CgroupSpec, Workload } from './types.js';

const CGROUPS_MAX = 100_000;
/** Looking for what was meant takes time; nobody reads more than the first few. */
const PROBLEMS_MAX = 50;

/** Everything that is wrong with a workload whose parts are right, with places in its file. */
export function checkWorkload(workload: Workload): Located[] {
  const names = [...checkCgroups(workload), ...checkProcessNames(workload)];
  const references = [
    ...checkPrograms(workload),
    ...checkEvents(workload),
    ...checkKillers(workload.killers, unknownCgroup(workload)),
  ];
  const machine = [...checkMachine(workload), ...checkKernel(workload)];
  const problems = [...machine, ...names, ...references];
  // Counting tasks takes for granted that names are unique.
  return problems.length > 0 ? problems : checkTasks(workload);
}

function checkCgroups({ cgroups }: Workload): Located[] {
  const problems: Located[] = [];
  if (cgroups.length > CGROUPS_MAX) {
    const message = `${cgroups.length} cgroups, with their parents: at most ${CGROUPS_MAX}`;
    problems.push(sentence(['cgroups'], message));
  }
  const root = cgroups.find((cgroup) => cgroup.path === '/');
  if (root !== undefined && hasLimits(root)) {
    const message = 'the root cgroup has no limits: set machine.memory, or make a cgroup below it';
    problems.push(sentence(['cgroups', '/'], message, 'key'));
  }
  return problems;
}

function hasLimits(cgroup: CgroupSpec): boolean {
  const limits = [cgroup.memoryMax, cgroup.memoryHigh, cgroup.memorySwapMax];
  const limited = limits.some((limit) => limit !== Number.POSITIVE_INFINITY);
  return limited || cgroup.memoryLow > 0 || cgroup.memoryMin > 0 || cgroup.oomGroup;
}

function checkProcessNames({ processes, cgroups }: Workload): Located[] {
  const problems: Located[] = [];
  const firstByName = new Map<string, number>();
  const firstByPid = new Map<number, number>();
  const known = new Set(['/', ...cgroups.map((cgroup) => cgroup.path)]);
  for (const [index, { name, pid, cgroup }] of processes.entries()) {
    if (problems.length >= PROBLEMS_MAX) break;
    const path = ['processes', index];
    const namesake = firstByName.get(name);
    if (namesake === undefined) firstByName.set(name, index);
    else {
      const message = `duplicate name "${name}": processes[${namesake}] is called that already`;
      problems.push(sentence([...path, 'name'], message));
    }
    const owner = pid === null ? undefined : firstByPid.get(pid);
    if (owner !== undefined) {
      const message = `duplicate pid ${pid}: processes[${owner}] has it already`;
      problems.push(sentence([...path, 'pid'], message));
    } else if (pid !== null) firstByPid.set(pid, index);
    if (cgroup !== null && !known.has(cgroup)) {
      problems.push(noCgroup([...path, 'cgroup'], cgroup, known));
    }
  }
  return problems;
}

function checkPrograms(workload: Workload): Located[] {
  const problems: Located[] = [];
  const known = reachableCgroups(workload);
  const names = new Set(workload.processes.map((process) => process.name));
  for (const [index, process] of workload.processes.entries()) {
    for (const { step, path } of stepsOf(process.program, ['processes', index, 'program'])) {
      if (problems.length >= PROBLEMS_MAX) return problems;
      if (step.op === 'cgroup' && !known.has(step.path)) {
        problems.push(noCgroup([...path, 'cgroup'], step.path, known));
      }
      if ('process' in step && !names.has(step.process)) {
        problems.push(noProcess([...path, step.op], step.process, names));
      }
    }
  }
  return problems;
}

/** Files of the root cgroup that events may write; its limits don't exist. */
const ROOT_FILES = new Set(['cgroup.subtree_control', 'memory.oom_policy']);

function checkEvents(workload: Workload): Located[] {
  const problems: Located[] = [];
  const known = reachableCgroups(workload);
  const names = new Set(workload.processes.map((process) => process.name));
  for (const { kind } of workload.killers) names.add(KILLER_COMMS[kind]);
  for (const [index, event] of workload.events.entries()) {
    if (problems.length >= PROBLEMS_MAX) break;
    const path = ['events', index, event.op];
    if (event.op === 'kill' && !names.has(event.process)) {
      problems.push(noProcess(path, event.process, names));
    }
    if ((event.op === 'write' || event.op === 'rmdir') && !known.has(event.cgroup)) {
      problems.push(noCgroup(path, event.cgroup, known));
    }
    if (event.op === 'write' && event.cgroup === '/' && !ROOT_FILES.has(event.file)) {
      problems.push(sentence(path, `the root cgroup has no file "${event.file}"`));
    }
    if (event.op === 'rmdir' && event.cgroup === '/') {
      problems.push(sentence(path, "the root cgroup can't be removed"));
    }
  }
  return problems;
}

/** Cgroups that exist at the start, or that an event makes. */
function reachableCgroups({ cgroups, events }: Workload): Set<string> {
  const known = new Set(['/', ...cgroups.map((cgroup) => cgroup.path)]);
  for (const event of events) if (event.op === 'mkdir') known.add(event.cgroup);
  return known;
}

/** The problem of a cgroup that isn't there, or null. */
function unknownCgroup(
  workload: Workload,
): (path: PropertyKey[], cgroup: string) => Located | null {
  const known = reachableCgroups(workload);
  return (path, cgroup) => (known.has(cgroup) ? null : noCgroup(path, cgroup, known));
}

function noCgroup(path: PropertyKey[], cgroup: string, known: Iterable<string>): Located {
  const suggestion = hint(cgroup, known);
  const todo = suggestion === '' ? '; list it under "cgroups"' : suggestion;
  return sentence(path, `there is no cgroup "${cgroup}"${todo}`);
}

function noProcess(path: PropertyKey[], name: string, known: Iterable<string>): Located {
  return sentence(path, `there is no process "${name}"${hint(name, known)}`);
}
