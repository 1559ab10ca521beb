/** Where two runs part, for people and for programs. */
import { formatCount } from '../summary.js';
import { alignColumns } from '../text_table.js';
import type { DiffReport } from './diff.js';
import type { EventNote } from './event_log.js';
import type { Parting, StreamDifference } from './part.js';
import type { RecordParting } from './records.js';
import { type Side, tokenOf } from './side.js';
import type { StateDifference } from './state_difference.js';

/** The object that `oomsim diff --json` prints. */
export function diffJson(a: Side, b: Side, report: DiffReport) {
  return { a: tokenOf(a), b: tokenOf(b), ...report };
}

export function formatDiff(a: Side, b: Side, report: DiffReport): string {
  const { parting, records, notes } = report;
  const blocks = [`A  ${tokenOf(a)}\nB  ${tokenOf(b)}\n`];
  if (notes.length > 0) blocks.push(notes.map((note) => `${note}\n`).join(''));
  if (parting !== null) blocks.push(...formatParting(parting));
  else if (records !== null) blocks.push(...formatRecords(records));
  else if (report.same) blocks.push('The runs are the same, event by event, to their ends.\n');
  return blocks.join('\n');
}

function formatParting(parting: Parting): string[] {
  const { before, a, b, state, streams } = parting;
  const blocks = [`${headline(parting)}\n`];
  if (before.length > 0) blocks.push(`before it, in both runs\n${formatEvents(before, null)}`);
  blocks.push(`A\n${formatEvents(a, parting.event)}`, `B\n${formatEvents(b, parting.event)}`);
  if (state.length > 0) {
    const when = parting.event === 0 ? 'at the start' : `after event ${formatCount(parting.event)}`;
    blocks.push(`the state ${when}\n${formatState(state)}`);
  }
  if (streams.length > 0) blocks.push(`random draws so far\n${formatStreams(streams)}`);
  return blocks;
}

function headline({ kind, event, a, b }: Parting): string {
  const same = `The runs are the same for ${formatCount(event - 1)} events`;
  const number = `event ${formatCount(event)}`;
  switch (kind) {
    case 'start':
      return 'The runs differ before their first event.';
    case 'event':
      return `${same}; ${number} is another one.`;
    case 'effect':
      return `${same}; ${number} is the same, but does something else.`;
    case 'end': {
      const over =
        a.length === 0 ? (b.length === 0 ? 'both end, but not alike' : 'A is over') : 'B is over';
      return `${same}; then ${over}.`;
    }
  }
}

/** More tracepoints of one event would hide the events around it. */
const TRACES_MAX = 8;
/** Columns of a tracepoint that are shown. */
const TRACE_COLUMNS = 110;

function formatEvents(events: readonly EventNote[], marked: number | null): string {
  if (events.length === 0) return '  the run is over\n';
  const rows = events.map((note) => [
    `${note.event === marked ? '>' : ' '} ${formatCount(note.event)}`,
    `${(note.timeNs / 1e9).toFixed(9)} s`,
    note.what,
  ]);
  const lines = alignColumns(rows, ['right', 'right', 'left']);
  return events.map((note, i) => `${lines[i]}\n${formatTraces(note.traces)}`).join('');
}

function formatTraces(traces: readonly string[]): string {
  const shown = traces.slice(0, TRACES_MAX).map(cut);
  const more = traces.length - shown.length;
  if (more > 0) shown.push(`… and ${more} more tracepoints`);
  return shown.map((trace) => `      ${trace}\n`).join('');
}

function cut(text: string): string {
  return text.length <= TRACE_COLUMNS ? text : `${text.slice(0, TRACE_COLUMNS)}…`;
}

/** All of them are in the JSON. */
const STATE_MAX = 20;

function formatState(differences: readonly StateDifference[]): string {
  const rows = differences
    .slice(0, STATE_MAX)
    .map(({ of, field, a, b }) => [`  ${of}`, field, a ?? '-', b ?? '-']);
  const align = ['left', 'left', 'right', 'right'] as const;
  const lines = alignColumns([['', '', 'A', 'B'], ...rows], align);
  const more = differences.length - rows.length;
  if (more > 0) lines.push(`  … and ${formatCount(more)} more`);
  return lines.map((line) => `${line}\n`).join('');
}

function formatStreams(differences: readonly StreamDifference[]): string {
  const rows = differences
    .slice(0, STATE_MAX)
    .map(({ stream, a, b }) => [`  ${stream}`, formatCount(a), formatCount(b)]);
  const lines = alignColumns([['', 'A', 'B'], ...rows], ['left', 'right', 'right']);
  const more = differences.length - rows.length;
  if (more > 0) lines.push(`  … and ${formatCount(more)} more`);
  return lines.map((line) => `${line}\n`).join('');
}

function formatRecords({ file, line, before, a, b }: RecordParting): string[] {
  const indented = (lines: readonly string[]): string =>
    lines.length === 0 ? '  the file is over\n' : lines.map((text) => `  ${cut(text)}\n`).join('');
  return [
    `Line ${formatCount(line)} of ${file} is the first that differs.\n`,
    `before it, in both\n${indented(before)}`,
    `A\n${indented(a)}`,
    `B\n${indented(b)}`,
  ];
}
