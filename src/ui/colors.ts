/** Okabe and Ito's palette, told apart by colour-blind people too; never the only sign. */
export const COLORS = {
  blue: '#0072B2',
  orange: '#E69F00',
  green: '#009E73',
  vermilion: '#D55E00',
  purple: '#CC79A7',
} as const;
