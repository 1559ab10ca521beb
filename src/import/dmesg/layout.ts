/** Which columns a task table has: by its header, or by the rows where that was cut or lost. */
import type { TableLayout } from './types.js';

/** Layouts by the columns between `tgid` and `name`, as kernels have printed them. */
const LAYOUTS: readonly { readonly layout: TableLayout; readonly columns: readonly string[] }[] = [
  { layout: 'oom_adj', columns: ['uid', 'tgid', 'total_vm', 'rss', 'cpu', 'oom_adj'] },
  {
    layout: 'oom_score_adj',
    columns: ['uid', 'tgid', 'total_vm', 'rss', 'cpu', 'oom_adj', 'oom_score_adj'],
  },
  {
    layout: 'nr_ptes',
    columns: ['uid', 'tgid', 'total_vm', 'rss', 'nr_ptes', 'swapents', 'oom_score_adj'],
  },
  {
    layout: 'nr_pmds',
    columns: ['uid', 'tgid', 'total_vm', 'rss', 'nr_ptes', 'nr_pmds', 'swapents', 'oom_score_adj'],
  },
  {
    layout: 'pgtables_bytes',
    columns: ['uid', 'tgid', 'total_vm', 'rss', 'pgtables_bytes', 'swapents', 'oom_score_adj'],
  },
  {
    layout: 'rss_split',
    columns: [
      'uid',
      'tgid',
      'total_vm',
      'rss',
      'rss_anon',
      'rss_file',
      'rss_shmem',
      'pgtables_bytes',
      'swapents',
      'oom_score_adj',
    ],
  },
];

/** The part of a row that tells its layout. */
interface Numbers {
  readonly numbers: readonly number[];
}

/** A header cut after some columns: the one layout that begins so, or unknown. */
export function completed(columns: readonly string[]): readonly string[] | null {
  if (columns.length < 5) return null;
  // The cut may go through a name: `pgtables_bytes sw...`.
  const last = columns.length - 1;
  const fitting = LAYOUTS.filter(({ columns: all }) =>
    columns.every((name, i) => (i === last ? all[i]?.startsWith(name) : name === all[i])),
  );
  return fitting.length === 1 ? (fitting[0]?.columns ?? null) : null;
}

/** The layout that the rows themselves show, by the number of columns and what is in them. */
export function columnsOf(rows: readonly Numbers[]): readonly string[] {
  const votes = new Map<number, number>();
  for (const row of rows) {
    // A name that begins with a number looks like one column more.
    votes.set(row.numbers.length, (votes.get(row.numbers.length) ?? 0) + 1);
  }
  let width = 7;
  let best = 0;
  for (const [numbers, voters] of votes) {
    if (voters > best) [width, best] = [numbers, voters];
  }
  const layout = width === 7 ? sevenColumns(rows) : widthToLayout(width);
  return LAYOUTS.find((known) => known.layout === layout)?.columns ?? [];
}

function widthToLayout(width: number): TableLayout {
  if (width <= 6) return 'oom_adj';
  return width <= 8 ? 'nr_pmds' : 'rss_split';
}

/** Three layouts have seven columns; page tables in bytes are multiples of 1 KiB at least. */
function sevenColumns(rows: readonly Numbers[]): TableLayout {
  const sevens = rows.filter((row) => row.numbers.length >= 7);
  const fifth = sevens.map((row) => row.numbers[4] ?? 0);
  const largest = fifth.reduce((most, value) => Math.max(most, value), 0);
  if (largest > 0 && fifth.every((bytes) => bytes % 1024 === 0)) return 'pgtables_bytes';
  const oldScale = sevens.every((row) => {
    const oomAdj = row.numbers[5] ?? 0;
    const scoreAdj = row.numbers[6] ?? 0;
    // The kernel converts one into the other, with 15 or 17 for 1000.
    return oomAdj >= -17 && oomAdj <= 15 && Math.abs(oomAdj - (scoreAdj * 16) / 1000) <= 2;
  });
  const cpuNumbers = largest < 512;
  return oldScale && cpuNumbers && sevens.length > 1 ? 'oom_score_adj' : 'nr_ptes';
}

export function layoutOf(columns: readonly string[]): TableLayout {
  const known = LAYOUTS.find(({ columns: all }) => all.join() === columns.join());
  return known?.layout ?? 'other';
}
