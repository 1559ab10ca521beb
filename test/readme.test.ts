import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { oomsim } from './cli/program.js';
import { tempDir } from './record/temp_dir.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');

/** The contents of the README's fenced blocks of a language, in their order. */
function blocks(language: string): string[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const fenced = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...readme.matchAll(fenced)].map(([, block]) => block!);
}

/** Every line of the sh blocks that is a command to try. */
function readmeCommands(): string[] {
  return blocks('sh')
    .flatMap((block) => block.split('\n'))
    .map((line) =>
      line
        .replace(/#.*$/, '')
        .replace(/^npm ci && /, '')
        .trim(),
    )
    .filter((line) => line !== '' && line !== 'npm ci');
}

/**
 * `oomsim` is the built program, and `npm start` what package.json makes of it, without building it
 * again under the feet of other tests. `npm test` is what is running here.
 */
function commandPath(): string {
  const bin = join(tempDir(), 'bin');
  mkdirSync(bin);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const start = String(scripts.start).replace('dist/cli/main.js', `"${MAIN}"`);
  const npm = `case "$1" in test) ;; start) shift; [ "$1" = -- ] && shift; exec ${start} "$@";; esac`;
  writeFileSync(join(bin, 'oomsim'), `#!/bin/sh\nexec node "${MAIN}" "$@"\n`, { mode: 0o755 });
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\n${npm}\n`, { mode: 0o755 });
  return bin;
}

test('every command of the README works, in its order, in one folder', () => {
  const commands = readmeCommands();
  expect(commands).toContain('npm start');
  expect(commands).toContain('npm test');
  const cwd = tempDir();
  cpSync(join(ROOT, 'examples'), join(cwd, 'examples'), { recursive: true });
  const PATH = `${commandPath()}${delimiter}${process.env.PATH}`;
  for (const command of commands) {
    const { status, stderr } = spawnSync('sh', ['-c', command], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, PATH },
    });
    expect({ command, status, stderr }).toMatchObject({ command, status: 0 });
  }
});

test('a run ends as the README shows it', () => {
  expect(oomsim(['run', '-q'], { cwd: tempDir() }).stdout).toBe(blocks('text')[0]);
});

test("the README's workload is one", () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'readme.yaml'), blocks('yaml')[0]!);
  expect(oomsim(['validate', 'readme.yaml'], { cwd })).toMatchObject({ exitCode: 0, stderr: '' });
});
