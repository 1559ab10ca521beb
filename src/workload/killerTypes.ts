/** Userspace killers as the rest of the program sees them: `killerSchema.ts` reads them. */

/** What every killer is as a process. */
interface KillerProcess {
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

export type KillerSpec = EarlyoomSpec | SystemdOomdSpec;

/** What they are called as processes. */
export const KILLER_COMMS: Readonly<Record<KillerSpec['kind'], string>> = {
  earlyoom: 'earlyoom',
  systemd_oomd: 'systemd-oomd',
};
