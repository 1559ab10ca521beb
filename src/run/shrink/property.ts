/** What a shrunk workload must still show. */
import { isPolicyFile } from '../../workload/checkKernel.js';
import { InputError, printable } from '../../workload/problems.js';
import { parseTime } from '../../workload/units.js';
import { loadPolicy } from '../policy/load.js';
import type { RunOptions } from '../run.js';
import { loadPredicate } from './predicate.js';
import type { Evidence, Victim } from './trial.js';

export interface Property {
  /** As it was asked for. */
  readonly text: string;
  /** Each of them is played; a property of one run has one. What they say goes over the run's own. */
  readonly plays: readonly RunOptions[];
  /** Whether it can be told before the run ends: once shown, it stays shown. */
  readonly isEarly: boolean;
  /** @param evidence one for each play */
  isShown(evidence: readonly Evidence[]): boolean;
}

const EXPECTED =
  'expected kills>0, alloc-failures>0, reap-delay>1s (also <, =, >=, <=), alloc-failure, panic, crash, ' +
  'victim=/a/b:name, diverges:process,cgroup, or a predicate file (.ts, .js)';

/** @throws InputError for a property that is none */
export async function parseProperty(text: string): Promise<Property> {
  const diverges = /^diverges:([^,]+),([^,]+)$/.exec(text);
  if (diverges !== null) return divergence(text, diverges[1]!, diverges[2]!);
  if (isPolicyFile(text) && !text.includes('='))
    return ofOne(text, await loadPredicate(text), false);
  if (text === 'panic') return ofOne(text, ({ panic }) => panic !== null);
  if (text === 'crash') {
    return { ...ofOne(text, ({ crash }) => crash !== null), plays: [{ check: true }] };
  }
  if (text === 'alloc-failure') return ofOne(text, ({ allocFailures }) => allocFailures > 0);
  const victim = /^victim=(?:(\/.*):)?([^:]+)$/.exec(text);
  if (victim !== null) return ofOne(text, hasVictim(victim[1], victim[2]!));
  const measure = /^(kills|alloc-failures|reap-delay)(>=|<=|>|<|=)(\S+)$/.exec(text);
  if (measure !== null) return comparison(text, measure[1]!, measure[2]!, measure[3]!);
  throw new InputError(`no property: "${printable(text)}": ${EXPECTED}`);
}

function ofOne(text: string, isShown: (e: Evidence) => boolean, isEarly = true): Property {
  return { text, plays: [{}], isEarly, isShown: ([evidence]) => isShown(evidence!) };
}

function hasVictim(cgroup: string | undefined, comm: string): (evidence: Evidence) => boolean {
  const is = (kill: Victim): boolean =>
    kill.comm === comm && (cgroup === undefined || kill.cgroup === cgroup);
  return ({ kills }) => kills.some(is);
}

const MEASURES: Readonly<Record<string, (evidence: Evidence) => number>> = {
  kills: ({ kills }) => kills.length,
  'alloc-failures': ({ allocFailures }) => allocFailures,
  'reap-delay': ({ reapDelayNs }) => reapDelayNs,
};

/** All measures only grow while a run goes on. */
function comparison(text: string, measure: string, sign: string, written: string): Property {
  const limit = limitOf(text, measure, written);
  const of = MEASURES[measure]!;
  switch (sign) {
    case '>':
      return ofOne(text, (evidence) => of(evidence) > limit);
    case '>=':
      return ofOne(text, (evidence) => of(evidence) >= limit);
    case '<':
      return ofOne(text, (evidence) => of(evidence) < limit, false);
    case '<=':
      return ofOne(text, (evidence) => of(evidence) <= limit, false);
    default:
      return ofOne(text, (evidence) => of(evidence) === limit, false);
  }
}

function limitOf(text: string, measure: string, written: string): number {
  if (measure === 'reap-delay') {
    const time = parseTime(written);
    if (time.ok) return time.value;
    throw new InputError(
      `no property: "${printable(text)}": ${time.why}; expected a time such as 1s`,
    );
  }
  if (/^[0-9]{1,9}$/.test(written)) return Number(written);
  throw new InputError(`no property: "${printable(text)}": expected a whole number at its end`);
}

/** Two policies kill others, or in another order. */
async function divergence(text: string, a: string, b: string): Promise<Property> {
  const plays = await Promise.all(
    [a, b].map(async (name) => ({ policy: isPolicyFile(name) ? await loadPolicy(name) : name })),
  );
  return {
    text,
    plays,
    isEarly: false,
    isShown: ([x, y]) => victimsOf(x!) !== victimsOf(y!),
  };
}

function victimsOf({ kills }: Evidence): string {
  return kills.map(({ cgroup, comm }) => `${cgroup}:${comm}`).join('\n');
}
