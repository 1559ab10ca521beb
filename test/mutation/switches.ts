/** Mutants of each place in the model that asks a switch. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SWITCHES } from '../../src/kernel/profile.js';
import type { Mutant } from './mutant.js';

const TABLE = 'src/kernel/profile.ts';
/** A place in the model that asks a switch finds the same value whatever the kernel is. */
export function place_mutants(root: string): Mutant[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('src', name).replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && path !== TABLE)
    .sort((a, b) => (a < b ? -1 : 1));
  return files.flatMap((file) => places_in(file, readFileSync(join(root, file), 'utf8')));
}

function places_in(file: string, text: string): Mutant[] {
  const mutants: Mutant[] = [];
  text.split('\n').forEach((line, index) => {
    for (const { name, values } of SWITCHES) {
      const asks = asked(name).exec(line);
      if (asks === null) continue;
      for (const value of values) {
        const constant = asks[0].startsWith('const {')
          ? `const ${name}: string = ${literal(value)};`
          : `(${literal(value)} as never)`;
        mutants.push({
          rule: name,
          change: `${file}:${index + 1}: always ${value}`,
          file,
          from: in_context(text, index),
          to: in_context(text, index).replace(line, line.replaceAll(asks[0], constant)),
        });
      }
    }
  });
  return mutants;
}

const literal = (value: string): string =>
  /^(true|false|\d+)$/.test(value) ? value : JSON.stringify(value);

/** `k.profile.NAME`, or `const { NAME } = k.profile;`. */
const asked = (name: string): RegExp =>
  new RegExp(
    `const \\{ ${name} \\} = k\\.profile;|(?:(?:\\w+|this)\\.)*\\bprofile\\.${name}\\b(?! = )`,
  );

/** The line with as many lines before it as it takes to occur only once. */
function in_context(text: string, index: number): string {
  const lines = text.split('\n');
  for (let start = index; start >= 0; start--) {
    const context = lines.slice(start, index + 1).join('\n');
    if (text.split(context).length === 2) return context;
  }
  return text;
}
