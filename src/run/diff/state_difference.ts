import type { System } from '../boot.js';

/** A number, word or flag of the state that is not the same in both runs. */
export interface StateDifference {
  /** `machine`, `cgroup /many`, `task 26 small` */
  readonly of: string;
  /** `events.oom_kill` */
  readonly field: string;
  /** null: there is no such thing in that run. */
  readonly a: string | null;
  readonly b: string | null;
}

/** What differs in the snapshots of two systems: machine, cgroups, tasks. */
export function stateDifferences(a: System, b: System): StateDifference[] {
  const [x, y] = [namedFields(a), namedFields(b)];
  const names = new Set([...x.keys(), ...y.keys()]);
  return [...names].flatMap((name) => {
    const [fieldsA, fieldsB] = [x.get(name), y.get(name)];
    if (fieldsA === undefined || fieldsB === undefined) {
      const there = (fields: unknown): string =>
        fields === undefined ? 'is not there' : 'is there';
      return [{ of: name, field: '', a: there(fieldsA), b: there(fieldsB) }];
    }
    const fields = new Set([...fieldsA.keys(), ...fieldsB.keys()]);
    return [...fields]
      .filter((field) => fieldsA.get(field) !== fieldsB.get(field))
      .map((field) => ({
        of: name,
        field,
        a: fieldsA.get(field) ?? null,
        b: fieldsB.get(field) ?? null,
      }));
  });
}

type Fields = ReadonlyMap<string, string>;

function namedFields(system: System): ReadonlyMap<string, Fields> {
  const named = new Map<string, Fields>([['machine', flatten(system.machine())]]);
  for (const cgroup of system.cgroups()) named.set(`cgroup ${cgroup.path}`, flatten(cgroup));
  for (const task of system.tasks()) named.set(`task ${task.pid} ${task.comm}`, flatten(task));
  return named;
}

/** The leaves of a snapshot by their paths. */
function flatten(value: object, prefix = '', into = new Map<string, string>()): Fields {
  for (const [key, part] of Object.entries(value)) {
    const path = `${prefix}${key}`;
    if (typeof part === 'object' && part !== null) flatten(part, `${path}.`, into);
    else into.set(path, String(part));
  }
  return into;
}
