import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { controller, manifests, node, pod } from '../import/kubernetes/manifests.js';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

const GUARANTEED = { containers: [{ limits: { memory: '3Gi', cpu: 1 } }] };
const TEXT = manifests(
  node('n1', '8Gi'),
  controller('Deployment', 'db', {}, GUARANTEED),
  pod({ name: 'batch' }),
);

test('from manifests to an answer in one command: the small BestEffort pod dies', () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'pods.yaml'), TEXT);
  const { stdout, exitCode } = oomsim(['decide', 'pods.yaml', '--policy', 'process'], { cwd });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('app (8), which uses 3072.0 MiB, lives: with oom_score_adj -997');
  expect(stdout).toMatch(/process +app \(6\)/);
});

test('what kubectl get -o json prints is known, too', () => {
  const list = { kind: 'List', apiVersion: 'v1', items: [node('n1', '8Gi'), pod({ name: 'a' })] };
  const input = JSON.stringify(list);
  const { stdout, exitCode } = oomsim(['decide', '-', '--policy', 'process'], { input });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/process +app \(\d\)/);
});

test('the workload validates, runs, and goes through a pipe', () => {
  const cwd = tempDir();
  const args = ['import', 'kubernetes', '-', '--out', 'w.yaml', '--single-process-oom-kill'];
  expect(oomsim(args, { cwd, input: TEXT })).toMatchObject({ exitCode: 0, stdout: '' });
  expect(oomsim(['validate', 'w.yaml'], { cwd }).exitCode).toBe(0);
  expect(oomsim(['run', 'w.yaml', '-q'], { cwd })).toMatchObject({ exitCode: 0, stderr: '' });
  const { stdout } = oomsim(['import', 'kubernetes', '-'], { input: TEXT });
  const decided = oomsim(['decide', '-', '--json', '--policy', 'process'], { input: stdout });
  expect(JSON.parse(decided.stdout).verdicts[0].victims).toMatchObject([{ comm: 'app', pid: 6 }]);
});

test.each([
  ['YAML', TEXT.replace('memory: 3Gi', 'memory: 3 Gi')],
  [
    'JSON',
    `{ "kind": "Pod", "apiVersion": "v1", "metadata": { "name": "a" }, "spec":\n{ "containers":
      [{ "name": "app", "resources": { "limits": { "memory": "3 Gi" } } }] } }`,
  ],
])('a bad quantity in %s is told with file, line and column', (_, input) => {
  const { stdout, stderr, exitCode } = oomsim(['import', 'kubernetes', '-'], { input });
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  const [, line, column] = /standard input:(\d+):(\d+): error: /.exec(stderr) ?? [];
  expect(input.split('\n')[Number(line) - 1]?.slice(Number(column) - 1)).toMatch(/^"?3 Gi/);
  expect(stderr).toMatch(/containers\[0\]\.resources\.limits\.memory: .*container app/);
  expect(stderr).toContain('expected a quantity such as 512Mi, found "3 Gi"');
});

test('YAML that is none is told with line and column', () => {
  const input = `${TEXT}\n---\nkind: Pod\nspec: { containers: [ }\n`;
  const { stderr, exitCode } = oomsim(['import', 'kubernetes', '-'], { input });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/standard input:\d+:\d+: error: /);
});

test.each([
  [['nothing.yaml'], /nothing\.yaml: no such file/],
  [['-', '--node-memory', '1MB'], /write MiB/],
  [['-', '--node', 'n2', '--usage', 'no.csv'], /no\.csv: no such file/],
])('%j is refused', (args, message) => {
  const { stdout, stderr, exitCode } = oomsim(['import', 'kubernetes', ...args], { input: TEXT });
  expect(stderr).toMatch(message);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
});
