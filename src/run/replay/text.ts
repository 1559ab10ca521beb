/** What a replay came to, for people and for programs. */
import { ENDINGS, formatCount, formatSeconds } from '../summary.js';
import { alignColumns } from '../text_table.js';
import type { ReplayReport } from './replay.js';

/** The object that `oomsim replay --json` prints: what `run` prints, and how it compares. */
export function replayJson({ result, ...comparison }: ReplayReport) {
  return { ...comparison, ...result };
}

export function formatReplay(report: ReplayReport): string {
  const { result, differences, misfits, files } = report;
  const isStopped = result.endedBy === 'interrupted' && report.verdict !== 'unknown';
  const ending = isStopped ? 'where the record ends' : (ENDINGS[result.endedBy] ?? result.endedBy);
  const facts: [string, string][] = [
    ['ended', `at ${formatSeconds(result.simulatedNs)}: ${ending}`],
    ['events', formatCount(result.events)],
    ['kills', formatCount(result.kills.length)],
    ['token', result.token],
  ];
  const equal = files.filter(({ outcome }) => outcome === 'same' || outcome === 'shorter');
  if (equal.length > 0) {
    const counts = equal.map(({ name, equalLines }) => `${name} ${formatCount(equalLines)}`);
    facts.push(['lines', `${counts.join(', ')}: as recorded`]);
  }
  for (const misfit of misfits) facts.push(['forced', misfit]);
  for (const difference of differences) facts.push(['differs', difference]);
  facts.push(['replay', verdictText(report)]);
  const title = `${result.name}, kernel ${result.kernel}, policy ${result.policy}`;
  const lines = alignColumns(facts, ['left', 'left']).map((line) => `${line}\n`);
  return `${title}\n\n${lines.join('')}`;
}

function verdictText({ verdict, expected, files, lastRecorded, result }: ReplayReport): string {
  if (verdict === 'different') return 'NOT the same run';
  if (verdict === 'unknown' && result.endedBy === 'interrupted') return 'interrupted: not compared';
  if (expected !== null && !expected.partial) {
    return `the same run: fingerprint ${expected.fingerprint} as it was`;
  }
  if (expected !== null) {
    const until = `event ${formatCount(expected.events)}, where it was interrupted`;
    const more = result.events - expected.events;
    return `the same run up to ${until}${more === 0 ? '' : `; then ${formatCount(more)} more`}`;
  }
  if (files.length === 0) return 'nothing to compare with: the token has no fingerprint';
  return `the same run up to ${lastRecorded ?? 'its beginning'}, where its record ends`;
}
