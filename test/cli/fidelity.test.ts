/** What `oomsim fidelity` says to what is no truth file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

test.each([
  ['nothing', /^oomsim: nothing: no such truth file, nor a folder of them\n$/],
  ['folder', /^oomsim: folder: no truth files \(\*\.json\) in it\n$/],
  ['empty.json', /^oomsim: empty\.json: an empty file\n$/],
  ['broken.json', /^oomsim: broken\.json: not JSON, as truth files are: .+\n$/],
  ['other.json', /^oomsim: other\.json: not a truth file: .+\n$/],
])('fidelity %s', (name, message) => {
  const cwd = tempDir();
  mkdirSync(join(cwd, 'folder'));
  writeFileSync(join(cwd, 'empty.json'), '');
  writeFileSync(join(cwd, 'broken.json'), '{ "a": ');
  writeFileSync(join(cwd, 'other.json'), '{ "a": 1 }');
  const { exitCode, stdout, stderr } = oomsim(['fidelity', name], { cwd });
  expect(stderr).toMatch(message);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
});

const MEASURED = {
  name: 'idle',
  kernels: {
    '6.1': {
      ...{ stable: true, stable_set: true, zones: {} },
      outcomes: [{ victims: [], panic: false, group_kills: 0, alloc_failures: 0 }],
      scenario: {
        mem_mb: 64,
        duration_ms: 50,
        processes: [{ id: 'p', program: [{ op: 'hold' }] }],
      },
    },
  },
};

test.each([
  ['6.1', 0, /^$/],
  ['4.15', 2, /a kernel "4\.15".*; known: 4\.15-vanilla, /],
  ['4.15-seed', 2, /^oomsim: idle\.json: nothing measured on such a kernel\n$/],
])('fidelity --kernel %s', (kernel, exitCode, message) => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'idle.json'), JSON.stringify(MEASURED));
  const outcome = oomsim(['fidelity', 'idle.json', '--kernel', kernel], { cwd });
  expect(outcome.stderr).toMatch(message);
  expect(outcome.exitCode).toBe(exitCode);
});
