/** A policy file, run: what it exports, called within its limits. */
import { type PolicyProgram, SYSTEM_HANDLER } from '../../kernel/policy/custom.js';
import type { OomHandler } from '../../kernel/policy/custom_api.js';
import { POLICIES } from '../../kernel/policy/index.js';
import { InputError } from '../../workload/problems.js';
import type { CompiledPolicy } from './compile.js';
import { contain } from './contain.js';
import type { PolicyFile } from './load.js';

/** A policy file, read and compiled: plain data, as threads exchange it. */
export interface PolicySource {
  readonly path: string;
  /** Where it was found. */
  readonly place: string;
  readonly text: string;
  /** sha256 of the text, in hex. */
  readonly hash: string;
  readonly compiled: CompiledPolicy;
}

/** @throws InputError if it throws, or exports no policy */
export function policyFile({ path, place, text, hash, compiled }: PolicySource): PolicyFile {
  const start = (): PolicyProgram => startPolicy(place, compiled);
  const { name, doc } = start();
  return { name, doc, path, text, hash, start };
}

/**
 * Runs the file once, from nothing: what it keeps between two OOMs belongs to this run alone.
 * @throws InputError if it throws, or exports no policy by default
 */
export function startPolicy(path: string, compiled: CompiledPolicy): PolicyProgram {
  const { exported, describe, call } = contain(path, compiled, 'policy');
  const { name, doc, handlers } = readModule(path, exported);
  return {
    name,
    doc,
    handlers,
    describe,
    ask: (handler, oc, ctx, read) => call(name, () => read(handler(oc, ctx))),
  };
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
