/** What Kubernetes is given is the same experiment, with all that it needs. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kubernetesManifest } from '../../src/batch/cluster/emit.js';
import { loadExperiment } from '../../src/batch/experiment/load.js';
import { planOf } from '../../src/batch/plan/plan.js';
import { tempDir } from '../record/temp_dir.js';

const HERE = process.cwd();
afterEach(() => process.chdir(HERE));

test.each(['mine.yaml', './mine.yaml', 'small-vs-large'])('with the workload %s', (workload) => {
  process.chdir(tempDir());
  writeFileSync('mine.yaml', 'machine: { memory: 64MiB }\nuntil: 100ms\n');
  const text = `name: other\nworkload: ${workload}\nfactors: { policy: [process, ./kill.ts] }\n`;
  writeFileSync('experiment.yaml', text);
  writeFileSync('kill.ts', "export default { name: 'kill', handle: () => 'decline' };\n");
  const plan = planOf(loadExperiment('experiment.yaml'));
  const options = { experiment: 'experiment.yaml', shards: 2, out: 'out', image: 'oomsim' };
  const [config, job] = parseAllDocuments(kubernetesManifest(plan, options)).map((one) =>
    one.toJS(),
  );
  const folder = tempDir();
  process.chdir(folder);
  for (const [name, content] of Object.entries<string>(config.data)) writeFileSync(name, content);
  const [container] = job.spec.template.spec.containers;
  const [command, path] = container.args;
  expect(command).toBe('batch');
  expect(planOf(loadExperiment(join(folder, basename(path)))).hash).toBe(plan.hash);
});
