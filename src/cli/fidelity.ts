/** `oomsim fidelity DIR`: does the model do what real kernels did? */
import {
  type FidelityRow,
  type FidelityTotals,
  fidelity,
  totals,
} from '../run/fidelity/fidelity.js';
import { TRUTH_KERNELS } from '../run/fidelity/translate.js';
import { alignColumns } from '../run/text_table.js';
import { InputError, printable } from '../workload/problems.js';
import { hint } from '../workload/suggest.js';

interface FidelityFlags {
  readonly kernel?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * Plays every truth file of a folder and compares.
 * @returns the exit code: 0, or 1 if any outcome differs
 * @throws InputError if there is nothing to compare with
 */
export async function runFidelity(dir: string, flags: FidelityFlags): Promise<number> {
  const { kernel } = flags;
  const kernels = Object.keys(TRUTH_KERNELS);
  if (kernel !== undefined && !kernels.includes(kernel)) {
    const known = `${hint(kernel, kernels)}; known: ${kernels.join(', ')}`;
    throw new InputError(`nothing was measured on a kernel "${printable(kernel)}"${known}`);
  }
  const rows: FidelityRow[] = [];
  for (const row of fidelity(dir)) {
    if (kernel === undefined || row.kernel === kernel) rows.push(row);
  }
  if (rows.length === 0)
    throw new InputError(`${printable(dir)}: nothing measured on such a kernel`);
  const sums = totals(rows);
  process.stdout.write(flags.json ? json(rows, sums) : text(rows, sums, flags.quiet === true));
  return rows.every((row) => row.agrees) ? 0 : 1;
}

function json(rows: readonly FidelityRow[], sums: ReadonlyMap<string, FidelityTotals>): string {
  const misses = rows
    .filter((row) => !row.agrees)
    .map(({ file, kernel, stable, expected, got, why }) => ({
      file,
      kernel,
      stable,
      expected,
      got,
      why,
    }));
  return `${JSON.stringify({ kernels: Object.fromEntries(sums), misses }, null, 2)}\n`;
}

const LEFT = ['left', 'left', 'left', 'left'] as const;

function text(
  rows: readonly FidelityRow[],
  sums: ReadonlyMap<string, FidelityTotals>,
  quiet: boolean,
): string {
  const lines: string[] = [];
  if (!quiet) {
    const listed = rows.map((row) => [
      row.agrees ? 'agrees' : 'DIFFERS',
      row.kernel,
      row.file,
      row.agrees ? row.got : `${row.why}: ${row.got}; measured: ${row.expected.join(' | ')}`,
    ]);
    lines.push(...alignColumns([['', 'kernel', 'scenario', 'outcome'], ...listed], LEFT), '');
  }
  const summary = [...sums].map(([kernel, sum]) => [
    kernel,
    `${sum.agree} of ${sum.total}`,
    `${sum.stableAgree} of ${sum.stableTotal}`,
  ]);
  lines.push(...alignColumns([['kernel', 'agree', 'of the stable ones'], ...summary], LEFT));
  return `${lines.join('\n')}\n`;
}
