import type { Candidate } from '../../kernel/trace.js';
import type { KillStory, Selection } from '../../record/kill_stories.js';
import { whyTheBiggestLives } from '../../run/decide/why.js';
import { wrapText } from '../../run/text_table.js';
import { bar } from '../text/bars.js';
import type { Glyphs } from '../text/glyphs.js';
import { keepEnd, type Line, line, plain, type Span, span } from '../text/line.js';
import { duration, instant, size } from '../text/units.js';
import type { Moment } from '../track.js';

export interface KillDetail {
  readonly story: KillStory;
  /** The pids that died of the same decision, this one first. */
  readonly together: readonly { readonly pid: number }[];
  readonly moment: Moment;
  readonly width: number;
  /** Rows that are there; tables are cut so that something of each is seen. */
  readonly rows: number;
}

/** Why this one: who asked, what was compared, the arithmetic, and what came of it. */
export function killLines(detail: KillDetail, g: Glyphs): Line[] {
  const { story } = detail;
  return [
    whoLine(story, g),
    ...whyLines(detail),
    ...aftermathLines(detail, g),
    ...tables(detail, g),
  ];
}

function whoLine({ kill, timeNs, byKernel }: KillStory, g: Glyphs): Line {
  const asked = `asked by ${plain(kill.trigger_comm)} (${kill.trigger_pid})`;
  const by = byKernel
    ? `policy ${plain(kill.policy)}, ${asked}`
    : `by ${plain(kill.policy)} in user space`;
  return line(
    span(`${g.kill} ${plain(kill.comm)} (${kill.pid})`, 'bad'),
    ` of ${plain(kill.cgroup)} at ${instant(timeNs, 6)}, ${by}`,
  );
}

function whyLines({ story, together, width }: KillDetail): Line[] {
  const { kill, selection } = story;
  const where = kill.memcg === '' ? 'machine' : plain(kill.memcg);
  // A userspace killer says itself what it saw; that may be long before anything runs out.
  const short = story.byKernel ? `${where} out of memory: ` : '';
  const group = kill.group ? ', killed with its group' : '';
  const bigger =
    selection === null || kill.group // a member of a group did not have to be the biggest
      ? ''
      : whyTheBiggestLives({
          candidates: selection.tasks,
          memcgCandidates: selection.memcgs,
          victims: together,
        });
  const text = `${short}${plain(kill.reason)}${group}. ${plain(bigger)}`;
  return labelled('why', text.trim(), width);
}

function labelled(label: string, text: string, width: number): Line[] {
  const indent = label.length + 1;
  return wrapText(text, width - indent).map((row, i) =>
    line(span(i === 0 ? `${label} ` : ' '.repeat(indent), 'strong'), row),
  );
}

interface Step {
  readonly name: string;
  readonly ns: number;
}

/** What happened to the victim, in the order in which it did, up to the moment shown. */
function aftermathLines({ story, moment, width }: KillDetail, g: Glyphs): Line[] {
  const steps: [string, number | null][] = [
    ['signalled', story.byKernel ? null : story.timeNs],
    ['SIGKILL', story.sigkillNs],
    ['marked', story.markedNs],
    ['reaping', story.reapingNs],
    ['reaped', story.reapedNs],
    [skipName(story), story.skipCause === 'reaped' ? null : story.skipNs],
    ['exited', story.exitedNs],
    [`freed ${size(story.freedPages ?? 0)}`, story.freedNs],
  ];
  const happened = steps
    .flatMap(([name, ns]): Step[] => (ns === null || ns > moment.timeNs ? [] : [{ name, ns }]))
    .sort((a, b) => a.ns - b.ns);
  const words = atTheSameTime(happened).map(
    ({ name, ns }) => `${name} +${duration(ns - story.timeNs, g.micro)}`,
  );
  if (story.freedNs === null || story.freedNs > moment.timeNs) {
    const waits = duration(Math.max(0, moment.timeNs - story.timeNs), g.micro);
    words.push(`memory not free after ${waits}`);
  }
  return labelled('then', words.join(` ${g.arrow} `), width);
}

/** Steps of one instant as one. */
function atTheSameTime(steps: readonly Step[]): Step[] {
  const result: Step[] = [];
  for (const step of steps) {
    const last = result.at(-1);
    if (last?.ns !== step.ns) result.push(step);
    else result[result.length - 1] = { ns: step.ns, name: `${last.name}, ${step.name}` };
  }
  return result;
}

const skipName = ({ skipCause }: KillStory): string =>
  skipCause === 'gave_up' ? 'reaper gave up' : 'MMF_OOM_SKIP';

function tables(detail: KillDetail, g: Glyphs): Line[] {
  const { selection } = detail.story;
  if (selection === null) return usedLines(detail.story, g);
  return [...memcgTable(detail, selection, g), ...taskTable(detail, selection, g)];
}

/** Nobody was compared: what the victim itself had. */
function usedLines({ kill }: KillStory, g: Glyphs): Line[] {
  const parts = [
    `anon ${size(kill.anon)}`,
    `file ${size(kill.file)}`,
    `shmem ${size(kill.shmem)}`,
    `swap ${size(kill.swap)}`,
    `page tables ${size(kill.pgtables)}`,
    `oom_score_adj ${kill.oom_score_adj}`,
  ];
  return [line(span('had ', 'strong'), parts.join(` ${g.dot} `))];
}

/** The scores of the cgroups as bars, the chosen one marked. */
function memcgTable({ story, width, rows }: KillDetail, selection: Selection, g: Glyphs): Line[] {
  const { memcgs, memcgsTotal, chosenMemcg } = selection;
  if (memcgs.length === 0) return [];
  const limit = Math.max(2, Math.floor((rows - 6) / 2));
  const shown = [...memcgs].sort((a, b) => b.points - a.points).slice(0, limit);
  const top = Math.max(1, ...memcgs.map(({ points }) => points));
  const nameWidth = Math.min(32, Math.max(...shown.map(({ cgroup }) => cgroup.length)) + 1);
  const barWidth = Math.max(0, Math.min(30, width - nameWidth - 11));
  const hidden = memcgsTotal - shown.length;
  return shown.map(({ cgroup, points, why }, i) => {
    const isChosen = cgroup === (chosenMemcg === '' ? story.kill.cgroup : chosenMemcg);
    const name = keepEnd(plain(cgroup), nameWidth, g.more).padEnd(nameWidth);
    const drawn = bar(points / top, barWidth, g, isChosen ? 'warn' : 'info');
    return line(
      span(`${isChosen ? g.selected : ' '} ${name}`, isChosen ? 'warn' : undefined),
      span(`${size(points).padStart(7)} `),
      ...(why === '' ? drawn : [span(why, 'dim')]),
      span(i === shown.length - 1 && hidden > 0 ? `  ${hidden} more cgroups` : '', 'dim'),
    );
  });
}

/** `rss + swap + page tables + adj = points`, a row a process; the victim and the biggest marked. */
function taskTable({ story, width }: KillDetail, selection: Selection, g: Glyphs): Line[] {
  const { tasks, tasksTotal, totalPages } = selection;
  const hasBonus = tasks.some(({ bonusPages }) => bonusPages > 0);
  const columns = ['rss', 'swap', 'pgtables', ...(hasBonus ? ['root'] : []), 'adj', 'points'];
  const nameWidth = Math.max(12, Math.min(30, width - 10 - 9 * columns.length));
  const head = `${'pid'.padStart(8)} ${'process'.padEnd(nameWidth)}`;
  const hidden = tasksTotal - tasks.length;
  return [
    line(
      span(`${head}${columns.map((name) => name.padStart(9)).join('')}`, 'title'),
      span(width >= 100 ? `  of ${size(totalPages)}` : '', 'dim'),
    ),
    ...victimFirst(tasks, story.kill.pid).map((task) => {
      return taskLine(task, story, nameWidth, hasBonus, g);
    }),
    ...(hidden > 0 ? [line(span(`         and ${hidden} more`, 'dim'))] : []),
  ];
}

/** The victim stands above those that score higher and live: that is what there is to explain. */
function victimFirst(tasks: readonly Candidate[], pid: number): Candidate[] {
  const victim = tasks.filter((task) => task.pid === pid);
  return [...victim, ...tasks.filter((task) => task.pid !== pid)];
}

function taskLine(
  task: Candidate,
  { kill }: KillStory,
  nameWidth: number,
  hasBonus: boolean,
  g: Glyphs,
): Line {
  const isVictim = task.pid === kill.pid;
  const adj = task.adj === 0 ? '0' : `${task.adj > 0 ? '+' : '-'}${size(Math.abs(task.adjPages))}`;
  const name = `${plain(task.comm)} ${plain(task.cgroup)}`.slice(0, nameWidth).padEnd(nameWidth);
  const cells = [
    size(task.rssPages),
    size(task.swapPages),
    size(task.pgtablesPages),
    ...(hasBonus ? [task.bonusPages > 0 ? `-${size(task.bonusPages)}` : '0'] : []),
    adj,
    task.why === '' ? signedSize(task.points) : 'never',
  ];
  const text = `${isVictim ? g.kill : ' '} ${String(task.pid).padStart(6)} ${name}${cells.map((cell) => cell.padStart(9)).join('')}`;
  const spans: Span[] = [span(text, isVictim ? 'bad' : task.why === '' ? undefined : 'dim')];
  if (task.why !== '') spans.push(span(` ${task.why}`, 'dim'));
  return spans;
}

const signedSize = (pages: number): string => (pages < 0 ? `-${size(-pages)}` : size(pages));
