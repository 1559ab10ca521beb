import { describe, expect, test } from 'vitest';
import { judgeReport, type OomReport, parseOomReports } from '../../../src/import/dmesg/index.js';
import { compose, hardWrap, newKill, PREFIXES, SQUEEZED, wordWrap } from './compose.js';

// Goal: the same report comes out whatever stands before its lines and wherever they are broken.
// Method: one composed report, sent through every prefix and every way of wrapping.

const VICTIM = { pid: 3117, comm: 'cache main', rss: 150_000, uid: 1000, pgt: 300 };
const LINES = compose({
  kernel: '5.10.0-10-amd64',
  layout: 'pgtables_bytes',
  tasks: [
    { pid: 610, comm: 'systemd-journal', rss: 900, adj: -250 },
    { pid: 754, comm: 'f2b/f.postfix', rss: 3000 },
    { pid: 987, comm: '(sd-pam)', rss: 40, uid: 1000 },
    VICTIM,
    { pid: 4242, comm: 'asker', rss: 800, adj: -1000 },
  ],
  kills: newKill(VICTIM),
});

function only(lines: readonly string[]): OomReport {
  const reports = [...parseOomReports(lines)];
  expect(reports).toHaveLength(1);
  return reports[0]!;
}

/** Everything but places and stamps. */
function essence(report: OomReport): unknown {
  const { lines: _, atSeconds: _s, atText: _t, ...rest } = report;
  return JSON.parse(
    JSON.stringify(rest, (key, value) => {
      if (key === 'line' || key === 'lineOf') return undefined;
      return value instanceof Map ? [...value] : value;
    }),
  );
}

const PLAIN = essence(only(LINES));

describe('prefixes', () => {
  for (const [name, prefix] of Object.entries(PREFIXES)) {
    test(name, () => {
      expect(essence(only(LINES.map(prefix)))).toEqual(PLAIN);
    });
  }

  for (const [name, squeeze] of Object.entries(SQUEEZED)) {
    test(`${name} squeezed: only the width of the pid column is lost`, () => {
      const report = only(LINES.map(squeeze));
      expect(report.tasks?.widePid).toBeNull();
      const tasks = { ...report.tasks!, widePid: true };
      expect(essence({ ...report, tasks })).toEqual(PLAIN);
    });
  }

  test('journalctl -o export and -o verbose: many lines an entry', () => {
    const entry = (message: string): string[] => [
      '__CURSOR=s=1;i=2',
      '_TRANSPORT=kernel',
      'PRIORITY=4',
      `MESSAGE=${message}`,
      '_HOSTNAME=host',
      '',
    ];
    expect(essence(only(LINES.flatMap(entry)))).toEqual(PLAIN);
    const stamp = 'Tue 2025-08-12 03:54:03.123456 CEST [s=1;i=2;b=3]';
    const verbose = (message: string): string[] => [
      stamp,
      ...entry(message).map((line) => `    ${line}`),
    ];
    expect(essence(only(LINES.flatMap(verbose)))).toEqual(PLAIN);
  });

  test('journalctl -o json-pretty: whole objects', () => {
    const pretty = (message: string): string[] =>
      JSON.stringify({ __CURSOR: 's=1', MESSAGE: message, PRIORITY: '4' }, null, '\t')
        .replaceAll('":', '" :')
        .split('\n');
    expect(essence(only(LINES.flatMap(pretty)))).toEqual(PLAIN);
  });

  test('journalctl -r: the last line first, and lines keep their numbers', () => {
    const lines = LINES.map(PREFIXES.syslog!);
    const reversed = only(lines.toReversed());
    expect(essence(reversed)).toEqual(PLAIN);
    expect(reversed.lines).toEqual({ first: 1, last: LINES.length });
    expect(reversed.trigger?.line).toBe(LINES.length);
  });

  test('the last line first, and no head of the table to tell it by', () => {
    const some = LINES.filter((line) => /oom|ill|\[ {4}(?:610|754)\]/.test(line));
    const lines = some.filter((line) => !line.includes('total_vm      rss'));
    const reversed = only(lines.map((line) => `03:54:03 kernel: ${line}`).toReversed());
    expect(essence(reversed)).toEqual(essence(only(lines)));
    expect(reversed.kills).toMatchObject([{ pid: 3117 }]);
    expect(reversed.tasks?.rows).toHaveLength(2);
  });

  test('stamps are kept', () => {
    expect(only(LINES.map(PREFIXES.dmesg!)).atSeconds).toBe(1000);
    expect(only(LINES.map(PREFIXES['dmesg -T, German']!)).atText).toBe('Di Aug 12 03:54:03 2025');
    expect(only(LINES.map(PREFIXES.kmsg!)).atSeconds).toBe(1);
  });
});

describe('wrapping', () => {
  const wrapped = ['none', 'dmesg', 'dmesg -T, German', 'kmsg', 'syslog', 'PRINTK_CALLER'];
  for (const name of wrapped) {
    for (const columns of [72, 78]) {
      test(`${name}, by a mailer at ${columns}`, () => {
        const lines = LINES.map(PREFIXES[name]!).flatMap((line) => wordWrap(line, columns));
        expect(essence(only(lines))).toEqual(PLAIN);
      });
      test(`${name}, by a mailer at ${columns} and quoted`, () => {
        const lines = LINES.map(PREFIXES[name]!).flatMap((line) => wordWrap(line, columns));
        expect(essence(only(lines.map((line) => `> ${line}`)))).toEqual(PLAIN);
      });
    }
    test(`${name}, by a terminal at 108`, () => {
      const lines = LINES.map(PREFIXES[name]!).flatMap((line) => hardWrap(line, 108));
      const report = only(lines);
      expect(report.tasks?.rows.map((row) => row.rssPages)).toEqual([900, 3000, 40, 150_000, 800]);
      expect(judgeReport(report)).toMatchObject({ verdict: 'agrees', selected: { pid: 3117 } });
    });
  }

  test('continuation lines without prefix, as journalctl prints them', () => {
    const lines = LINES.map((line) =>
      line.startsWith(' ') ? `${' '.repeat(35)}${line}` : `Dec 05 22:20:29 host kernel: ${line}`,
    );
    expect(essence(only(lines))).toEqual(PLAIN);
  });

  test('a whole report on one line: JSON, rsyslog and syslog-ng escapes', () => {
    const json = JSON.stringify({ MESSAGE: LINES.join('\n'), SYSLOG_IDENTIFIER: 'kernel' });
    expect(essence(only([json]))).toEqual(PLAIN);
    expect(essence(only([LINES.join('#012')]))).toEqual(PLAIN);
    expect(essence(only([LINES.join('\\x0a')]))).toEqual(PLAIN);
  });

  test('quoted-printable mail', () => {
    const encoded = LINES.flatMap((line) => {
      const pieces = hardWrap(line.replaceAll('=', '=3D'), 60).map((piece) => `${piece}=`);
      return [...pieces.slice(0, -1), pieces.at(-1)!.slice(0, -1)];
    });
    // A cut inside `=3D` is no valid encoding; the composer above may make one.
    const valid = encoded.every((line) => !/=3?=$/.test(line));
    const mail = ['Content-Transfer-Encoding: quoted-printable', '', ...encoded];
    if (valid) expect(essence(only(mail))).toEqual(PLAIN);
  });

  test('HTML entities of a scraped page', () => {
    const lines = LINES.map((line) => `&lt;4&gt;${line.replaceAll('&', '&amp;')}<br />`);
    expect(essence(only(lines))).toEqual(PLAIN);
  });
});

describe('other programs', () => {
  test('their lines between the kernel ones are dropped, with their continuations', () => {
    const lines = LINES.flatMap((line, i) => [
      `Sep  9 08:12:34 host kernel: ${line}`,
      `Sep  9 08:12:34 host chrome[${i}]: Out of memory: Killed process 1 (init) total-vm:1kB`,
      '    and a second line of it',
    ]);
    expect(essence(only(lines))).toEqual(PLAIN);
  });

  test('what user space wrote into the kernel log is dropped', () => {
    const lines = LINES.flatMap((line, i) => [
      `[ ${(1000 + i).toFixed(6)}] ${line}`,
      `[ ${(1000 + i).toFixed(6)}] systemd-journald[648]: Compressed data object 720 -> 393`,
    ]);
    expect(essence(only(lines))).toEqual(PLAIN);
  });

  test('a console shared with a program that had not ended its line', () => {
    const first = `Creating journal (262144 blocks): [   34.739137] ${LINES[0]}`;
    const lines = [first, ...LINES.slice(1).map((line) => `[   34.839137] ${line}`)];
    expect(essence(only(lines))).toEqual(PLAIN);
  });
});
