/**
 * What an allocation may do (include/linux/gfp.h). One object a combination that the model uses,
 * with the mask and the text the kernel prints for it; 4.15, 4.19 and 5.2 number the bits differently.
 */
export interface Gfp {
  readonly text: string;
  readonly mask_4_15: number;
  readonly mask_5_2: number;
  /** May sleep and reclaim (__GFP_DIRECT_RECLAIM). */
  readonly direct_reclaim: boolean;
  readonly fs: boolean; // __GFP_FS
  /** May dip into half of the min watermark (__GFP_HIGH), and into a quarter more (ALLOC_HARDER). */
  readonly atomic: boolean;
  /** User memory: the cpuset binds in every attempt, not only in the first (__GFP_HARDWALL). */
  readonly hardwall: boolean;
  readonly nofail: boolean;
  readonly noretry: boolean;
  readonly retry_mayfail: boolean;
  readonly nowarn: boolean;
  /** Charged to the current memcg as kernel memory (__GFP_ACCOUNT). */
  readonly account: boolean;
  /** From a user page fault: the memcg OOM killer may run at its end (4.15). */
  readonly user_fault: boolean;
}

const base: Omit<Gfp, 'text' | 'mask_4_15' | 'mask_5_2'> = {
  direct_reclaim: true,
  fs: true,
  atomic: false,
  hardwall: false,
  nofail: false,
  noretry: false,
  retry_mayfail: false,
  nowarn: false,
  account: false,
  user_fault: false,
};

export const GFP_HIGHUSER_MOVABLE: Gfp = {
  ...base,
  text: 'GFP_HIGHUSER_MOVABLE|__GFP_ZERO',
  mask_4_15: 0x14280ca,
  mask_5_2: 0x100dca,
  hardwall: true,
  user_fault: true,
};

export const GFP_KERNEL: Gfp = {
  ...base,
  text: 'GFP_KERNEL',
  mask_4_15: 0x14000c0,
  mask_5_2: 0xcc0,
};

export const GFP_KERNEL_ACCOUNT: Gfp = {
  ...base,
  text: 'GFP_KERNEL_ACCOUNT',
  mask_4_15: 0x15000c0,
  mask_5_2: 0x400cc0,
  account: true,
};

/** Page cache and tmpfs pages allocated by a system call. */
export const GFP_HIGHUSER: Gfp = {
  ...base,
  text: 'GFP_HIGHUSER_MOVABLE',
  mask_4_15: 0x14200ca,
  mask_5_2: 0x100cca,
  hardwall: true,
};

/** Readahead: gives up quietly. */
export const GFP_READAHEAD: Gfp = {
  ...base,
  text: 'GFP_HIGHUSER_MOVABLE|__GFP_NORETRY|__GFP_NOWARN',
  mask_4_15: 0x14212ca,
  mask_5_2: 0x112cca,
  hardwall: true,
  noretry: true,
  nowarn: true,
};

export const GFP_NOFS: Gfp = {
  ...base,
  text: 'GFP_NOFS',
  mask_4_15: 0x1400040,
  mask_5_2: 0xc40,
  fs: false,
};

export const GFP_NOFAIL: Gfp = {
  ...base,
  text: 'GFP_KERNEL|__GFP_NOFAIL',
  mask_4_15: 0x14008c0,
  mask_5_2: 0x8cc0,
  nofail: true,
};

export const GFP_ATOMIC: Gfp = {
  ...base,
  text: 'GFP_ATOMIC',
  mask_4_15: 0x1080020,
  mask_5_2: 0xa20,
  direct_reclaim: false,
  fs: false,
  atomic: true,
};

/** From 4.19 to 5.0 the two reclaim bits are lower than in 4.15; the others are where they were. */
export function mask_4_19({ mask_4_15 }: Gfp): number {
  const direct = mask_4_15 & 0x400000 ? 0x200000 : 0;
  const kswapd = mask_4_15 & 0x1000000 ? 0x400000 : 0;
  return (mask_4_15 & 0x1fffff) | direct | kswapd;
}

/** sysrq-f and page faults that already failed: no mask. */
export const GFP_NONE: Gfp = { ...base, text: '0', mask_4_15: 0, mask_5_2: 0 };
