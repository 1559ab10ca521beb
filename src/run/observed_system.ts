import type { System } from './boot.js';

/**
 * A system as those see it who only watch: tracepoints, snapshots and numbers, no live objects of
 * the kernel through which they could change what happens.
 */
export type ObservedSystem = Omit<System, 'kernel' | 'host'>;
