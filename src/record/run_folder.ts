import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { OutputError, reasonOf } from './errors.js';
import { FRAMES_NAME } from './frames_file.js';
import { makeFolder } from './make_folder.js';
import { type Manifest, readManifest } from './manifest.js';
import { processIdentity } from './process_identity.js';

/** The files of a run folder beside its manifest. */
export const RUN_FILES = {
  workload: 'workload.yaml',
  events: 'events.csv',
  samples: 'samples.csv',
  kills: 'kills.csv',
  log: 'kernel.log',
  checkpoints: 'checkpoints.csv',
} as const;

/** `<name>-<kernel>-<policy>-<seed>`, with whatever a file system might refuse replaced by `_`. */
export function runFolderName(parts: {
  name: string;
  kernel: string;
  policy: string;
  seed: string;
}): string {
  return [parts.name, parts.kernel, parts.policy, parts.seed]
    .map((part) => part.replace(/[^A-Za-z0-9._+-]/g, '_').slice(0, PART_LENGTH_MAX))
    .join('-')
    .replace(/^\./, '_');
}

/** Four parts stay well below the 255 bytes that file systems allow for one name. */
const PART_LENGTH_MAX = 60;

/**
 * Makes the folder ready for a run: creates it, or takes over one of the same run.
 *
 * @param identity the run's token without fingerprint
 * @param force takes over whatever is there
 * @returns whether it was created
 * @throws OutputError when it holds another run or anything else, is being written to, or cannot be created
 */
export function prepareRunFolder(dir: string, identity: string, force: boolean): boolean {
  try {
    if (makeFolder(dir)) return true;
  } catch (error) {
    if (existsSync(dir)) throw new OutputError(`${dir} exists and is not a folder`);
    throw new OutputError(`cannot create the folder ${dir}: ${reasonOf(error)}`, { cause: error });
  }
  if (!force) refuseOther(dir, identity);
  refuseOpen(dir);
  return false;
}

/** Removes what not every run has: left by another run, it would be taken for this run's. */
export function removeLeftovers(dir: string): void {
  for (const name of readEntries(dir)) {
    if (!POLICY_NAME.test(name) && name !== FRAMES_NAME) continue;
    try {
      rmSync(join(dir, name));
    } catch (error) {
      throw new OutputError(`cannot remove ${join(dir, name)}: ${reasonOf(error)}`);
    }
  }
}

/** Keeps the workload as it was read, so that the folder alone is a complete bug report. */
export function writeWorkload(dir: string, text: string): void {
  const path = join(dir, RUN_FILES.workload);
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new OutputError(`cannot write ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

const POLICY_NAME = /^policy\.(ts|mts|js|mjs)$/;

/** The path of the policy file that a run folder keeps, or null. */
export function storedPolicy(dir: string): string | null {
  const name = readEntries(dir).find((entry) => POLICY_NAME.test(entry));
  return name === undefined ? null : join(dir, name);
}

/** Keeps the policy file too. @returns its name there, or null */
export function writePolicy(
  dir: string,
  policy: { path: string; text: string } | null,
): string | null {
  if (policy === null) return null;
  const name = `policy${extname(policy.path)}`;
  try {
    writeFileSync(join(dir, name), policy.text);
  } catch (error) {
    throw new OutputError(`cannot write the policy to ${dir}: ${reasonOf(error)}`);
  }
  return name;
}

const OTHER_HINT = 'choose another place with --out DIR, or replace it with --force';

function refuseOther(dir: string, identity: string): void {
  if (readEntries(dir).length === 0) return;
  const other = manifestOf(dir)?.identity ?? null;
  if (other === identity) return;
  const what = other === null ? 'holds files that are not a run' : `holds another run (${other})`;
  throw new OutputError(`${dir} ${what}; not overwritten`, { hint: OTHER_HINT });
}

/** Two that write the same files would spoil them: also the same run, and whatever is forced. */
function refuseOpen(dir: string): void {
  const writer = manifestOf(dir)?.writer ?? null;
  if (writer === null) return;
  const pid = Number(writer.split(' ')[0]);
  if (pid === process.pid || writer !== processIdentity(pid)) return;
  const hint = 'wait for it, or choose another place: --out DIR';
  throw new OutputError(`${dir}: a run is written to it already, by process ${pid}`, { hint });
}

function readEntries(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    throw new OutputError(`cannot read the folder ${dir}: ${reasonOf(error)}`, { cause: error });
  }
}

function manifestOf(dir: string): Manifest | null {
  try {
    return readManifest(dir);
  } catch {
    return null;
  }
}
