import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifest } from '../../src/record/manifest.js';
import { readRun } from '../../src/record/read_run.js';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

/** Two processes that want more than the machine has: one of them dies within half a second. */
const SMALL = `
machine: { memory: 64MiB, cpus: 1 }
cgroups: { /a: {}, /b: {} }
processes:
  - { name: one, cgroup: /a, program: [{ anon: 48MiB, step: 2MiB, every: 10ms }, hold] }
  - { name: two, cgroup: /b, program: [{ anon: 32MiB, step: 1MiB, every: 10ms }, hold] }
until: 600ms
`;

function folderWith(text: string): string {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'w.yaml'), text);
  return cwd;
}

test('--json prints the result and nothing else on stdout', () => {
  const cwd = folderWith(SMALL);
  const { exitCode, stdout, stderr } = oomsim(['run', 'w.yaml', '--json'], { cwd });
  expect(exitCode).toBe(0);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({
    token: expect.stringMatching(/^oomsim1:[^:]+:[0-9a-f]{8}:[^:]+:1#[0-9a-f]{16}\/[a-z]+@\d+$/),
    endedBy: 'idle', // the survivor holds still, nothing else is left
    simulatedNs: expect.any(Number),
    events: expect.any(Number),
    allocFailures: 0,
    panic: null,
    outDir: expect.stringMatching(/^out[\\/]w-4\.15-\w+-/),
  });
  expect(result.kills[0]).toMatchObject({
    timeNs: expect.any(Number),
    pid: expect.any(Number),
    comm: expect.stringMatching(/^(one|two)$/),
    cgroup: expect.stringMatching(/^\/[ab]$/),
    points: expect.any(Number),
  });
  expect(stderr).toMatch(/^oomsim: w, oomsim1:/);
});

test('what the kernel refuses is said', () => {
  const cwd = folderWith(`machine: { memory: 64MiB }
cgroups: { /a: {}, /b: { memory.min: 5MiB, memory.oom.group: 1 } }
processes:
  - { name: one, cgroup: /a, program: [ { sleep: 300ms }, { cgroup: /c }, hold ] }
events:
  - { at: 100ms, rmdir: /a }
  - { at: 110ms, mkdir: /b }
  - { at: 120ms, write: /b/memory.min, value: 1MiB }
  - { at: 130ms, mkdir: /c }
  - { at: 140ms, rmdir: /c }
until: 1s
`);
  const { exitCode, stdout, stderr } = oomsim(['run', 'w.yaml', '--json', '-q'], { cwd });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout).refused[2]).toEqual({ timeNs: 1e8, what: 'rmdir /a', error: 'EBUSY' });
  expect(stderr.split('\n')).toEqual([
    'oomsim: at 0.000 s: write /b/memory.min: ENOENT',
    'oomsim: at 0.000 s: write /b/memory.oom.group: ENOENT',
    'oomsim: at 0.100 s: rmdir /a: EBUSY',
    'oomsim: at 0.110 s: mkdir /b: EEXIST',
    'oomsim: at 0.120 s: write /b/memory.min: ENOENT',
    'oomsim: at 0.300 s: move of one (5) to /c: ENOENT',
    '',
  ]);
  const later = oomsim(['run', 'w.yaml', '--kernel', '4.19', '-q'], { cwd });
  expect(later.stderr).toMatch(/^oomsim: at 0\.100 s: rmdir/); // it has both files
});

test('- reads the workload from standard input', () => {
  const cwd = tempDir();
  const { exitCode, stdout } = oomsim(['run', '-'], { cwd, input: SMALL });
  expect(exitCode).toBe(0);
  const repeat = /^repeat +oomsim run (\S+) /m.exec(stdout)![1]!;
  expect(readFileSync(join(cwd, repeat), 'utf8')).toBe(SMALL);
  const broken = oomsim(['validate', '-'], { cwd, input: 'machine: { memroy: 1GiB }' });
  expect(broken.stderr).toMatch(/^standard input:1:12: error:.*memroy/m);
  expect(broken.exitCode).toBe(2);
});

test('the folder tells what stdout told', () => {
  const cwd = folderWith(SMALL);
  const result = JSON.parse(oomsim(['run', 'w.yaml', '--json'], { cwd }).stdout);
  const { manifest, kills } = readRun(join(cwd, result.outDir));
  expect(manifest).toMatchObject({ state: 'finished', token: result.token });
  expect(kills).toHaveLength(result.kills.length);
  expect(Number(kills[0]!.time_ns)).toBe(result.kills[0].timeNs);
  expect(Number(kills[0]!.exited_ns)).toBeGreaterThan(result.kills[0].timeNs);
  const read = (name: string) => readFileSync(join(cwd, result.outDir, name), 'utf8');
  expect(read('workload.yaml')).toBe(SMALL);
  expect(read('events.csv')).toMatch(/^time_ns,seq,event,pid,comm,cgroup,args\n\d/);
  expect(read('samples.csv')).toMatch(/^time_ns,cgroup,usage_bytes,anon_bytes,file_bytes,swap_/);
  expect(read('kernel.log')).toMatch(/^\[ {4}0\.\d{6}\] .*invoked oom-killer/m);
});

test('the summary ends with the command that repeats the run, and that command works', () => {
  const cwd = folderWith(SMALL);
  const flags = ['--policy', 'cgroup', '--seed', 'a b', '--run', '2', '--until', '500ms', '-q'];
  const { exitCode, stdout, stderr } = oomsim(['run', 'w.yaml', ...flags], { cwd });
  expect([exitCode, stderr]).toEqual([0, '']);
  const repeat = stdout.trimEnd().split('\n').at(-1)!;
  expect(repeat).toBe(
    "repeat    oomsim run w.yaml --seed 'a b' --run 2 --policy cgroup --until 500ms",
  );
  expect(oomsim(['run', 'w.yaml', ...flags], { cwd })).toEqual({ exitCode, stdout, stderr });
});

test('the same run writes the same bytes, with either queue', () => {
  const contents = ['heap', 'ladder'].map((queue) => {
    const cwd = folderWith(SMALL);
    const { stdout } = oomsim(['run', 'w.yaml', '--queue', queue, '--json'], { cwd });
    const dir = join(cwd, JSON.parse(stdout).outDir);
    return readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]);
  });
  expect(contents[0]).toEqual(contents[1]);
});

test('the folder of another run is not overwritten without --force', () => {
  const cwd = folderWith(SMALL);
  expect(oomsim(['run', 'w.yaml', '-q'], { cwd }).exitCode).toBe(0);
  const [name] = readdirSync(join(cwd, 'out'));
  const dir = join(cwd, 'out', name!);
  const before = readFileSync(join(dir, 'run.json'), 'utf8');
  const other = ['run', 'w.yaml', '-q', '--until', '100ms'];
  const refused = oomsim(other, { cwd });
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toMatch(/holds another run .* not overwritten .*--out DIR.*--force/);
  expect(readFileSync(join(dir, 'run.json'), 'utf8')).toBe(before);
  expect(oomsim([...other, '--out', 'elsewhere'], { cwd }).exitCode).toBe(0);
  expect(oomsim([...other, '--force'], { cwd }).exitCode).toBe(0);
  expect(readManifest(dir).options).toEqual({ until: '100ms' });
});

test('a panic is exit code 1', () => {
  const cwd = folderWith(`${SMALL}sysctl: { vm.panic_on_oom: 1 }\n`);
  const { exitCode, stdout } = oomsim(['run', 'w.yaml', '--json'], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({
    endedBy: 'panic',
    panic: expect.stringMatching(/out of memory/i),
    kills: [],
  });
  expect(exitCode).toBe(1);
});

test('--ui without a terminal says why not and goes on', () => {
  const cwd = folderWith(SMALL);
  const { exitCode, stdout, stderr } = oomsim(['run', 'w.yaml', '--ui', '-q'], { cwd });
  expect(stderr).toBe('oomsim: no dashboard: stdout is not a terminal\n');
  expect(stdout).toMatch(/^w, kernel 4\.15/);
  expect(exitCode).toBe(0);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is named, and the manifest stays true', () => {
  const cwd = folderWith(SMALL);
  const dir = join(cwd, JSON.parse(oomsim(['run', 'w.yaml', '--json'], { cwd }).stdout).outDir);
  rmSync(join(dir, 'kills.csv'));
  symlinkSync('/dev/full', join(dir, 'kills.csv'));
  const { exitCode, stdout, stderr } = oomsim(['run', 'w.yaml', '-q'], { cwd });
  expect(stderr).toMatch(/^oomsim: cannot write .*kills\.csv: no space left on the device/);
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
  expect(readManifest(dir).state).toBe('unfinished');
});
