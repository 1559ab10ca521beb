/** A property of the user's own, in a file: contained as policy files are. */
import { readText } from '../../workload/load.js';
import { InputError } from '../../workload/problems.js';
import { compilePolicy } from '../policy/compile.js';
import { contain } from '../policy/contain.js';
import type { Evidence } from './trial.js';

/**
 * Loads `export default (run) => boolean`; `run` is what the run has come to.
 * @throws InputError if it cannot be read, or exports no function; WorkloadError for what is no
 *   TypeScript
 */
export async function loadPredicate(path: string): Promise<(evidence: Evidence) => boolean> {
  const compiled = compilePolicy(path, readText(path));
  const { exported, call, describe } = contain(path, compiled, 'predicate');
  if (typeof exported !== 'function') {
    throw new InputError(`${path}: no predicate: expected \`export default (run) => run.…\``);
  }
  const predicate = exported as (run: Evidence) => unknown;
  return (evidence) => {
    const run = Object.freeze({ ...evidence, kills: Object.freeze([...evidence.kills]) });
    let answer: unknown;
    try {
      answer = call(compiled.fileName, () => predicate(run));
    } catch (error) {
      throw new InputError(`${path}: ${describe(error)}`);
    }
    if (typeof answer === 'boolean') return answer;
    throw new InputError(`${path}: the predicate must answer true or false, not ${typeof answer}`);
  };
}
