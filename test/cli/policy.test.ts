/** `--policy FILE`: shipped policies, those of docs/policies.md, and files that are none. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { readRun } from '../../src/record/read_run.js';
import type { Verdict } from '../../src/run/decide/decide.js';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCS = readFileSync(join(ROOT, 'docs', 'policies.md'), 'utf8');

function blocks(language: string): string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...DOCS.matchAll(fenced)].map(([, block]) => block!);
}

/** A folder with the first policy of the documentation, or another. */
function folderWith(policy: string, name = 'my-policy.ts'): string {
  const cwd = tempDir();
  writeFileSync(join(cwd, name), policy);
  return cwd;
}

const runJson = (args: readonly string[], cwd: string) =>
  JSON.parse(oomsim(['run', ...args, '--json'], { cwd }).stdout);

/** A policy with that body of `handle`. */
const withBody = (body: string): string =>
  `export default { name: 'mine', handle(oc, ctx) { ${body} } };\n`;

describe('docs/policies.md', () => {
  const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));

  test.each(commands)('%s', (command) => {
    const cwd = folderWith(blocks('ts')[0]!);
    writeFileSync(join(cwd, 'compare.yaml'), blocks('yaml')[0]!);
    const [program, ...args] = command.split(' ');
    expect(program).toBe('oomsim');
    expect(oomsim(args, { cwd })).toMatchObject({
      exitCode: 0,
      stderr: expect.not.stringContaining('went wrong'),
    });
  });

  test('its first policy kills the biggest cgroup', () => {
    const { kills, policyProblems } = runJson(
      ['small-vs-large', '--policy', './my-policy.ts'],
      tempDirWith(0),
    );
    expect(policyProblems).toEqual([]);
    expect(new Set(kills.map((kill: { cgroup: string }) => kill.cgroup))).toEqual(
      new Set(['/many']),
    );
  });

  test('its second kills a pod whole', () => {
    const { kills } = runJson(['memcg-limit', '--policy', 'my-policy.ts'], tempDirWith(1));
    expect(kills.length).toBeGreaterThan(10);
    expect(kills[0]).toMatchObject({ memcg: '/pod', reason: 'the pod dies whole', group: true });
  });

  const tempDirWith = (index: number) => folderWith(blocks('ts')[index]!);

  test('it names every field of the views', () => {
    const api = readFileSync(join(ROOT, 'src/kernel/policy/custom_api.ts'), 'utf8');
    const fields = ['OomView', 'PolicyContext', 'CgroupView', 'ProcessView'].flatMap((name) => {
      const body = api.split(`export interface ${name} {\n`)[1]!.split('\n}\n')[0]!;
      return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[:(]/gm)].map(([, field]) => field!);
    });
    expect(fields.length).toBeGreaterThan(40);
    expect(fields.filter((field) => !new RegExp(`\`${field}\\b`).test(DOCS))).toEqual([]);
  });

  test('policies there and in workloads/policies are of the types that oomsim exports', () => {
    const folder = join(ROOT, 'workloads', 'policies');
    const shipped = readdirSync(folder).map((name) => join(folder, name));
    const cwd = tempDir();
    const written = blocks('ts').map((text, index) => {
      writeFileSync(join(cwd, `${index}.ts`), text);
      return join(cwd, `${index}.ts`);
    });
    const program = ts.createProgram([...shipped, ...written], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      types: [],
      paths: { oomsim: [join(ROOT, 'dist', 'index.d.ts')] },
    });
    const own = ts
      .getPreEmitDiagnostics(program)
      .filter(({ file }) =>
        [...shipped, ...written].some((path) => file?.fileName === path.replaceAll('\\', '/')),
      );
    expect(own.map(({ messageText }) => messageText)).toEqual([]);
  });
});

describe('the selftest of BPF OOM', () => {
  test('its policy kills the largest leaf in which everybody may die', () => {
    const { kills, policyProblems } = runJson(
      ['bpf-oom-selftest', '--policy', 'bpf-selftest.ts'],
      tempDir(),
    );
    expect(kills).toMatchObject([
      { comm: 'cg4', cgroup: '/oom_test/cg3/cg4', memcg: '/oom_test', group: true },
    ]);
    expect(policyProblems).toEqual([]);
  });

  test('without it oom_score_adj decides', () => {
    expect(runJson(['bpf-oom-selftest'], tempDir()).kills[0]).toMatchObject({ comm: 'cg1' });
  });
});

describe('a run with a policy file', () => {
  const policy = withBody('return { kill: [ctx.processes[ctx.random.below(5)]], reason: "a, b" };');

  test('is the same every time, and not for another seed', () => {
    const args = ['small-vs-large', '--policy', './my-policy.ts', '--seed'];
    const [a, b, c] = ['1', '1', '2'].map((seed) => runJson([...args, seed], folderWith(policy)));
    expect(a.kills.length).toBeGreaterThan(0);
    expect(b).toEqual(a);
    expect(c.fingerprint).not.toEqual(a.fingerprint);
  });

  test('keeps the file, names its hash in the token, and says why in kills.csv', () => {
    const cwd = folderWith(policy);
    const { outDir, token } = runJson(['small-vs-large', '--policy', 'my-policy.ts'], cwd);
    const { manifest, kills } = readRun(join(cwd, outDir));
    expect(readFileSync(join(cwd, outDir, 'policy.ts'), 'utf8')).toBe(policy);
    expect(manifest.options.policy).toMatch(/^mine@[0-9a-f]{12}$/);
    expect(token).toContain(`policy=mine%40${String(manifest.options.policy).slice(5)}`);
    expect(kills[0]).toMatchObject({ policy: 'mine', reason: 'a, b' });
  });

  test('leaves a log that names the policy, to be decided anew', () => {
    const cwd = folderWith(policy);
    const { outDir, kills } = runJson(['small-vs-large', '--policy', 'my-policy.ts'], cwd);
    const log = join(outDir, 'kernel.log');
    const decided = oomsim(['decide', log, '--policy', './my-policy.ts'], { cwd });
    expect(decided.stdout).toContain(`The BPF policy mine chose ${kills[0].comm}`);
    expect(decided).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('is repeated by the command that it prints', () => {
    const cwd = folderWith(policy, 'my policy.mjs');
    const flags = ['run', 'small-vs-large', '--policy', './my policy.mjs', '-q'];
    const { stdout } = oomsim(flags, { cwd });
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      "repeat    oomsim run small-vs-large --seed 1 --policy './my policy.mjs'",
    );
    const folder = join(cwd, 'out', readdirSync(join(cwd, 'out'))[0]!);
    const kept = oomsim(['run', 'small-vs-large', '--policy', join(folder, 'policy.mjs'), '-q'], {
      cwd,
    });
    const tokenOf = (text: string) => /^token .*$/m.exec(text)?.[0];
    expect(tokenOf(kept.stdout)).toBe(tokenOf(stdout));
    expect(oomsim(['run', 'small-vs-large', '-q'], { cwd }).exitCode).toBe(0);
  });

  test('is another run when the file was changed', () => {
    const cwd = folderWith(policy);
    const flags = ['run', 'small-vs-large', '--policy', 'my-policy.ts', '-q'];
    expect(oomsim(flags, { cwd }).exitCode).toBe(0);
    writeFileSync(join(cwd, 'my-policy.ts'), `${policy}// changed\n`);
    const { exitCode, stderr } = oomsim(flags, { cwd });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('holds another run')]);
  });
});

describe('a workload that names a policy file', () => {
  const workload = `
    machine: { memory: 64MiB }
    kernel: { version: "4.15", oom_policy: policies/smallest.ts }
    processes:
      - { name: small, program: [ { anon: 5MiB }, hold ] }
      - { name: big, program: [ { anon: 100MiB, step: 1MiB, every: 1ms }, hold ] }
    until: 1s`;
  const smallest = `export default { name: 'smallest', handle(oc, ctx) {
    const may = ctx.processes.filter((p) => p.killable && p.rssPages > 0);
    return { kill: [may.sort((a, b) => a.rssPages - b.rssPages)[0]], reason: 'smallest' };
  } };\n`;

  function folder(): string {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'sub', 'policies'), { recursive: true });
    writeFileSync(join(cwd, 'sub', 'w.yaml'), workload);
    writeFileSync(join(cwd, 'sub', 'policies', 'smallest.ts'), smallest);
    return cwd;
  }

  test('finds it beside itself, and the token covers its text', () => {
    const cwd = folder();
    const { kills, token, outDir } = runJson(['sub/w.yaml'], cwd);
    expect(kills[0]).toMatchObject({ comm: 'small', reason: 'smallest' });
    expect(token).toMatch(/policy=smallest%40[0-9a-f]{12}/);
    expect(oomsim(['replay', outDir, '-q'], { cwd }).exitCode).toBe(0);
    expect(oomsim(['validate', 'sub/w.yaml'], { cwd }).exitCode).toBe(0);
    writeFileSync(join(cwd, 'sub', 'policies', 'smallest.ts'), `${smallest}// changed`);
    expect(runJson(['sub/w.yaml', '--out', 'other'], cwd).token).not.toBe(token);
  });

  test('may be run with another', () => {
    expect(runJson(['sub/w.yaml', '--policy', 'process'], folder()).kills[0].comm).toBe('big');
  });

  test.each([
    ['run', 'w.yaml', 'here'],
    ['validate', 'w.yaml', 'here'],
    ['run', 'other/w.yaml', 'in other or here'],
    ['run', '-', 'here'],
  ])('%s %s says where it is not', (command, file, where) => {
    const cwd = folder();
    mkdirSync(join(cwd, 'other'));
    for (const path of ['w.yaml', 'other/w.yaml']) writeFileSync(join(cwd, path), workload);
    expect(oomsim([command, file], { cwd, input: workload })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`policies/smallest.ts: no such policy file ${where}`),
    });
  });

  test('is looked for here if the workload comes from standard input', () => {
    const cwd = join(folder(), 'sub');
    const { exitCode, stdout } = oomsim(['run', '-', '-q'], { cwd, input: workload });
    expect(exitCode).toBe(0);
    const repeat = /^repeat +oomsim (.*)$/m.exec(stdout)![1]!.split(' ');
    expect(oomsim([...repeat, '-q'], { cwd }).stdout.split('\n')[0]).toContain('policy smallest');
  });
});

test('decide asks the policy file of a workload, too, and several of a list', () => {
  const cwd = folderWith(
    withBody('return { kill: [ctx.processes.find((p) => p.comm === "b")], reason: "last" };'),
    'm.ts',
  );
  const workload = `machine: { memory: 64MiB }
kernel: { oom_policy: ./m.ts }
processes: [ { name: a, memory: { anon: 9MiB } }, { name: b, memory: { anon: 8MiB } } ]
`;
  writeFileSync(join(cwd, 'w.yaml'), workload);
  expect(oomsim(['decide', 'w.yaml'], { cwd }).stdout).toMatch(/^ {2}mine +b \(6\)/m);
  const some = oomsim(['decide', 'w.yaml', '--policy', 'm.ts,process', '--json'], { cwd });
  const policies = JSON.parse(some.stdout).verdicts.map(({ policy }: Verdict) => policy);
  expect(policies).toEqual(['mine', 'process']);
});

describe('a policy that goes wrong', () => {
  test('is named on stderr and in the JSON, and the kernel kills', () => {
    const cwd = folderWith(withBody('oc.nothing.at = 1;'));
    const flags = ['run', 'small-vs-large', '--policy', 'my-policy.ts', '--json', '-q'];
    const { exitCode, stdout, stderr } = oomsim(flags, { cwd });
    const { kills, policyProblems } = JSON.parse(stdout);
    expect(exitCode).toBe(0);
    expect(kills[0]).toMatchObject({ comm: 'big', reason: 'highest badness' });
    const place =
      "TypeError: Cannot set properties of undefined (setting 'at') (my-policy.ts:1:63)";
    expect(policyProblems).toMatchObject([{ policy: 'mine', handler: 'default', problem: place }]);
    expect(stderr).toMatch(
      /^oomsim: policy mine: handler default went wrong at 0\.\d+ s.*TypeError/,
    );
  });

  test('loops for ever: the same on every machine', () => {
    const cwd = folderWith(withBody('for (;;);'));
    const args = ['small-vs-large', '--policy', 'my-policy.ts', '--until', '600ms'];
    const { kills, policyProblems } = runJson(args, cwd);
    expect(kills.length).toBeGreaterThan(0);
    expect(policyProblems[0].problem).toMatch(/^Error: took more than 2000000 steps \(my-policy/);
  });

  test('uses up the stack of this machine: exit code 1', () => {
    const cwd = folderWith(withBody('class A { again = new A(); } new A();'));
    const flags = ['run', 'small-vs-large', '--policy', 'my-policy.ts', '-q'];
    expect(oomsim(flags, { cwd })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'oomsim: policy mine used up the stack: the run cannot go on\n',
    });
  });

  test('in decide', () => {
    const cwd = folderWith(withBody('return { kill: [4711] };'));
    const flags = ['decide', 'small-vs-large', '--at', '500ms', '--policy', './my-policy.ts'];
    const { stdout, stderr } = oomsim([...flags, '--policy', 'cgroup', '--json'], { cwd });
    expect(stderr).toBe(
      'oomsim: policy mine: handler default went wrong: there is no process 4711\n',
    );
    expect(JSON.parse(stdout).verdicts).toMatchObject([
      { policy: 'mine', victims: [{ comm: 'big' }], problems: [expect.stringContaining('4711')] },
      { policy: 'cgroup', victims: [{ comm: 'small' }] },
    ]);
  });

  test.each([
    [
      'no TypeScript',
      'export default {\n  name: }\n',
      /^my-policy\.ts:2:9: error: Expression expected\.\n/,
    ],
    [
      'no policy',
      'export const x = 1;\n',
      /^oomsim: my-policy\.ts: no policy: expected `export default/,
    ],
  ])('is none (%s): exit code 2, nothing written', (_what, text, message) => {
    const cwd = folderWith(text);
    const flags = ['small-vs-large', '--policy', 'my-policy.ts'];
    const { exitCode, stdout, stderr } = oomsim(['run', ...flags], { cwd });
    expect([exitCode, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
    expect(readdirSync(cwd)).toEqual(['my-policy.ts']);
    expect(oomsim(['decide', ...flags, '--at', '1s'], { cwd }).stderr).toBe(stderr);
  });
});
