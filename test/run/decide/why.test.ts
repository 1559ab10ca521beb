import { describe, expect, test } from 'vitest';
import type { Candidate } from '../../../src/kernel/trace.js';
import { type WhoDied, whyTheBiggestLives } from '../../../src/run/decide/why.js';

const MIB_PAGES = 256;

function candidate(pid: number, cgroup: string, mib: number): Candidate {
  const rssPages = mib * MIB_PAGES;
  const kind = pid === 0 ? 'memcg' : 'task';
  const none = { swapPages: 0, pgtablesPages: 0, adj: 0, adjPages: 0, bonusPages: 0, why: '' };
  return { kind, pid, comm: `p${pid}`, cgroup, rssPages, points: rssPages, ...none };
}

/** p2 of /b dies, and not p1 of /a, which is bigger. */
function smallerDied(memcgCandidates: readonly Candidate[]): WhoDied {
  const candidates = [candidate(1, '/a', 90), candidate(2, '/b', 10)];
  return { candidates, memcgCandidates, victims: [{ pid: 2 }] };
}

describe('why the biggest process lives', () => {
  test('its cgroup is smaller than the one that was chosen', () => {
    const memcgs = [candidate(0, '/a', 90), candidate(0, '/b', 100)];
    expect(whyTheBiggestLives(smallerDied(memcgs))).toBe(
      'p1 (1), which uses 90.0 MiB, lives: its cgroup /a counts as 90.0 MiB, /b as 100.0 MiB.',
    );
  });

  test('the policy did not compare its cgroup', () => {
    expect(whyTheBiggestLives(smallerDied([candidate(0, '/b', 100)]))).toBe(
      'p1 (1), which uses 90.0 MiB, lives: the policy does not look at its cgroup, /a.',
    );
  });

  test('a policy of the user’s own compares what it likes', () => {
    expect(whyTheBiggestLives(smallerDied([]))).toBe(
      'p1 (1), which uses 90.0 MiB, lives: the policy has rules of its own.',
    );
  });

  test('nothing to tell when it died itself', () => {
    const died = { ...smallerDied([]), victims: [{ pid: 1 }] };
    expect(whyTheBiggestLives(died)).toBe('');
  });
});
