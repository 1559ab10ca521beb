import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { tempDir } from '../record/temp_dir.js';
import { type SessionOptions, TerminalSession } from './terminal_session.js';

vi.setConfig({ testTimeout: 120_000 }); // a busy machine is slow, not wrong

let session: TerminalSession | null = null;
afterEach(() => session?.close());

function open(args: string, some: Partial<SessionOptions> = {}): TerminalSession {
  session = new TerminalSession(args, { cwd: tempDir(), ...some });
  return session;
}

const UP = '\x1b[A';
const DOWN = '\x1b[B';
const RIGHT = '\x1b[C';
const ESCAPE = '\x1b';
const CTRL_C = '\x03';

/** The terminal is as the shell had it: usual screen, cursor, line by line and with echo. */
async function expectRestored(terminal: TerminalSession, exitCode: number): Promise<void> {
  await terminal.shows(/(^|\s)echo(\s|$)/m);
  expect(terminal.isAlternate).toBe(false);
  expect(terminal.text).toMatch(/(^|\s)icanon/m);
  expect(terminal.output).toContain(`exit code ${exitCode}`);
  const lastOf = (sequence: string) => terminal.output.lastIndexOf(sequence);
  expect(lastOf('\x1b[?25h')).toBeGreaterThan(lastOf('\x1b[?25l'));
  expect(lastOf('\x1b[?1049l')).toBeGreaterThan(lastOf('\x1b[?1049h'));
}

test('a whole session: open, unfold, pause, seek, explain a kill, resize, quit', async () => {
  const terminal = open('run small-vs-large --speed 0.1', { rows: 50, columns: 100 });

  await terminal.shows('playing ×1/10');
  expect(terminal.isAlternate).toBe(true);
  terminal.press(' ');
  await terminal.shows('paused');
  await terminal.shows(/ of 0\.83\d s/); // meanwhile all of the run is known

  terminal.press(DOWN + DOWN);
  await terminal.shows('Cgroup /few');
  expect(terminal.text).toMatch(/big +[RSD] /); // its processes
  terminal.press(`${UP}\r`);
  await terminal.shows(/❯▸ \/ \(machine\)/);
  expect(terminal.text).not.toMatch(/^ +few /m);
  terminal.press('\r');
  await terminal.shows(/❯▾ \/ \(machine\)/);
  expect(terminal.text).toMatch(/^ +few /m);

  terminal.press('J50%\r');
  await terminal.shows(/0\.41\d s of 0\.83\d s/);
  terminal.press('Jkill 2\r');
  await terminal.shows('Why small (8) died');
  await terminal.shows('kill 2 of 9');
  expect(terminal.text).toContain('biggest task of /many, the biggest cgroup');
  await terminal.shows(/✗ +8 small \/many/); // the machine at that moment comes a little later
  await terminal.shows(/^event \d+: small \(\d+\): oomsim:oom_kill pid=8/m);
  expect(terminal.text).toContain('memory not free after 0');
  terminal.press(RIGHT);
  await terminal.shows(/^event \d+: (?!.*oom_kill)/m);
  terminal.press('[['); // the one before this moment, then the one before that
  await terminal.shows('Why small (7) died');

  terminal.resize(140, 40);
  await terminal.shows(/^small-vs-large .* seed 1 · oomsim1:/); // there is room for the token now
  expect(terminal.rows[0]).toMatch(/^small-vs-large · kernel 4\.15 · policy cgroup/);
  await terminal.shows(/^(.*\n){39}(event|q quit)/); // down to the last row
  terminal.resize(70, 20);
  await terminal.shows('The dashboard needs 80×24');
  terminal.resize(80, 24);
  await terminal.shows('Why small (7) died');
  expect(terminal.rows[0]).toMatch(/^small-vs-large · 4\.15 · cgroup/);
  expect(terminal.text).not.toContain('needs 80×24');

  terminal.press('?');
  await terminal.shows('next, previous kill');
  terminal.press(ESCAPE);
  await terminal.shows('Kernel log');

  terminal.press('q');
  await expectRestored(terminal, 0);
  expect(terminal.output).toContain('9 processes were killed');
  expect(terminal.output).toMatch(/repeat +oomsim run small-vs-large --seed 1/);
});

test('the other policy on the same seed, and both side by side', async () => {
  const terminal = open('run small-vs-large --speed max', { columns: 160, rows: 45 });
  await terminal.shows('ended: idle');
  terminal.press('\t');
  await terminal.shows(/policy process/);
  await terminal.shows(/Why big \(\d+\) died/);
  terminal.press('\t');
  await terminal.shows(/policy cgroup.*policy process/);
  terminal.press('q');
  await expectRestored(terminal, 0);
});

/** A run that is not over before somebody ends it. */
const LONG = `
machine: { memory: 64MiB, cpus: 1 }
processes: [ { name: busy, program: [ { loop: [ { compute: 1us } ], times: 1000000000 } ] } ]
until: 10h
`;

test('Ctrl-C and SIGTERM end it like q does', async () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, 'long.yaml'), LONG);
  const first = open('run long.yaml', { cwd });
  await first.shows('playing');
  first.press(CTRL_C);
  await expectRestored(first, 130);
  first.close();
  const second = open('run long.yaml', { cwd });
  await second.shows('playing');
  second.signal('SIGTERM');
  await expectRestored(second, 130);
  expect(second.output).toContain('interrupted');
});

test('a crash leaves the terminal as it was', async () => {
  const crash = `--import 'data:text/javascript,process.on("SIGUSR2",()=>{throw Error("boom")})'`;
  const terminal = open('run small-vs-large', { node: crash });
  await terminal.shows('playing');
  terminal.signal('SIGUSR2');
  await expectRestored(terminal, 3);
  expect(terminal.output).toContain('boom');
});

test('without colours and with ASCII only, where that is asked for', async () => {
  const env = { NO_COLOR: '1', LC_ALL: 'C' };
  const terminal = open('run small-vs-large --speed max', { env });
  await terminal.shows('ended: idle');
  expect(terminal.colors.size).toBe(0);
  expect(terminal.text).toMatch(/^[\x20-\x7e\n]*$/);
  terminal.press('q');
  await expectRestored(terminal, 0);
  terminal.close();
  const coloured = open('run small-vs-large');
  await coloured.shows('Kernel log');
  expect(coloured.colors.size).toBeGreaterThan(2);
});

test('where nobody touches it, it is about to end by itself', async () => {
  const terminal = open('run memcg-limit --speed max');
  await terminal.shows(/closing in \d+ s; any key stays/);
  terminal.press('2');
  await terminal.shows('❯ 2 Why');
  expect(terminal.text).not.toContain('closing');
  terminal.press('q');
  await expectRestored(terminal, 0);
});
