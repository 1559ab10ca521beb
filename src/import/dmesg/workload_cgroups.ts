/** The cgroups of an imported workload. */
import { pathText } from '../../workload/problems.js';
import type { WorkloadFile } from '../../workload/write.js';
import type { Notes } from '../imported.js';
import { fitInto } from '../process_pages.js';
import type { RssSplit } from './split_rss.js';
import type { TotalPages } from './totalpages.js';
import type { OomReport } from './types.js';
import type { ImportedMachine } from './workload_machine.js';

/** The cgroup that hit its limit, the victim's, and what they hold besides the processes. */
export function importCgroups(
  report: OomReport,
  split: RssSplit,
  made: Pick<ImportedMachine, 'kernelPages' | 'shmemPages'>,
  total: TotalPages | null,
  notes: Notes,
): NonNullable<WorkloadFile['cgroups']> {
  const cgroups: NonNullable<WorkloadFile['cgroups']> = {};
  if (made.kernelPages > 0 || made.shmemPages > 0) {
    cgroups['/'] = {
      initial: { kernel: `${made.kernelPages} pages`, shmem: `${made.shmemPages} pages` },
    };
    notes.comments.set(
      pathText(['cgroups', '/']),
      'shmem: Mem-Info. kernel: what is left when everything else is placed and as much is free ' +
        'as the report says.',
    );
  }
  if (report.scope === 'memcg') {
    const path = oomCgroup(report, notes);
    cgroups[path] = limitedCgroup(report, split, path, total, notes);
  }
  for (const path of report.groupKills) {
    if (!usablePath(path) || path === '/') continue;
    cgroups[path] = { ...cgroups[path], 'memory.oom.group': 1 };
  }
  const own = report.memcg?.taskMemcg ?? report.summary?.taskMemcg ?? null;
  if (own !== null && usablePath(own) && cgroups[own] === undefined && own !== '/') {
    cgroups[own] = {};
    notes.comments.set(pathText(['cgroups', own]), "The victim's cgroup.");
  }
  return cgroups;
}

/** Path under which a memcg report's processes live. */
export function oomCgroup(report: OomReport, notes: Notes | null = null): string {
  const path = report.memcg?.oomMemcg ?? null;
  if (path !== null && usablePath(path) && path !== '/') return path;
  notes?.missing.push('the path of the cgroup that hit its limit');
  return '/oom';
}

/** What the schema accepts as a cgroup path. */
export function usablePath(path: string): boolean {
  if (path === '/') return true;
  const parts = path.split('/').slice(1);
  return (
    path.startsWith('/') &&
    parts.length <= 32 &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(path) &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..' && part.length <= 255)
  );
}

type Knobs = NonNullable<NonNullable<WorkloadFile['cgroups']>[string]>;

function limitedCgroup(
  report: OomReport,
  split: RssSplit,
  path: string,
  total: TotalPages | null,
  notes: Notes,
): Knobs {
  const { memcg, pageSizeKb } = report;
  const memory = memcg?.memory ?? null;
  const knobs: Knobs = {};
  if (memory === null || !Number.isFinite(memory.limitKb)) {
    notes.missing.push('the limit of the cgroup');
    knobs['memory.max'] = `${assumedLimit(split, total, notes)} pages`;
    return knobs;
  }
  const limit = Math.max(1, Math.floor(memory.limitKb / pageSizeKb));
  knobs['memory.max'] = `${limit} pages`;
  notes.comments.set(
    pathText(['cgroups', path]),
    `memory: usage ${memory.usageKb}kB, limit ${memory.limitKb}kB. ` +
      'initial: charged, but mapped by none of the processes.',
  );
  const swapMax = swapLimit(report);
  if (swapMax !== null) knobs['memory.swap.max'] = `${swapMax} pages`;
  const usage = Math.min(limit, Math.floor(memory.usageKb / pageSizeKb));
  const moved = fitInto(split.pages, usage);
  if (moved > 0) {
    notes.assumed.push(`${moved} anonymous pages are shared: the cgroup is charged for them once`);
  }
  knobs.initial = chargedBesides(report, split, usage);
  return knobs;
}

/** A cgroup that was at its limit has one: what the score tells, or what its processes use. */
function assumedLimit(split: RssSplit, total: TotalPages | null, notes: Notes): number {
  let used = 0;
  for (const process of split.pages.values()) used += process.anon + process.pgtables;
  const pages = Math.max(1, used, total?.pages ?? 0);
  const why = total === null ? 'what its processes use' : total.from;
  notes.assumed.push(`the limit of the cgroup is ${pages} pages: ${why}`);
  return pages;
}

function swapLimit(report: OomReport): number | null {
  const { memory, memorySwap, swap } = report.memcg ?? {};
  const limitKb = memorySwap
    ? Math.max(0, memorySwap.limitKb - (memory?.limitKb ?? 0))
    : (swap?.limitKb ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(limitKb) ? Math.floor(limitKb / report.pageSizeKb) : null;
}

/** Page cache, tmpfs and kernel memory of the cgroup, so that usage is what the report says. */
function chargedBesides(report: OomReport, split: RssSplit, usage: number): Knobs['initial'] {
  let left = usage;
  for (const process of split.pages.values()) left -= process.anon + process.pgtables;
  const stats = report.memcg?.stats[0];
  const unit = (stats?.unit === 'KB' ? 1024 : 1) / (report.pageSizeKb * 1024);
  const pages = (name: string): number => Math.floor((stats?.values.get(name) ?? 0) * unit);
  const take = (wanted: number): number => {
    const taken = Math.max(0, Math.min(left, wanted));
    left -= taken;
    return taken;
  };
  const shmem = take(pages('shmem'));
  const cache = Math.max(0, pages('file') + pages('cache') - pages('shmem'));
  const file = take(cache);
  return { file: `${file} pages`, shmem: `${shmem} pages`, kernel: `${take(left)} pages` };
}
