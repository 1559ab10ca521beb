/** The package as it is built: nothing that is part of the bundle is there to be imported. */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { dependencies, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** What a module imports, or its declarations do. */
function imports(path: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'), true, true);
  return importedFiles.map(({ fileName }) => fileName);
}

/** Packages that are not installed with this one, `path: name` each. */
function missing(paths: Iterable<string>): string[] {
  const installed = new Set(Object.keys(dependencies));
  return [...paths].flatMap((path) =>
    imports(path)
      .filter((name) => !name.startsWith('.') && !isBuiltin(name))
      .filter((name) => !installed.has(/^(@[^/]+\/)?[^/]+/.exec(name)![0]))
      .map((name) => `${path}: ${name}`),
  );
}

test('the program finds all that it imports where only it is installed', () => {
  const files = readdirSync(join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' });
  const modules = files
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(ROOT, 'dist', name));
  expect(modules.flatMap(imports)).toContain('ink');
  expect(missing(modules)).toEqual([]);
});

test("the library's declarations do, too", () => {
  const reached = new Set([join(ROOT, exports['.'].types)]);
  for (const path of reached) {
    const own = imports(path).filter((name) => name.startsWith('.'));
    for (const name of own) reached.add(join(dirname(path), name.replace(/\.js$/, '.d.ts')));
  }
  expect(reached.size).toBeGreaterThan(20);
  expect(missing(reached)).toEqual([]);
});

test('the licences of what is bundled are with it', () => {
  const notices = readFileSync(join(ROOT, 'dist', 'NOTICES'), 'utf8');
  const chapters = notices.split(/^node_modules\/(?=\S+$)/m).slice(1);
  const names = chapters.map((chapter) => chapter.slice(0, chapter.indexOf('\n')));
  expect(names.sort()).toEqual(['commander', 'seedrandom', 'yaml', 'zod']);
  expect(chapters.filter((chapter) => !/^Permission (is|to)\b/m.test(chapter))).toEqual([]);
});
