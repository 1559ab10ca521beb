/**
 * oom_badness() through the ages, as data. Sources: KERNEL.md 2 and 4.10, and mm/oom_kill.c of
 * 2.6.18, 3.4, 3.10 and RHEL 6 for what is older than that.
 */
import type { OomReport } from './types.js';
import {
  atLeast,
  estimateVersion,
  type KernelVersion,
  parseVersion,
  type Vendor,
  vendorOf,
} from './version.js';

/** How root's processes are spared. */
export type RootBonus =
  | 'none' // 4.17 and later
  | 'usage' // 3 % of what the process uses: 3.14 to 4.16
  | 'total' // 3 % of all memory, as 30 units of adj: 3.5 to 3.13
  | 'permille'; // 30 of 1000 points: 2.6.36 to 3.4

/** The rules of one kernel that the task table can be judged by. */
export interface BadnessRules {
  /**
   * `pages`: what is scored are pages. `permille`: thousandths of all memory (2.6.36 to 3.4).
   * `vmsize`: the heuristic of 2.6.35 and before, of which a table shows only a part.
   */
  readonly scale: 'pages' | 'permille' | 'vmsize';
  readonly rootBonus: RootBonus;
  /** A score below 1 counts as 1 (≤ 5.8), so all small ones are equal. */
  readonly clamped: boolean;
  /** Among equals the first stays (≤ 5.2) or the last one wins. */
  readonly ties: 'first' | 'last';
  /** The selected process may be spared for one of its children (≤ 5.0). */
  readonly childSacrifice: boolean;
}

/** Rules and where they come from. */
export interface ChosenRules {
  readonly rules: BadnessRules;
  readonly version: KernelVersion | null;
  /** In words: `kernel 5.10.0-10-amd64, named on line 3`. */
  readonly from: string;
  /** The release is guessed, or a vendor's: other rules may apply. */
  readonly uncertain: boolean;
  readonly vendor: Vendor;
}

/** The rules of a mainline release. */
export function rulesOf(version: KernelVersion): BadnessRules {
  const scale = atLeast(version, 3, 5) ? 'pages' : atLeast(version, 2, 6, 36) ? 'permille' : null;
  return {
    scale: scale ?? 'vmsize',
    rootBonus: rootBonusOf(version),
    clamped: !atLeast(version, 5, 9),
    ties: atLeast(version, 5, 3) ? 'last' : 'first',
    childSacrifice: !atLeast(version, 5, 1),
  };
}

function rootBonusOf(version: KernelVersion): RootBonus {
  if (atLeast(version, 4, 17)) return 'none';
  if (atLeast(version, 3, 14)) return 'usage';
  return atLeast(version, 3, 5) ? 'total' : 'permille';
}

/** RHEL 6 calls itself 2.6.32 and has the badness of 2.6.36; the table's columns show it. */
const REWRITTEN: KernelVersion = { major: 2, minor: 6, patch: 36 };

/** The rules that this report must be judged by. */
export function chooseRules(report: OomReport): ChosenRules {
  const estimate = estimateVersion(report);
  const named = report.kernel === null ? null : parseVersion(report.kernel.text);
  if (named === null || report.kernel === null) return guessed(estimate);
  const vendor = vendorOf(report.kernel.text);
  const from = `kernel ${report.kernel.text}, named on line ${report.kernel.line}`;
  const hasScoreAdj = report.tasks?.columns.includes('oom_score_adj') === true;
  if (!atLeast(named, 2, 6, 36) && hasScoreAdj) {
    return { rules: rulesOf(REWRITTEN), version: named, from, uncertain: true, vendor };
  }
  // A wording newer than the number: the vendor has taken the newer code.
  const worded = estimate?.earliest ?? named;
  if (atLeastVersion(worded, named) && !sameRules(rulesOf(worded), rulesOf(named))) {
    return {
      rules: rulesOf(worded),
      version: named,
      from: `${from}, but worded like ${text(worded)}`,
      uncertain: true,
      vendor,
    };
  }
  return { rules: rulesOf(named), version: named, from, uncertain: vendor !== null, vendor };
}

function guessed(estimate: ReturnType<typeof estimateVersion>): ChosenRules {
  const version = estimate?.version ?? { major: 5, minor: 4, patch: 0 };
  const from =
    estimate === null
      ? 'the log names no kernel; 5.4 is assumed'
      : `the log names no kernel; ${estimate.because.join(', ')}: like ${text(version)}`;
  return { rules: rulesOf(version), version, from, uncertain: true, vendor: null };
}

function atLeastVersion(a: KernelVersion, b: KernelVersion): boolean {
  return atLeast(a, b.major, b.minor, b.patch);
}

function text(version: KernelVersion): string {
  const patch = version.major < 3 ? `.${version.patch}` : '';
  return `${version.major}.${version.minor}${patch}`;
}

function sameRules(a: BadnessRules, b: BadnessRules): boolean {
  return (
    a.scale === b.scale &&
    a.rootBonus === b.rootBonus &&
    a.clamped === b.clamped &&
    a.ties === b.ties &&
    a.childSacrifice === b.childSacrifice
  );
}

/** Other rules that an uncertain kernel may have: each is tried when the likely ones fail. */
export function alternativesTo(chosen: ChosenRules): readonly [string, BadnessRules][] {
  if (!chosen.uncertain) return [];
  const { rules } = chosen;
  const all: [string, BadnessRules][] = [
    ['scores below 1 compared as they are (5.9)', { ...rules, clamped: false, ties: 'last' }],
    ['scores below 1 counted as 1 (before 5.9)', { ...rules, clamped: true }],
    ['the last of equals dies (5.3)', { ...rules, ties: 'last' }],
    ['the first of equals dies (before 5.3)', { ...rules, ties: 'first' }],
    ['root spared 3 % of its use (3.14 to 4.16)', { ...rules, rootBonus: 'usage' }],
    ['root not spared (4.17)', { ...rules, rootBonus: 'none' }],
  ];
  return all.filter(([, other]) => !sameRules(other, rules));
}
