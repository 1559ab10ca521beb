import type { CgroupFrame, Frame } from '../record/frames.js';
import type { SortKey, UiState } from './state/state.js';

/** One visible row of the cgroup tree. */
export interface TreeRow {
  readonly cgroup: CgroupFrame;
  readonly depth: number;
  /** null: it has no children. */
  readonly isFolded: boolean | null;
}

type TreeState = Pick<UiState, 'folded' | 'sort' | 'filter'>;

interface Branch {
  readonly cgroup: CgroupFrame;
  readonly children: Branch[];
}

let last: { frame: Frame; state: TreeState; rows: readonly TreeRow[] } | null = null;

/**
 * The rows of the tree in the order in which they are shown: folded away and filtered out is what
 * the state says. The last answer is kept, for every key and every frame asks for it.
 */
export function treeRows(frame: Frame, state: TreeState): readonly TreeRow[] {
  const { folded, sort, filter } = state;
  const isSame =
    last !== null &&
    last.frame === frame &&
    last.state.folded === folded &&
    last.state.sort === sort &&
    last.state.filter === filter;
  if (last !== null && isSame) return last.rows;
  const rows: TreeRow[] = [];
  const root = branchesOf(frame, filter);
  if (root !== null) addRows(rows, root, 0, state);
  last = { frame, state: { folded, sort, filter }, rows };
  return rows;
}

/** The tree as objects; without what the filter leaves out. null when nothing is left. */
function branchesOf({ cgroups }: Frame, filter: string): Branch | null {
  const branches = new Map<string, Branch>();
  const wanted = filter === '' ? null : pathsWith(cgroups, filter);
  for (const cgroup of cgroups) {
    if (wanted !== null && !wanted.has(cgroup.path)) continue;
    const branch: Branch = { cgroup, children: [] };
    branches.set(cgroup.path, branch);
    if (cgroup.path !== '/') branches.get(parentOf(cgroup.path))?.children.push(branch);
  }
  return branches.get('/') ?? null;
}

function pathsWith(cgroups: readonly CgroupFrame[], filter: string): Set<string> {
  const paths = new Set<string>();
  for (const { path } of cgroups) {
    if (!path.includes(filter)) continue;
    for (let at = path; !paths.has(at); at = parentOf(at)) paths.add(at);
  }
  return paths;
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function addRows(rows: TreeRow[], branch: Branch, depth: number, state: TreeState): void {
  const { cgroup, children } = branch;
  // What was searched for is shown, wherever it is hidden.
  const isFolded =
    children.length === 0 ? null : state.filter === '' && state.folded.has(cgroup.path);
  rows.push({ cgroup, depth, isFolded });
  if (isFolded !== false) return;
  const compare = ORDERS[state.sort];
  const sorted = compare === null ? children : children.sort((a, b) => compare(a.cgroup, b.cgroup));
  for (const child of sorted) addRows(rows, child, depth + 1, state);
}

const byPath = (a: CgroupFrame, b: CgroupFrame): number => (a.path < b.path ? -1 : 1);

const ORDERS: Readonly<Record<SortKey, ((a: CgroupFrame, b: CgroupFrame) => number) | null>> = {
  tree: null, // as they were made
  usage: (a, b) => b.usagePages - a.usagePages || byPath(a, b),
  score: (a, b) => (b.score ?? -2) - (a.score ?? -2) || byPath(a, b),
  kills: (a, b) => b.events.oom_kill - a.events.oom_kill || byPath(a, b),
  name: byPath,
};

/** Trees that fill the screen many times begin folded below the second level. */
export function initiallyFolded({ cgroups }: Frame, unfoldedMax = 60): ReadonlySet<string> {
  if (cgroups.length <= unfoldedMax) return new Set();
  const parents = new Set(cgroups.map(({ path }) => parentOf(path)));
  parents.delete('/');
  return parents;
}
