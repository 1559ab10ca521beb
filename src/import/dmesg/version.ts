/** Which kernel printed a report: its release if the log names it, its age by its wording if not. */
import type { OomReport } from './types.js';

/** A release in numbers; 2.6.32 is [2, 6, 32]. */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Vendors whose kernels carry newer code under an old number. */
export type Vendor = 'el6' | 'el7' | 'el8' | 'el9' | 'uek' | 'sles' | null;

/** Reads `5.10.0-10-amd64`; null when it does not begin with a release. */
export function parseVersion(text: string): KernelVersion | null {
  const match = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?/.exec(text);
  if (match === null) return null;
  const [, major, minor, patch] = match;
  return { major: Number(major), minor: Number(minor), patch: Number(patch ?? 0) };
}

/** Negative when `a` is the older one. */
export function compareVersions(a: KernelVersion, b: KernelVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** Whether `version` is `major.minor[.patch]` or later. */
export function atLeast(version: KernelVersion, major: number, minor: number, patch = 0): boolean {
  return compareVersions(version, { major, minor, patch }) >= 0;
}

/** The vendor that a release string names. */
export function vendorOf(text: string): Vendor {
  const el = /\.el([6-9])/.exec(text)?.[1];
  if (text.includes('uek')) return 'uek';
  if (el !== undefined) return `el${el}` as Vendor;
  return /-default$|\.sles?|-lp\d{3}/.test(text) ? 'sles' : null;
}

/** What the wording of a report says about the age of its kernel. */
export interface VersionEstimate {
  /** The likeliest release. */
  readonly version: KernelVersion;
  /** The oldest that could have printed it. */
  readonly earliest: KernelVersion;
  readonly because: readonly string[];
  /** Marks of different ages: a vendor's kernel, or one patched by hand. */
  readonly mixed: boolean;
}

interface Mark {
  readonly says: string;
  readonly since: readonly [number, number, number];
  readonly until: readonly [number, number, number];
  readonly seen: (report: OomReport) => boolean;
}

const NEVER: readonly [number, number, number] = [999, 0, 0];
const killed = (report: OomReport) => report.kills.find((kill) => kill.verb === 'kill');

/** OpenVZ's containers have user beancounters. */
function inBeancounter(report: OomReport): boolean {
  return killed(report)?.message.includes(' in UB ') === true;
}

/** Marks of age, from the kernels' own sources; `until` is the first release without the mark. */
const MARKS: readonly Mark[] = [
  {
    says: 'the table has oom_adj only',
    since: [2, 6, 11],
    until: [2, 6, 36],
    seen: (r) => r.tasks?.layout === 'oom_adj',
  },
  {
    says: 'the table has cpu and oom_score_adj (2.6.36 to 3.4, and RHEL 6)',
    since: [2, 6, 36],
    until: [3, 5, 0],
    seen: (r) => r.tasks?.layout === 'oom_score_adj',
  },
  {
    says: 'the table has nr_ptes but not nr_pmds',
    since: [3, 5, 0],
    until: [4, 0, 0],
    seen: (r) => r.tasks?.layout === 'nr_ptes',
  },
  {
    says: 'the table has nr_pmds',
    since: [4, 0, 0],
    until: [4, 15, 0],
    seen: (r) => r.tasks?.layout === 'nr_pmds',
  },
  {
    says: 'the table has pgtables_bytes',
    since: [4, 15, 0],
    until: [6, 8, 0],
    seen: (r) => r.tasks?.layout === 'pgtables_bytes',
  },
  {
    says: 'the table has rss_anon',
    since: [6, 8, 0],
    until: NEVER,
    seen: (r) => r.tasks?.layout === 'rss_split',
  },
  {
    says: 'its pid column is narrow',
    since: [2, 6, 0],
    until: [4, 19, 0],
    seen: (r) => r.tasks?.columnsFrom === 'header' && r.tasks.widePid === false,
  },
  {
    says: 'its pid column is wide',
    since: [4, 19, 0],
    until: NEVER,
    seen: (r) => r.tasks?.widePid === true,
  },
  {
    says: 'there is an oom-kill: line',
    since: [5, 0, 0],
    until: NEVER,
    seen: (r) => r.summary !== null,
  },
  {
    says: 'the kill takes two lines',
    since: [2, 6, 0],
    until: [5, 1, 0],
    seen: (r) => r.kills.some((kill) => kill.verb === 'select'),
  },
  {
    says: 'the kill takes one line',
    since: [5, 1, 0],
    until: NEVER,
    seen: (r) => (killed(r)?.message ?? '') !== '' && !inBeancounter(r),
  },
  {
    says: "the kill line is OpenVZ's",
    since: [2, 6, 32],
    until: [3, 11, 0],
    seen: inBeancounter,
  },
  {
    says: 'the kill line has no oom_score_adj',
    since: [2, 6, 0],
    until: [5, 4, 0],
    seen: (r) => killed(r)?.shmemRssKb != null && killed(r)?.uid == null,
  },
  {
    says: 'the kill line has UID and oom_score_adj',
    since: [5, 4, 0],
    until: NEVER,
    seen: (r) => killed(r)?.oomScoreAdj != null,
  },
];

/**
 * The kernel's age from the wording alone. Where marks contradict each other, the newest decides:
 * vendors move code forward, nobody moves it back.
 */
export function estimateVersion(report: OomReport): VersionEstimate | null {
  const marks = MARKS.filter((mark) => mark.seen(report));
  if (marks.length === 0) return null;
  const since = marks.map((mark) => mark.since).reduce(newer);
  const until = marks.map((mark) => mark.until).reduce(older);
  const mixed = newer(since, until) === since;
  const [major, minor, patch] = mixed ? since : representative(since, until);
  return {
    version: { major, minor, patch },
    earliest: { major: since[0], minor: since[1], patch: since[2] },
    because: marks.map((mark) => mark.says),
    mixed,
  };
}

type Triple = readonly [number, number, number];

function newer(a: Triple, b: Triple): Triple {
  return (a[0] - b[0] || a[1] - b[1] || a[2] - b[2]) >= 0 ? a : b;
}

function older(a: Triple, b: Triple): Triple {
  return newer(a, b) === a ? b : a;
}

/** The newest release that the marks allow: what people ran longest. */
function representative(since: Triple, until: Triple): Triple {
  if (until === NEVER) return since;
  return until[1] > 0 ? [until[0], until[1] - 1, until[2]] : since;
}

/** Presets of src/kernel/profile.ts, and the first release whose victims they choose. */
const PRESETS: readonly (readonly [string, number, number])[] = [
  ['4.14', 0, 0],
  ['4.15', 4, 15],
  ['4.17', 4, 17],
  ['4.19', 4, 19],
  ['5.0', 5, 0],
  ['5.2', 5, 1], // 5.1 stopped sacrificing children
  ['5.4', 5, 3], // 5.3 brought the rule that the last of equals dies
  ['5.9', 5, 9],
  ['5.19', 5, 17], // 5.17 took the global OOM out of the page fault
  ['6.1', 6, 1],
  ['6.14', 6, 14],
];

/** The preset whose rules are nearest to this version's. */
export function presetFor(version: KernelVersion): string {
  let preset = '4.14';
  for (const [name, major, minor] of PRESETS) {
    if (atLeast(version, major, minor)) preset = name;
  }
  return preset;
}
