import { expect, test } from 'vitest';
import { tempDir } from '../record/temp_dir.js';
import { oomsim } from './program.js';

const cwd = () => ({ cwd: tempDir() });

test('replay: token in, the same token out', () => {
  const { token } = JSON.parse(oomsim(['run', '--json', '-q'], cwd()).stdout);
  const again = oomsim(['replay', token, '--json', '-q'], cwd());
  expect(again).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(again.stdout)).toMatchObject({ verdict: 'same', differences: [], token });

  const wrong = oomsim(['replay', token.replace(/#.{4}/, '#0000')], cwd());
  expect(wrong).toMatchObject({ exitCode: 1 });
  expect(wrong.stdout).toContain('NOT the same run');

  const refused = oomsim(['replay', token, 'swap'], cwd());
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toMatch(/^oomsim: another workload: .* \(--force .*\)\n$/);
});
