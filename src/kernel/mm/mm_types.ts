import { RwSemaphore } from '../../engine/rw_semaphore.js';
import type { Task } from '../sched/task.js';
import { append, EMPTY, remove, type ShortList } from '../short_list.js';
import type { MemCgroup } from './mem_cgroup.js';
import { rescore_mm } from './oom_index.js';
import type { MmTable } from './process_table.js';

/** LRU list indices (enum lru_list, include/linux/mmzone.h). */
export const LRU_INACTIVE_ANON = 0;
export const LRU_ACTIVE_ANON = 1;
export const LRU_INACTIVE_FILE = 2;
export const LRU_ACTIVE_FILE = 3;
export const LRU_UNEVICTABLE = 4;
export const NR_LRU_LISTS = 5;

export type PageKind = 'anon' | 'file' | 'shmem';

/**
 * Pages that are alike: same owner (one VMA or one file), charged to one memcg, on one node. The
 * model counts pages instead of having a struct page for each; what the kernel does a page at a time
 * it does to some number of pages of one PageSet.
 *
 * Every page of a set is in exactly one place: on one LRU list (`lru`), under writeback
 * (`writeback`), or, as content only, in swap (`swapped`, which holds a swap slot and no page).
 */
export class PageSet {
  readonly lru = [0, 0, 0, 0, 0];
  /** Taken off the LRU while they are written out; still hold memory and their charge. */
  writeback = 0;
  /** Of the pages on inactive_anon: written out already, dropped without I/O when scanned. */
  swapcache_clean = 0;
  /** Of the file pages on the LRU: dirty. */
  dirty = 0;
  /** Of the file pages on the LRU: locked until the disk has read them, and no page to reclaim. */
  reading = 0;
  swapped = 0;
  /** Resident pages that no page table refers to any more and an unmapper is about to free. */
  gathered = 0;
  /** When the owner last used the set, and when reclaim last cleared its accessed bits. */
  touched_ns = -1;
  cleared_ns = 0;
  referenced_carry = 0;
  /** File pages reclaimed since they were read: a later read of them is a refault. */
  evicted = 0;
  /** Mapped executable: referenced pages stay active. */
  exec = false;
  /** No further pages may be added (after fork the two copies diverge). */
  frozen = false;
  /** Where pages went that came back from swap to another memcg or node. */
  elsewhere: PageSet | null = null;
  mappings: ShortList<Mapping> = EMPTY;
  /** Neighbours on the LRU lists of its kind, and which lists it is on: bits (SetQueue). */
  readonly links: (PageSet | null)[] = [null, null, null, null, null, null];
  queued = 0;

  constructor(
    readonly kind: PageKind,
    readonly memcg: MemCgroup,
    readonly node: number,
    /** Keeps its pages without any mapping: files and tmpfs. */
    readonly persistent: boolean,
  ) {}

  /** Nobody can put pages into it any more. */
  get dead(): boolean {
    return this.mappings.length === 0 && !this.persistent;
  }

  /** Pages in memory. */
  get resident(): number {
    const l = this.lru;
    return l[0]! + l[1]! + l[2]! + l[3]! + l[4]! + this.writeback;
  }
}

/** The part of a PageSet that one VMA maps. */
export class Mapping {
  /** Mapped pages: they count in the mm's RSS. */
  present = 0;
  /** Swap entries in its page tables: they count in the mm's swapents. */
  swapped = 0;

  constructor(
    readonly vma: Vma,
    readonly set: PageSet,
  ) {
    set.mappings = append(set.mappings, this);
    vma.mappings = append(vma.mappings, this);
  }

  /** Takes it out of its set and its area. */
  remove(): void {
    remove(this.set.mappings, this);
    remove(this.vma.mappings, this);
  }
}

/** A virtual memory area (include/linux/mm_types.h). */
export class Vma {
  mappings: ShortList<Mapping> = EMPTY;
  /** The next area of the mm. */
  vm_next: Vma | null = null;
  locked = false; // VM_LOCKED
  /** Pages ever mapped in it. */
  touched_pages = 0;
  /** munmap() has taken it apart: touching it is a fault outside of any area. */
  unmapped = false;

  constructor(
    readonly mm: Mm,
    readonly kind: PageKind,
    /** VM_SHARED: the reaper leaves it alone. */
    readonly shared: boolean,
    public length_pages: number,
  ) {}
}

/** Page-table pages of an mm that are charged to `memcg`. */
interface PgtablesCharge {
  readonly memcg: MemCgroup;
  pages: number;
  next: PgtablesCharge | null;
}

/**
 * An address space. Lives as long as somebody uses it (`mm_users`); exit_mmap() runs when the last
 * user leaves. All counters in pages.
 */
export class Mm {
  // What oom_badness() reads comes first, so that it is on few cache lines.
  anon_pages = 0; // MM_ANONPAGES
  file_pages = 0; // MM_FILEPAGES
  shmem_pages = 0; // MM_SHMEMPAGES
  /** Of anon_pages: counted by threads but not yet by the mm (SPLIT_RSS_COUNTING). */
  anon_unsynced = 0;
  swapents = 0; // MM_SWAPENTS
  pgtables_pages = 0;
  oom_skip = false; // MMF_OOM_SKIP

  mm_users = 1;
  owner: Task | null;
  /** Tasks whose mm this is; mm_users also counts temporary pins. */
  tasks: ShortList<Task>;
  readonly mmap_sem = new RwSemaphore<Task>();
  /** Its areas, the oldest first, linked by `vm_next`. */
  mmap: Vma | null = null;
  #last_vma: Vma | null = null;
  /** mlockall(MCL_FUTURE). */
  lock_future = false;

  total_vm = 0;
  /** Pages ever mapped, and the last-level page-table pages that exist for them. */
  mapped_span = 0;
  pte_pages = 0;
  /** Page-table pages by the memcg they are charged to. */
  pgtables_charges: PgtablesCharge | null = null;
  maj_flt = 0;
  /** Mapped pages of the program text and libraries that all processes share: RSS, but no memory. */
  text_file_pages = 0;
  text_shmem_pages = 0;

  unstable = false; // MMF_UNSTABLE
  oom_victim = false; // MMF_OOM_VICTIM
  /** MMU notifiers, as a KVM guest or a GPU driver has them, and whether they may have to wait. */
  notifiers: 'none' | 'nonblocking' | 'blocking' = 'none';

  /** Where it is listed when one of its users' badness may have changed (mm/oom_index.ts). */
  due: Mm[] | null = null;
  /** Its place in the table of all (mm/process_table.ts); 0: it is no longer there. */
  slot: number;

  constructor(
    owner: Task,
    readonly table: MmTable,
  ) {
    this.owner = owner;
    this.tasks = [owner];
    this.slot = table.add(this);
  }

  /** Its areas, the oldest first; those that it gets meanwhile, too. */
  *vmas(): Iterable<Vma> {
    for (let vma = this.mmap; vma !== null; vma = vma.vm_next) yield vma;
  }

  insert_vma(vma: Vma): void {
    if (this.#last_vma === null) this.mmap = vma;
    else this.#last_vma.vm_next = vma;
    this.#last_vma = vma;
  }

  /** It keeps its `vm_next`: whoever is at it can go on from there. */
  remove_vma(vma: Vma): void {
    let previous: Vma | null = null;
    for (let at = this.mmap; at !== vma; at = at!.vm_next) previous = at;
    if (previous === null) this.mmap = vma.vm_next;
    else previous.vm_next = vma.vm_next;
    if (this.#last_vma === vma) this.#last_vma = previous;
  }

  add_user(t: Task): void {
    this.tasks = append(this.tasks, t);
  }

  remove_user(t: Task): void {
    remove(this.tasks, t);
  }

  /** Notes `n` more page-table pages, charged to `memcg`. */
  add_pgtables(memcg: MemCgroup, n: number): void {
    this.pgtables_pages += n;
    rescore_mm(this);
    let last: PgtablesCharge | null = null;
    for (let charge = this.pgtables_charges; charge !== null; charge = charge.next) {
      if (charge.memcg === memcg) {
        charge.pages += n;
        return;
      }
      last = charge;
    }
    const fresh: PgtablesCharge = { memcg, pages: n, next: null };
    if (last === null) this.pgtables_charges = fresh;
    else last.next = fresh;
  }
}

/** get_mm_counter(MM_ANONPAGES): what the kernel believes, which lags behind its threads. */
export function get_mm_anon(mm: Mm): number {
  return Math.max(0, mm.anon_pages - mm.anon_unsynced);
}

/** get_mm_rss(): pages in memory, as oom_badness() counts them. */
export function get_mm_rss(mm: Mm): number {
  return get_mm_anon(mm) + mm.file_pages + mm.shmem_pages;
}

/** Pages that oom_badness() counts: in memory, in swap, and page tables. */
export function mm_points(mm: Mm): number {
  return get_mm_rss(mm) + mm.swapents + mm.pgtables_pages;
}

/** Faults of one thread between two syncs of its private RSS counts: TASK_RSS_EVENTS_THRESH + 2. */
const RSS_SYNC_FAULTS = 66;

/** Adds `n` anonymous pages that a thread has mapped, which it counts privately at first. */
export function add_mm_counter_fast(mm: Mm, t: Task, n: number): void {
  const before = t.rss_unsynced;
  const faults = t.rss_events + n;
  t.rss_events = faults % RSS_SYNC_FAULTS;
  t.rss_unsynced = faults < RSS_SYNC_FAULTS ? before + n : t.rss_events + 1;
  mm.anon_unsynced += t.rss_unsynced - before;
  mm.anon_pages += n;
  rescore_mm(mm);
}

/** sync_mm_rss(): the thread's private counts go to the mm. */
export function sync_mm_rss(mm: Mm, t: Task): void {
  mm.anon_unsynced -= t.rss_unsynced;
  t.rss_unsynced = 0;
  rescore_mm(mm);
  t.rss_events = 0;
}

/** Adds `n` (may be negative) mapped pages of `kind`, or swap entries, to the mm's counters. */
export function add_mm_counter(mm: Mm, kind: PageKind | 'swap', n: number): void {
  if (n === 0) return; // −0 would make V8 keep a float, in a box of its own
  if (kind === 'anon') mm.anon_pages += n;
  else if (kind === 'file') mm.file_pages += n;
  else if (kind === 'shmem') mm.shmem_pages += n;
  else mm.swapents += n;
  rescore_mm(mm);
}
