/** Kill lines and oom_reaper lines in every form from 2.6.32 to 6.18. */
import { count, countOrNull } from './numbers.js';
import type { ExitingVictim, KillLine, KillVerb, ReaperLine } from './types.js';

const HEAD =
  /([Ww]ould have killed|(?:OOM k|[Kk])ill(?:ed)?) process :?(\d{1,10})(?:, UID (\d{1,10}),?)? ?\(?/;

/** Where the command name, which may hold parentheses, must have ended. */
const TAILS = [' total-vm', ' vsz:', ', UID', ' score ', ' sharing same', '. But', ', now', '.'];

/** One kill line; null when it names no process. */
export function parseKill(text: string, line: number): KillLine | null {
  const head = HEAD.exec(text);
  if (head === null) return null;
  const from = head.index + head[0].length;
  const named = head[0].endsWith('(');
  const end = named ? endOfComm(text, from) : from;
  const tail = text.slice(end).replaceAll(/\s+/g, '');
  const kB = (name: string): number | null =>
    countOrNull(new RegExp(`${name}:(\\d{1,19})`).exec(tail)?.[1]);
  return {
    verb: verbOf(head[1] ?? '', tail),
    pid: count(head[2] ?? '0'),
    comm: named ? text.slice(from, end).replace(/\)$/, '') : '',
    message: messageOf(text.slice(0, head.index)),
    score: countOrNull(/score(-?\d{1,19})/.exec(tail)?.[1]),
    uid: countOrNull(head[3] ?? /UID:?(\d{1,10})/.exec(tail)?.[1]),
    totalVmKb: kB('total-vm') ?? kB('vsz') ?? kB('vm'),
    anonRssKb: kB('anon-rss'),
    fileRssKb: kB('file-rss'),
    shmemRssKb: kB('shmem-rss'),
    pgtablesKb: kB('pgtables'),
    oomScoreAdj: countOrNull(/oom_score_adj:(-?\d{1,5})/.exec(tail)?.[1]),
    repeated: false,
    line,
  };
}

/** The kernel's own words before the verb, whatever a logger has put in front of them. */
function messageOf(before: string): string {
  const message = before.trimEnd().replace(/:$/, '').trim();
  const own = /(?:memory cgroup )?out of memory(?: in UB \S{1,16}| \([a-z_]{1,40}\))?$/i.exec(
    message,
  );
  return own?.[0] ?? message;
}

/** Index just behind the closing parenthesis of the command name. */
function endOfComm(text: string, from: number): number {
  // 15 bytes at most, and a little for what a wrapped line may have added.
  const window = text.slice(from, from + 64);
  for (const tail of TAILS) {
    const at = window.lastIndexOf(`)${tail}`);
    if (at >= 0) return from + at + 1;
  }
  const last = window.lastIndexOf(')');
  return last < 0 ? from + window.length : from + last + 1;
}

function verbOf(word: string, tail: string): KillVerb {
  if (/^would/i.test(word)) return 'would';
  if (word.endsWith('ed')) return 'kill';
  return tail.includes('sharingsamememory') ? 'sharing' : 'select';
}

/** `oom_reaper: reaped process N (comm), now anon-rss:…` and `unable to reap pid:N (comm)`. */
export function parseReaper(text: string, line: number): ReaperLine | null {
  const head = /(reaped process|unable to reap) (?:pid)?:?(\d{1,10}) ?\(/.exec(text);
  if (head === null) return null;
  const from = head.index + head[0].length;
  const end = endOfComm(text, from);
  return {
    pid: count(head[2] ?? '0'),
    comm: text.slice(from, end).replace(/\)$/, ''),
    ok: head[1] === 'reaped process',
    anonRssKb: countOrNull(/anon-rss:\s?(\d{1,19})/.exec(text.slice(end))?.[1]),
    line,
  };
}

/** `…: OOM victim N (comm) is already exiting. Skip killing the task`. */
export function parseExiting(text: string, line: number): ExitingVictim | null {
  const match = /OOM victim (\d{1,10}) \((.{0,64})\) is already exiting/.exec(text);
  return match === null ? null : { pid: count(match[1] ?? '0'), comm: match[2] ?? '', line };
}

/** `Tasks in /a are going to be killed due to memory.oom.group set`. */
export function parseGroup(text: string): string | null {
  return /^Tasks in (.{1,4096}?) are going to be killed/.exec(text)?.[1]?.trim() ?? null;
}
