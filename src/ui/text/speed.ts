/** Simulated seconds per second of real time that the keys choose from. */
export const SPEEDS: readonly number[] = [
  0.001,
  0.002,
  0.005,
  0.01,
  0.02,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  1000,
  Infinity,
];

/** The next faster or slower speed. @param by 1 or −1 */
export function otherSpeed(speed: number, by: 1 | -1): number {
  const faster = SPEEDS.find((other) => other > speed * 1.001);
  const slower = SPEEDS.findLast((other) => other < speed * 0.999);
  return (by > 0 ? faster : slower) ?? speed;
}

/** `×1/4`, `×20`, `max` */
export function formatSpeed(speed: number, times: string): string {
  if (speed === Infinity) return 'max';
  if (speed >= 1) return `${times}${Math.round(speed * 100) / 100}`;
  const inverse = 1 / speed;
  return Math.abs(inverse - Math.round(inverse)) < 0.01
    ? `${times}1/${Math.round(inverse)}`
    : `${times}${Math.round(speed * 1000) / 1000}`;
}
