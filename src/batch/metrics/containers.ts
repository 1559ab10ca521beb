/** Which process belongs to which container, and what a container has and may have. */
import type { CgroupSnapshot, TaskSnapshot } from '../../kernel/snapshot.js';
import type { Workload } from '../../workload/types.js';
import type { Container } from '../experiment/types.js';

const PAGE_BYTES = 4096;

/** The containers of an experiment that names none: leaves with processes, and root if it has any. */
export function leafContainers(workload: Workload): Container[] {
  const homes = new Set(workload.processes.map(({ cgroup }) => cgroup ?? '/'));
  const paths = ['/', ...workload.cgroups.map(({ path }) => path).filter((path) => path !== '/')];
  return paths
    .filter((path) => (path === '/' ? homes.has('/') : isLeaf(path, paths)))
    .map((path) => ({ name: path, paths: [path], requestBytes: null }));
}

function isLeaf(path: string, paths: readonly string[]): boolean {
  return !paths.some((other) => other.startsWith(`${path}/`));
}

/** Whether a cgroup is the path or below it; `/` stands for itself alone. */
export function isWithin(cgroup: string, path: string): boolean {
  if (cgroup === path) return true;
  return path !== '/' && cgroup.startsWith(path) && cgroup[path.length] === '/';
}

/** The containers of one run; they are known by their index. */
export class Containers {
  readonly names: readonly string[];
  readonly #paths: readonly (readonly string[])[];
  readonly #requestPages: readonly (number | null)[];
  readonly #byCgroup = new Map<string, number>();

  constructor(containers: readonly Container[]) {
    this.names = containers.map(({ name }) => name);
    this.#paths = containers.map(({ paths }) => paths);
    this.#requestPages = containers.map(({ requestBytes }) =>
      requestBytes === null ? null : Math.floor(requestBytes / PAGE_BYTES),
    );
  }

  get count(): number {
    return this.names.length;
  }

  /** The index of the container that a cgroup belongs to; -1 if to none. */
  of(cgroup: string): number {
    let index = this.#byCgroup.get(cgroup);
    if (index === undefined) {
      index = this.#paths.findIndex((paths) => paths.some((path) => isWithin(cgroup, path)));
      this.#byCgroup.set(cgroup, index);
    }
    return index;
  }

  /** Memory and swap of each, pages; that of root is what its own processes have. */
  pages(cgroups: readonly CgroupSnapshot[], tasks: readonly TaskSnapshot[]): Float64Array {
    const pages = new Float64Array(this.count);
    const byPath = new Map(cgroups.map((cgroup) => [cgroup.path, cgroup]));
    for (const [index, paths] of this.#paths.entries()) {
      for (const path of paths) {
        const cgroup = byPath.get(path);
        if (path === '/') pages[index]! += rootPages(tasks);
        else if (cgroup !== undefined) pages[index]! += cgroup.usagePages + cgroup.swapPages;
      }
    }
    return pages;
  }

  /** Whether a container has no more than it is entitled to; `sharePages` where nothing says. */
  isWithinRights(
    index: number,
    pages: number,
    cgroups: readonly CgroupSnapshot[],
    sharePages: number,
  ): boolean {
    const request = this.#requestPages[index] ?? null;
    if (request !== null) return pages <= request;
    const own = cgroups.filter(({ path }) => this.#paths[index]!.includes(path) && path !== '/');
    for (const entitlement of [guaranteed, high, max]) {
      const entitled = own.reduce((sum, cgroup) => sum + entitlement(cgroup), 0);
      if (entitled > 0 && Number.isFinite(entitled)) return pages <= entitled;
    }
    return pages <= sharePages;
  }
}

const guaranteed = ({ minPages, lowPages }: CgroupSnapshot): number => Math.max(minPages, lowPages);
const high = ({ highPages }: CgroupSnapshot): number => highPages;
const max = ({ maxPages }: CgroupSnapshot): number => maxPages;

function rootPages(tasks: readonly TaskSnapshot[]): number {
  let pages = 0;
  for (const task of tasks)
    if (task.cgroup === '/' && task.pid === task.tgid) pages += sizeOf(task);
  return pages;
}

/** RSS, swap and page tables: what oom_badness() counts before oom_score_adj. Pages. */
export function sizeOf(task: TaskSnapshot): number {
  const { anonPages, filePages, shmemPages, swapPages, pgtablesPages } = task;
  return anonPages + filePages + shmemPages + swapPages + pgtablesPages;
}
