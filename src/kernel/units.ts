/** Bytes a page. The model has 4 KiB pages, as x86-64. */
export const PAGE_SIZE = 4096;

/** Pages to kB, as K() in mm/oom_kill.c. */
export const K = (pages: number): number => pages * 4;

/** Whole pages that `bytes` fill (rounded down, as page_counter_memparse does). */
export const bytes_to_pages = (bytes: number): number => Math.floor(bytes / PAGE_SIZE);

/** Pages needed to hold `bytes`. */
export const pages_for = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);
