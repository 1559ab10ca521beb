/** Changes that concern more than one place: splitting a container, and making several of it. */
import { PlaceError } from './place.js';

interface Process {
  name?: unknown;
  cgroup?: unknown;
  count?: unknown;
  [key: string]: unknown;
}

interface Data {
  cgroups?: Record<string, unknown> | null;
  processes?: Process[] | null;
  [key: string]: unknown;
}

/** `split./b` or `copies./b`: what to do, and with which cgroup; null for any other place. */
export function transformOf(at: unknown): { kind: 'split' | 'copies'; path: string } | null {
  const match = typeof at === 'string' ? /^(split|copies)\.(\/.+)$/.exec(at) : null;
  return match === null ? null : { kind: match[1] as 'split' | 'copies', path: match[2]! };
}

/** @throws PlaceError if there is no such cgroup, or it cannot be divided so */
export function applyTransform(
  data: unknown,
  { kind, path }: { kind: 'split' | 'copies'; path: string },
  value: unknown,
): void {
  const workload = data as Data;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 1000) {
    throw new PlaceError(`${kind} takes a whole number from 1 to 1000`);
  }
  if (workload.cgroups?.[path] === undefined) {
    throw new PlaceError(`the workload lists no cgroup ${path}`);
  }
  if (kind === 'split') split(workload, path, value);
  else copy(workload, path, value);
}

/**
 * Spreads the processes of a cgroup evenly over `parts` new children of it; with one part it stays as
 * it is. Who was process 7 of 12 keeps its program, but not its random numbers.
 */
function split(data: Data, path: string, parts: number): void {
  if (parts === 1) return;
  const inside = (data.processes ?? []).filter((process) => process.cgroup === path);
  const total = inside.reduce((sum, process) => sum + countOf(process), 0);
  if (total < parts)
    throw new PlaceError(`${path} has ${total} processes, too few for ${parts} parts`);
  for (let part = 1; part <= parts; part++) data.cgroups![`${path}/${part}`] = null;
  let index = 0;
  data.processes = (data.processes ?? []).flatMap((process) => {
    if (process.cgroup !== path) return [process];
    const counts = new Map<number, number>();
    for (let i = 0; i < countOf(process); i++, index++) {
      const part = (index % parts) + 1;
      counts.set(part, (counts.get(part) ?? 0) + 1);
    }
    return [...counts].map(([part, count]) => ({
      ...structuredClone(process),
      name: `${String(process.name)}-${part}`,
      cgroup: `${path}/${part}`,
      count,
    }));
  });
}

/** Makes `copies` of a cgroup with all below it and all processes in it: /web, /web-2, /web-3 … */
function copy(data: Data, path: string, copies: number): void {
  const below = (candidate: unknown) =>
    candidate === path || (typeof candidate === 'string' && candidate.startsWith(`${path}/`));
  const cgroups = Object.entries(data.cgroups ?? {}).filter(([name]) => below(name));
  const processes = (data.processes ?? []).filter((process) => below(process.cgroup));
  for (let number = 2; number <= copies; number++) {
    const renamed = (name: string) => `${path}-${number}${name.slice(path.length)}`;
    for (const [name, knobs] of cgroups) data.cgroups![renamed(name)] = structuredClone(knobs);
    for (const process of processes) {
      data.processes!.push({
        ...structuredClone(process),
        name: `${String(process.name)}-${number}`,
        cgroup: renamed(String(process.cgroup)),
      });
    }
  }
}

const countOf = (process: Process): number =>
  typeof process.count === 'number' ? process.count : 1;
