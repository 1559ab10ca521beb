/** A verdict in plain words. */
import type { Candidate } from '../../kernel/trace.js';
import type { Verdict } from './decide.js';

const MIB_PAGES = 256;
const ALLOCATING_TASK = 'vm.oom_kill_allocating_task';

export const mib = (pages: number): string => `${(pages / MIB_PAGES).toFixed(1)} MiB`;

/** `rss 1200 + swap 0 + page tables 12 + adj 300 × 240 = 73212` */
export function arithmetic(c: Candidate): string {
  const terms = [
    `rss ${c.rssPages}`,
    `swap ${c.swapPages}`,
    `page tables ${c.pgtablesPages}`,
    ...(c.bonusPages > 0 ? [`3 % of root −${c.bonusPages}`] : []),
    ...(c.adj === 0 ? [] : [`adj ${c.adj} × ${Math.abs(c.adjPages / c.adj)} (${c.adjPages})`]),
  ];
  return `${terms.join(' + ')} = ${c.points}`;
}

const used = (c: Candidate): number => c.rssPages + c.swapPages + c.pgtablesPages;

/** `java (1234)` */
export const nameOf = (task: { readonly comm: string; readonly pid: number }): string =>
  `${task.comm} (${task.pid})`;

/** Who dies and why, in a sentence or two. */
export function explain(verdict: Verdict): string {
  const bigger = whyTheBiggestLives(verdict);
  return bigger === '' ? whoDies(verdict) : `${whoDies(verdict)} ${bigger}`;
}

/** Who dies and what for, in a sentence. */
export function whoDies(verdict: Verdict): string {
  const [first] = verdict.victims;
  if (first === undefined) return `Nobody dies: ${verdict.why}.`;
  const more = verdict.victims.length - 1;
  const group = more > 0 ? `, and ${more} more with it` : '';
  const allocating = verdict.why === ALLOCATING_TASK;
  const reason = allocating ? `it asked for memory (${ALLOCATING_TASK})` : first.reason;
  return `${nameOf(first)} dies${group}: ${reason}.`;
}

/** What has to be known of a decision to tell why somebody lives. */
export interface WhoDied {
  readonly candidates: readonly Candidate[];
  /** Cgroups that were compared before, parents before children. */
  readonly memcgCandidates: readonly Candidate[];
  /** The one that was chosen first. */
  readonly victims: readonly { readonly pid: number }[];
}

/** Why the process that uses most memory lives; '' if it dies. */
export function whyTheBiggestLives(verdict: WhoDied): string {
  let biggest: Candidate | null = null;
  for (const c of verdict.candidates) if (biggest === null || used(c) > used(biggest)) biggest = c;
  const dead = new Set(verdict.victims.map((victim) => victim.pid));
  const [first] = verdict.victims;
  const victim = verdict.candidates.find((c) => c.pid === first?.pid);
  if (biggest === null || victim === undefined || dead.has(biggest.pid)) return '';
  if (used(biggest) <= used(victim)) return '';
  const name = `${nameOf(biggest)}, which uses ${mib(used(biggest))}, lives`;
  if (biggest.why !== '') return `${name}: ${biggest.why}.`;
  if (biggest.points < victim.points) {
    return (
      `${name}: with oom_score_adj ${biggest.adj} it counts as ${mib(biggest.points)}, ` +
      `${victim.comm} with ${victim.adj} as ${mib(victim.points)}.`
    );
  }
  if (biggest.points === victim.points)
    return `${name}: both score the same, and the scan decides.`;
  return whyItsCgroupLives(verdict, biggest, victim, name);
}

/** The process scores higher than the victim; its cgroup does not. */
function whyItsCgroupLives(
  verdict: WhoDied,
  biggest: Candidate,
  victim: Candidate,
  name: string,
): string {
  if (verdict.memcgCandidates.length === 0) {
    return `${name}: the policy has rules of its own.`;
  }
  const cgroupOf = (c: Candidate) => c.cgroup || '/';
  const scoreOf = (path: string): Candidate | undefined =>
    verdict.memcgCandidates
      .filter((c) => path === c.cgroup || path.startsWith(c.cgroup === '/' ? '/' : `${c.cgroup}/`))
      .at(-1);
  const own = scoreOf(cgroupOf(biggest));
  const chosen = scoreOf(cgroupOf(victim));
  if (own === undefined) {
    return `${name}: the policy does not look at its cgroup, ${cgroupOf(biggest)}.`;
  }
  if (chosen === undefined || own.cgroup === chosen.cgroup) {
    return `${name}: the policy chooses a cgroup first, and it is in ${cgroupOf(biggest)}.`;
  }
  if (own.why !== '') return `${name}: of its cgroup ${own.cgroup}, ${own.why}.`;
  return (
    `${name}: its cgroup ${own.cgroup} counts as ${mib(own.points)}, ` +
    `${chosen.cgroup} as ${mib(chosen.points)}.`
  );
}
