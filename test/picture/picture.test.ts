import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { tempDir } from '../record/temp_dir.js';
import { takePicture } from './take_picture.js';

vi.setConfig({ testTimeout: 120_000 });

/** The rows of a picture as text, with each number as # and each bar as =: the model moves them. */
function shapeOf(svg: string): string[] {
  const texts = [...svg.matchAll(/y="(\d+)"[^>]*>([^<]*)<\/text>/g)];
  const rows = new Map<string, string>();
  for (const [, y, text] of texts) rows.set(y!, `${rows.get(y!) ?? ''}${text}`);
  return [...rows.values()].map((row) =>
    row.replace(/[0-9][0-9.,]*[KMG]?/g, '#').replace(/[█▁▂▃▄▅▆▇▓▒░≡·─mlh▲✗≈ #]+/g, '='),
  );
}

test('the picture in the README shows the dashboard as it is (npm run picture makes it anew)', async () => {
  const picture = readFileSync(new URL('../../docs/dashboard.svg', import.meta.url), 'utf8');
  const { svg } = await takePicture(tempDir());
  expect(shapeOf(picture)).toEqual(shapeOf(svg));
  expect(picture).toContain('Why small (7) died');
});
