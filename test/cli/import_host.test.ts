import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serviceTree } from '../import/host/fake_tree.js';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

test('a copied tree: a workload that validates and runs, and an answer at once', () => {
  const root = serviceTree();
  const cwd = tempDir();
  const made = oomsim(['import', 'host', '--root', root, '--out', 'host.yaml'], { cwd });
  expect(made).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  expect(oomsim(['run', 'host.yaml', '-q'], { cwd })).toMatchObject({ exitCode: 0, stderr: '' });
  const { stdout } = oomsim(['decide', root, '--policy', 'process'], { cwd });
  expect(stdout).toMatch(/process +batch \(80\)/);
});

test('a capture to send around, decided elsewhere', () => {
  const cwd = tempDir();
  const args = ['import', 'host', '--root', serviceTree(), '--capture', 'c.jsonl', '--anonymise'];
  const { stdout, stderr } = oomsim(args, { cwd });
  expect(stdout).toBe('');
  expect(stderr).toBe('oomsim: 4 processes and 2 cgroups written to c.jsonl\n');
  expect(readFileSync(join(cwd, 'c.jsonl'), 'utf8')).not.toContain('batch');
  const decided = oomsim(['decide', 'c.jsonl', '--json', '--policy', 'process'], { cwd });
  expect(JSON.parse(decided.stdout).verdicts[0].victims).toMatchObject([{ pid: 80 }]);
  expect(oomsim(args, { cwd }).stderr).toContain('replace it with --force');
});

test.each([
  [tempDir, /no proc\/meminfo in it/],
  [() => '/nowhere/at/all', /no such file$/m],
  [
    () => join(serviceTree(), 'proc/meminfo'),
    /expected a folder with proc\/ and sys\/, or a capture/,
  ],
])('%o is no machine', (rootOf, message) => {
  const { stderr, exitCode } = oomsim(['import', 'host', '--root', rootOf()]);
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});
