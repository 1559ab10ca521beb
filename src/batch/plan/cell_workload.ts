/** The workload of a cell: the base with the changes of its levels. */
import { createHash } from 'node:crypto';
import { type Located, sentence } from '../../workload/located.js';
import { readWorkload } from '../../workload/parse.js';
import type { Workload } from '../../workload/types.js';
import { type WorkloadFile, workloadToYaml } from '../../workload/write.js';
import { PlaceError, setAt } from '../experiment/place.js';
import { applyTransform, transformOf } from '../experiment/transforms.js';
import type { BaseWorkload, Factor, Level } from '../experiment/types.js';

/** What a combination of levels comes to. */
export interface Built {
  readonly policy: string | undefined;
  readonly kernel: string | undefined;
  /** null: the base workload as it is. */
  readonly changed: { readonly data: unknown; readonly workload: Workload } | null;
}

/**
 * Applies the levels in the order of the factors. Policy and kernel stay choices of the run, so that
 * cells which differ only there play one and the same workload.
 * @returns null if it cannot be done; then `problems` has got more
 */
export function buildCell(
  base: BaseWorkload,
  levels: readonly Level[],
  problems: Located[],
): Built | null {
  const data = structuredClone(base.data);
  const before = problems.length;
  let policy: string | undefined;
  let kernel: string | undefined;
  let isChanged = false;
  const places: { keys: readonly PropertyKey[]; level: Level }[] = [];
  for (const level of levels) {
    for (const { at, value } of level.changes) {
      if (at === 'kernel.oom_policy' && typeof value === 'string') policy = value;
      else if (at === 'kernel.version' && typeof value === 'string') kernel = value;
      else {
        isChanged = true;
        const keys = change(data, at, value, level, problems);
        if (keys !== null) places.push({ keys, level });
      }
    }
  }
  if (problems.length > before) return null;
  if (!isChanged) return { policy, kernel, changed: null };
  const read = readWorkload(data, base.name);
  for (const problem of read.problems) problems.push(blame(problem, places, levels));
  const { workload } = read;
  return workload === null ? null : { policy, kernel, changed: { data, workload } };
}

function change(
  data: unknown,
  at: Level['changes'][number]['at'],
  value: unknown,
  level: Level,
  problems: Located[],
): readonly PropertyKey[] | null {
  try {
    const transform = transformOf(at);
    if (transform === null) return setAt(data, at, structuredClone(value));
    applyTransform(data, transform, value);
    return ['cgroups', transform.path];
  } catch (error) {
    if (!(error instanceof PlaceError)) throw error;
    problems.push(sentence(level.source, error.message));
    return null;
  }
}

/** Points at the level that made the problem: the one that changed the place, else the last. */
function blame(
  problem: Located,
  places: readonly { keys: readonly PropertyKey[]; level: Level }[],
  levels: readonly Level[],
): Located {
  const touched = places.findLast(({ keys }) =>
    keys.every((key, index) => index >= problem.path.length || problem.path[index] === key),
  );
  const level = touched?.level ?? levels.findLast(({ changes }) => changes.length > 0)!;
  const where = problem.path.join('.');
  return { ...problem, path: level.source, message: `${where}: ${problem.message}` };
}

/** The text of a changed workload, with a comment that says where it is from. */
export function cellText(
  built: NonNullable<Built['changed']>,
  base: BaseWorkload,
  id: string,
  experiment: string,
  settings: readonly { factor: Factor; level: Level }[],
): string {
  const lines = settings.map(({ factor, level }) => `${factor.name}: ${level.label}`);
  const head = [`${base.name}, as changed by the experiment ${experiment}`, ...lines].join('\n');
  const { name: _name, ...rest } = built.data as WorkloadFile & { name?: unknown };
  const named = { name: `${base.name}-${id}`.slice(0, 64), ...rest } as WorkloadFile;
  return workloadToYaml(named, new Map([['', head]]));
}

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
