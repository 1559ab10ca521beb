/** Files for engines that start the shards of a batch: Kubernetes Indexed Jobs, Slurm arrays. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { stringify } from 'yaml';
import { policyPath } from '../../run/policy/load.js';
import { quoteForShell } from '../../run/repeat_command.js';
import { isPolicyFile } from '../../workload/checkKernel.js';
import { readText } from '../../workload/load.js';
import { InputError, printable } from '../../workload/problems.js';
import type { Plan } from '../plan/types.js';

export interface EmitOptions {
  /** What was named on the command line. */
  readonly experiment: string;
  readonly shards: number;
  readonly out: string;
  readonly image: string;
  /** Other options that every shard is to be played with. */
  readonly flags: readonly string[];
}

/** Names of Kubernetes objects: RFC 1123. */
function objectName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
  return `oomsim-${plain}`.slice(0, 50).replace(/-+$/, '');
}

const FOLDER = '/experiment';

/**
 * A ConfigMap with the experiment and what it needs, and an Indexed Job. A shard that is lost is
 * started again by the Job; whatever it had written by then is kept and not played again.
 * @throws InputError if a ConfigMap can't hold them
 */
export function kubernetesManifest(plan: Plan, { shards, image, flags }: EmitOptions): string {
  const name = objectName(plan.experiment.name);
  const { data, items } = configOf(filesOf(plan));
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      completionMode: 'Indexed',
      completions: shards,
      parallelism: shards,
      backoffLimitPerIndex: 3,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [
            {
              name: 'oomsim',
              image,
              args: [
                'batch',
                `${FOLDER}/${experimentFile(plan.experiment.name)}`,
                '--shard',
                `auto/${shards}`,
                '--out',
                '/out',
                ...flags,
              ],
              resources: { requests: { cpu: '1', memory: '512Mi' }, limits: { memory: '1Gi' } },
              volumeMounts: [
                { name: 'experiment', mountPath: FOLDER },
                { name: 'out', mountPath: '/out' },
              ],
            },
          ],
          volumes: [
            { name: 'experiment', configMap: { name, items } },
            { name: 'out', persistentVolumeClaim: { claimName: 'oomsim-out' } },
          ],
        },
      },
    },
  };
  const head = `# ${plan.experiment.name} in ${shards} shards: an Indexed Job numbers them (JOB_COMPLETION_INDEX).
# Kubernetes 1.29 or later (backoffLimitPerIndex).
# The claim oomsim-out must exist and be writable from all nodes (ReadWriteMany).
# Afterwards, where it is mounted: oomsim merge /out/${plan.experiment.name}.shard-* --out /out
`;
  return `${head}${[config, job].map((object) => stringify(object, { lineWidth: 0 })).join('---\n')}`;
}

/** The experiment is called by the name of its file where it says no other. */
const experimentFile = (name: string): string => `${name}.yaml`;

/** The files that the plan was made of, at the paths where the experiment finds them. */
function filesOf({ experiment, cells }: Plan): Map<string, string> {
  const files = new Map([[experimentFile(experiment.name), experiment.text]]);
  const { file } = experiment.base;
  if (file !== null) files.set(pathBeside(experiment.path, file.path), file.text);
  for (const { policy } of cells) {
    if (policy === undefined || !isPolicyFile(policy)) continue;
    files.set(pathBeside(experiment.path, policy), readText(policyPath(policy)));
  }
  return files;
}

/** Where a file lies, seen from the experiment; a shipped one is named alone, and found beside it. */
function pathBeside(experiment: string, file: string): string {
  if (!existsSync(file)) return file;
  const path = relative(dirname(experiment), file);
  const named = isAbsolute(file) && !isAbsolute(experiment); // from the root: elsewhere in the pod
  if (named || path.startsWith('..') || isAbsolute(path)) {
    throw new InputError(
      `${printable(file)} is not named from the folder of ${printable(experiment)}: ` +
        'Kubernetes is given what is beside the experiment, or below it',
    );
  }
  return path.split(sep).join('/');
}

/** What a ConfigMap holds at most. */
const CONFIG_BYTES_MAX = 1024 * 1024;

/** Its keys have no slashes: `items` says which path each has in the volume. */
function configOf(files: ReadonlyMap<string, string>) {
  const data: Record<string, string> = {};
  const items: { key: string; path: string }[] = [];
  let bytes = 0;
  for (const [path, text] of files) {
    const plain = path.replace(/[^-._a-zA-Z0-9]+/g, '-');
    const key = Object.hasOwn(data, plain) ? `${items.length}-${plain}` : plain;
    data[key] = text;
    items.push({ key, path });
    bytes += Buffer.byteLength(text);
  }
  if (bytes > CONFIG_BYTES_MAX) {
    throw new InputError(`${bytes} bytes of files: a ConfigMap holds at most ${CONFIG_BYTES_MAX}`);
  }
  return { data, items };
}

/** A script for sbatch: an array with one task a shard; tasks of a lost node are queued again. */
export function slurmScript(plan: Plan, { experiment, shards, out, flags }: EmitOptions): string {
  const { name } = plan.experiment;
  return `#!/bin/sh
# ${name} in ${shards} shards. Submit it where the experiment and ${out} are seen by all nodes:
#   sbatch this-script
#   sbatch --dependency=afterany:JOBID --wrap "oomsim merge ${out}/${name}.shard-* --out ${out}"
#SBATCH --job-name=oomsim-${name}
#SBATCH --array=1-${shards}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --output=${out}/slurm-%A-%a.log
exec oomsim batch ${quoteForShell(experiment)} --shard auto/${shards} --out ${quoteForShell(out)} \\
  --workers "\${SLURM_CPUS_PER_TASK:-1}"${flags.map((flag) => ` ${flag}`).join('')}
`;
}
