/**
 * Composes OOM reports for the tests: made-up machines and tasks in the kernel's own line formats,
 * so that no log of anybody's stands in this repository.
 */

/** One made-up task. */
export interface FakeTask {
  readonly pid: number;
  readonly comm: string;
  readonly rss: number;
  readonly tgid?: number;
  readonly uid?: number;
  readonly swap?: number;
  /** Pages of page tables. */
  readonly pgt?: number;
  readonly adj?: number;
  readonly oomAdj?: number;
  readonly vm?: number;
}

export type Layout =
  | 'oom_adj'
  | 'oom_score_adj'
  | 'nr_ptes'
  | 'nr_pmds'
  | 'pgtables_bytes'
  | 'rss_split';

export interface FakeReport {
  readonly kernel: string;
  readonly layout: Layout;
  readonly tasks: readonly FakeTask[];
  /** Lines that say who is killed; see the kill functions below. */
  readonly kills: readonly string[];
  readonly trigger?: string;
  readonly memcg?: {
    readonly path: string;
    readonly limitKb: number;
    readonly usageKb?: number;
    readonly swap?: string;
  };
  readonly ramPages?: number;
  readonly reservedPages?: number;
  readonly swapKb?: number;
  readonly freeSwapKb?: number;
}

const HEADERS: Readonly<Record<Layout, string>> = {
  oom_adj: '[ pid ]   uid  tgid total_vm      rss cpu oom_adj name',
  oom_score_adj: '[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name',
  nr_ptes: '[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name',
  nr_pmds: '[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name',
  pgtables_bytes:
    '[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name',
  rss_split:
    '[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem ' +
    'pgtables_bytes swapents oom_score_adj name',
};

const pad = (value: number, width: number): string => String(value).padStart(width);

/** A row as that kernel prints it. */
export function row(task: FakeTask, layout: Layout): string {
  const { pid, comm, rss, tgid = pid, uid = 0, swap = 0, pgt = 8, adj = 0, oomAdj = 0 } = task;
  const vm = task.vm ?? rss * 2 + 100;
  const wide = layout === 'pgtables_bytes' || layout === 'rss_split';
  const head = `[${pad(pid, wide ? 7 : 5)}] ${pad(uid, 5)} ${pad(tgid, 5)} ${pad(vm, 8)} ${pad(rss, 8)}`;
  const tail = `${pad(swap, 8)}         ${pad(adj, 5)} ${comm}`;
  switch (layout) {
    case 'oom_adj':
      return `${head}   0     ${pad(oomAdj, 3)} ${comm}`;
    case 'oom_score_adj':
      return `${head}   0     ${pad(oomAdj, 3)}         ${pad(adj, 5)} ${comm}`;
    case 'nr_ptes':
      return `${head} ${pad(pgt, 7)} ${tail}`;
    case 'nr_pmds':
      return `${head} ${pad(pgt - 1, 7)} ${pad(1, 7)} ${tail}`;
    case 'pgtables_bytes':
      return `${head} ${pad(pgt * 4096, 8)} ${tail}`;
    default:
      return `${head} ${pad(rss - 3, 8)} ${pad(2, 8)} ${pad(1, 9)} ${pad(pgt * 4096, 8)} ${tail}`;
  }
}

/** All lines of a report, without any prefix. */
export function compose(report: FakeReport): string[] {
  const { kernel, layout, tasks, kills, trigger = 'asker', memcg } = report;
  return [
    `${trigger} invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0`,
    `CPU: 1 PID: 4242 Comm: ${trigger} Not tainted ${kernel} #1`,
    'Hardware name: Made Up Machines',
    'Call Trace:',
    ' dump_header+0x4a/0x1f0',
    ' out_of_memory+0x1bd/0x500',
    ...(memcg === undefined ? memInfo(report) : memcgLines(memcg)),
    'Tasks state (memory values in pages):',
    HEADERS[layout],
    ...tasks.map((task) => row(task, layout)),
    ...kills,
  ];
}

function memcgLines(memcg: NonNullable<FakeReport['memcg']>): string[] {
  const {
    path,
    limitKb,
    usageKb = limitKb,
    swap = 'swap: usage 0kB, limit 0kB, failcnt 0',
  } = memcg;
  return [
    `memory: usage ${usageKb}kB, limit ${limitKb}kB, failcnt 77`,
    swap,
    `Memory cgroup stats for ${path}:`,
    'anon 4096000',
    'file 40960',
    'kernel_stack 16384',
  ];
}

function memInfo(report: FakeReport): string[] {
  const { ramPages = 262_144, reservedPages = 2144, swapKb = 0, freeSwapKb = 0 } = report;
  const managed = ramPages - reservedPages;
  return [
    'Mem-Info:',
    'active_anon:5000 inactive_anon:200000 isolated_anon:0',
    ' active_file:300 inactive_file:200 isolated_file:0',
    ' unevictable:0 dirty:0 writeback:0',
    ' mapped:100 shmem:50 pagetables:900 bounce:0',
    'Node 0 active_anon:20000kB inactive_anon:800000kB active_file:1200kB',
    `Node 0 DMA32 free:24000kB min:4096kB low:8192kB high:12288kB present:${ramPages * 4}kB managed:${managed * 4}kB mlocked:0kB`,
    'lowmem_reserve[]: 0 0 0 0',
    'Node 0 DMA32: 37*4kB (UE) 18*8kB (ME) 1*16kB (M) 0*4096kB = 24000kB',
    '500 total pagecache pages',
    '0 pages in swap cache',
    'Swap cache stats: add 0, delete 0, find 0/0',
    `Free swap  = ${freeSwapKb}kB`,
    `Total swap = ${swapKb}kB`,
    `${ramPages} pages RAM`,
    '0 pages HighMem/MovableOnly',
    `${reservedPages} pages reserved`,
  ];
}

/** Up to 5.0: the selection, then the kill. */
export function oldKill(task: FakeTask, score: number, message = 'Out of memory'): string[] {
  const vm = (task.vm ?? task.rss * 2 + 100) * 4;
  return [
    `${message}: Kill process ${task.pid} (${task.comm}) score ${score} or sacrifice child`,
    `Killed process ${task.pid} (${task.comm}) total-vm:${vm}kB, anon-rss:${task.rss * 4}kB, file-rss:0kB`,
  ];
}

/** 5.0 and later: the summary, then the kill. */
export function newKill(task: FakeTask, memcg: string | null = null): string[] {
  const vm = (task.vm ?? task.rss * 2 + 100) * 4;
  const where =
    memcg === null
      ? 'global_oom,task_memcg=/user.slice'
      : `oom_memcg=${memcg},task_memcg=${memcg}/inner`;
  const constraint = memcg === null ? 'CONSTRAINT_NONE' : 'CONSTRAINT_MEMCG';
  const message = memcg === null ? 'Out of memory' : 'Memory cgroup out of memory';
  return [
    `oom-kill:constraint=${constraint},nodemask=(null),cpuset=/,mems_allowed=0,${where},task=${task.comm},pid=${task.pid},uid=${task.uid ?? 0}`,
    `${message}: Killed process ${task.pid} (${task.comm}) total-vm:${vm}kB, anon-rss:${task.rss * 4}kB, file-rss:0kB, shmem-rss:0kB, UID:${task.uid ?? 0} pgtables:${(task.pgt ?? 8) * 4}kB oom_score_adj:${task.adj ?? 0}`,
  ];
}

/** Ways in which people's logs begin their lines. */
export const PREFIXES: Readonly<Record<string, (text: string, index: number) => string>> = {
  none: (text) => text,
  dmesg: (text, i) => `[${(1000 + i / 1000).toFixed(6).padStart(12)}] ${text}`,
  'dmesg -T, German': (text) => `[Di Aug 12 03:54:03 2025] ${text}`,
  'dmesg -T, French': (text) => `[mar. août 12 03:54:03 2025] ${text}`,
  'dmesg -T, Japanese': (text) => `[火  8月 12 03:54:03 2025] ${text}`,
  'dmesg -x': (text, i) => `kern  :warn  : [${(1000 + i / 1000).toFixed(6)}] ${text}`,
  'dmesg, coloured': (text, i) => `\u001b[32m[ ${(1000 + i / 1000).toFixed(6)}] \u001b[0m${text}`,
  PRINTK_CALLER: (text, i) => `[${(1000 + i / 1000).toFixed(6)}][ T4242] ${text}`,
  level: (text) => `<4>${text}`,
  'level and stamp': (text, i) => `<4>[ ${(1000 + i / 1000).toFixed(6)}] ${text}`,
  kmsg: (text, i) => `4,${500 + i},${1_000_000 + i},-;${text}`,
  syslog: (text) => `Sep  9 08:12:34 some-host kernel: ${text}`,
  'syslog with stamp': (text, i) =>
    `Sep  9 08:12:34 host kernel: [${(1000 + i / 1000).toFixed(6)}] ${text}`,
  'syslog without host': (text, i) =>
    `Jan  5 15:19:27 kernel: [ ${(5000 + i / 1000).toFixed(6)}] ${text}`,
  'journald, German': (text) => `Dez 05 22:20:29 rechner kernel: ${text}`,
  rfc5424: (text) => `<4>1 2025-08-12T03:54:03.1Z host kernel - - - ${text}`,
  iso: (text) => `2025-08-12T03:54:03.123456+02:00 host kernel: ${text}`,
  'CRI container': (text, i) =>
    `2025-08-12T03:54:03.123456789Z stdout F [ ${(1000 + i / 1000).toFixed(6)}] ${text}`,
  docker: (text, i) =>
    JSON.stringify({ log: `[ ${(1000 + i / 1000).toFixed(6)}] ${text}\n`, stream: 'stdout' }),
  'journald JSON': (text) => JSON.stringify({ SYSLOG_IDENTIFIER: 'kernel', MESSAGE: text }),
  compose: (text, i) => `web_1  | [ ${(1000 + i / 1000).toFixed(6)}] ${text}`,
  forwarded: (text) => `2023-12-04T10:49:30.127Z In(05) vcpu-5 - Guest: <6>[3929.009360] ${text}`,
  logread: (text, i) =>
    `Tue Aug 12 03:54:03 2025 kern.warn kernel: [ ${(1000 + i / 1000).toFixed(6)}] ${text}`,
  grep: (text) => `/var/log/messages:Sep  9 08:12:34 host kernel: ${text}`,
  quoted: (text, i) => `> > [${(1000 + i / 1000).toFixed(6)}] ${text}`,
  'CR LF': (text) => `${text}\r`,
  'journalctl -o short-precise': (text) => `Sep 09 08:12:34.123456 host kernel: ${text}`,
  'journalctl -o short-iso': (text) => `2025-08-12T03:54:03+0200 host kernel: ${text}`,
  'journalctl -o short-full': (text) => `Tue 2025-08-12 03:54:03 CEST host kernel: ${text}`,
  'journalctl -o short-unix': (text) => `1723427643.123456 host kernel: ${text}`,
  'journalctl -o short-monotonic': (text, i) =>
    `[${(1000 + i / 1000).toFixed(6).padStart(12)}] host kernel: ${text}`,
  'journalctl -o short-delta': (text) => `[12345.678901 <    0.000001 >] host kernel: ${text}`,
  'journalctl -o json-pretty': (text) => `\t"MESSAGE" : ${JSON.stringify(text)},`,
  'journalctl -o json-sse': (text) =>
    `data: ${JSON.stringify({ SYSLOG_IDENTIFIER: 'kernel', MESSAGE: text })}`,
  'dmesg --time-format=delta': (text) => `[<    0.000012>] ${text}`,
  'dmesg --time-format=reltime': (text, i) =>
    i % 5 === 0 ? `[Aug12 03:54] ${text}` : `[  +0.00${1000 + i}] ${text}`,
  'dmesg --time-format=iso': (text) => `2025-08-12T03:54:03,123456+02:00 ${text}`,
  'dmesg -d -T': (text) => `[Tue Aug 12 03:54:03 2025 <    0.000012>] ${text}`,
  'dmesg -T, Russian': (text) => `[Вт авг 12 03:54:03 2025] ${text}`,
  'dmesg -T, Chinese': (text) => `[二 8月 12 03:54:03 2025] ${text}`,
  'dmesg -T, Spanish': (text) => `[mar ago 12 03:54:03 2025] ${text}`,
  'dmesg -T, Polish': (text) => `[wto, 12 sie 2025, 03:54:03] ${text}`,
  'rfc5424 with structured data': (text) =>
    `<4>1 2025-08-12T03:54:03.1Z host kernel - - [timeQuality tzKnown="1" isSynced="0"] ${text}`,
  'fluentd tag and JSON': (text) =>
    `2025-08-12 03:54:03.000000000 +0000 kern.log: ${JSON.stringify({ message: text })}`,
  logfmt: (text) => `time="2025-08-12T03:54:03Z" level=info msg=${JSON.stringify(text)}`,
  'Kubernetes pod log with a prefix': (text, i) =>
    `[pod/kmsg-7d/tail] 2025-08-12T03:54:03.1Z [ ${(1000 + i / 1000).toFixed(6)}] ${text}`,
  logcat: (text) => `08-12 03:54:03.123     0     0 W         : ${text}`,
  'logcat with a tag': (text) => `08-12 03:54:03.123     0     0 I KERNEL  : ${text}`,
  MediaTek: (text, i) => `<6>[ ${(1000 + i / 1000).toFixed(6)}]  (3)[1234:lmkd main]${text}`,
  Spreadtrum: (text, i) => `<6>[ ${(1000 + i / 1000).toFixed(6)}] c3   1234 (kworker/3:1) ${text}`,
  Samsung: (text, i) => `[ ${(1000 + i / 1000).toFixed(6)}] I[3:    lmkd main: 1234] ${text}`,
  'cat -n': (text, i) => `${String(i + 1).padStart(6)}\t[ ${(1000 + i / 1000).toFixed(6)}] ${text}`,
  'no-break spaces': (text, i) =>
    `[ ${(1000 + i / 1000).toFixed(6)}]\u00a0${text.replaceAll('  ', '\u00a0 ')}`,
  'Markdown table': (text) => `| 2025-08-12 03:54:03 | kernel: ${text}`,
  'syslog, year and zone': (text) => `2025 Aug 12 03:54:03 UTC host kernel: ${text}`,
  'Windows line numbers': (text, i) => `${i + 1}: [ ${(1000 + i / 1000).toFixed(6)}] ${text}`,
  pstore: (text, i) => `<4>[ ${(1000 + i / 1000).toFixed(6)}][    C1] ${text}`,
  'rsyslog with facility': (text) => `Aug 12 03:54:03 host kern.warning kernel: ${text}`,
  'remote syslog': (text) => `Aug 12 03:54:03 10.0.0.7 kernel: [1000.000001] ${text}`,
  'cloud console': (text, i) => `[[0;32m  OK  [0m] [ ${(1000 + i / 1000).toFixed(6)}] ${text}`,
  'screen capture with a prompt time': (text) => `12:01:02 [1000.000001] ${text}`,
  'seconds without brackets': (text, i) => `${(1000 + i / 1000).toFixed(6)} ${text}`,
  'Markdown with escapes': (text) => `\\[ 1000.000001\\] ${text.replaceAll(/[_|#[\]]/g, '\\$&')}`,
  'a stamp made unreadable': (text) => `[xxx.xxxxxx] ${text}`,
  'a query of a log store': (text) => `ip-10-0-0-7 - ${text}`,
  'level and syslog': (text) => `<4>Aug 12 03:54:03 host kernel: [1000.000001] ${text}`,
  'a colon too many': (text) => `Aug 12 03:54:03 host kernel: : [1000.000001] ${text}`,
  'no tag, no stamp': (text) => `Aug 12 03:54:03 host ${text}`,
  'a switch': (text) =>
    `2025 Aug 12 03:54:03.1 sw %KERN-4-SYSTEM_MSG: [1000.000001] ${text} - kernel`,
  'Talos Linux': (text) => `10.5.0.2: kern: warning: [2025-08-12T03:54:03.1Z]: ${text}`,
  'a fuzzer': (text) => `2025/08/12 03:54:03 console: [1000.000001][ T4242] ${text}`,
  // Of these the importer knows nothing before it reads them.
  'an appliance with its own level': (text) => `Aug 12 03:54:03 lb1 warning kernel: ${text}`,
  'a phone with task and CPU': (text, i) => `[${1000 + i}.000001s][pid:4242,cpu1,asker]${text}`,
  'a phone with milliseconds': (text, i) => `[ ${1000 + i}.000001]  [1-asker:4242]  ${text}`,
  'labels of a log store': (text) =>
    `2025-08-12 03:54:03\t{host="node-1", job="k"} Aug 12 03:54:03 node-1 kernel: ${text}`,
  'a record number': (text, i) => `${String(i + 1).padStart(6)}\t${text}`,
  'source code': (text) => `    "[1000.000001] ${text}",`,
  'source code with line ends': (text) => `    '[1000.000001] ${text}\\n'`,
  CSV: (text) => `"2025-08-12 03:54:03","node-1","kernel: [1000.000001] ${text}"`,
  'a cell of a table': (text) => `| [1000.000001] ${text} |`,
  'back ticks': (text) => `\`[1000.000001] ${text}\``,
  'HTML paragraphs': (text) => `<p class="log">[1000.000001] ${text}</p>`,
};

/** What copying through a browser or an editor does to the columns. */
export const SQUEEZED: Readonly<Record<string, (text: string) => string>> = {
  spaces: (text) => `[1000.000001] ${text.replaceAll(/ +/g, ' ')}`,
  tabs: (text) => `[1000.000001]\t${text.replaceAll(/ {2,}/g, '\t')}`,
};

/** Breaks a line as mailers do: at the last space before the column. */
export function wordWrap(line: string, columns: number): string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    let at = rest.lastIndexOf(' ', columns);
    if (rest.slice(0, Math.max(0, at)).trim() === '') at = rest.indexOf(' ', columns);
    if (at < 0) break;
    pieces.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at + 1).trimStart();
  }
  return [...pieces, rest];
}

/** Breaks a line as terminals do: at the column, whatever is there. */
export function hardWrap(line: string, columns: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < line.length; at += columns) pieces.push(line.slice(at, at + columns));
  return pieces;
}
