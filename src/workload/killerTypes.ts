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

export type KillerSpec = EarlyoomSpec;

/** What they are called as processes. */
export const KILLER_COMMS: Readonly<Record<KillerSpec['kind'], string>> = {
  earlyoom: 'earlyoom',
};
