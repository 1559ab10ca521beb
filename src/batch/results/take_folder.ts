import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutputError, reasonOf } from '../../record/errors.js';
import { makeFolder } from '../../record/make_folder.js';

/** Says who plays into a folder, while somebody does. */
const LOCK = 'playing.pid';

/**
 * Takes a folder, which is made if need be: two that write the same files would spoil them. What a
 * process has left that is no more is taken over.
 * @returns gives it back
 * @throws OutputError if another process has it, or it cannot be written to
 */
export function takeFolder(dir: string): () => void {
  const path = join(dir, LOCK);
  try {
    makeFolder(dir);
    while (!created(path)) {
      const holder = readFileSync(path, 'utf8').trim();
      const pid = Number(holder.split(' ')[0]);
      if (holder !== '' && holder === processIdentity(pid)) {
        throw new OutputError(`${dir}: oomsim plays into it already, as process ${pid}`, {
          hint: 'wait for it, or choose another place: --out DIR',
        });
      }
      rmSync(path, { force: true });
    }
  } catch (error) {
    if (error instanceof OutputError) throw error;
    throw new OutputError(`cannot write to ${dir}: ${reasonOf(error)}`, { cause: error });
  }
  return () => rmSync(path, { force: true });
}

function created(path: string): boolean {
  try {
    writeFileSync(path, `${processIdentity(process.pid)}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Field 22 of /proc/PID/stat, counted from behind the name, which may hold anything. */
const START_TIME = 22 - 3;

/** A process by its number and when it started, for numbers come again; null: there is none. */
function processIdentity(pid: number): string | null {
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
