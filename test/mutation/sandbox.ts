import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KERNEL_TESTS, type Mutant } from './mutant.js';

const COPIED = ['src', 'test', 'workloads', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
/** It compares the table of switches with a copy of itself. */
const NOT_ASKED = 'test/kernel/profile.test.ts';
/** Modules are loaded once for all tests: that is most of the time. */
const ONE_PROCESS = ['--no-isolate', '--pool=threads', '--maxWorkers=1'];
/** A mutant may loop for ever. */
const TIMEOUT_MS = 300_000;

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** A copy of the package in which mutants live one after the other. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'oomsim-mutation-'));

  constructor(root: string) {
    for (const name of COPIED) {
      cpSync(join(root, name), join(this.folder, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** The first test that notices the mutant, or null. @throws Error if its text is not found once */
  judge({ file, from, to }: Mutant): string | null {
    const path = join(this.folder, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${file} does not say once: ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    try {
      for (const tests of KERNEL_TESTS) {
        const noticed = this.first_failure(tests);
        if (noticed !== null) return noticed;
      }
      return null;
    } finally {
      writeFileSync(path, text);
    }
  }

  /** `file: test` of a test that fails, or null. */
  first_failure(tests: readonly string[]): string | null {
    const report = join(this.folder, 'report.json');
    rmSync(report, { force: true });
    const args = ['--bail', '1', '--exclude', NOT_ASKED, '--testTimeout', '20000', ...ONE_PROCESS];
    const { error, status } = spawnSync(
      process.execPath,
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        ...args,
        '--reporter=json',
        `--outputFile=${report}`,
        ...tests,
      ],
      { cwd: this.folder, timeout: TIMEOUT_MS, killSignal: 'SIGKILL', stdio: 'ignore' },
    );
    if (error !== undefined) return `${tests.join(' ')}: no end in sight`;
    if (status === 0) return null;
    return named(JSON.parse(readFileSync(report, 'utf8')) as Report, this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function named({ testResults }: Report, folder: string): string {
  for (const { name, message, assertionResults } of testResults) {
    const file = name.replace(`${folder}/`, '');
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed !== undefined) return `${file}: ${failed.fullName}`;
    if (message !== '') return `${file}: ${message.split('\n')[0]}`;
  }
  return 'a test that was not named';
}
