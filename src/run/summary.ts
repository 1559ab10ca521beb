import { RUN_FILES } from '../record/run_folder.js';
import type { KillResult, RunResult } from './result.js';
import { alignColumns, wrapColumns, wrapText } from './text_table.js';

/** More would push the rest of the summary off the screen; all are in kills.csv. */
const KILLS_SHOWN_MAX = 40;

/** What `endedBy` means, in words. */
export const ENDINGS: Readonly<Record<string, string>> = {
  until: 'its time was over',
  quiet: 'every process held still',
  idle: 'nothing was left to happen',
  panic: 'the kernel panicked',
  interrupted: 'interrupted; the files are complete up to here',
};

/**
 * What a run came to, for people: who died and why in a line each, then where to read on. The
 * command that repeats the run comes last, where it is found and copied most easily.
 *
 * @param columns of the terminal, where the result goes to one
 */
export function formatSummary(
  result: RunResult,
  repeatCommand: string,
  columns = Number.POSITIVE_INFINITY,
): string {
  const { kills, outDir, files, simulatedNs, panic } = result;
  const ending = ENDINGS[result.endedBy] ?? result.endedBy;
  const width = columns - FACT_NAMES_WIDTH;
  const facts: [string, readonly string[]][] = [
    ['ended', [`at ${formatSeconds(simulatedNs)}: ${ending}`]],
    ['events', [formatCount(result.events)]],
    ['failures', [`${formatCount(result.allocFailures)} page allocations`]],
  ];
  if (panic !== null) facts.push(['panic', wrapText(panic, width)]);
  if (outDir !== null) facts.push(['files', wrapText(`${outDir}: ${files.join(' ')}`, width)]);
  // These are to be copied: a terminal that breaks them knows that they are one line.
  facts.push(['token', [result.token]], ['repeat', [repeatCommand]]);
  const title = `${result.name}, kernel ${result.kernel}, policy ${result.policy}`;
  return `${title}\n\n${formatKills(kills, columns)}\n${formatFacts(facts)}`;
}

const INDENT = '  ';
/** `failures  ` */
const FACT_NAMES_WIDTH = 10;

function formatKills(kills: readonly KillResult[], columns: number): string {
  if (kills.length === 0) return 'Nobody was killed.\n';
  const head = ['time', 'pid', 'comm', 'cgroup', 'points', 'why'];
  const rows = kills
    .slice(0, KILLS_SHOWN_MAX)
    .map((kill, i) => [
      formatSeconds(kill.timeNs),
      String(kill.pid),
      kill.comm,
      kill.cgroup,
      String(kill.points),
      isSameGroup(kill, kills[i - 1]) ? 'the same' : whyKilled(kill),
    ]);
  const sides = ['right', 'right', 'left', 'left', 'right', 'left'] as const;
  const lines = wrapColumns([head, ...rows], sides, columns - INDENT.length);
  const more = kills.length - rows.length;
  if (more > 0) lines.push(`… and ${formatCount(more)} more, see ${RUN_FILES.kills}`);
  const title =
    kills.length === 1 ? '1 process was killed' : `${kills.length} processes were killed`;
  return `${title}${byWhom(kills)}\n${lines.map((line) => `${INDENT}${line}\n`).join('')}`;
}

/** Killed with the one before, by one decision about their group. */
function isSameGroup(kill: KillResult, before: KillResult | undefined): boolean {
  return kill.group && before?.group === true && whyKilled(kill) === whyKilled(before);
}

/** How many of the kills were not the kernel's, where some were: `, 2 by earlyoom`. */
function byWhom(kills: readonly KillResult[]): string {
  const counts = new Map<string, number>();
  for (const { killer } of kills) {
    if (killer !== null) counts.set(killer, (counts.get(killer) ?? 0) + 1);
  }
  if (counts.size === 0) return '';
  const rest = kills.filter(({ killer }) => killer === null).length;
  if (rest > 0) counts.set('the kernel', rest);
  return `: ${[...counts].map(([killer, count]) => `${count} by ${killer}`).join(', ')}`;
}

/** One line: what ran out, for whom, and how the victim came to it. */
export function whyKilled(kill: KillResult): string {
  const where = kill.memcg === '' ? '' : ` in ${kill.memcg}`;
  if (kill.killer !== null) return `${kill.killer} (${kill.triggerPid}): ${kill.reason}${where}`;
  return `${kill.reason}${where}, asked by ${kill.triggerComm} (${kill.triggerPid})`;
}

function formatFacts(facts: readonly (readonly [string, readonly string[]])[]): string {
  const rows = facts.flatMap(([name, lines]) =>
    lines.map((line, i) => [i === 0 ? name : '', line]),
  );
  return alignColumns(rows, ['left', 'left'])
    .map((line) => `${line}\n`)
    .join('');
}

const NS_PER_MS = 1_000_000;

/** Simulated time in seconds with three decimals, cut off as the kernel's log does. */
export function formatSeconds(ns: number): string {
  return `${(Math.floor(ns / NS_PER_MS) / 1000).toFixed(3)} s`;
}

/** A count with thousands separators, the same in every locale. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
