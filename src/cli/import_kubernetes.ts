/** `oomsim import kubernetes FILES…`: the pods of one node as a workload file. */
import type { ImportedWorkload } from '../import/imported.js';
import {
  type CgroupDriver,
  kubernetesToWorkload,
  readManifests,
  readUsage,
} from '../import/kubernetes/index.js';
import { readText } from '../workload/load.js';
import { EXIT } from './exit_codes.js';
import { importedYaml } from './imported_yaml.js';
import { printResult } from './output.js';
import { readAs } from './read_as.js';
import { readStdin } from './stdin.js';
import { writeNew } from './write_new.js';

export interface ImportKubernetesFlags {
  readonly out?: string;
  readonly force?: boolean;
  /** Which node's pods. */
  readonly node?: string;
  /** Bytes. */
  readonly nodeMemory?: number;
  readonly nodeSwap?: number;
  readonly reserved?: number;
  readonly driver: CgroupDriver;
  readonly singleProcessOomKill?: boolean;
  /** A table of real sizes. */
  readonly usage?: string;
}

/** @returns the exit code */
export async function runImportKubernetes(
  files: readonly string[],
  flags: ImportKubernetesFlags,
): Promise<number> {
  const [first = '-'] = files;
  const imported = await readAs('manifests', first, () => importKubernetes(files, flags));
  const { yaml } = importedYaml(imported, files.join(', '));
  if (flags.out === undefined) printResult(yaml);
  else writeNew(flags.out, yaml, flags.force === true);
  return EXIT.ok;
}

/**
 * Reads manifests (`-`: from standard input) and makes a workload of them.
 * @throws InputError for what is none, or cannot be read
 */
export async function importKubernetes(
  files: readonly string[],
  flags: ImportKubernetesFlags,
): Promise<ImportedWorkload> {
  const texts: { name: string; text: string }[] = [];
  for (const file of files) {
    const stdin = file === '-';
    const text = stdin ? await readStdin() : readText(file);
    texts.push({ name: stdin ? 'standard input' : file, text });
  }
  const { node, nodeMemory, nodeSwap, reserved, driver, singleProcessOomKill, usage } = flags;
  return kubernetesToWorkload(readManifests(texts), {
    source: texts.map(({ name }) => name).join(', '),
    driver,
    ...(node === undefined ? {} : { node }),
    ...(nodeMemory === undefined ? {} : { memoryBytes: nodeMemory }),
    ...(nodeSwap === undefined ? {} : { swapBytes: nodeSwap }),
    ...(reserved === undefined ? {} : { reservedBytes: reserved }),
    ...(singleProcessOomKill === undefined ? {} : { singleProcessOomKill }),
    ...(usage === undefined ? {} : { usage: readUsage(readText(usage), usage) }),
  });
}
