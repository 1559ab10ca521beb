/** The parts of jStat that are used here; it brings no types of its own. */
declare module 'jstat' {
  interface Distribution2 {
    cdf(x: number, a: number, b: number): number;
    inv(p: number, a: number, b: number): number;
  }
  interface Distribution1 {
    cdf(x: number, a: number): number;
    inv(p: number, a: number): number;
  }
  export const jStat: {
    readonly normal: Distribution2;
    readonly studentt: Distribution1;
  };
}
