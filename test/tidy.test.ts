import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LINES_MAX = 500;

interface SourceFile {
  /** From the package's folder, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text without comments, each line where it was. */
  readonly code: string;
}

const SOURCES = read('src', /\.tsx?$/);
const TESTS = read('test', /\.tsx?$/);

function read(folder: string, ending: RegExp): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => ending.test(path) && statSync(join(ROOT, path)).isFile())
    .sort((a, b) => (a < b ? -1 : 1))
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return { path: path.replaceAll('\\', '/'), text, code: withoutComments(text) };
    });
}

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(^|[\s;{(,])\/\/[^\n]*/g, '$1');
}

/** `path:line: text` of every line of code that matches. */
function findings(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, code }) =>
    code
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
      ),
  );
}

const MODEL = SOURCES.filter(({ path }) => /^src\/(engine|kernel|userspace|workload)\//.test(path));

const FORBIDDEN: readonly (readonly [string, RegExp])[] = [
  ['a clock', /\b(Date|performance|hrtime)\b/],
  ['a timer of the real world', /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/],
  ['unseeded randomness', /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/],
  ['the environment', /\bprocess\.(env|argv|cwd|pid|platform|memoryUsage)\b/],
  ['functions whose last digit differs between V8 versions', /\bMath\.(log|exp|pow|sin|cos|tan)/],
  ['the key order of for…in', /\bfor\s*\(\s*(const|let|var)\s+\w+\s+in\b/],
  ['the order of sort() without comparator', /\.(sort|toSorted)\(\s*\)/],
  ['the locale', /\b(localeCompare|toLocale\w+|Intl)\b/],
];

test.each(FORBIDDEN)('the model does not depend on %s', (_what, pattern) => {
  expect(findings(MODEL, pattern)).toEqual([]);
});

test.each([
  ['a clock', 'const now_ns = performance.now();'],
  ['a clock', 'if (new Date().getTime() > t) return;'],
  ['a timer of the real world', 'setTimeout(() => k.wake(t), 10);'],
  ['unseeded randomness', 'const victim = tasks[Math.floor(Math.random() * tasks.length)];'],
  ['the environment', "if (process.env.DEBUG !== '') return;"],
  ['the key order of for…in', 'for (const pid in tasks) kill(tasks[pid]);'],
  ['the order of sort() without comparator', 'pids.sort();'],
  ['the locale', 'names.sort((a, b) => a.localeCompare(b));'],
])('the check for %s finds it: %s', (what, code) => {
  const pattern = FORBIDDEN.find(([name]) => name === what)![1];
  const planted = { path: 'src/kernel/planted.ts', text: code, code };
  expect(findings([planted], pattern)).toEqual([`src/kernel/planted.ts:1: ${code}`]);
  const comment = { ...planted, code: withoutComments(`// ${code}`) };
  expect(findings([comment], pattern)).toEqual([]);
});

/**
 * V8 puts a function that is assigned to a property where it is written straight into its old space,
 * and with it stays all that it refers to, such as a run that is over, until the next full collection.
 */
const ASSIGNED_FUNCTION =
  /(\.#?\w+|\])\s*(\?\?)?=\s*(async\s*)?(function\b|(\([^()]*\)|\w+)(\s*:\s*[^=]+)?\s*=>)/;

test('no function is assigned to a property where it is written', () => {
  const played = SOURCES.filter(({ path }) => /^src\/(engine|kernel|userspace|run)\//.test(path));
  expect(findings(played, ASSIGNED_FUNCTION)).toEqual([]);
});

test.each([
  'k.on_process_exit = (leader) => this.#on_exit(leader);',
  'slots[name] = (fields: never): void => {',
  'this.#call = async (task) => {};',
  'user.before = function (child) {',
])('the check for assigned functions finds it: %s', (code) => {
  expect(ASSIGNED_FUNCTION.test(code)).toBe(true);
});

/** What a folder of src may import from, besides itself. The library's index may use all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  kernel: ['engine'],
  workload: ['kernel', 'engine'],
  userspace: ['workload', 'kernel', 'engine'],
  record: ['kernel', 'engine'],
  run: ['record', 'userspace', 'workload', 'kernel', 'engine'],
  import: ['run', 'record', 'userspace', 'workload', 'kernel', 'engine'],
  batch: ['run', 'record', 'userspace', 'workload', 'kernel', 'engine'],
  ui: ['run', 'record', 'userspace', 'workload', 'kernel', 'engine'],
  cli: ['ui', 'batch', 'import', 'run', 'record', 'userspace', 'workload', 'kernel', 'engine'],
};

test('imports point one way', () => {
  const wrong = SOURCES.flatMap(({ path, code }) => {
    const from = path.split('/')[1]!;
    const allowed = MAY_IMPORT[from];
    if (path === 'src/index.ts') return [];
    if (allowed === undefined) return [`${path}: which folders may src/${from} import from?`];
    return imports(path, code)
      .map((target) => target.split('/')[1]!)
      .filter((to) => to !== from && !allowed.includes(to))
      .map((to) => `${path}: ${from} imports from ${to}`);
  });
  expect(wrong).toEqual([]);
});

function imports(path: string, code: string): string[] {
  return [...code.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, target]) =>
    relative(ROOT, join(ROOT, dirname(path), target!)).replaceAll('\\', '/'),
  );
}

test(`no file is longer than ${LINES_MAX} lines`, () => {
  const long = [...SOURCES, ...TESTS]
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > LINES_MAX);
  expect(long).toEqual([]);
});

test('nothing refers to a machine it was written on', () => {
  const folders = ['home', 'root', 'work', 'Users'].join('|');
  const pattern = new RegExp(`(^|[\\s'"\`(=])/(${folders})/[a-z]`);
  const wrong = [...SOURCES, ...read('workloads', /\.ya?ml$/)].flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );
  expect(wrong).toEqual([]);
});
