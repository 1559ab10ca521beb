/** docs/batch.md: its commands work, its metrics are those that are computed. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { METRICS } from '../../src/batch/metrics/definitions.js';
import { tempDir } from '../record/temp_dir.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');
const DOCS = readFileSync(join(ROOT, 'docs', 'batch.md'), 'utf8');

function blocks(language: string): string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...DOCS.matchAll(fenced)].map(([, block]) => block!);
}

test('every command works, in its order, in one folder', () => {
  const cwd = tempDir();
  const bin = join(cwd, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'oomsim'), `#!/bin/sh\nexec node "${MAIN}" "$@"\n`, { mode: 0o755 });
  writeFileSync(join(cwd, 'restart.yaml'), blocks('yaml')[0]!);
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const commands = blocks('sh').flatMap((block) => block.split('\n').filter((line) => line !== ''));
  expect(commands.length).toBeGreaterThan(8);
  for (const command of commands) {
    const { status, stderr } = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8' });
    expect({ command, status, stderr }).toMatchObject({ command, status: 0 });
  }
  const merged = readFileSync(join(cwd, 'merged', 'restart', 'runs.csv'), 'utf8');
  expect(merged).toBe(readFileSync(join(cwd, 'out', 'restart', 'runs.csv'), 'utf8'));
});

test('every metric is there with its formula and its source', () => {
  const rows = METRICS.map(({ id, perContainer, unit, formula, source }) => {
    const name = `\`${id}${perContainer ? '[c]' : ''}\`${unit === '' ? '' : ` (${unit})`}`;
    return `| ${name} | ${formula} | ${source} |`;
  });
  const found = DOCS.split('\n').filter((line) => rows.includes(line));
  expect(found).toEqual(rows);
});
