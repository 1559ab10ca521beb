/** The parts that metrics are made of, on hand-made events whose answers are plain. */
import { describe, expect, test } from 'vitest';
import { Containers, leafContainers } from '../../../src/batch/metrics/containers.js';
import { Episodes, unneeded } from '../../../src/batch/metrics/episodes.js';
import { jainIndex, nearestRank } from '../../../src/batch/metrics/fairness.js';
import { Lives } from '../../../src/batch/metrics/lives.js';
import { Stalls } from '../../../src/batch/metrics/stalls.js';
import { parseWorkload } from '../../../src/workload/parse.js';

const MS = 1e6;

describe("Jain's index (Jain, Chiu, Hawe 1984)", () => {
  test.each([
    [[1, 1, 1, 1], 1],
    [[1, 0, 0, 0], 1 / 4],
    [[5, 5, 0, 0, 0], 2 / 5], // k of n share equally: k/n
    [[100, 50], 0.9], // 150² / (2 · 12 500)
  ])('%j: %d', (shares, index) => expect(jainIndex(shares)).toBeCloseTo(index, 12));

  test('does not depend on the scale; of nothing there is none', () => {
    expect(jainIndex([1, 2, 3])).toBeCloseTo(jainIndex([10, 20, 30]), 12);
    expect(jainIndex([0, 0])).toBeNaN();
  });
});

test('percentiles are of the nearest rank', () => {
  const values = Float64Array.from([15, 20, 35, 40, 50]);
  expect([0.05, 0.3, 0.4, 0.5, 1].map((p) => nearestRank(values, p))).toEqual([15, 20, 20, 35, 50]);
});

describe('availability', () => {
  test('one of two is killed half-way and comes back after a quarter', () => {
    const lives = new Lives(1);
    lives.exec(1, 'a', 0, 0);
    lives.exec(2, 'a', 0, 0);
    expect(lives.kill(1, 50)).toEqual({ startNs: 0, restarted: false });
    lives.exit(1, 55);
    lives.exec(3, 'a', 0, 75);
    // 50 of 2/2, 25 of 1/2, 25 of 2/2
    expect(lives.shares(0, 100)).toEqual({ up: 0.875, whole: 0.75, broken: 0.25 });
    expect(lives.kill(3, 100).restarted).toBe(true);
  });

  test('it counts from the first process on, and who has done its work is not missed', () => {
    const lives = new Lives(1);
    lives.exec(1, 'a', 0, 40);
    lives.exec(2, 'b', 0, 40);
    lives.exit(2, 60);
    lives.kill(1, 80);
    expect(lives.shares(0, 100)).toEqual({ up: 40 / 60, whole: 40 / 60, broken: 0 });
  });

  test('a process of another name does not replace the one that was killed', () => {
    const lives = new Lives(1);
    lives.exec(1, 'a', 0, 0);
    lives.kill(1, 0);
    lives.exec(2, 'b', 0, 0);
    expect(lives.shares(0, 10)).toEqual({ up: 0.5, whole: 0, broken: 1 });
  });

  test('a panic ends everything; a container without processes has no availability', () => {
    const lives = new Lives(2);
    lives.exec(1, 'a', 0, 0);
    lives.panic(30);
    expect(lives.shares(0, 100).up).toBe(0.3);
    expect(lives.shares(1, 100).up).toBeNaN();
  });
});

describe('allocation stalls', () => {
  test('passes with a sleep of a jiffy between them are one stall', () => {
    const stalls = new Stalls(4 * MS);
    stalls.begin(7, 0);
    stalls.end(7, 1 * MS);
    stalls.begin(7, 5 * MS);
    stalls.end(7, 6 * MS);
    stalls.begin(7, 50 * MS);
    stalls.end(7, 52 * MS);
    expect([...stalls.finish(90 * MS)]).toEqual([2 * MS, 6 * MS]);
  });

  test('who dies in reclaim has stalled until then; who is still in it, until the end', () => {
    const stalls = new Stalls(4 * MS);
    stalls.begin(1, 0);
    stalls.exit(1, 3 * MS);
    stalls.begin(2, 10 * MS);
    expect([...stalls.finish(15 * MS)]).toEqual([3 * MS, 5 * MS]);
  });
});

describe('OOM episodes', () => {
  const victim = (pid: number, killNs: number, pages = 10) => ({ pid, memcg: '', pages, killNs });

  test('from the selection to the last memory that is awaited', () => {
    const episodes = new Episodes(() => 0);
    episodes.select(100);
    episodes.kill(victim(1, 110));
    episodes.select(120);
    episodes.kill(victim(2, 125));
    episodes.freed(1, 130);
    episodes.freed(2, 160);
    episodes.freed(2, 170); // by its exit, after the reaper
    episodes.select(500);
    episodes.kill(victim(3, 510));
    episodes.finish(520);
    expect(episodes.lengthNs).toBe(60 + 20);
    expect(episodes.reapedNs).toEqual([20, 35, 10]);
  });

  test.each([
    [[10, 10, 10], 9, 0],
    [[10, 10, 10], 10, 1],
    [[10, 10, 10], 100, 2], // the first one was needed
    [[10, 30, 5], 20, 1],
    [[10], 100, 0],
  ])('victims of %j pages, %i free afterwards: %i were not needed', (pages, headroom, count) => {
    expect(unneeded(pages, headroom)).toBe(count);
  });

  test('collateral is counted for what was out of memory', () => {
    const episodes = new Episodes((memcg) => (memcg === '/a' ? 10 : 0));
    for (const [pid, memcg] of [
      [1, '/a'],
      [2, '/a'],
      [3, '/b'],
      [4, '/b'],
    ] as const) {
      episodes.kill({ pid, memcg, pages: 10, killNs: 0 });
    }
    episodes.finish(5);
    expect(episodes.collateral).toBe(1);
  });
});

describe('containers', () => {
  test('are the leaves, and root if processes live in it', () => {
    const workload = parseWorkload(
      `machine: { memory: 64MiB }
cgroups: { /: {}, /a: {}, /a/b: {}, /ab: {} }
processes: [{ name: x, cgroup: /a/b }, { name: y }]`,
      'w.yaml',
    );
    expect(leafContainers(workload).map(({ name }) => name)).toEqual(['/', '/a/b', '/ab']);
  });

  test('take in all that is below them, but /a does not take in /ab', () => {
    const paths = [['/a'], ['/b', '/c']].map((p) => ({
      name: p[0]!,
      paths: p,
      requestBytes: null,
    }));
    const containers = new Containers(paths);
    const of = ['/a', '/a/x/y', '/ab', '/', '/c/d'].map((path) => containers.of(path));
    expect(of).toEqual([0, 0, -1, -1, 1]);
  });
});
