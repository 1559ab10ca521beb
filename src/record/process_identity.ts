import { readFileSync } from 'node:fs';

/** Field 22 of /proc/PID/stat, counted from behind the name, which may hold anything. */
const START_TIME = 22 - 3;

/** A process by its number and when it started, for numbers come again; null: there is none. */
export function processIdentity(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME]}`;
  } catch {
    return process.platform === 'linux' ? null : aliveByNumber(pid);
  }
}

/** As good as it gets without /proc. */
function aliveByNumber(pid: number): string | null {
  try {
    process.kill(pid, 0);
    return String(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? String(pid) : null;
  }
}

let own: string | null | undefined;

/** This process; asked for once. */
export function ownIdentity(): string | null {
  own ??= processIdentity(process.pid);
  return own;
}
