import type { TaskSnapshot } from '../../kernel/snapshot.js';
import { badnessOf, type CgroupFrame, isBelow, usedPages } from '../../record/frames.js';
import type { Glyphs } from '../text/glyphs.js';
import { type Line, line, plain, type Span, type Style, span } from '../text/line.js';
import { percent, size } from '../text/units.js';
import type { View } from '../view.js';

/** Everything about one cgroup: its counters, then its processes, those that would die first on top. */
export function cgroupLines(cgroup: CgroupFrame, view: View, width: number, g: Glyphs): Line[] {
  return [...counters(cgroup, width), ...processTable(cgroup, view, width, g)];
}

type Counter = readonly [name: string, value: string, style?: Style];

function counters(cgroup: CgroupFrame, width: number): Line[] {
  const { events, psi } = cgroup;
  const groups: readonly Counter[][] = [
    [
      ['usage', size(cgroup.usagePages)],
      ['max', size(cgroup.maxPages)],
      ['high', size(cgroup.highPages)],
      ['low', size(cgroup.lowPages)],
      ['min', size(cgroup.minPages)],
      ['swap', size(cgroup.swapPages)],
      ['swap.max', size(cgroup.swapMaxPages)],
    ],
    [
      ['anon', size(cgroup.anonPages)],
      ['file', size(cgroup.filePages)],
      ['shmem', size(cgroup.shmemPages)],
      ['slab', size(cgroup.slabPages)],
      ['stacks', size(cgroup.kernelStackPages)],
      ['pgtables', size(cgroup.pgtablesPages)],
      ['sock', size(cgroup.sockPages)],
      ['mlocked', size(cgroup.unevictablePages)],
      ['dirty', size(cgroup.dirtyPages)],
      ['writeback', size(cgroup.writebackPages)],
    ],
    [
      ['score', scoreText(cgroup.score)],
      ['oom.group', cgroup.oomGroup ? '1' : '0'],
      ['events: low', String(events.low)],
      ['high', String(events.high)],
      ['max', String(events.max)],
      ['oom', String(events.oom), events.oom > 0 ? 'warn' : undefined],
      ['oom_kill', String(events.oom_kill), events.oom_kill > 0 ? 'bad' : undefined],
      ['oom_group_kill', String(events.oom_group_kill)],
      ['scanned', size(cgroup.pgscan)],
      ['reclaimed', size(cgroup.pgsteal)],
      ['psi some', `${percent(psi.someAvg10)}%`],
      ['full', `${percent(psi.fullAvg10)}%`],
    ] as Counter[],
  ];
  return groups.flatMap((group) => flow(group, width));
}

/** What the policy makes of it, in words. */
function scoreText(score: number | null): string {
  if (score === null) return 'not compared';
  if (score < 0) return 'a victim is dying';
  return score === 0 ? 'nobody can be killed' : size(score);
}

/** Counters one after the other, as many a row as fit. */
function flow(items: readonly Counter[], width: number): Line[] {
  const rows: Span[][] = [];
  let used = width;
  for (const [name, value, style] of items) {
    const text = `${name} `;
    const needed = text.length + value.length + 2;
    if (used + needed > width + 2) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)!.push(span(text, 'dim'), span(value, style), span('  '));
    used += needed;
  }
  return rows;
}

function processTable(cgroup: CgroupFrame, view: View, width: number, g: Glyphs): Line[] {
  const { machine, tasks } = view.frame;
  const totalPages = machine.totalPages + machine.swapTotalPages;
  const own = tasks.filter((task) => isBelow(task.cgroup, cgroup.path));
  const hidden = cgroup.processes - own.filter((task) => task.state !== 'Z').length;
  const nameWidth = Math.max(10, Math.min(24, width - 66));
  const head = `  ${'pid'.padStart(6)} ${'process'.padEnd(nameWidth)} S ${'waits for'.padEnd(16)}${'rss'.padStart(8)}${'swap'.padStart(8)}${'adj'.padStart(6)}${'points'.padStart(9)}`;
  const title =
    cgroup.path === '/' ? 'who would be first, were only processes compared' : 'its processes';
  return [
    line(span(title, 'title'), span(hidden > 0 ? `, ${hidden} more` : '', 'dim')),
    line(span(head, 'dim')),
    ...own.map((task) => processLine(task, totalPages, nameWidth, g)),
  ];
}

function processLine(task: TaskSnapshot, totalPages: number, nameWidth: number, g: Glyphs): Line {
  const rss = usedPages(task) - task.swapPages - task.pgtablesPages;
  const isDying = task.oomVictim || task.memdie;
  const points = pointsText(task, totalPages);
  const text =
    `${isDying ? g.kill : ' '} ${String(task.pid).padStart(6)} ` +
    `${plain(task.comm).slice(0, nameWidth).padEnd(nameWidth)} ${task.state} ` +
    `${plain(task.wchan).slice(0, 15).padEnd(16)}${size(rss).padStart(8)}` +
    `${size(task.swapPages).padStart(8)}${String(task.oomScoreAdj).padStart(6)}${points.padStart(9)}`;
  return [span(text, isDying ? 'bad' : undefined)];
}

function pointsText(task: TaskSnapshot, totalPages: number): string {
  if (task.oomScoreAdj === -1000) return 'never';
  if (task.mmfOomSkip) return 'reaped';
  const points = badnessOf(task, totalPages);
  return points < 0 ? `-${size(-points)}` : size(points);
}
