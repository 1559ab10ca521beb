/** oomd's view of the cgroups in one interval: read once, when first asked for (OomdContext.cpp). */
import type { Flow } from '../../engine/coroutine.js';
import { type Cgroup, cgroup_tree } from '../../kernel/cgroup/cgroup.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { Task } from '../../kernel/sched/task.js';
import { type CgroupFiles, read_cgroup } from './cgroup_files.js';
import { read_files } from './proc.js';

/** Weight of the past in the moving average of usage: 3/4. */
const AVERAGE_SIZE_DECAY = 4;

export interface OomdCgroup extends CgroupFiles {
  readonly cgroup: Cgroup;
}

export class OomdCgroups {
  #cache = new Map<Cgroup, OomdCgroup | null>();
  #average = new Map<Cgroup, number>();
  #average_before = new Map<Cgroup, number>();

  constructor(private readonly k: Kernel) {}

  /** A new interval: what was read is forgotten but the averages. */
  refresh(): void {
    this.#cache = new Map();
    this.#average_before = this.#average;
    this.#average = new Map();
  }

  *get(t: Task, cgroup: Cgroup): Flow<OomdCgroup | null> {
    const cached = this.#cache.get(cgroup);
    if (cached !== undefined) return cached;
    const files = yield* read_cgroup(this.k, t, cgroup);
    const read = files === null ? null : { ...files, cgroup };
    this.#cache.set(cgroup, read);
    return read;
  }

  /** Those that match a pattern, in the order in which they were made. */
  *matching(t: Task, patterns: readonly string[]): Flow<OomdCgroup[]> {
    yield read_files(this.k, t, patterns.length);
    const regexes = patterns.map(glob);
    const all = [...cgroup_tree(this.k.root_cgroup)];
    return yield* this.all(
      t,
      all.filter(({ path }) => regexes.some((regex) => regex.test(path))),
    );
  }

  *all(t: Task, cgroups: readonly Cgroup[]): Flow<OomdCgroup[]> {
    const found: OomdCgroup[] = [];
    for (const cgroup of cgroups) {
      const read = yield* this.get(t, cgroup);
      if (read !== null) found.push(read);
    }
    return found;
  }

  /** Usage over its moving average, which begins at zero. */
  growth(c: OomdCgroup): number {
    const before = this.#average_before.get(c.cgroup) ?? 0;
    const decay = AVERAGE_SIZE_DECAY;
    const average = Math.floor(before * ((decay - 1) / decay) + Math.floor(c.current / decay));
    this.#average.set(c.cgroup, average);
    return average === 0 ? 0 : c.current / average;
  }

  /** memory.current without what memory.min and memory.low protect of it. */
  *effective_usage(t: Task, c: OomdCgroup): Flow<number> {
    return c.current - (yield* this.#protection(t, c));
  }

  /** Protection is shared among siblings when they ask for more than the parent has. */
  *#protection(t: Task, c: OomdCgroup): Flow<number> {
    const { parent } = c.cgroup;
    if (parent === null) return c.current;
    if (parent.parent === null) return raw_protection(c);
    const siblings = yield* this.all(t, parent.children);
    const sum = siblings.reduce((total, sibling) => total + raw_protection(sibling), 0);
    if (sum === 0) return 0;
    const above = yield* this.get(t, parent);
    const of_parent = above === null ? 0 : yield* this.#protection(t, above);
    return Math.trunc(raw_protection(c) * Math.min(1, of_parent / sum));
  }
}

function raw_protection({ current, min, low }: OomdCgroup): number {
  return Math.min(current, Math.max(min, low));
}

/** fnmatch(3) by component. */
export function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\*/g, '[^/]*').replace(/\?/g, '[^/]')}$`);
}
