/**
 * The behaviour's number: bumped whenever the same workload and seed may play differently than
 * before, that is whenever a golden fingerprint changes. Not the package's version.
 */
export const MODEL_VERSION = '4';
