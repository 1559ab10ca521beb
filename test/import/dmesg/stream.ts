/**
 * `npm run logs:stream -- [MIB] [REPORTS]`: writes a log of so many MiB, by default 1024, with so many OOM
 * reports in it, by default 1000, reads it as `import dmesg` does, and says how fast that was and how
 * much memory it took.
 */

import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeReport, ReportLinker, readOomReports } from '../../../src/import/dmesg/index.js';
import { compose, newKill } from './compose.js';

const MIB = 2 ** 20;
const ROWS = 300;

const VICTIM = { pid: 9000, comm: 'leaky', rss: 150_000, pgt: 300 };
const NEIGHBOURS = Array.from({ length: ROWS }, (_, i) => ({
  pid: 1000 + i,
  comm: `worker-${i % 9}`,
  rss: 900 + i,
  adj: i % 3 === 0 ? -200 : 0,
}));

/** Lines as they come between two reports, of the kernel and of other programs. */
const ORDINARY = [
  'systemd[1]: Started Session 4711 of user someone.',
  'kernel: [12345.678901] audit: type=1400 audit(1723427643.123:45): apparmor="ALLOWED" operation="open"',
  'sshd[2210]: Accepted publickey for someone from 192.0.2.7 port 51234 ssh2: ED25519 SHA256:abc',
  'kernel: [12345.678902] IPv6: ADDRCONF(NETDEV_CHANGE): veth12ab: link becomes ready',
  'dockerd[900]: time="2025-08-12T03:54:03Z" level=info msg="ignoring event" container=0123456789abcdef',
].map((line) => `Aug 12 03:54:03 web-7 ${line}\n`);

async function writeLog(path: string, bytes: number, reports: number): Promise<void> {
  const report = compose({
    kernel: '5.10.0',
    layout: 'pgtables_bytes',
    tasks: [...NEIGHBOURS, VICTIM],
    kills: newKill(VICTIM),
  });
  const text = report
    .map((line) => `Aug 12 03:54:03 web-7 kernel: [12345.678901] ${line}\n`)
    .join('');
  const between = Math.max(0, Math.floor(bytes / reports) - text.length);
  const chatter = ORDINARY.join('');
  const filler = chatter.repeat(Math.ceil(between / chatter.length)).slice(0, between);
  const chatterPiece = filler.slice(0, filler.lastIndexOf('\n') + 1);
  const file = createWriteStream(path);
  for (let at = 0; at < reports; at++) {
    // A pid that was killed before would be taken for dead.
    const piece = chatterPiece + text.replaceAll(String(VICTIM.pid), String(10_000 + at));
    if (!file.write(piece)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

/** Reads it all, and keeps of each report what a list of them needs. */
async function readLog(path: string): Promise<number> {
  const linker = new ReportLinker();
  let agreeing = 0;
  for await (const report of readOomReports(path)) {
    for (const linked of linker.push(report)) if (judgeReport(linked).agrees) agreeing++;
  }
  for (const linked of linker.end()) if (judgeReport(linked).agrees) agreeing++;
  return agreeing;
}

const [mib = '1024', reports = '1000'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'oomsim-stream-'));
try {
  const path = join(folder, 'big.log');
  await writeLog(path, Number(mib) * MIB, Number(reports));
  const { size } = statSync(path);
  const before = process.resourceUsage().maxRSS;
  const started = performance.now();
  const agreeing = await readLog(path);
  const seconds = (performance.now() - started) / 1000;
  const after = process.resourceUsage().maxRSS;
  console.log(`${Math.round(size / MIB)} MiB, ${agreeing} of ${reports} reports agree`);
  console.log(`${(size / 1e6 / seconds).toFixed(0)} MB/s, ${seconds.toFixed(1)} s`);
  console.log(`most memory ${Math.round(after / 1024)} MiB, ${Math.round(before / 1024)} before`);
  process.exitCode = agreeing === Number(reports) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
