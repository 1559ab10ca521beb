import { describe, expect, it } from 'vitest';
import { parseWorkload } from '../../src/workload/parse.js';
import { WorkloadError } from '../../src/workload/problems.js';

/** The message for a file that must be refused. */
function messageOf(text: string): string {
  try {
    parseWorkload(text, 'w.yaml');
  } catch (error) {
    if (error instanceof WorkloadError) return error.message;
    throw error;
  }
  throw new Error('this file was accepted');
}

/** Golden text of one or more lines, without the leading newline that reads better in a test. */
const golden = (text: string) => text.slice(1);

describe('the message for', () => {
  it('an unknown key names the one that is meant', () => {
    const text = `machine: { memory: 1GiB }
processes:
  - name: hog
    oom_score_ajd: 500
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:4:5: error: processes[0].oom_score_ajd: unknown key "oom_score_ajd", did you mean "oom_score_adj"?
      oom_score_ajd: 500
      ^`),
    );
  });

  it('a wrong unit says what it is instead', () => {
    const text = `machine: { memory: 5s }
processes:
  - { name: hog, program: [ { anon: 60MiB, step: 6MiB, every: 60MB } ] }
until: 5
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:1:20: error: machine.memory: expected a size such as 512MiB, found "5s" (a time, not a size)
  machine: { memory: 5s }
                     ^
w.yaml:3:63: error: processes[0].program[0].every: expected a time such as 20ms, found "60MB" (unknown unit "MB": use ns, us, ms, s, m or h)
    - { name: hog, program: [ { anon: 60MiB, step: 6MiB, every: 60MB } ] }
                                                                ^
w.yaml:4:8: error: until: expected a time such as 20ms, found 5 (a time needs a unit: ns, us, ms, s, m or h)
  until: 5
         ^`),
    );
  });

  it('a negative size', () => {
    const text = `machine: { memory: 1GiB }
cgroups:
  /a: { memory.max: -100MiB, memory.high: -1 }
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:3:21: error: cgroups["/a"]["memory.max"]: expected a size such as 512MiB, or max, found "-100MiB" (negative)
    /a: { memory.max: -100MiB, memory.high: -1 }
                      ^
w.yaml:3:43: error: cgroups["/a"]["memory.high"]: expected a size such as 512MiB, or max, found -1 (negative)
    /a: { memory.max: -100MiB, memory.high: -1 }
                                            ^`),
    );
  });

  it('a number out of bounds', () => {
    const text = `machine: { memory: 1GiB }
processes: [ { name: hog, oom_score_adj: 2000 } ]
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:2:42: error: processes[0].oom_score_adj: expected an integer between -1000 and 1000, found 2000
  processes: [ { name: hog, oom_score_adj: 2000 } ]
                                           ^`),
    );
  });

  it('a duplicate name', () => {
    const text = `machine: { memory: 1GiB }
processes:
  - name: hog
  - name: hog
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:4:11: error: processes[1].name: duplicate name "hog": processes[0] is called that already
    - name: hog
            ^`),
    );
  });

  it('a duplicate cgroup, or any other key', () => {
    const text = `machine: { memory: 1GiB }
cgroups:
  /a: { memory.max: 1MiB }
  /a: { memory.max: 2MiB }
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:4:3: error: duplicate key "/a"
    /a: { memory.max: 2MiB }
    ^`),
    );
  });

  it("a cgroup that doesn't exist", () => {
    const text = `machine: { memory: 1GiB }
cgroups:
  /many: {}
processes:
  - { name: a, cgroup: /mnay }
  - { name: b, program: [ { cgroup: /elsewhere } ] }
events:
  - { at: 1s, write: /man/memory.max, value: max }
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:5:24: error: processes[0].cgroup: there is no cgroup "/mnay", did you mean "/many"?
    - { name: a, cgroup: /mnay }
                         ^
w.yaml:6:37: error: processes[1].program[0].cgroup: there is no cgroup "/elsewhere"; list it under "cgroups"
    - { name: b, program: [ { cgroup: /elsewhere } ] }
                                      ^
w.yaml:8:22: error: events[0].write: there is no cgroup "/man", did you mean "/many"?
    - { at: 1s, write: /man/memory.max, value: max }
                       ^`),
    );
  });

  it("a process that doesn't exist", () => {
    const text = `machine: { memory: 1GiB }
processes: [ { name: worker }, { name: a, program: [ { spawn: wroker } ] } ]
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:2:63: error: processes[1].program[0].spawn: there is no process "wroker", did you mean "worker"?
  processes: [ { name: worker }, { name: a, program: [ { spawn: wroker } ] } ]
                                                                ^`),
    );
  });

  it('processes that start each other in a circle', () => {
    const text = `machine: { memory: 1GiB }
processes:
  - { name: init, program: [ { spawn: a } ] }
  - { name: a, top: false, program: [ { spawn: b } ] }
  - { name: b, top: false, program: [ { loop: [ { fork: a } ], times: 2 } ] }
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:4:48: error: processes[1].program[0].spawn: processes would start without end: "a" → "b" → "a"
    - { name: a, top: false, program: [ { spawn: b } ] }
                                                 ^`),
    );
  });

  it('an enormous count', () => {
    const text = `machine: { memory: 1GiB }
processes: [ { name: hog, count: 1000000000000 } ]
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:2:34: error: processes[0].count: expected an integer between 1 and 1000000, found 1000000000000
  processes: [ { name: hog, count: 1000000000000 } ]
                                   ^`),
    );
  });

  it('counts that are only enormous when multiplied', () => {
    const text = `machine: { memory: 1GiB }
processes:
  - { name: a, count: 1000, program: [ { loop: [ { spawn: b } ], times: 1000 } ] }
  - { name: b, top: false, count: 10, program: [ { threads: 50 }, { bomb: 3 } ] }
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:3:23: error: processes[0].count: the file asks for at least 580001000 processes and threads: at most 1000000
    - { name: a, count: 1000, program: [ { loop: [ { spawn: b } ], times: 1000 } ] }
                        ^`),
    );
  });

  it('a loop in which no time passes', () => {
    const text = `machine: { memory: 1GiB }
processes: [ { name: a, program: [ { loop: [ free, { sleep: 0 } ] } ] } ]
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:2:36: error: processes[0].program[0]: no time passes in this loop: add a sleep to it
  processes: [ { name: a, program: [ { loop: [ free, { sleep: 0 } ] } ] } ]
                                     ^`),
    );
  });

  it('something that is not YAML shows only the first error', () => {
    const text = `machine: { memory: 1GiB
processes: ]]
`;
    expect(messageOf(text)).toBe(
      golden(`
w.yaml:2:1: error: not YAML: Flow map in block collection must be sufficiently indented and end with a }
  processes: ]]
  ^`),
    );
  });

  it('what is never closed points to the end of what there is', () => {
    expect(messageOf('machine: { memory: 1GiB\n\n')).toBe(
      golden(`
w.yaml:1:24: error: not YAML: Flow map in block collection must be sufficiently indented and end with a }
  machine: { memory: 1GiB
                         ^`),
    );
  });

  it('a file of something else', () => {
    expect(messageOf('just a sentence')).toBe(
      golden(`
w.yaml:1:1: error: expected a map, found "just a sentence"
  just a sentence
  ^`),
    );
  });

  it('an empty file, and one of comments only', () => {
    const empty = 'w.yaml:1:1: error: empty: a workload needs at least machine: { memory: 512MiB }';
    expect(messageOf('')).toBe(empty);
    expect(messageOf('# nothing here\n')).toBe(empty);
  });

  it('a kernel version without quotes', () => {
    expect(messageOf('{ machine: { memory: 1GiB }, kernel: 4.20 }')).toBe(
      golden(`
w.yaml:1:38: error: kernel: expected a kernel version in quotes, such as "4.15" (without quotes, YAML reads 4.20 as the number 4.2), found 4.2
  { machine: { memory: 1GiB }, kernel: 4.20 }
                                       ^`),
    );
  });
});

describe('kernels, policies and switches that do not exist', () => {
  const place = (text: string) => messageOf(text).split('\n')[0];

  it.each([
    [
      'kernel: "4.16"',
      '2:9: error: kernel.version: there is no kernel "4.16"; known: 4.14, 4.15, 4.17, 4.19, 5.0, 5.2, 5.4, 5.9, 5.19, 6.1, 6.14',
    ],
    [
      'kernel: { oom_policy: cgruop }',
      '2:23: error: kernel.oom_policy: there is no policy "cgruop", did you mean "cgroup"?',
    ],
    [
      'kernel: { roof_bonus: true }',
      '2:11: error: kernel.roof_bonus: there is no kernel switch "roof_bonus", did you mean "root_bonus"?',
    ],
    [
      'kernel: { tie: first }',
      '2:16: error: kernel.tie: expected first_leader or last, found "first"',
    ],
    [
      'kernel: { memcg_charge_batch: -1 }',
      '2:31: error: kernel.memcg_charge_batch: expected a non-negative integer, found -1',
    ],
  ])('%s', (kernel, expected) => {
    expect(place(`machine: { memory: 1GiB }\n${kernel}`)).toBe(`w.yaml:${expected}`);
  });

  it('a policy file is looked for when it is needed', () => {
    const text = 'machine: { memory: 1GiB }\nkernel: { oom_policy: ./mine.ts }';
    expect(parseWorkload(text, 'w.yaml').policy).toBe('./mine.ts');
  });
});

/** The first line of the message, without file, line and column. */
const headOf = (text: string) =>
  messageOf(text)
    .split('\n')[0]!
    .replace(/^\S+ error: /, '');
const withProcess = (yaml: string) => `{ machine: { memory: 1GiB }, processes: [ ${yaml} ] }`;
const withStep = (yaml: string) => withProcess(`{ name: p, program: [ ${yaml} ] }`);
const withEvent = (yaml: string) => `{ machine: { memory: 1GiB }, events: [ ${yaml} ] }`;

describe('also refused:', () => {
  it.each<[string, string]>([
    [withStep('hodl'), 'processes[0].program[0]: expected a step: one of hold, free, mlock'],
    [
      withStep('{ anno: 1 }'),
      'processes[0].program[0].anno: "anno" is not a step, did you mean "anon"?',
    ],
    [
      withStep('{ shmem: 1MiB }'),
      'processes[0].program[0].shmem: "shmem" is not a step; there are threads, bomb, anon, shm,',
    ],
    [
      withEvent('{ at: 1s, killall: p }'),
      'events[0].at: none of "at", "killall" is an event; there are write, sysctl,',
    ],
    [
      withEvent('{ at: 1s, sysctrl: {} }'),
      'events[0].sysctrl: "sysctrl" is not an event, did you mean "sysctl"?',
    ],
    [
      withStep('{ "a\\e[31m": 1 }'),
      'processes[0].program[0]["a\\u001b[31m"]: "a·[31m" is not a step; there are',
    ],
    [
      withStep('{ free: true }'),
      'processes[0].program[0]: "free" takes nothing: write it without braces',
    ],
    [
      withStep('{ anon: 1, times: 2 }'),
      'processes[0].program[0].times: unknown key "times"; known here: anon, step, every',
    ],
    [
      withStep('{ anon: 1, step: 0 }'),
      'processes[0].program[0].step: expected a size above 0, found 0',
    ],
    [
      withStep('{ anon: { unifrom: [1, 2] } }'),
      'processes[0].program[0].anon.unifrom: "unifrom" is not a size such as 512MiB, or a distribution, did you mean "uniform"?',
    ],
    [
      withStep('{ anon: { uniform: [2, 1] } }'),
      'processes[0].program[0].anon.uniform: expected the smallest before the largest, found a list',
    ],
    [
      withStep('{ anon: { uniform: [2] } }'),
      'processes[0].program[0].anon.uniform: expected a list of two: [smallest, largest], found a list',
    ],
    [
      withStep('{ probe: pipe }'),
      'processes[0].program[0]: missing "for": expected a time such as 20ms, or a distribution',
    ],
    [withProcess('{ count: 2 }'), 'processes[0]: missing "name": expected a name'],
    [
      withProcess('{ name: p, comm: sixteen-letters-x }'),
      'processes[0].comm: expected a command name of at most 15 bytes',
    ],
    [
      withProcess('{ name: p, pid: 3, count: 2 }'),
      "processes[0].pid: one pid can't be given to 2 processes",
    ],
    [withProcess('{ name: p, pid: 3 }, { name: q, pid: 3 }'), 'processes[1].pid: duplicate pid 3'],
    [
      withProcess('{ name: p, cgroup: a/b }'),
      'processes[0].cgroup: expected a cgroup path such as /a/b, found "a/b" (it must begin with /)',
    ],
    [
      withProcess('{ name: p, memory: { anon: 2GiB } }'),
      'processes[0].memory: with this, 2GiB of memory are in use at the start: there are 1GiB',
    ],
    [
      withProcess('{ name: p, memory: { swap: 1 page } }'),
      'processes[0].memory: with this, 4KiB of swap are in use at the start: there are 0',
    ],
    [
      withProcess('{ name: p, program: [], restart: { when: always, delay: 0 } }'),
      'processes[0].restart: it exits at once and is restarted at once',
    ],
    [withEvent('{ sysrq: f }'), 'events[0]: when? add "at: 3s" or "after_first_kill: 3s"'],
    [
      withEvent('{ at: 1s, after_first_kill: 1s, sysrq: f }'),
      'events[0]: an event has either "at" or "after_first_kill"',
    ],
    [
      withEvent('{ at: 1s, sysrq: z }'),
      'events[0].sysrq: expected f, which runs the OOM killer, found "z"',
    ],
    [withEvent('{ at: 1s, kill: p }'), 'events[0].kill: there is no process "p"'],
    [
      withEvent('{ at: 1s, write: /a/memory.mxa, value: 1 }'),
      'events[0].write: there is no file "memory.mxa" that can be written, did you mean "memory.max"?',
    ],
    [
      withEvent('{ at: 1s, write: /memory.max, value: 1 }'),
      'events[0].write: the root cgroup has no file "memory.max"',
    ],
    [
      withEvent('{ at: 1s, write: /memory.max, value: 1s }'),
      'events[0].value: expected a size such as 512MiB, or max, found "1s"',
    ],
    [
      withEvent('{ at: 1s, sysctl: vm.swappines, value: 1 }'),
      'events[0].sysctl: unknown sysctl "vm.swappines", did you mean "vm.swappiness"?',
    ],
    [
      withEvent('{ at: 1s, sysctl: vm.swappiness, value: 900 }'),
      'events[0].value: expected an integer between 0 and 200, found 900',
    ],
    [
      '{ machine: { memory: 1MiB } }',
      'machine.memory: expected between 16MiB and 64TiB of memory, found 1MiB',
    ],
    ['{ machine: {} }', 'machine: missing "memory"'],
    [
      '{ machine: { zones: [ { name: DMA, present: 9000, managed: 9001 } ] } }',
      'machine.zones[0].managed: managed (9001) is more than present (9000)',
    ],
    [
      '{ machine: { zones: [ { name: DMA, present: 9000, managed: 9000, min: 5, high: 3 } ] } }',
      'machine.zones[0].min: min (5) is more than high (3)',
    ],
    [
      '{ machine: { memory: 1GiB }, cgroups: { /: { memory.max: 5 } } }',
      'cgroups["/"]: the root cgroup has no limits',
    ],
    [
      '{ machine: { memory: 1GiB }, cgroups: { /a: { memory.oom.group: 1, memory.oom_group: 1 } } }',
      'cgroups["/a"]["memory.oom_group"]: "memory.oom_group" and "memory.oom.group" are the same knob',
    ],
    ['{ machine: { memory: 1GiB }, name: a/b }', 'name: expected a name of letters, digits'],
    ['a: 1\n---\nb: 2\n', 'a second YAML document: one file is one workload'],
    [
      '{ machine: { memory: 1GiB }, sysctl: { vm.overcommit_memory: 2 } }',
      'expected 0 or 1: that memory is promised only as far as there is some (2) is not modelled, found 2',
    ],
    ['{ __proto__: 1 }', 'unknown key "__proto__"'],
    ['a: !!binary x', 'not YAML: Unresolved tag: tag:yaml.org,2002:binary'],
    ['a: &a [ *a ]', 'no anchor "&a" ends before this alias'],
    ['machine: "\0"', 'a binary file, not YAML (it has NUL bytes)'],
    [`a: ${'['.repeat(200)}${']'.repeat(200)}`, 'nested too deeply'],
    [`a: ${'['.repeat(100_000)}`, 'nested too deeply'],
  ])('%.60s', (text, message) => {
    expect(headOf(text)).toContain(message);
  });
});

describe('a hostile file', () => {
  it('of aliases to aliases ends early', () => {
    let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
    for (let level = 1; level < 12; level++) {
      text += `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]\n`;
    }
    expect(headOf(text)).toBe('aliases that unfold into too much');
  });

  it('of very many aliases ends early too', () => {
    const text = `a: &a 1\nb: [ ${Array(6000).fill('*a').join(', ')} ]`;
    expect(headOf(text)).toBe('more than 5000 anchors and aliases');
  });

  it('can put neither control characters nor endless lines on the terminal', () => {
    const message = messageOf(`{ machine: "\\e[31m${'x'.repeat(5000)}", "\\e": 1 }`);
    expect(message).not.toContain('\u001b');
    expect(Math.max(...message.split('\n').map((line) => line.length))).toBeLessThan(200);
  });

  it('shows ten problems and counts the others', () => {
    const many = Array.from({ length: 25 }, (_, index) => `k${index}: 1`).join('\n');
    const lines = messageOf(many).split('\n');
    expect(lines.at(-1)).toBe('… and 16 more problems');
    expect(lines).toHaveLength(31);
  });
});
