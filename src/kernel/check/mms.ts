/** Address spaces: RSS counters equal what is mapped, reference counts equal the users. */
import type { Kernel } from '../kernel.js';
import type { Mm, PageKind } from '../mm/mm_types.js';
import { EXIT_ZOMBIE } from '../sched/task.js';
import { broken, equal } from './broken.js';

export function check_mms(k: Kernel): void {
  for (const mm of k.mms) {
    const who = (what: string) => (): string => `${what} of ${name_of(mm)}`;
    const rss: Record<PageKind, number> = {
      anon: 0,
      file: mm.text_file_pages,
      shmem: mm.text_shmem_pages,
    };
    let swapents = 0;
    for (const vma of mm.vmas()) {
      if (vma.mm !== mm) broken(`an area of ${name_of(mm)} belongs to another`);
      for (const mapping of vma.mappings) {
        rss[vma.kind] += mapping.present;
        swapents += mapping.swapped;
        if (!mapping.set.mappings.includes(mapping)) broken(`${name_of(mm)}: one-sided mapping`);
      }
    }
    equal(mm.anon_pages, rss.anon, who('anonymous RSS'));
    equal(mm.file_pages, rss.file, who('file RSS'));
    equal(mm.shmem_pages, rss.shmem, who('shared RSS'));
    equal(mm.swapents, swapents, who('swap entries'));
    check_users(mm);
    let pgtables = 0;
    for (let charge = mm.pgtables_charges; charge !== null; charge = charge.next) {
      pgtables += charge.pages;
    }
    if (mm.pgtables_pages < pgtables) broken(`page tables of ${name_of(mm)}`);
  }
}

function name_of(mm: Mm): string {
  return mm.owner === null ? 'an mm in exit_mmap()' : `${mm.owner.comm} (${mm.owner.pid})`;
}

function check_users(mm: Mm): void {
  equal(mm.mm_users, mm.tasks.length, () => `users of the mm of ${name_of(mm)}`);
  let unsynced = 0;
  for (const user of mm.tasks) {
    if (user.mm !== mm) broken(`${user.comm} does not use the mm that lists it`);
    if (user.state >= EXIT_ZOMBIE) broken(`${user.comm} is dead and has an mm`);
    unsynced += user.rss_unsynced;
  }
  equal(mm.anon_unsynced, unsynced, () => `private RSS counts of ${name_of(mm)}`);
  if (mm.owner === null ? mm.tasks.length > 0 : !mm.tasks.includes(mm.owner)) {
    broken(`the owner of the mm of ${name_of(mm)} does not use it`);
  }
  const { writer, firstWaiter: next } = mm.mmap_sem;
  if (writer !== null && writer.state >= EXIT_ZOMBIE) broken('mmap_sem held by a dead task');
  if (writer === null && mm.mmap_sem.readers === 0 && next !== null && next.state !== 0) {
    broken(`mmap_sem of ${name_of(mm)} is free, but ${next.comm} waits for it`);
  }
}
