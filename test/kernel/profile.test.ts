import { describe, expect, it } from 'vitest';
import { PROFILES, type Profile, profileOf, SWITCHES } from '../../src/kernel/profile.js';

/** A switch's value in the oldest preset, and where it changes after that. */
function history(name: keyof Profile): string {
  let last: unknown;
  const changes: string[] = [];
  for (const { name: preset, profile } of PROFILES) {
    if (profile[name] === last) continue;
    last = profile[name];
    changes.push(`${preset} ${last}`);
  }
  return changes.join(', ');
}

describe('what changed between kernels (KERNEL.md 4.10)', () => {
  it.each<[keyof Profile, string]>([
    ['root_bonus', '4.14 true, 4.17 false'],
    ['child_sacrifice', '4.14 true, 5.2 false'],
    ['badness', '4.14 clamped, 5.9 signed'],
    ['tie', '4.14 first_leader, 5.4 last'],
    ['scan_tasks', '4.14 threads, 5.4 processes'],
    ['oom_sleep_under_lock', '4.14 true, 4.19 false'],
    ['reaper_takes_oom_lock', '4.14 true, 4.19 false'],
    ['reaper_delay_hz', '4.14 0, 5.19 2'],
    ['reaper_skips_mlocked', '4.14 true, 5.19 false'],
    ['exit_mmap_reaps', '4.14 false, 4.17 true, 6.1 false'],
    ['memcg_oom', '4.14 fault_end, 4.19 charge'],
    ['memcg_oom_failed', '4.14 force, 5.19 enomem'],
    ['memcg_oom_needs_fs', '4.14 true, 5.4 false'],
    ['memcg_oom_killable', '4.14 false, 5.2 true'],
    ['memcg_oom_recheck', '4.14 false, 5.9 true'],
    ['memcg_oom_members', '4.14 false, 5.4 true'],
    ['dying_force_charge', '4.14 true, 5.19 false'],
    ['memcg_reclaim_retries', '4.14 5, 5.9 16'],
    ['memcg_charge_batch', '4.14 32, 6.1 64'],
    ['oom_group', '4.14 false, 4.19 true'],
    ['memory_min', '4.14 false, 4.19 true'],
    ['low_protection', '4.14 all, 4.19 shared, 5.4 proportional'],
    ['high_throttle', '4.14 false, 5.4 true'],
    ['pagefault_global_oom', '4.14 true, 5.19 false'],
    ['sysrq_ignores_notifiers', '4.14 false, 5.19 true'],
    ['log_format', '4.14 4.15, 4.19 4.19, 5.0 5.0, 5.2 5.2, 5.4 5.4, 5.9 5.9, 6.14 6.14'],
    ['no_killable', '4.14 panic, 4.19 warn_then_deadlocked'],
    ['lru_cost_model', '4.14 false, 5.9 true'],
    ['psi', '4.14 none, 5.0 4.20, 5.19 6.1'],
  ])('%s: %s', (name, expected) => {
    expect(history(name)).toBe(expected);
  });

  it('4.14 and 4.15 are the same here', () => {
    expect(profileOf('4.14')).toEqual(profileOf('4.15'));
  });
});

describe('profileOf', () => {
  it('overrides switches by name, as numbers, booleans or text', () => {
    const profile = profileOf('4.15', { root_bonus: false, memcg_charge_batch: '64', tie: 'last' });
    expect(profile).toEqual({
      ...profileOf('4.15'),
      root_bonus: false,
      memcg_charge_batch: 64,
      tie: 'last',
    });
  });

  it.each([
    ['2.6', {}, 'unknown kernel "2.6"'],
    ['4.15', { roof_bonus: true }, 'unknown kernel switch "roof_bonus"'],
    ['4.15', { root_bonus: 'maybe' }, 'expected true or false, found "maybe"'],
    ['4.15', { memcg_charge_batch: -1 }, 'expected a non-negative integer, found "-1"'],
    ['4.15', { tie: 'first' }, 'expected first_leader or last, found "first"'],
  ])(
    'refuses %s with %j',
    (preset, overrides: Record<string, string | number | boolean>, message) => {
      expect(() => profileOf(preset, overrides)).toThrow(message);
    },
  );

  it('knows every value that a preset has', () => {
    for (const { name, values } of SWITCHES) {
      for (const value of values) expect(() => profileOf('4.15', { [name]: value })).not.toThrow();
    }
  });
});
