/** Files: their pages in the page cache, and the flusher that writes dirty ones (mm/page-writeback.c). */
import { BLOCK, type Flow } from '../../engine/coroutine.js';
import type { DeviceConfig } from '../config.js';
import type { Kernel } from '../kernel.js';
import { TASK_INTERRUPTIBLE, type Task } from '../sched/task.js';
import { BlockDevice } from './block_device.js';
import type { MemCgroup } from './mem_cgroup.js';
import { PageSet } from './mm_types.js';

/** vm.dirty_background_ratio and vm.dirty_ratio, percent of what can be dirtied. */
const DIRTY_BACKGROUND_RATIO = 10;
const DIRTY_RATIO = 20;
/** vm.dirty_writeback_centisecs. */
const PERIODIC_NS = 5_000_000_000;
const BATCH_PAGES = 1024;

/** A file, or all of a file system that matters: page sets by the memcg that is charged. */
export class AddressSpace {
  readonly sets: PageSet[] = [];

  constructor(
    readonly name: string,
    readonly kind: 'file' | 'shmem',
  ) {}

  set_for(memcg: MemCgroup, node: number): PageSet {
    for (const set of this.sets) if (set.memcg === memcg && set.node === node) return set;
    const set = new PageSet(this.kind, memcg, node, true);
    this.sets.push(set);
    return set;
  }

  get resident(): number {
    return this.sets.reduce((sum, set) => sum + set.resident, 0);
  }
}

/** The disk and the thread that keeps dirty pages in bounds. */
export class Writeback {
  readonly files = new Map<string, AddressSpace>();
  /** Pages that writers have put into tmpfs, which never takes more than its size. */
  tmpfs_used = 0;
  readonly disk: BlockDevice;
  #thread: Task | null = null;
  #wanted = false;

  constructor(
    disk: DeviceConfig,
    private readonly tmpfs_size: number,
  ) {
    this.disk = new BlockDevice(disk);
  }

  /** shmem_inode_acct_block(): room for `n` more tmpfs pages; false is ENOSPC. */
  reserve_tmpfs(n: number): boolean {
    if (this.tmpfs_used + n > this.tmpfs_size) return false;
    this.tmpfs_used += n;
    return true;
  }

  start(k: Kernel): void {
    this.#thread = k.kthread_run('flush', (t) => this.#run(k, t));
  }

  file(name: string, kind: 'file' | 'shmem' = 'file'): AddressSpace {
    let file = this.files.get(name);
    if (file === undefined) {
      file = new AddressSpace(name, kind);
      this.files.set(name, file);
    }
    return file;
  }

  /** Asks for dirty pages to be written now. */
  wake(): void {
    this.#wanted = true;
    this.#thread?.wake();
  }

  /** Pages were dirtied: the thread that slept because there were none begins to count the time. */
  note_dirtied(): void {
    if (this.#thread?.wchan === 'flush') this.#thread.wake();
  }

  /** Dirty pages of one node, or of all. */
  dirty_pages(node = -1): number {
    let dirty = 0;
    for (const file of this.files.values()) {
      for (const set of file.sets) if (node < 0 || set.node === node) dirty += set.dirty;
    }
    return dirty;
  }

  /** Dirty pages that are too many for writers to go on (balance_dirty_pages). */
  over_limit(k: Kernel, memcg: MemCgroup): boolean {
    if (this.dirty_pages() > (dirtyable(k) * DIRTY_RATIO) / 100) return true;
    if (!Number.isFinite(memcg.memory.max)) return false;
    let dirty = 0;
    for (const file of this.files.values()) {
      for (const set of file.sets) if (set.memcg === memcg) dirty += set.dirty;
    }
    return dirty > (memcg.memory.max * DIRTY_RATIO) / 100;
  }

  *#run(k: Kernel, t: Task): Flow {
    for (;;) {
      const background = (dirtyable(k) * DIRTY_BACKGROUND_RATIO) / 100;
      const dirty = this.dirty_pages();
      if (dirty > 0 && (this.#wanted || dirty > background)) {
        yield* this.#write_some(k, t);
        continue;
      }
      this.#wanted = false;
      if (dirty === 0) {
        t.sleep_state = TASK_INTERRUPTIBLE;
        t.wchan = 'flush';
        yield BLOCK;
        t.wchan = '';
      } else {
        yield k.sched.sleep_until(t, k.sim.nowNs + PERIODIC_NS, TASK_INTERRUPTIBLE);
        this.#wanted = true;
      }
    }
  }

  /** Writes a batch and waits for the disk: the pages are clean afterwards. */
  *#write_some(k: Kernel, t: Task): Flow {
    const batch: { set: PageSet; n: number }[] = [];
    let left = BATCH_PAGES;
    for (const file of this.files.values()) {
      for (const set of file.sets) {
        const n = Math.min(left, set.dirty);
        if (n === 0) continue;
        batch.push({ set, n });
        left -= n;
      }
    }
    const done_ns = this.disk.submit(k.sim.nowNs, BATCH_PAGES - left);
    // Whoever asks for more meanwhile does not make the disk faster.
    while (k.sim.nowNs < done_ns) yield k.sched.sleep_until(t, done_ns, TASK_INTERRUPTIBLE);
    for (const { set, n } of batch) set.dirty = Math.max(0, set.dirty - n);
    k.clear_congested();
  }
}

/** Memory that may hold dirty pages: free plus page cache. */
function dirtyable(k: Kernel): number {
  let pages = k.nr_free_pages();
  for (const lru of k.node_lru) pages += lru[2]! + lru[3]!;
  return pages;
}
