import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { INK_OPTIONS } from '../../src/ui/ink_options.js';
import { dashboardView } from './dashboard_view.js';
import { TinyTerminal } from './tiny_terminal.js';

test('frames are drawn over each other in place, and nothing scrolls', async () => {
  process.env.CI = '0'; // Ink draws nothing in a CI job, and looks only when it is loaded
  const { render } = await import('ink');
  const { Dashboard } = await import('../../src/ui/dashboard.js');
  const terminal = new TinyTerminal(80, 24);
  const frame = (timeNs: number, log: string[]) => (
    <Dashboard view={dashboardView({ timeNs, log })} columns={80} rows={24} />
  );
  const stdout = terminal as unknown as NodeJS.WriteStream;
  const app = render(frame(0, ['first']), { ...INK_OPTIONS, stdout });
  await sleep(150);
  app.rerender(frame(1e9, ['first', 'second']));
  await sleep(150);
  app.rerender(frame(2e9, ['third']));
  await sleep(150);
  const lines = terminal.text.split('\n');
  app.unmount();
  expect(lines).toHaveLength(23);
  expect(lines.filter((line) => line.includes(' of 5.000 s'))).toEqual([
    '2.000 s of 5.000 s  running  12,345 events',
  ]);
  expect(lines.slice(11, 14)).toEqual(['Kernel log', 'third', '']);
  expect(terminal.scrolledRows).toBe(0);
});
