/** A verdict in plain words. */
import type { Candidate } from '../../kernel/trace.js';
import type { Verdict } from './decide.js';

const MIB_PAGES = 256;

export const mib = (pages: number): string => `${(pages / MIB_PAGES).toFixed(1)} MiB`;

/** `rss 1200 + swap 0 + page tables 12 + adj 300 × 240 = 73212` */
export function arithmetic(c: Candidate): string {
  const terms = [
    `rss ${c.rssPages}`,
    `swap ${c.swapPages}`,
    `page tables ${c.pgtablesPages}`,
    ...(c.bonusPages > 0 ? [`3 % of root −${c.bonusPages}`] : []),
    ...(c.adj === 0 ? [] : [`adj ${c.adj} × total/1000 = ${c.adjPages}`]),
  ];
  return `${terms.join(' + ')} = ${c.points} pages`;
}

const used = (c: Candidate): number => c.rssPages + c.swapPages + c.pgtablesPages;

/** Who dies and why, in a sentence or two. */
export function explain(verdict: Verdict): string {
  const [first] = verdict.victims;
  if (first === undefined) return `Nobody dies: ${verdict.why}.`;
  const group =
    verdict.victims.length > 1 ? `, and ${verdict.victims.length - 1} more with it` : '';
  const who = `${first.comm} (pid ${first.pid}) dies${group}: ${first.reason}.`;
  const bigger = why_not_the_biggest(verdict, first.pid);
  return bigger === '' ? who : `${who} ${bigger}`;
}

/** Why the process that uses most memory lives, if it does. */
function why_not_the_biggest(verdict: Verdict, victimPid: number): string {
  let biggest: Candidate | null = null;
  for (const c of verdict.candidates) if (biggest === null || used(c) > used(biggest)) biggest = c;
  const victim = verdict.candidates.find((c) => c.pid === victimPid);
  if (biggest === null || victim === undefined || used(biggest) <= used(victim)) return '';
  const name = `${biggest.comm} (pid ${biggest.pid}), which uses ${mib(used(biggest))}, lives`;
  if (biggest.why !== '') return `${name}: ${biggest.why}.`;
  if (biggest.points < victim.points) {
    return (
      `${name}: with oom_score_adj ${biggest.adj} it counts as ${mib(biggest.points)}, ` +
      `${victim.comm} with ${victim.adj} as ${mib(victim.points)}.`
    );
  }
  return `${name}: the policy looks for a cgroup first, and it is in ${biggest.cgroup || '/'}.`;
}
