/** `oomsim decide FILE`: no time passes; who would be killed now, under each policy, and why. */
import { POLICIES } from '../kernel/policy/index.js';
import { PROFILES } from '../kernel/profile.js';
import { decide, type Verdict } from '../run/decide/decide.js';
import { applyChanges } from '../run/decide/what_if.js';
import { loadPolicyOf, type PolicyFile } from '../run/policy/load.js';
import { InputError } from '../workload/problems.js';
import type { Workload } from '../workload/types.js';
import { choosePolicy } from './choose_policy.js';
import { type DecideInput, type InputFlags, readInput } from './decide_input.js';
import { decisionJson } from './decide_json.js';
import { decisionText } from './decide_text.js';
import { EXIT } from './exit_codes.js';
import type { Settings } from './options.js';
import { note, printJson, printResult } from './output.js';

export interface DecideFlags extends InputFlags {
  /** Names, or `all`; absent: the workload's own. */
  readonly kernel?: readonly string[];
  /** Names and files; absent: all that are built in, and the workload's own. */
  readonly policy?: readonly string[];
  /** Kernel switches, and what to change about the processes, cgroups and machine. */
  readonly set: Settings;
  /** All of the arithmetic. */
  readonly explain?: boolean;
  readonly json?: boolean;
}

/** What was decided, and what a real kernel did, where it is known. */
export interface Decision {
  readonly input: DecideInput;
  readonly verdicts: readonly Verdict[];
  /** What was changed, in words. */
  readonly changes: readonly string[];
  /** The verdicts without the changes, in the same order; null when nothing was changed. */
  readonly before: readonly Verdict[] | null;
}

/** @returns the exit code */
export async function runDecide(file: string, flags: DecideFlags): Promise<number> {
  const input = await readInput(file, flags);
  const decision = await decideInput(input, flags);
  if (flags.json) printJson(decisionJson(decision));
  else printResult(decisionText(decision, flags.explain === true));
  notePolicyProblems(decision);
  return EXIT.ok;
}

function notePolicyProblems({ verdicts }: Decision): void {
  for (const { policy, problems } of verdicts) {
    for (const problem of problems) {
      note(`policy ${policy}: ${problem}`);
    }
  }
}

/** Asks every kernel and policy that was asked for, with the changes and without. */
async function decideInput(input: DecideInput, flags: DecideFlags): Promise<Decision> {
  const { workload } = input;
  const { changes, switches } = flags.set;
  const switched = Object.entries(switches).map(([name, value]) => `${name} is ${value}`);
  if (workload === null) {
    if (changes.length > 0) {
      throw new InputError(`nothing can be changed in this report: ${input.missing.join(', ')}`);
    }
    return { input, verdicts: [], changes: [], before: null };
  }
  const ask = await asker({ ...input, workload }, flags);
  if (changes.length + switched.length === 0) {
    return { input, verdicts: ask(workload, {}), changes: [], before: null };
  }
  const changed = applyChanges(workload, changes);
  const verdicts = ask(changed.workload, switches);
  const notes = [...changed.notes, ...switched];
  return { input, verdicts, changes: notes, before: ask(workload, {}) };
}

type Ask = (workload: Workload, switches: Settings['switches']) => Verdict[];

/** Decides under all kernels and policies asked for, the kernels of a policy side by side. */
async function asker(
  { situation, workload, source }: DecideInput & { workload: Workload },
  flags: DecideFlags,
): Promise<Ask> {
  const policies = await (flags.policy === undefined
    ? allPolicies(workload, source)
    : Promise.all(flags.policy.map((policy) => choosePolicy(policy))));
  return (workload, switches) =>
    policies.flatMap((policy) =>
      kernelsAsked(flags.kernel, workload).map((kernel) =>
        decide(workload, situation, { policy, kernel, switches }),
      ),
    );
}

/** Those with a name, and the workload's own. */
async function allPolicies(workload: Workload, path: string): Promise<(string | PolicyFile)[]> {
  const own = await loadPolicyOf({ workload, path });
  const named = POLICIES.map((policy) => policy.name);
  return own === undefined ? named : [...named, own];
}

function kernelsAsked(asked: readonly string[] | undefined, workload: Workload): readonly string[] {
  if (asked === undefined) return [workload.kernel];
  return asked.includes('all') ? PROFILES.map(({ name }) => name) : [...new Set(asked)];
}
