/** The cgroup tree of the memory controller, v2 or v1. */
import type { FileTree } from './file_tree.js';
import type { HostCgroup, HostMachine } from './snapshot.js';

type Version = HostMachine['cgroups'];

/** Where hierarchies are mounted; every distribution has them there. */
const V2_MOUNTS = ['sys/fs/cgroup', 'sys/fs/cgroup/unified'];
const V1_MOUNT = 'sys/fs/cgroup/memory';
const CGROUPS_MAX = 20_000;
const DEPTH_MAX = 31;
/** page_counter's maximum, whatever the page size. */
const UNLIMITED = 2 ** 62;

/** Which hierarchy has the memory controller, and where it is mounted. */
export function memoryHierarchy(tree: FileTree): { version: Version; mount: string } {
  if (tree.read(`${V1_MOUNT}/memory.limit_in_bytes`).why === null || hasV1(tree)) {
    return { version: 'v1', mount: V1_MOUNT };
  }
  for (const mount of V2_MOUNTS) {
    const controllers = tree.text(`${mount}/cgroup.controllers`).trim().split(/\s+/);
    if (controllers.includes('memory')) return { version: 'v2', mount };
  }
  return { version: 'none', mount: '' };
}

function hasV1(tree: FileTree): boolean {
  return tree.read(`${V1_MOUNT}/memory.usage_in_bytes`).why === null;
}

/** All cgroups below the root, parents before children. */
export function readCgroups(tree: FileTree): { version: Version; cgroups: readonly HostCgroup[] } {
  const { version, mount } = memoryHierarchy(tree);
  const cgroups: HostCgroup[] = [];
  if (version === 'none') return { version, cgroups };
  const read = version === 'v1' ? readV1 : readV2;
  const visit = (path: string, depth: number): HostCgroup[] => {
    const children: HostCgroup[] = [];
    if (depth > DEPTH_MAX) return children;
    for (const name of tree.names(`${mount}${path}`, 'folders')) {
      if (cgroups.length >= CGROUPS_MAX) break;
      const own = `${path}/${name}`;
      const at = cgroups.push(EMPTY) - 1;
      const below = visit(own, depth + 1);
      const cgroup = read(new Files(tree, `${mount}${own}`), own);
      children.push(cgroup);
      cgroups[at] = withoutChildren(cgroup, below);
    }
    return children;
  };
  visit('', 0);
  return { version, cgroups };
}

const EMPTY: HostCgroup = {
  path: '',
  maxBytes: null,
  highBytes: null,
  lowBytes: 0,
  minBytes: 0,
  swapMaxBytes: null,
  oomGroup: false,
  usageBytes: null,
  anonBytes: null,
  fileBytes: 0,
  shmemBytes: 0,
};

/** The files of one cgroup. */
class Files {
  constructor(
    private readonly tree: FileTree,
    private readonly folder: string,
  ) {}

  /** A number of bytes; null when it is not to be read, or is `max` or what stands for it. */
  bytes(name: string): number | null {
    const text = this.tree.text(`${this.folder}/${name}`).trim();
    if (!/^\d{1,20}$/.test(text)) return null;
    const value = Number(text);
    return value >= UNLIMITED ? null : value;
  }

  flag(name: string): boolean {
    return this.tree.text(`${this.folder}/${name}`).trim() === '1';
  }

  stat(): ReadonlyMap<string, number> {
    const text = this.tree.text(`${this.folder}/memory.stat`);
    const pairs = [...text.matchAll(/^(\w{1,40}) (\d{1,20})$/gm)];
    return new Map(pairs.map(([, name = '', value]) => [name, Number(value)]));
  }
}

function readV2(files: Files, path: string): HostCgroup {
  const stat = files.stat();
  return {
    path,
    maxBytes: files.bytes('memory.max'),
    highBytes: files.bytes('memory.high'),
    lowBytes: files.bytes('memory.low') ?? 0,
    minBytes: files.bytes('memory.min') ?? 0,
    swapMaxBytes: files.bytes('memory.swap.max'),
    oomGroup: files.flag('memory.oom.group'),
    usageBytes: files.bytes('memory.current'),
    anonBytes: stat.get('anon') ?? null,
    fileBytes: Math.max(0, (stat.get('file') ?? 0) - (stat.get('shmem') ?? 0)),
    shmemBytes: stat.get('shmem') ?? 0,
  };
}

/**
 * v1's memory.stat counts the cgroup alone, and with `total_` what is below and what was removed, too;
 * `cache` holds shmem.
 */
function readV1(files: Files, path: string): HostCgroup {
  const stat = files.stat();
  const total = (name: string): number | undefined => stat.get(`total_${name}`) ?? stat.get(name);
  const shmem = total('shmem') ?? 0;
  const max = files.bytes('memory.limit_in_bytes');
  const memsw = files.bytes('memory.memsw.limit_in_bytes');
  return {
    ...EMPTY,
    path,
    maxBytes: max,
    swapMaxBytes: memsw === null || max === null ? null : Math.max(0, memsw - max),
    usageBytes: files.bytes('memory.usage_in_bytes'),
    anonBytes: total('rss') ?? null,
    fileBytes: Math.max(0, (total('cache') ?? 0) - shmem),
    shmemBytes: shmem,
  };
}

/** memory.stat counts everything below, too: here a cgroup has its own only. */
function withoutChildren(cgroup: HostCgroup, children: readonly HostCgroup[]): HostCgroup {
  const sum = (of: (child: HostCgroup) => number | null): number =>
    children.reduce((total, child) => total + (of(child) ?? 0), 0);
  const own = (value: number, below: number): number => Math.max(0, value - below);
  return {
    ...cgroup,
    anonBytes:
      cgroup.anonBytes === null
        ? null
        : own(
            cgroup.anonBytes,
            sum((c) => c.anonBytes),
          ),
    fileBytes: own(
      cgroup.fileBytes,
      sum((c) => c.fileBytes),
    ),
    shmemBytes: own(
      cgroup.shmemBytes,
      sum((c) => c.shmemBytes),
    ),
  };
}
