/** A policy file is code that may do anything: what it can reach, and how its mistakes end. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OomView, PolicyContext } from '../../../src/kernel/policy/custom_api.js';
import { DEPTH_MAX, STEPS_MAX } from '../../../src/run/policy/contain.js';
import { loadPolicy } from '../../../src/run/policy/load.js';
import { tempDir } from '../../record/temp_dir.js';

/** Writes a policy file and loads it. */
function load(text: string, name = 'p.ts') {
  const path = join(tempDir(), name);
  writeFileSync(path, text);
  return loadPolicy(path);
}

const OC = { timeNs: 5 } as OomView;
const CTX = { handler: 'default' } as PolicyContext;

/** The answer of a handler with that body, or what it threw. */
async function answerOf(body: string, before = ''): Promise<unknown> {
  const text = `${before}\nexport default { name: 'p', handle(oc, ctx) {\n${body}\n} };`;
  const program = (await load(text)).start();
  try {
    return program.ask(program.handlers.get('default')!, OC, CTX, (answer) => answer);
  } catch (error) {
    return program.describe(error);
  }
}

describe('a file that is none ends with its place', () => {
  it.each([
    ['a syntax error', 'const a: number = ;\n', /p\.ts:1:19: error: Expression expected\./],
    ['an import', "import { x } from './x.js';\n", /p\.ts:1:1: error: a policy is one file/],
    ['a dynamic import', "\n  import('fs');\n", /p\.ts:2:3: error: a policy is one file/],
    ['a throw', "const a = 1;\nthrow new Error('no');\n", /p\.ts: Error: no \(p\.ts:2:7\)$/],
    ['require', "const fs = require('fs');\n", /ReferenceError: require is not defined/],
    ['no default export', 'export const a = 1;\n', /no policy: expected `export default/],
    ['a number', 'export default 1;\n', /no policy: expected `export default/],
    ['no name', 'export default { handle() {} };\n', /its name must be a letter and up to/],
    ["a built-in's name", "export default { name: 'cgroup', handle() {} };\n", /built-in policy/],
    ['no handler', "export default { name: 'p' };\n", /it has no handler/],
    ['a handler that is none', "export default { name: 'p', handle: 1 };\n", /is not a function/],
    ['no path', "export default { name: 'p', handlers: { a() {} } };\n", /"a" is neither the path/],
    ['a loop at load', 'for (;;);\n', /took more than 2000000 steps/],
    [
      'types in JavaScript',
      'const a: number = 1;\n',
      /p\.js:1:10: error: Type annotations/,
      'p.js',
    ],
  ])('%s', async (_what, text, message, name = 'p.ts') => {
    await expect(load(text, name)).rejects.toThrow(message);
    await expect(load(text, name)).rejects.toMatchObject({
      name: expect.stringMatching(/^(Input|Workload)Error$/),
    });
  });

  it('a file beside it may be meant', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'youngest.ts'), "export default { name: 'y', handle() {} };");
    await expect(loadPolicy(join(folder, 'younges.ts'))).rejects.toThrow(
      'younges.ts: no such policy file, did you mean "youngest.ts"?',
    );
  });

  it('no file', async () => {
    await expect(loadPolicy('nowhere.ts')).rejects.toThrow(
      'nowhere.ts: no such policy file; shipped policies: bpf-selftest.ts, ten-lines.ts',
    );
  });
});

describe('what it can use', () => {
  it('TypeScript and JavaScript', async () => {
    expect(await answerOf('const a: string = oc.timeNs + ctx.handler; return a as any;')).toBe(
      '5default',
    );
    const policy = await load("export default { name: 'j', handle: () => 'decline' };", 'p.mjs');
    expect(policy.start().handlers.has('default')).toBe(true);
  });

  it('what it keeps, for one run', async () => {
    const policy = await load(
      "let n = 0;\nexport default { name: 'p', handle: () => ({ reason: String(++n) }) };",
    );
    const programs = [policy.start(), policy.start()];
    const ask = (p: (typeof programs)[0]) =>
      p.ask(p.handlers.get('default')!, OC, CTX, (answer) => (answer as { reason: string }).reason);
    expect([ask(programs[0]!), ask(programs[0]!), ask(programs[1]!)]).toEqual(['1', '2', '1']);
  });

  it.each([
    ['Math.random()', 'Math.random is not repeatable: use ctx.random'],
    ['Date.now()', 'Date.now is not a function'],
    ['new Date()', 'Date is not a constructor'],
    ['Date()', 'a policy has no clock: use oc.timeNs'],
    ['performance.now()', 'performance is not defined'],
    ['setTimeout(() => 1)', 'setTimeout is not defined'],
    ['process.exit()', 'process is not defined'],
    ['fetch("x")', 'fetch is not defined'],
    ['"a".localeCompare("b")', 'localeCompare depends on the machine'],
    ['new Intl.Collator()', 'Intl is not defined'],
    ['eval("1")', 'Code generation from strings disallowed'],
    ['new Function("return 1")()', 'Code generation from strings disallowed'],
  ])('not %s', async (expression, message) => {
    expect(await answerOf(`return ${expression};`)).toMatch(message);
  });

  it('cannot change what it is given', async () => {
    const frozen = Object.freeze({ usagePages: 1 });
    const program = (
      await load("export default { name: 'p', handle(oc) {\n  oc.usagePages = 2;\n} };")
    ).start();
    expect(() =>
      program.ask(program.handlers.get('default')!, frozen as never, CTX, (answer) => answer),
    ).toThrow('Cannot assign to read only property');
  });
});

describe('what it throws is told with its place in the file', () => {
  it.each([
    [
      '  const x = null;\n  x.y;',
      "TypeError: Cannot read properties of null (reading 'y') (p.ts:4:5)",
    ],
    ["throw 'text'", 'threw text'],
    ['throw null', 'threw an object'],
    ['throw { message: 1 }', 'Error: 1'],
    ['throw { message: { toString() { throw 1; } } }', 'threw what cannot be told'],
    ['throw { message: 1, get stack() { for (;;); } }', 'threw what cannot be told'],
  ])('%s', async (body, message) => {
    expect(await answerOf(body)).toBe(message);
  });
});

describe('it ends', () => {
  const steps = `took more than ${STEPS_MAX} steps`;
  it.each([
    ['for', 'for (;;);', steps],
    ['while', 'while (true) {}', steps],
    ['do', 'do ; while (true);', steps],
    ['for of', 'for (const x of function* () { for (;;) yield 1; }());', steps],
    ['a callback', 'for (;;) [1].map((x) => x);', steps],
    ['a catch', 'for (;;) try { for (;;); } catch {}', steps],
    ['a catch at the end', "try { for (;;); } catch {} return 'decline';", steps],
    ['recursion', 'const f = () => f(); f();', `more than ${DEPTH_MAX} calls in one another`],
    ['methods', 'const o = { f() { this.f(); } }; o.f();', 'calls in one another'],
    ['constructors', 'class A { constructor() { new A(); } } new A();', 'calls in one another'],
    ['getters', 'const o = { get f() { return this.f; } }; o.f;', 'calls in one another'],
  ])('%s', async (_what, body, message) => {
    expect(await answerOf(body)).toContain(message);
  });

  it('and the next call has all its steps again', async () => {
    const text = "let n = 0;\nexport default { name: 'p', handle() { if (n++ === 0) for (;;); } };";
    const program = (await load(text)).start();
    const ask = () => program.ask(program.handlers.get('default')!, OC, CTX, (answer) => answer);
    expect(ask).toThrow(steps);
    expect(ask()).toBe(undefined);
  });

  it('a stack that is used up without our counting ends the run: it differs between machines', async () => {
    const body = 'class A { again = new A(); } new A();';
    const program = (await load(`export default { name: 'p', handle() { ${body} } };`)).start();
    expect(() =>
      program.ask(program.handlers.get('default')!, OC, CTX, (answer) => answer),
    ).toThrow(expect.objectContaining({ name: 'PolicyLimitError' }));
  });
});
