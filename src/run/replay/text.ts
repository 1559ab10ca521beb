/** What a replay came to, for people and for programs. */
import { ENDINGS, formatCount, formatSeconds } from '../summary.js';
import { alignColumns } from '../text_table.js';
import type { ReplayReport } from './replay.js';

/** The object that `oomsim replay --json` prints. */
export function replayJson({ verdict, differences, expected, misfits, result }: ReplayReport) {
  return { verdict, differences, expected, misfits, ...result };
}

export function formatReplay(report: ReplayReport): string {
  const { result, differences, misfits } = report;
  const ending = ENDINGS[result.endedBy] ?? result.endedBy;
  const facts: [string, string][] = [
    ['ended', `at ${formatSeconds(result.simulatedNs)}: ${ending}`],
    ['events', formatCount(result.events)],
    ['kills', formatCount(result.kills.length)],
    ['token', result.token],
  ];
  for (const misfit of misfits) facts.push(['forced', misfit]);
  for (const difference of differences) facts.push(['differs', difference]);
  facts.push(['replay', verdictText(report)]);
  const title = `${result.name}, kernel ${result.kernel}, policy ${result.policy}`;
  const lines = alignColumns(facts, ['left', 'left']).map((line) => `${line}\n`);
  return `${title}\n\n${lines.join('')}`;
}

function verdictText({ verdict, expected, result }: ReplayReport): string {
  if (verdict === 'different') return 'NOT the same run';
  if (expected === null) return 'nothing to compare with: the token has no fingerprint';
  const { fingerprint, events, partial } = expected;
  if (verdict === 'unknown') return `interrupted before event ${formatCount(events)} was compared`;
  if (!partial) return `the same run: fingerprint ${fingerprint} as it was`;
  const more = formatCount(result.events - events);
  return `the same run up to event ${formatCount(events)}, where it was interrupted; ${more} more since`;
}
