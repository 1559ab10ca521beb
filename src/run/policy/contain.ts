/**
 * Runs a compiled file of the user's in a context of its own: JavaScript without clock, chance,
 * files, network or locale, so that what it answers depends on what it is asked and on nothing else.
 * It keeps mistakes out, not malice: node:vm is no security boundary.
 */
import { SourceMap } from 'node:module';
import { createContext, Script } from 'node:vm';
import { InputError } from '../../workload/problems.js';
import type { CompiledPolicy } from './compile.js';
import { PolicyLimitError } from './errors.js';
import { ENTER, LEAVE, STEP } from './instrument.js';

/** Turns of loops and calls of functions that one answer may take. */
export const STEPS_MAX = 2_000_000;
/** Functions that may call each other before one returns. */
export const DEPTH_MAX = 500;
/** For what no step counts: a library function on something huge. */
const TIMEOUT_MS = 10_000;
const LIMITS = { timeout: TIMEOUT_MS, displayErrors: false };
/** What there is to call between two calls. */
const NOTHING = (): void => {};

/** Taken away, with what to say when one is missed. */
const FORBIDDEN = new Script(
  `(() => {
  const none = (what) => () => { throw new Error(what); };
  Math.random = none('Math.random is not repeatable: use ctx.random');
  globalThis.Date = none('a policy has no clock: use oc.timeNs');
  Array.prototype.constructor.fromAsync = undefined;
  String.prototype.localeCompare = none('localeCompare depends on the machine: use < and >');
  for (const name of ['Intl', 'WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics',
    'WebAssembly', 'Promise']) delete globalThis[name];
  for (const of of [Number, BigInt, Array, Object]) of.prototype.toLocaleString = of.prototype.toString;
})()`,
  { filename: 'oomsim' },
);
const CALL = new Script('__oomsim_call()', { filename: 'oomsim' });

/** Counts steps and the depth of calls; once over, every further step throws again. */
class Budget {
  private steps = 0;
  private depth = 0;

  reset(): void {
    this.steps = 0;
    this.depth = 0;
  }

  get exceeded(): boolean {
    return this.steps > STEPS_MAX;
  }

  readonly step = (): void => {
    this.steps++;
    if (this.steps > STEPS_MAX) throw new Error(`took more than ${STEPS_MAX} steps`);
  };

  readonly enter = (): void => {
    this.step();
    if (this.depth >= DEPTH_MAX) throw new Error(`more than ${DEPTH_MAX} calls in one another`);
    this.depth++;
  };

  readonly leave = (): void => {
    this.depth--;
  };
}

/** A file of the user's that has run once. */
export interface Contained {
  /** Its default export. */
  readonly exported: unknown;
  /**
   * Calls into it, within its limits.
   * @param name what it calls itself, for messages
   * @throws whatever it throws; PolicyLimitError
   */
  call<T>(name: string, inside: () => T): T;
  /** An error of its, with the place in the file. @throws PolicyLimitError if the error is one */
  describe(error: unknown): string;
}

/**
 * Runs a file from nothing: what it keeps between two calls belongs to this run alone.
 * @param who for messages about its limits: `policy`, `predicate`
 * @throws InputError if it throws
 */
export function contain(path: string, compiled: CompiledPolicy, who: string): Contained {
  const budget = new Budget();
  const context = createContext(
    { __proto__: null, [STEP]: budget.step, [ENTER]: budget.enter, [LEAVE]: budget.leave },
    { codeGeneration: { strings: false, wasm: false }, microtaskMode: 'afterEvaluate' },
  );
  const describe = (error: unknown): string => {
    if (error instanceof PolicyLimitError) throw error;
    try {
      return describeError(error, compiled);
    } catch {
      return 'threw what cannot be told'; // reading it throws in its turn
    }
  };
  const limited = <T>(code: string, filename: string): T => {
    try {
      return new Script(code, { filename }).runInContext(context, LIMITS) as T;
    } catch (error) {
      throw hostLimit(error, `${who} ${compiled.fileName}`) ?? error;
    }
  };
  FORBIDDEN.runInContext(context); // without limits: watching them takes a thread of its own
  let exported: unknown;
  try {
    // On one line with the first of the file's, so that lines stay what they are.
    const wrapped = `(() => { const module = { exports: {} }, exports = module.exports; (() => {${compiled.code}
})(); return module.exports; })()`;
    exported = limited<{ default?: unknown }>(wrapped, compiled.fileName).default;
  } catch (error) {
    throw new InputError(`${path}: ${describe(error)}`);
  }
  const slot = context as { __oomsim_call?: () => unknown };
  return {
    exported,
    describe,
    call<T>(name: string, inside: () => T): T {
      budget.reset();
      slot.__oomsim_call = inside;
      try {
        const answer = CALL.runInContext(context, LIMITS) as T;
        if (budget.exceeded) budget.step(); // it has caught what was to end it
        return answer;
      } catch (error) {
        throw hostLimit(error, `${who} ${name}`) ?? error;
      } finally {
        slot.__oomsim_call = NOTHING;
      }
    },
  };
}

/** Limits of the real machine must not decide what happens in the simulated one. */
function hostLimit(error: unknown, who: string): PolicyLimitError | null {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
    const seconds = TIMEOUT_MS / 1000;
    return new PolicyLimitError(`${who} took more than ${seconds} s for one answer`);
  }
  if (message === 'Maximum call stack size exceeded') {
    return new PolicyLimitError(`${who} used up the stack`);
  }
  return null;
}

/** `TypeError: x is undefined (my-policy.ts:12:5)` */
function describeError(error: unknown, compiled: CompiledPolicy): string {
  const { fileName } = compiled;
  if (typeof error !== 'object' || error === null || !('message' in error)) {
    return `threw ${typeof error === 'object' ? 'an object' : String(error)}`;
  }
  const { name, message, stack } = error as { name?: unknown; message: unknown; stack?: unknown };
  const frames = String(stack ?? '')
    .split('\n    at ')
    .slice(1);
  const at = frames.find((frame) => frame.includes(`${fileName}:`))?.split(`${fileName}:`)[1];
  const found = /^(\d+):(\d+)/.exec(at ?? '');
  const place = found === null ? null : original(compiled, Number(found[1]), Number(found[2]));
  const where = place === null ? '' : ` (${fileName}:${place.line}:${place.column})`;
  return `${String(name ?? 'Error')}: ${String(message)}${where}`;
}

/** Line and column in the file, both from 1, of a place in the code. */
function original({ sourceMap }: CompiledPolicy, line: number, column: number) {
  const entry = new SourceMap(JSON.parse(sourceMap)).findEntry(line - 1, column - 1);
  if (!('originalLine' in entry)) return null;
  return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}
