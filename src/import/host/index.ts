/** A live machine, or what was captured of one, as a workload. */
export { anonymised } from './anonymise.js';
export { looksLikeCapture, readCapture, writeCapture } from './capture.js';
export { collectHost } from './collect.js';
export type { HostSnapshot } from './snapshot.js';
export { hostToWorkload } from './to_workload.js';
