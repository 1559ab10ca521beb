import { describe, expect, test } from 'vitest';
import {
  candidateRows,
  importObstacle,
  judgeReport,
  linkReports,
  type OomReport,
  parseOomReports,
  reportToWorkload,
} from '../../../src/import/dmesg/index.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import { workloadToYaml } from '../../../src/workload/write.js';
import { PREFIXES, wordWrap } from './compose.js';
import { CORPUS_FOLDER, type CorpusLog, loadCorpus } from './corpus.js';
import { firstVictim } from './played_on.js';

// Goal: on every real report the task that the kernel really killed is named, and explained where
// the numbers alone do not name it. Method: compare with index.json of the logs.

const corpus = loadCorpus();
if (corpus === null) console.warn(`skipped: no real OOM reports at ${CORPUS_FOLDER}`);

const read = (log: CorpusLog): OomReport[] => linkReports([...parseOomReports(log.lines)]);
const kills = (reports: readonly OomReport[]) =>
  reports.flatMap((report) =>
    report.kills.filter((kill) => kill.verb === 'kill').map(({ pid, comm }) => ({ pid, comm })),
  );

describe.skipIf(corpus === null).each(corpus ?? [])('$file', (log) => {
  const reports = read(log);

  test('everybody killed is found, in order', () => {
    expect(kills(reports)).toEqual(log.killed.map(({ pid, comm }) => ({ pid, comm })));
  });

  test('scope and rows', () => {
    const main = reports.find((report) => report.tasks !== null);
    expect(main?.scope).toBe(log.constraint);
    expect(main?.tasks?.rows).toHaveLength(log.task_rows);
    expect(main?.tasks?.damagedRows).toBe(0);
  });

  test('the verdict names the victim or says why not', () => {
    for (const report of reports) {
      const judgement = judgeReport(report);
      expect(judgement.why).not.toBe('');
      expect(judgement.regression).toBe(false);
      if (judgement.verdict === 'agrees') {
        const tied = judgement.tied.map((candidate) => candidate.pid);
        expect(tied).toContain(judgement.selected?.pid);
      } else {
        expect(['explained', 'no-kill', 'undecidable']).toContain(judgement.verdict);
      }
    }
  });

  test('printed scores are reproduced', () => {
    for (const report of reports) {
      const { score } = judgeReport(report);
      if (score !== null) expect(['exact', 'inferred']).toContain(score.verdict);
    }
  });

  test('the workload made of it is one', () => {
    for (const report of reports) {
      if (importObstacle(report) !== null) continue;
      const { file, comments } = reportToWorkload(report, { source: log.file });
      const workload = parseWorkload(workloadToYaml(file, comments), 'imported.yaml');
      expect(workload.processes).toHaveLength(candidateRows(report).length);
    }
  });
});

describe.skipIf(corpus === null)('together', () => {
  const events = (corpus ?? []).flatMap((log) => read(log).map((report) => judgeReport(report)));
  const count = (verdict: string) => events.filter((event) => event.verdict === verdict).length;

  test('no fewer agree than when this was written', () => {
    expect(count('agrees')).toBeGreaterThanOrEqual(22);
    expect(count('differs')).toBe(0);
  });

  test('played on from the report, the same dies first in all but two', () => {
    const logs = (corpus ?? []).filter((log) => log.killed.length > 0);
    const others = logs.flatMap((log) => {
      const report = read(log).find(
        (each) => importObstacle(each) === null && each.kills.length > 0,
      );
      if (report === undefined) return [];
      const victim = firstVictim(report);
      return victim === log.killed[0]?.pid ? [] : [log.file.slice(0, 2)];
    });
    // Page cache that could not be dropped, and a zone that ran short before the others.
    expect(others).toEqual(['32', '42']);
  });

  test('a mailer in between changes nothing', () => {
    for (const log of corpus ?? []) {
      const before = read(log);
      const texts = log.lines.map((line) => line.replace(/^> /, ''));
      const wrapped = texts.flatMap((line) => wordWrap(line, 76)).map((line) => `> ${line}`);
      expect(kills([...parseOomReports(wrapped)])).toEqual(kills(before));
      const crlf = log.lines.map(PREFIXES['CR LF']!);
      expect(kills([...parseOomReports(crlf)])).toEqual(kills(before));
    }
  });
});
