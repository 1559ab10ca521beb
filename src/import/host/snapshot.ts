/**
 * What a machine's /proc and cgroup tree say about memory at one moment. Command lines, environments
 * and host names are not part of it. Sizes are bytes unless a name says pages.
 */
import * as z from 'zod';

const whole = z.int().min(0);
const bytes = z
  .number()
  .min(0)
  .max(2 ** 60);
/** null: no limit. */
const limit = bytes.nullable();
const name = z.string().max(4096);

const zone = z.strictObject({
  node: whole,
  name: z.enum(['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable']),
  presentPages: whole,
  managedPages: whole,
  freePages: whole,
  minPages: whole,
  lowPages: whole,
  highPages: whole,
  protectionPages: z.array(whole).max(8),
});

export const machineSchema = z.strictObject({
  /** Release as the kernel names itself, e.g. `6.1.0-18-amd64`; '' when it was not to be read. */
  kernel: z.string().max(256),
  pageBytes: whole,
  cpus: whole.min(1),
  totalBytes: bytes,
  freeBytes: bytes,
  /** Page cache and buffers, tmpfs among it. */
  cachedBytes: bytes,
  shmemBytes: bytes,
  anonBytes: bytes,
  reclaimableBytes: bytes,
  swapBytes: bytes,
  swapFreeBytes: bytes,
  zones: z.array(zone).max(256),
  /** By their names, such as vm.swappiness; only those that matter here. */
  sysctls: z.record(z.string(), z.int()),
  /** Which cgroup hierarchy has the memory controller. */
  cgroups: z.enum(['v1', 'v2', 'none']),
  /** What could not be read, for whoever wonders what is missing. */
  processesGone: whole,
  processesDenied: whole,
});

export const cgroupSchema = z.strictObject({
  path: name,
  maxBytes: limit,
  highBytes: limit,
  lowBytes: bytes,
  minBytes: bytes,
  swapMaxBytes: limit,
  oomGroup: z.boolean(),
  /** Charged to it and all below it; null: not to be read. */
  usageBytes: bytes.nullable(),
  /** Its own, without those below it. */
  anonBytes: bytes.nullable(),
  fileBytes: bytes,
  shmemBytes: bytes,
});

export const processSchema = z.strictObject({
  pid: whole.min(1),
  comm: name,
  uid: whole,
  cgroup: name,
  oomScoreAdj: z.int().min(-1000).max(1000),
  /** /proc/PID/oom_score: the kernel's own arithmetic. */
  oomScore: z.int().nullable(),
  vmBytes: bytes,
  anonBytes: bytes,
  fileBytes: bytes,
  shmemBytes: bytes,
  swapBytes: bytes,
  pgtablesBytes: bytes,
  capSysAdmin: z.boolean(),
});

export type HostMachine = z.output<typeof machineSchema>;
export type HostCgroup = z.output<typeof cgroupSchema>;
export type HostProcess = z.output<typeof processSchema>;
export type HostZone = z.output<typeof zone>;

/** A machine at one moment. */
export interface HostSnapshot {
  readonly machine: HostMachine;
  /** Parents before children; without the root. */
  readonly cgroups: readonly HostCgroup[];
  /** With memory of their own; by pid. */
  readonly processes: readonly HostProcess[];
}
