/** Takes one reading, in a process that has done nothing else. */
import type { Reading } from './benchmark.js';

const [module, index] = process.argv.slice(2);
const { readings } = (await import(module!)) as { readings: readonly Reading[] };
process.send!(await readings[Number(index)]!.read());
