/**
 * Runs a compiled policy in a context of its own: JavaScript without clock, chance, files, network or
 * locale, so that what it answers depends on what it is asked and on nothing else. It keeps mistakes
 * out, not malice: node:vm is no security boundary.
 */
import { createContext, Script } from 'node:vm';
import { type PolicyProgram, SYSTEM_HANDLER } from '../../kernel/policy/custom.js';
import type { OomHandler } from '../../kernel/policy/custom_api.js';
import { POLICIES } from '../../kernel/policy/index.js';
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

/** Taken away, with what to say when one is missed. */
const FORBIDDEN = `
  const none = (what) => () => { throw new Error(what); };
  Math.random = none('Math.random is not repeatable: use ctx.random');
  globalThis.Date = none('a policy has no clock: use oc.timeNs');
  Array.prototype.constructor.fromAsync = undefined;
  String.prototype.localeCompare = none('localeCompare depends on the machine: use < and >');
  for (const name of ['Intl', 'WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics',
    'WebAssembly', 'Promise']) delete globalThis[name];
  for (const of of [Number, BigInt, Array, Object]) of.prototype.toLocaleString = of.prototype.toString;
`;

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

/**
 * Runs the file once, from nothing: what it keeps between two OOMs belongs to this run alone.
 * @throws InputError if it throws, or exports no policy by default
 */
export function startPolicy(path: string, compiled: CompiledPolicy): PolicyProgram {
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
      throw hostLimit(error, compiled.fileName) ?? error;
    }
  };
  limited(`(() => {${FORBIDDEN}})()`, 'oomsim');
  let exported: unknown;
  try {
    // On one line with the first of the policy's, so that lines stay what they are.
    const wrapped = `(() => { const module = { exports: {} }, exports = module.exports; (() => {${compiled.code}
})(); return module.exports; })()`;
    const module = limited<{ default?: unknown }>(wrapped, compiled.fileName);
    exported = module.default;
  } catch (error) {
    throw new InputError(`${path}: ${describe(error)}`);
  }
  const { name, doc, handlers } = readModule(path, exported);
  const slot = context as { __oomsim_call?: () => unknown };
  const run = new Script('__oomsim_call()', { filename: 'oomsim' });
  return {
    name,
    doc,
    handlers,
    describe,
    ask(handler, oc, ctx, read) {
      budget.reset();
      slot.__oomsim_call = () => read(handler(oc, ctx));
      try {
        const answer = run.runInContext(context, LIMITS);
        if (budget.exceeded) budget.step(); // it has caught what was to end it
        return answer;
      } catch (error) {
        throw hostLimit(error, name) ?? error;
      } finally {
        slot.__oomsim_call = () => undefined;
      }
    },
  };
}

/** Limits of the real machine must not decide what happens in the simulated one. */
function hostLimit(error: unknown, name: string): PolicyLimitError | null {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
    const seconds = TIMEOUT_MS / 1000;
    return new PolicyLimitError(`policy ${name} took more than ${seconds} s for one answer`);
  }
  if (message === 'Maximum call stack size exceeded') {
    return new PolicyLimitError(`policy ${name} used up the stack`);
  }
  return null;
}

/** Checks the default export. @throws InputError */
function readModule(path: string, exported: unknown) {
  const fail = (why: string): never => {
    throw new InputError(`${path}: ${why}; see docs/policies.md`);
  };
  if (typeof exported !== 'object' || exported === null) {
    return fail('no policy: expected `export default { name, handle(oc, ctx) { … } }`');
  }
  const { name, doc, handle, handlers } = exported as Record<string, unknown>;
  if (typeof name !== 'string' || !/^[A-Za-z][A-Za-z0-9._-]{0,39}$/.test(name)) {
    return fail('its name must be a letter and up to 39 letters, digits, ".", "_" or "-"');
  }
  if (POLICIES.some((policy) => policy.name === name)) {
    return fail(`its name, ${name}, is that of a built-in policy`);
  }
  const found = new Map<string, OomHandler>();
  if (handlers !== undefined && (typeof handlers !== 'object' || handlers === null)) {
    return fail('`handlers` must be an object of functions by path');
  }
  for (const [at, handler] of Object.entries(handlers ?? {})) {
    if (typeof handler !== 'function') return fail(`the handler of ${at} is not a function`);
    if (at !== SYSTEM_HANDLER && !at.startsWith('/')) {
      return fail(`"${at}" is neither the path of a cgroup nor \`default\``);
    }
    found.set(at, handler as OomHandler);
  }
  if (handle !== undefined) {
    if (typeof handle !== 'function') return fail('`handle` is not a function');
    if (found.has(SYSTEM_HANDLER)) return fail('`handle` and `handlers.default` are the same');
    found.set(SYSTEM_HANDLER, ((oc, ctx) => handle.call(exported, oc, ctx)) as OomHandler);
  }
  if (found.size === 0) return fail('it has no handler: expected `handle(oc, ctx)` or `handlers`');
  return { name, doc: typeof doc === 'string' ? doc : '', handlers: found };
}

/** `TypeError: x is undefined (my-policy.ts:12:5)` */
function describeError(error: unknown, { fileName, original }: CompiledPolicy): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) {
    return `threw ${typeof error === 'object' ? 'an object' : String(error)}`;
  }
  const { name, message, stack } = error as { name?: unknown; message: unknown; stack?: unknown };
  const frames = String(stack ?? '')
    .split('\n    at ')
    .slice(1);
  const at = frames.find((frame) => frame.includes(`${fileName}:`))?.split(`${fileName}:`)[1];
  const found = /^(\d+):(\d+)/.exec(at ?? '');
  const place = found === null ? null : original(Number(found[1]), Number(found[2]));
  const where = place === null ? '' : ` (${fileName}:${place.line}:${place.column})`;
  return `${String(name ?? 'Error')}: ${String(message)}${where}`;
}
