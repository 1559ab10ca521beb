import { render } from 'ink-testing-library';
import { expect, test, vi } from 'vitest';
import { App } from '../../src/ui/app.js';
import { Dashboard } from '../../src/ui/dashboard.js';
import type { DashboardView } from '../../src/ui/view.js';
import { cgroupSnapshot } from '../record/snapshots.js';
import { dashboardView } from './dashboard_view.js';

function frameOf(shown: DashboardView, columns = 80, rows = 24): string[] {
  const app = render(<Dashboard view={shown} columns={columns} rows={rows} />);
  const frame = app.lastFrame()!.split('\n');
  app.unmount();
  return frame;
}

test('one frame tells who, when, how full, and what the kernel said', () => {
  expect(frameOf(dashboardView())).toEqual([
    'small-vs-large  kernel 4.15  policy cgroup  seed 1',
    '1.128 s of 5.000 s  running  12,345 events',
    '',
    'memory [################################################] 437.7 MiB of 440.0 MiB',
    'free 2.3 MiB, below low 2.4 MiB  no swap  3 killed',
    '',
    'cgroup                                           usage       limit  procs killed',
    '/                                            437.7 MiB                 47      0',
    '/few                                         120.0 MiB         max      2      0',
    '/many                                        316.4 MiB   400.0 MiB     42      3',
    '',
    'Kernel log',
    '[    1.100000] Out of memory: Kill process 113 (small) score 4 or sacrifice chi…',
    ...Array(9).fill(''),
    'q quit   oomsim1:1:9f3c0a11:1:1',
  ]);
});

test.each([
  [80, 24],
  [80, 10],
  [40, 30],
  [200, 60],
])('at %i x %i the frame leaves a row free and is not too wide', (columns, rows) => {
  const path = `/${'deep/'.repeat(30)}`;
  const cgroups = Array.from({ length: 100 }, (_, i) => cgroupSnapshot({ path: `${path}${i}` }));
  const log = Array.from({ length: 100 }, (_, i) => `[    1.000000] ${'line '.repeat(50)}${i}`);
  const frame = frameOf(dashboardView({ cgroups, log }), columns, rows);
  expect(frame).toHaveLength(rows - 1);
  for (const line of frame) expect(line.length).toBeLessThanOrEqual(columns);
});

test('cgroups that have no row are counted', () => {
  const cgroups = Array.from({ length: 100 }, (_, i) => cgroupSnapshot({ path: `/${i}` }));
  expect(frameOf(dashboardView({ cgroups })).join('\n')).toMatch(/\.\.\. and 9\d more/);
});

test('q and Ctrl-C ask to quit, other keys do not', async () => {
  const quit = vi.fn();
  const app = render(<App view={dashboardView()} quit={quit} />);
  await vi.waitFor(() => expect(app.lastFrame()).toContain('q quit'));
  app.stdin.write('x');
  expect(quit).not.toHaveBeenCalled();
  app.stdin.write('q');
  await vi.waitFor(() => expect(quit).toHaveBeenCalledTimes(1));
  app.stdin.write('\x03');
  await vi.waitFor(() => expect(quit).toHaveBeenCalledTimes(2));
  app.unmount();
});
