/** Plays truth files and compares what happens with what real kernels did. */
import type { TraceFields } from '../../kernel/trace.js';
import { InputError } from '../../workload/problems.js';
import type { Workload } from '../../workload/types.js';
import { boot } from '../boot.js';
import { disagreement, run_lengths, type Simulated, victims_text } from './compare.js';
import { TRUTH_KERNELS, translate } from './translate.js';
import { readTruth, type Truth, type TruthKernel, truthFiles } from './truth.js';

export interface FidelityRow {
  readonly file: string;
  readonly kernel: string;
  readonly stable: boolean;
  readonly agrees: boolean;
  /** Measured outcomes, one a line of text. */
  readonly expected: readonly string[];
  readonly got: string;
  readonly why: string;
}

export interface FidelityTotals {
  agree: number;
  total: number;
  stableAgree: number;
  stableTotal: number;
}

/** An event budget that no sound run comes near: a scenario lasts seconds. */
const EVENTS_MAX = 50_000_000;

/** Plays one scenario on one kernel. */
export function simulate(workload: Workload, seed = '1'): Simulated {
  const system = boot(workload, { seed, run: 0, queue: 'auto', check: false });
  const names: string[] = [];
  let group_kills = 0;
  const home = new Map(workload.processes.map((p) => [p.name, home_of(p)]));
  system.trace.subscribe(['oomsim:oom_kill', 'oomsim:memcg_event'], (name, _context, fields) => {
    if (name === 'oomsim:memcg_event') {
      if (fields.event === 'oom_group_kill') group_kills++;
      return;
    }
    const kill = fields as unknown as TraceFields['oomsim:oom_kill'];
    // The victim of a group is sent its signal twice; it dies once.
    if (!kill.repeat) names.push(`${kill.process}@${home.get(kill.process) ?? kill.cgroup}`);
  });
  system.advance(Number.POSITIVE_INFINITY, EVENTS_MAX);
  return {
    victims: run_lengths(names),
    panic: system.panic !== null,
    group_kills,
    alloc_failures: system.allocFailures,
  };
}

/** Victims are named by the cgroup that a process was started in, even if it moved later. */
function home_of(process: Workload['processes'][number]): string | null {
  const first = process.program[0];
  if (process.top && first?.op === 'cgroup') return first.path;
  return process.cgroup;
}

/**
 * Plays every scenario of a folder (or file) on every kernel it was measured on. One that asks for
 * what the model does not know is a miss, and says so.
 * @throws InputError for a file that is not a truth file
 */
export function* fidelity(path: string, seed = '1'): Generator<FidelityRow> {
  for (const file of truthFiles(path)) {
    const truth = readTruth(file);
    for (const [kernel, measured] of Object.entries(truth.kernels)) {
      if (!(kernel in TRUTH_KERNELS)) continue;
      yield row_of(truth, kernel, measured, seed);
    }
  }
}

function row_of(truth: Truth, kernel: string, measured: TruthKernel, seed: string): FidelityRow {
  const row = {
    file: truth.name,
    kernel,
    stable: measured.stable,
    expected: [...new Set(measured.outcomes.map(outcome_text))],
  };
  let workload: Workload;
  try {
    workload = translate(truth, kernel, measured);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...row, agrees: false, got: 'not played', why: error.message };
  }
  const got = simulate(workload, seed);
  const why = disagreement(measured, got);
  return { ...row, agrees: why === '', got: outcome_text(got), why };
}

function outcome_text(outcome: Simulated): string {
  const extras = [
    outcome.panic ? 'panic' : '',
    outcome.group_kills > 0 ? `${outcome.group_kills} group kills` : '',
    outcome.alloc_failures > 0 ? 'allocation failures' : '',
  ].filter((text) => text !== '');
  return [victims_text(outcome.victims as never), ...extras].join('; ');
}

/** Sums rows by kernel. */
export function totals(rows: readonly FidelityRow[]): Map<string, FidelityTotals> {
  const sums = new Map<string, FidelityTotals>();
  for (const row of rows) {
    const sum = sums.get(row.kernel) ?? { agree: 0, total: 0, stableAgree: 0, stableTotal: 0 };
    sums.set(row.kernel, sum);
    sum.total++;
    if (row.agrees) sum.agree++;
    if (row.stable) sum.stableTotal++;
    if (row.stable && row.agrees) sum.stableAgree++;
  }
  return sums;
}
