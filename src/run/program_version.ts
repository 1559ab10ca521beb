import { readFileSync } from 'node:fs';
import { packageFile } from '../workload/package_files.js';

/** The package's version, as package.json has it. */
export const PROGRAM_VERSION: string = (
  JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    version: string;
  }
).version;
