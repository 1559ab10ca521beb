/** `npm run picture`: makes docs/dashboard.svg anew, for the README. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takePicture } from './take_picture.js';

const PICTURE = fileURLToPath(new URL('../../docs/dashboard.svg', import.meta.url));

const cwd = mkdtempSync(join(tmpdir(), 'oomsim-picture-'));
try {
  const { svg, text } = await takePicture(cwd);
  writeFileSync(PICTURE, svg);
  console.log(text);
} finally {
  rmSync(cwd, { recursive: true, force: true });
}
