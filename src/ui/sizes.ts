const PAGE_BYTES = 4096;
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Pages as a size of at most nine columns, e.g. `440.2 MiB`; no limit is `max`. */
export function formatPages(pages: number): string {
  if (pages === Infinity) return 'max';
  let amount = (pages * PAGE_BYTES) / 1024;
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${UNITS[unit]}`;
}

/** A bar of `width` columns, `share` of it full. @param share 0 to 1; what is beyond is cut off */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '#'.repeat(full) + '-'.repeat(width - full);
}
