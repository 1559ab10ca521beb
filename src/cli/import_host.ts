/** `oomsim import host`: this machine, a copied tree or a capture, as a workload file or a capture. */
import {
  anonymised,
  collectHost,
  type HostSnapshot,
  hostToWorkload,
  looksLikeCapture,
  readCapture,
  writeCapture,
} from '../import/host/index.js';
import { quoteForShell } from '../run/repeat_command.js';
import { readText } from '../workload/load.js';
import { InputError, printable } from '../workload/problems.js';
import { EXIT } from './exit_codes.js';
import { importedYaml } from './imported_yaml.js';
import { note, printResult } from './output.js';
import { readAs } from './read_as.js';
import { isFolder } from './source_kind.js';
import { writeNew } from './write_new.js';

export interface ImportHostFlags {
  readonly out?: string;
  readonly force?: boolean;
  /** `/`, a folder that holds proc/ and sys/, or a capture. */
  readonly root: string;
  /** Write a capture there instead of a workload. */
  readonly capture?: string;
  readonly anonymise?: boolean;
}

/**
 * @param files should be none: what is not this machine is given as `--root`
 * @returns the exit code
 */
export async function runImportHost(
  [file]: readonly string[],
  flags: ImportHostFlags,
): Promise<number> {
  if (file !== undefined) return readAs('host', file, () => refuseFile(file));
  const { root, capture, out, force = false } = flags;
  const anonymise = flags.anonymise === true;
  const snapshot = await readAs('host', root, () => hostSnapshot(root, anonymise));
  if (capture !== undefined) {
    writeNew(capture, writeCapture(snapshot), force);
    const { processes, cgroups } = snapshot;
    note(`${processes.length} processes and ${cgroups.length} cgroups written to ${capture}`);
    if (out === undefined) return EXIT.ok;
  }
  const source = sourceText(root);
  const { yaml } = importedYaml(hostToWorkload(snapshot, source), source);
  if (out === undefined) printResult(yaml);
  else writeNew(out, yaml, force);
  return EXIT.ok;
}

function refuseFile(file: string): never {
  const another = `another is named with --root ${quoteForShell(file)}`;
  throw new InputError(`${printable(file)}: import host reads this machine; ${another}`);
}

/**
 * Reads a machine.
 * @throws InputError when there is none at `root`
 */
export function hostSnapshot(root: string, anonymise: boolean): HostSnapshot {
  const snapshot = isFolder(root) ? collectHost(root) : fromCapture(root);
  return anonymise ? anonymised(snapshot) : snapshot;
}

/** How comments name it. */
export function sourceText(root: string): string {
  return root === '/' ? 'this machine' : printable(root);
}

function fromCapture(path: string): HostSnapshot {
  const text = readText(path);
  if (looksLikeCapture(text)) return readCapture(text, path);
  throw new InputError(
    `${printable(path)}: expected a folder with proc/ and sys/, or a capture (import host --capture)`,
  );
}
