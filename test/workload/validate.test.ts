import { afterEach, describe, expect, it, vi } from 'vitest';
import { runSchema } from '../../src/cli/schema.js';
import { runValidate } from '../../src/cli/validate.js';

function capture() {
  let out = '';
  let err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  return { out: () => out, err: () => err };
}

afterEach(() => vi.restoreAllMocks());

describe('oomsim validate', () => {
  it('sums up a good file on stdout', async () => {
    const written = capture();
    expect(await runValidate('small-vs-large')).toBe(0);
    expect(written.out().replace(/[0-9a-f]{12}\n$/, 'HASH\n')).toBe(
      'ok: small-vs-large: 47 processes in 2 cgroups, 460MiB of memory, no swap, 2 CPUs, ' +
        'kernel 4.15, policy cgroup, until 5s, sha256 HASH\n',
    );
    expect(written.err()).toBe('');
  });
});

describe('oomsim schema', () => {
  it('prints JSON', () => {
    const written = capture();
    expect(runSchema()).toBe(0);
    expect(JSON.parse(written.out())).toMatchObject({ title: 'oomsim workload', type: 'object' });
  });
});
