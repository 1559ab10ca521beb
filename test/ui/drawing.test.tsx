import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { INK_OPTIONS } from '../../src/ui/ink_options.js';
import { dashboardView } from './dashboard_view.js';
import { TinyTerminal } from './tiny_terminal.js';

/** Ink draws nothing in a CI job, and looks only when it is loaded. */
async function loadInk() {
  process.env.CI = '0';
  const { render } = await import('ink');
  const { App } = await import('../../src/ui/app.js');
  const { Dashboard } = await import('../../src/ui/dashboard.js');
  return { render, App, Dashboard };
}

test('frames are drawn over each other in place, and nothing scrolls', async () => {
  const { render, Dashboard } = await loadInk();
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

test('without keys, where stdin is a pipe, it is drawn all the same', async () => {
  const { render, App } = await loadInk();
  const terminal = new TinyTerminal(80, 24);
  const stdout = terminal as unknown as NodeJS.WriteStream;
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream;
  const element = <App view={dashboardView()} quit={() => {}} />;
  const app = render(element, { ...INK_OPTIONS, stdout, stdin });
  await sleep(150);
  expect(terminal.text).toMatch(/^small-vs-large {2}kernel 4\.15/);
  expect(terminal.text).not.toContain('ERROR');
  app.unmount();
});
