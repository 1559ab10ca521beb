/**
 * Which line of an OOM report a text is, told from its first words alone. The order of the tests is
 * the order of frequency: task rows outnumber everything else.
 */

export type LineKind =
  | 'row' // [ 1234]  1000  1234 …
  | 'columns' // [ pid ]   uid  tgid total_vm …
  | 'stat' // anon 31154200576 (memcg v2, one a line)
  | 'invoked' // comm invoked oom-killer: …
  | 'cpu' // CPU: 0 PID: 754 Comm: … / Pid: 1, comm: …
  | 'cpuset' // comm cpuset=/ mems_allowed=0
  | 'stack' // anything of the call trace and registers
  | 'taskIn' // Task in … killed as a result of limit of …
  | 'usage' // memory: usage …kB, limit …kB, failcnt …
  | 'memcgStats' // Memory cgroup stats for …:
  | 'memInfo' // Mem-Info:
  | 'totals' // active_anon:… in pages
  | 'node' // Node 0 active_anon:…kB
  | 'zone' // Node 0 DMA free:…kB
  | 'reserve' // lowmem_reserve[]: …
  | 'buddy' // Node 0 DMA: 1*4kB …
  | 'number' // 94990 total pagecache pages, Free swap = …, pages RAM …
  | 'perCpu' // CPU    0: hi: …
  | 'ignored' // hugepages, slab table heads and the like: known, nothing to read
  | 'summary' // oom-kill:constraint=…
  | 'kill' // Kill(ed) process …
  | 'exiting' // OOM victim … is already exiting. Skip killing the task
  | 'group' // Tasks in … are going to be killed due to memory.oom.group set
  | 'reaper' // oom_reaper: …
  | 'policy' // oom_policy=…
  | 'noKillable' // Out of memory and no killable processes...
  | 'panic' // Kernel panic - not syncing: …
  | 'version' // Linux version …
  | 'lost' // … messages suppressed / dropped / missed
  | 'allocFailure' // comm: page allocation failure: …
  | 'sysrq' // sysrq: …
  | 'unknown';

const ROW = /^\[ {0,12}\d{1,10} {0,4}\] /;
const COLUMNS = /^\[ {0,6}pid {0,6}\]|^(?:\[?pid\]?\s+)?uid\s+tgid\s+total_vm/;
const STAT = /^[a-z][a-z0-9_]{1,40} \d{1,20}$/;
const USAGE = /^(?:memory(?:\+swap)?|swap|kmem): usage /;
const ZONE = /^(?:Node \d{1,4} )?[A-Za-z]\w{1,15} free: ?\d/;
const BUDDY = /^(?:Node \d{1,4} )?[A-Za-z]\w{1,15}: \d{1,9}\*\d{1,7}kB/;
const TOTALS =
  /^(?:active_anon|active_file|unevictable|slab_reclaimable|mapped|free|sec_pagetables|kernel_misc_reclaimable|active|zspages|pagetables|shmem|bounce|free_cma|free_pcp|dirty|inactive_anon|inactive_file):\d{1,19}(?:\s|$)/;
const NUMBER =
  /^(?:\d{1,12} (?:total pagecache pages|pages |pagecache pages|reserved pages)|(?:Free|Total) swap {0,2}=|Swap cache)/;
const STACK =
  /^(?:Call Trace|\[<[0-9a-f]|RIP|RSP|R[A-D]X:|R[BDS][PI]:|R\d\d:|Code:|Hardware name|<\/?TASK>|<\/?IRQ>|\? |EIP|E[A-D]X:|EFLAGS|DS:|ESI|Exception stack|[0-9a-f]{4}: |Tainted: |[\w.]{2,80}\+0x[0-9a-f]|(?:[0-9a-f]{16} ){2})/;
const KILL = /(?:Kill|kill|Killed|(?:have|OOM) killed) process (?::?\d|$)/;
const EXITING = /OOM victim \d{1,10} \(.{0,64}\) is already exiting/;
const LOST =
  /(?:messages? (?:suppressed|dropped|lost)|callbacks suppressed|Missed \d{1,9} kernel messages|some messages lost|lost \d{1,9} messages)/;
const IGNORED =
  /hugepages_total=|^Node \d{1,4} [\w ]{1,20}per-cpu:|^(?:Unreclaimable slab info|Memory allocations|Name {2,}Used)|^COMPACTION is disabled|^Tasks state \(/;

/** What kind of line this text begins. Cheap: no text is looked at beyond its first 600 bytes. */
export function kindOf(text: string): LineKind {
  const head = text.length > 600 ? text.slice(0, 600) : text;
  const first = head.charCodeAt(0);
  if (first === 91) {
    if (ROW.test(head)) return 'row';
    if (COLUMNS.test(head)) return 'columns';
    if (STACK.test(head)) return 'stack';
    // A prefix that is not known yet may begin so, too.
    return oomKind(head) ?? 'unknown';
  }
  if (Number.isNaN(first)) return 'unknown';
  return oomKind(head) ?? bodyKind(head) ?? 'unknown';
}

function oomKind(head: string): LineKind | null {
  if (head.includes('oom')) {
    // People who write about it go on in words of their own.
    if (/invoked\s{1,4}oom-killer(?::|$| in ub )/.test(head)) return 'invoked';
    if (head.startsWith('oom-kill:')) return 'summary';
    if (head.startsWith('oom_reaper:')) return 'reaper';
    if (head.startsWith('oom_policy=')) return 'policy';
  }
  if (head.endsWith(' invoked')) return 'invoked';
  if (head.includes('OOM victim ') && EXITING.test(head)) return 'exiting';
  if (head.includes('rocess ') && KILL.test(head)) return 'kill';
  if (head.startsWith('Tasks in ')) return 'group';
  if (/^(?:Task in |Memory limit reached of cgroup)/.test(head)) return 'taskIn';
  if (head.startsWith('---[ end Kernel panic')) return 'ignored';
  if (head.includes('no killable process')) {
    return head.startsWith('Kernel panic') ? 'panic' : 'noKillable';
  }
  if (head.startsWith('Kernel panic')) return 'panic';
  return null;
}

function bodyKind(head: string): LineKind | null {
  if (STAT.test(head)) return 'stat';
  if (ZONE.test(head)) return 'zone';
  if (/^Node \d{1,4} active/.test(head)) return 'node';
  if (head.startsWith('lowmem_reserve')) return 'reserve';
  if (BUDDY.test(head)) return 'buddy';
  if (TOTALS.test(head)) return 'totals';
  if (NUMBER.test(head)) return 'number';
  if (/^(?:CPU: ?\d{1,6} |Pid: \d)/.test(head)) return 'cpu';
  if (USAGE.test(head)) return 'usage';
  if (head.startsWith('Memory cgroup stats')) return 'memcgStats';
  if (head.startsWith('Mem-Info') || head.startsWith('Mem-info')) return 'memInfo';
  if (COLUMNS.test(head)) return 'columns';
  if (/^CPU {1,6}\d{1,6}: hi:/.test(head)) return 'perCpu';
  if (IGNORED.test(head)) return 'ignored';
  if (STACK.test(head)) return 'stack';
  if (head.includes(' mems_allowed=')) return 'cpuset';
  if (head.startsWith('Linux version ')) return 'version';
  if (head.includes('page allocation ')) return 'allocFailure';
  if (/^(?:sysrq|SysRq) ?:/.test(head)) return 'sysrq';
  return LOST.test(head) ? 'lost' : null;
}

const MATTERS =
  /oom|ut of [Mm]emory|total_vm|(?:Free|Total) swap|pages (?:of )?RAM|free_pcp:|lowmem_reserve|ill(?:ed)? process |Linux version |Mem-[Ii]nfo|: usage \d|Task in |invoked$|Kernel panic|page allocation (?:fail|stall)|\[ {0,7}\d{1,10}\] {1,10}\d{1,10} {1,10}\d{1,10} {1,12}\d/;

/**
 * Whether a raw line, outside any report, could belong to one. The only test that most lines of a
 * large log ever see; it may say yes too often, never no too often.
 */
export function mayMatter(line: string): boolean {
  return MATTERS.test(line.length > 4096 ? line.slice(0, 4096) : line);
}
