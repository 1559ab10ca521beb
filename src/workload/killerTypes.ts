/** Userspace killers as the rest of the program sees them: `killerSchema.ts` reads them. */

/** What every killer is as a process. */
export interface KillerProcess {
  /** Where it lives. */
  readonly cgroup: string;
  readonly startNs: number;
  readonly oomScoreAdj: number;
  /** Private memory of its own. */
  readonly anonPages: number;
}

/** A limit in hundredths of a percent: the first for SIGTERM, the second for SIGKILL. */
export interface TermKill {
  readonly term: number;
  readonly kill: number;
}

export interface EarlyoomSpec extends KillerProcess {
  readonly kind: 'earlyoom';
  readonly memAvail: TermKill;
  readonly swapFree: TermKill;
  /** Regular expressions for command names; null: none. */
  readonly prefer: string | null;
  readonly avoid: string | null;
  readonly ignore: string | null;
  readonly ignoreRootUser: boolean;
  readonly dryrun: boolean;
}

/** A unit of systemd as systemd-oomd sees it: ManagedOOM… of systemd.resource-control(5). */
export interface OomdUnit {
  readonly path: string;
  readonly swap: 'auto' | 'kill';
  readonly memoryPressure: 'auto' | 'kill';
  /** Hundredths of a percent. */
  readonly limit: number;
  readonly durationNs: number;
  readonly preference: 'none' | 'avoid' | 'omit';
}

export interface SystemdOomdSpec extends KillerProcess {
  readonly kind: 'systemd_oomd';
  readonly swapUsedLimit: number;
  readonly units: readonly OomdUnit[];
}

/** Patterns of cgroup paths, each with a leading slash; `*` and `?` stay within a component. */
export type Patterns = readonly string[];

/** What must be so before a ruleset of oomd acts. Thresholds of pressure: hundredths of a percent. */
export type OomdDetector =
  | {
      readonly name: 'pressure_above';
      readonly cgroup: Patterns;
      readonly threshold: number;
      readonly durationNs: number;
    }
  | {
      readonly name: 'pressure_rising_beyond';
      readonly cgroup: Patterns;
      readonly threshold: number;
      readonly durationNs: number;
      readonly fastFallRatio: number;
    }
  | { readonly name: 'memory_reclaim'; readonly cgroup: Patterns; readonly durationNs: number }
  | { readonly name: 'swap_free'; readonly thresholdPct: number }
  | {
      readonly name: 'memory_above';
      readonly cgroup: Patterns;
      readonly thresholdBytes: number;
      readonly durationNs: number;
    };

export interface OomdKill {
  readonly cgroup: Patterns;
  readonly recursive: boolean;
  readonly postActionDelayNs: number;
}

export type OomdAction = OomdKill &
  (
    | {
        readonly name: 'kill_by_memory_size_or_growth';
        readonly sizeThreshold: number;
        readonly growingSizePercentile: number;
        readonly minGrowthRatio: number;
      }
    | { readonly name: 'kill_by_swap_usage'; readonly thresholdBytes: number }
    | { readonly name: 'kill_by_pressure' }
  );

export interface OomdRuleset {
  readonly name: string;
  /** One of the groups must be fulfilled, in which all must be. */
  readonly detectors: readonly (readonly OomdDetector[])[];
  readonly actions: readonly OomdAction[];
}

export interface OomdSpec extends KillerProcess {
  readonly kind: 'oomd';
  readonly intervalNs: number;
  readonly rulesets: readonly OomdRuleset[];
  /** Cgroups with the xattr trusted.oomd_prefer, and with trusted.oomd_avoid. */
  readonly prefer: readonly string[];
  readonly avoid: readonly string[];
}

export type KillerSpec = EarlyoomSpec | SystemdOomdSpec | OomdSpec;

/** What they are called as processes. */
export const KILLER_COMMS: Readonly<Record<KillerSpec['kind'], string>> = {
  earlyoom: 'earlyoom',
  systemd_oomd: 'systemd-oomd',
  oomd: 'oomd',
};
