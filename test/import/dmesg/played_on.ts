/** A report's workload, played until somebody dies. */
import { type OomReport, reportToWorkload } from '../../../src/import/dmesg/index.js';
import { boot } from '../../../src/run/boot.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import { workloadToYaml } from '../../../src/workload/write.js';

const SLICE_EVENTS = 500;

/** The pid of the first victim; null when nobody dies before the workload's end. */
export function firstVictim(report: OomReport): number | null {
  const { file, comments } = reportToWorkload(report);
  const workload = parseWorkload(workloadToYaml(file, comments), 'imported.yaml');
  const system = boot(workload, { seed: '1', run: 1, queue: 'auto', check: false });
  let victim: number | null = null;
  system.trace.subscribe(['oomsim:oom_kill'], (_name, _context, fields) => {
    victim ??= (fields as unknown as { pid: number }).pid;
  });
  while (victim === null) {
    if (system.advance(Number.POSITIVE_INFINITY, SLICE_EVENTS) !== 'budget') break;
  }
  return victim;
}
