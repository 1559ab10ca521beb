import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MODEL_VERSION } from '../../../src/run/model_version.js';
import { findRun } from '../../../src/run/named_run.js';
import { loadPolicy } from '../../../src/run/policy/load.js';
import { replayRun } from '../../../src/run/replay/replay.js';
import { formatReplay } from '../../../src/run/replay/text.js';
import { type RunOptions, runWorkload } from '../../../src/run/run.js';
import { loadWorkload } from '../../../src/workload/load.js';
import { tempDir } from '../../record/temp_dir.js';

const loaded = loadWorkload('small-vs-large');
const played = (options: RunOptions = {}) => runWorkload(loaded, options);

/** Looks in a folder without runs. */
const find = (name: string, some: Partial<Parameters<typeof findRun>[1]> = {}) =>
  findRun(name, { outDir: 'no-such-folder', force: false, ...some });

const replay = async (name: string, some = {}) => replayRun(await find(name, some));

describe('a token', () => {
  test.each<[string, RunOptions]>([
    ['of a plain run', {}],
    ['with a policy', { policy: 'process' }],
    ['with seed and run number', { seed: 'a:b, c', run: 3 }],
    [
      'with a kernel, a time and a switch',
      { kernel: '6.1', untilNs: 7e8, switches: { psi: 'none' } },
    ],
  ])('%s is all that is needed for the same run', async (_what, options) => {
    const { token } = await played(options);
    const { verdict, result } = await replay(token);
    expect({ verdict, token: result.token }).toEqual({ verdict: 'same', token });
  });

  test('another fingerprint, fewer and more events are seen', async () => {
    const { token, fingerprint } = await played();
    const [, identity, events] = /^(.*)#.*@(\d+)$/.exec(token)!;
    const wrong = [
      [`${identity}#0123456789abcdef/tkarv@${events}`, /the fingerprint after [\d,]+ events is/],
      [`${identity}#${fingerprint}@${Number(events) + 1}`, /it ended after [\d,]+ events, it had/],
      [`${identity}#${fingerprint}@${Number(events) - 1}`, /the fingerprint after/],
    ] as const;
    for (const [other, difference] of wrong) {
      const report = await replay(other);
      expect(report).toMatchObject({ verdict: 'different' });
      expect(formatReplay(report)).toMatch(difference);
    }
  });

  test('a run that should have ended does not go on unseen', async () => {
    const { token } = await played({ untilNs: 3e8 });
    const longer = token.replace('until=300ms', 'until=400ms');
    const { differences } = await replay(longer);
    expect(differences[0]).toMatch(/^it went on to [\d,]+ events, it ended after/);
  });

  test('without fingerprint says nothing of what came of it', async () => {
    const { token } = await played();
    expect(await replay(token.split('#')[0]!)).toMatchObject({ verdict: 'unknown' });
  });

  test('is checked by its own ingredients', async () => {
    const { token } = await played({ ingredients: 'tk' });
    expect(token).toContain('/tk@');
    expect(await replay(token)).toMatchObject({ verdict: 'same', result: { token } });
  });

  test('of another model version is refused, unless forced', async () => {
    const { token } = await played();
    const other = token.replace(/^oomsim1:[^:]+/, 'oomsim1:0.0');
    await expect(find(other)).rejects.toThrow(/another model: the run was played by version 0\.0/);
    const report = await replay(other, { force: true });
    expect(report).toMatchObject({ verdict: 'same', misfits: [expect.stringMatching(/^another/)] });
  });

  test('with another workload is refused, unless forced', async () => {
    const { token } = await played();
    await expect(find(token, { workload: 'swap' })).rejects.toThrow(/another workload: .* hash/);
    expect(await replay(token, { workload: 'swap', force: true })).toMatchObject({
      verdict: 'different',
    });
  });

  test('of a workload that nobody has asks for it', async () => {
    await expect(find(`oomsim1:${MODEL_VERSION}:deadbeef:1:1`)).rejects.toThrow(
      /its file has to be given too, next to the token/,
    );
  });

  test('with an option from the future is not played without it', async () => {
    const { token } = await played();
    const future = token.replace('#', ':warp=9#');
    await expect(find(future)).rejects.toThrow('an option that this program does not know: warp');
  });
});

describe('files that are not shipped', () => {
  test('the workload of a token is found among the runs', async () => {
    const [dir, outDir] = [tempDir(), tempDir()];
    const path = join(dir, 'mine.yaml');
    writeFileSync(path, `${loaded.text}# mine\n`);
    const { token } = await runWorkload(loadWorkload(path), { outDir });
    await expect(find(token)).rejects.toThrow('no shipped workload has it');
    expect(await replay(token, { outDir })).toMatchObject({ verdict: 'same' });
    expect(await replay(token, { workload: path })).toMatchObject({ verdict: 'same' });
  });

  test('a policy file: shipped, among the runs, or given', async () => {
    const shipped = await played({ policy: await loadPolicy('ten-lines.ts') });
    expect(await replay(shipped.token)).toMatchObject({ verdict: 'same' });

    const [dir, outDir] = [tempDir(), tempDir()];
    const path = join(dir, 'own.ts');
    writeFileSync(path, "export default { name: 'own', handle: () => null };\n");
    const policy = await loadPolicy(path);
    const { token, outDir: folder } = await played({ policy, outDir });
    await expect(find(token)).rejects.toThrow(
      /policy file own@[0-9a-f]{12}: give it with --policy/,
    );
    expect(await replay(token, { outDir })).toMatchObject({ verdict: 'same' });
    expect(await replay(token, { policy })).toMatchObject({ verdict: 'same' });
    expect(await replay(folder!)).toMatchObject({ verdict: 'same' });
    const other = await loadPolicy('ten-lines.ts');
    await expect(find(token, { policy: other })).rejects.toThrow('another policy');
  });
});

describe('a run folder', () => {
  test('is all that is needed, and replaying leaves it alone', async () => {
    const { outDir: dir, token } = await played({ outDir: tempDir(), seed: '3' });
    const contents = () => readdirSync(dir!).map((name) => readFileSync(join(dir!, name), 'utf8'));
    const before = contents();
    expect(await replay(dir!)).toMatchObject({ verdict: 'same', result: { token, outDir: null } });
    expect(contents()).toEqual(before);
  });

  test('whose workload was edited is refused', async () => {
    const { outDir: dir } = await played({ outDir: tempDir() });
    appendFileSync(join(dir!, 'workload.yaml'), '# edited\n');
    await expect(find(dir!)).rejects.toThrow('another workload');
  });

  test('whose record was changed is not the same', async () => {
    const { outDir: dir } = await played({ outDir: tempDir() });
    const path = join(dir!, 'events.csv');
    const rows = readFileSync(path, 'utf8').split('\n');
    rows[100] = rows[100]!.replace(/^\d+/, '1');
    writeFileSync(path, rows.join('\n'));
    const { verdict, differences } = await replay(dir!);
    expect(verdict).toBe('different');
    expect(differences).toEqual([
      expect.stringMatching(/^events.csv line 101: recorded 1,\d+,.* now /),
    ]);
  });

  test('of a finished run must be complete', async () => {
    const { outDir: dir } = await played({ outDir: tempDir() });
    const path = join(dir!, 'samples.csv');
    const rows = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${rows.slice(0, 10).join('\n')}\n`);
    appendFileSync(join(dir!, 'kernel.log'), '[    9.000000] and more\n');
    rmSync(join(dir!, 'kills.csv'));
    const { differences } = await replay(dir!);
    expect(differences).toEqual([
      expect.stringMatching(/^kernel.log line \d+ should not be there: \[ {4}9.000000\] and more$/),
      'kills.csv is missing',
      'samples.csv ends after line 10, and should go on',
    ]);
  });

  test('tells between which checkpoints a run left it', async () => {
    const cache = loadWorkload('page-cache');
    const { outDir: dir } = await runWorkload(cache, { outDir: tempDir() });
    const path = join(dir!, 'checkpoints.csv');
    const rows = readFileSync(path, 'utf8').split('\n');
    rows[2] = rows[2]!.replace(/,[0-9a-f]{8},/, ',00000000,');
    writeFileSync(path, rows.join('\n'));
    const { differences } = await replay(dir!);
    expect(differences[0]).toMatch(
      /^it left the record after event 8,192 \([\d.]+ s\) and before event 16,384 \([\d.]+ s\)$/,
    );
  });

  test('of an interrupted run: it is compared there, and goes on to the end', async () => {
    const stop = new AbortController();
    const observer = {
      slice: (system: { nowNs: number }) => {
        if (system.nowNs >= 5e8) stop.abort();
      },
    };
    const options = { outDir: tempDir(), signal: stop.signal };
    const { outDir: dir, token } = await runWorkload(loaded, options, [observer]);
    const whole = await played();
    const report = await replay(dir!);
    expect(report).toMatchObject({ verdict: 'same', result: { token: whole.token } });
    expect(formatReplay(report)).toMatch(
      /the same run up to event [\d,]+, where it was inter.* more/,
    );
    for (const { outcome } of report.files) expect(outcome).toBe('same');
    expect(await replay(token)).toMatchObject({ verdict: 'same', result: { token: whole.token } });
    const there = await replayRun(await find(dir!), { stopThere: true });
    expect(there).toMatchObject({ verdict: 'same', result: { token } });
  });

  test('and nothing else', async () => {
    await expect(find(tempDir())).rejects.toThrow('is not a run folder');
    await expect(find('small-vs-large')).rejects.toThrow('neither a repro token, nor a run folder');
  });
});
