/** What Kubernetes is given is the same experiment, with all that it needs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kubernetesManifest } from '../../src/batch/cluster/emit.js';
import { loadExperiment } from '../../src/batch/experiment/load.js';
import { planOf } from '../../src/batch/plan/plan.js';
import { oomsim } from '../cli/program.js';
import { tempDir } from '../record/temp_dir.js';

const HERE = process.cwd();
afterEach(() => process.chdir(HERE));

/** Writes an experiment in the folder `from`, and the files that it may name. */
function experimentIn(from: string, workload: string, policy: string): string {
  process.chdir(tempDir());
  mkdirSync('exp/sub', { recursive: true });
  for (const folder of ['.', 'exp', 'exp/sub']) {
    writeFileSync(`${folder}/mine.yaml`, 'machine: { memory: 64MiB }\nuntil: 100ms\n');
    writeFileSync(
      `${folder}/kill.ts`,
      "export default { name: 'kill', handle: () => 'decline' };\n",
    );
  }
  const text = `name: other\nworkload: ${workload}\nfactors: { policy: [process, ${policy}] }\n`;
  const path = join(from, 'experiment.yaml');
  writeFileSync(path, text);
  return path;
}

test.each([
  ['.', 'mine.yaml', './kill.ts'],
  ['.', './mine.yaml', 'exp/sub/kill.ts'],
  ['exp', 'sub/mine.yaml', 'sub/kill.ts'],
  ['exp', 'small-vs-large', 'ten-lines.ts'],
])('in %s, with the workload %s and the policy %s', (from, workload, policy) => {
  const plan = planOf(loadExperiment(experimentIn(from, workload, policy)));
  const options = {
    experiment: plan.experiment.path,
    shards: 2,
    out: 'out',
    image: 'oomsim',
    flags: [],
  };
  const [config, job] = parseAllDocuments(kubernetesManifest(plan, options)).map((one) =>
    one.toJS(),
  );
  const folder = tempDir();
  process.chdir(folder);
  const [volume] = job.spec.template.spec.volumes;
  for (const { key, path } of volume.configMap.items) {
    expect(key).toMatch(/^[-._a-zA-Z0-9]+$/);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, config.data[key]);
  }
  const [container] = job.spec.template.spec.containers;
  const [command, path] = container.args;
  expect(command).toBe('batch');
  expect(planOf(loadExperiment(join(folder, basename(path)))).hash).toBe(plan.hash);
});

test.each([
  ['exp', () => '../mine.yaml', /^mine\.yaml is not/],
  ['.', () => join(process.cwd(), 'mine.yaml'), /^\/.*mine\.yaml is not/],
])('in %s, what would not be found there is refused', (from, workload, message) => {
  const path = experimentIn(from, 'mine.yaml', './kill.ts');
  writeFileSync(path, readFileSync(path, 'utf8').replace('mine.yaml', workload()));
  const options = { experiment: path, shards: 2, out: 'out', image: 'oomsim', flags: [] };
  const plan = planOf(loadExperiment(path));
  expect(() => kubernetesManifest(plan, options)).toThrow(message);
  expect(() => kubernetesManifest(plan, options)).toThrow(
    `named from the folder of ${path}: Kubernetes is given what is beside the experiment, or below it`,
  );
});

test('shards are played as it was asked for here', () => {
  const args = ['batch', 'splitting', '--replications', '7', '--check', '--shards', '4', '--emit'];
  const manifest = parseAllDocuments(oomsim([...args, 'kubernetes']).stdout)[1]!.toJS();
  const [container] = manifest.spec.template.spec.containers;
  expect(container.args.slice(-3)).toEqual(['--replications', '7', '--check']);
  expect(oomsim([...args, 'slurm']).stdout).toMatch(/^exec .*\\\n.* --replications 7 --check$/m);
});
