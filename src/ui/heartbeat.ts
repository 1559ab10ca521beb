import { FRAME_MS } from './ink_options.js';

/**
 * Calls `beat` every FRAME_MS, or less often where it takes long: a third of the time at the most,
 * however slow the terminal or the machine is, so that the simulation goes on.
 * @returns what stops it
 */
export function startHeartbeat(beat: (nowMs: number) => void): () => void {
  let timer = setTimeout(once, FRAME_MS);
  function once(): void {
    const beganMs = performance.now();
    beat(beganMs);
    const tookMs = performance.now() - beganMs;
    timer = setTimeout(once, Math.max(FRAME_MS - tookMs, 2 * tookMs));
  }
  return () => clearTimeout(timer);
}
