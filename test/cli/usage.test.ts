import { expect, test } from 'vitest';
import { oomsim } from './program.js';

test('--help lists the commands on stdout', () => {
  const { exitCode, stdout, stderr } = oomsim(['--help']);
  expect(exitCode).toBe(0);
  expect(stderr).toBe('');
  for (const command of ['run', 'decide', 'fidelity', 'import', 'validate', 'schema', 'list']) {
    expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  }
});

test('--version is the version of the package', () => {
  expect(oomsim(['--version'])).toEqual({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
});

test.each([
  [[], /Usage: oomsim/],
  [['import'], /Usage: oomsim import/],
  [['runn'], /unknown command 'runn'\n\(Did you mean run\?\)/],
  [['run', '--polciy', 'x'], /unknown option '--polciy'\n\(Did you mean --policy\?\)/],
  [['run', '--seed'], /argument missing/],
  [['run', '--seed', ''], /Expected 1 to 200 characters/],
  [['run', '--seed', 'a\nb'], /without control characters/],
  [['run', '--seed', 'x'.repeat(201)], /Expected 1 to 200 characters/],
  [['run', '--out', ''], /Expected some text/],
  [['run', '--policy', ''], /unknown policy ""; known: .*, or a file: \.\/mine\.ts\n/],
  [['batch', 'splitting', '--replications', '99999999999'], /1000000 or less/],
  [['batch', 'splitting', '--workers', '9999'], /1024 or less/],
  [['run', 'a', 'b'], /too many arguments/],
  [['run', '--until', '5'], /a time needs a unit/],
  [['run', '--until', '0'], /greater than 0/],
  [['run', '--until', '-1s'], /negative/],
  [['run', '--run', '1.5'], /Expected a whole number/],
  [['run', '--set', 'root_bonus'], /Expected SWITCH=VALUE/],
  [['run', '--queue', 'x'], /Allowed choices are heap, ladder, auto/],
  [['run', '--speed', '0'], /greater than 0, or max/],
  [['decide'], /missing required argument 'file'/],
  [['list', 'people'], /Allowed choices are workloads/],
  [['import', 'dmesg', '-', '--report', '0'], /1 or more/],
])('%j is bad usage', (args, message) => {
  const { exitCode, stdout, stderr } = oomsim(args);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^ +at /m); // no stack
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
});

test('list names what the other commands take', () => {
  const { exitCode, stdout } = oomsim(['list']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^ {2}small-vs-large +Who pays when the machine runs out of memory/m);
  expect(stdout).toMatch(/^ {2}4\.15 {2,}Linux 4\.15/m);
  expect(stdout).toMatch(/^ {2}cgroup {2,}\S/m);
  expect(stdout).toMatch(/^ {2}root_bonus {2,}tasks with CAP_SYS_ADMIN score 3 % less$/m);
  expect(stdout).toMatch(/^ {2}earlyoom {2,}\S/m);
});

test('list fits 80 columns; switches, kernels and killers in a line each', () => {
  const { stdout } = oomsim(['list']);
  const lists = ['switches', 'killers', 'metrics'].map((what) => oomsim(['list', what]).stdout);
  const long = [stdout, ...lists].flatMap((text) => text.split('\n').filter((l) => l.length > 80));
  expect(long).toEqual([]);
  expect(stdout.split('\nKernels')[1]).not.toMatch(/^ {3}/m); // nothing is continued
});

test('list switches says which kernels have which value, and the source', () => {
  const { stdout } = oomsim(['list', 'switches']);
  expect(stdout).toContain(`
  reaper_delay_hz          seconds until the reaper is told of a victim
      0, from 5.19 2
      queue_oom_reaper(): 2 in 5.19, not in 5.17-rc5
`);
});

test('list metrics says how each is computed, with its unit', () => {
  const { stdout } = oomsim(['list', 'metrics']);
  expect(stdout).toMatch(/^ {2}oom_time +time under OOM, in ms\n {6}length of the union of/m);
  expect(stdout).toMatch(/^ {2}killed_memory\[CONTAINER\] +memory killed, in MiB$/m);
});

test('list killers says what each option is, with its default', () => {
  const { stdout } = oomsim(['list', 'killers']);
  expect(stdout).toMatch(/^ {6}swap_used_limit \(90%\): SwapUsedLimit=/m);
  expect(stdout).toMatch(/^ {6}avoid: --avoid: 300 fewer points/m);
});

test('list --json is JSON, one list or all', () => {
  const all = JSON.parse(oomsim(['list', '--json']).stdout);
  expect(Object.keys(all)).toEqual([
    'workloads',
    'experiments',
    'metrics',
    'kernels',
    'policies',
    'killers',
    'switches',
  ]);
  const kernels = JSON.parse(oomsim(['list', 'kernels', '--json']).stdout);
  expect(kernels).toEqual({ kernels: all.kernels });
});

test('schema prints a JSON Schema', () => {
  const { exitCode, stdout } = oomsim(['schema']);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toHaveProperty('$schema');
});
