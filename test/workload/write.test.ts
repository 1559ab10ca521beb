import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWorkload } from '../../src/workload/parse.js';
import { type Comments, workloadToYaml } from '../../src/workload/write.js';
import { workloadFile } from './arbitraries.js';

describe('writing a workload', () => {
  it('gives YAML that people can read, with comments where asked', () => {
    const comments: Comments = new Map([
      ['', 'From dmesg.\n2 processes.'],
      ['processes[1]', 'the victim'],
      ['machine.memory', '2097152 pages RAM'],
    ]);
    const text = workloadToYaml(
      {
        name: 'report',
        machine: { memory: '8GiB', cpus: 4 },
        kernel: { version: '4.15', oom_policy: 'process' },
        cgroups: { '/a': { 'memory.max': '1GiB' }, '/b': null },
        processes: [
          { name: 'init', pid: 1, memory: { anon: '300 pages' } },
          { name: 'hog', cgroup: '/a', program: [{ anon: '2GiB', every: { exponential: '1ms' } }] },
        ],
      },
      comments,
    );
    expect(text).toBe(`# From dmesg.
# 2 processes.

name: report
machine:
  # 2097152 pages RAM
  memory: 8GiB
  cpus: 4
kernel: { version: "4.15", oom_policy: process }
cgroups:
  /a: { memory.max: 1GiB }
  /b: null
processes:
  - { name: init, pid: 1, memory: { anon: 300 pages } }
  # the victim
  - { name: hog, cgroup: /a, program: [ { anon: 2GiB, every: { exponential: 1ms } } ] }
`);
    expect(parseWorkload(text, 'w.yaml').processes).toHaveLength(2);
  });

  it('keeps what a comment cannot: line breaks and control characters', () => {
    const file = { machine: { memory: '1GiB' } };
    const text = workloadToYaml(file, new Map([['machine', 'a\r\nprocesses: []\u001b[31m']]));
    expect(text).toBe('# a\n# processes: []·[31m\nmachine: { memory: 1GiB }\n');
  });

  it('reads back as what was written', () => {
    fc.assert(
      fc.property(workloadFile, (file) => {
        const direct = parseWorkload(JSON.stringify(file), 'w.yaml');
        expect(parseWorkload(workloadToYaml(file), 'w.yaml')).toEqual(direct);
      }),
      { numRuns: 150 },
    );
  });

  it('reads back the same with comments everywhere', () => {
    const comment = fc.string({ unit: 'grapheme', maxLength: 30 });
    const path = fc.constantFrom('', 'machine', 'machine.memory', 'cgroups["/a"]', 'processes[0]');
    fc.assert(
      fc.property(workloadFile, fc.array(fc.tuple(path, comment)), (file, comments) => {
        const text = workloadToYaml(file, new Map(comments));
        expect(parseWorkload(text, 'w.yaml')).toEqual(
          parseWorkload(JSON.stringify(file), 'w.yaml'),
        );
      }),
      { numRuns: 50 },
    );
  });
});
