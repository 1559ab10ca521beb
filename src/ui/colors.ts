import type { Style } from './text/line.js';

/** Okabe and Ito's palette, told apart by colour-blind people too; never the only sign. */
export const COLORS = {
  orange: '#E69F00',
  sky: '#56B4E9',
  green: '#009E73',
  vermilion: '#D55E00',
  purple: '#CC79A7',
} as const;

/** How Ink is to draw a span. */
export interface Look {
  readonly color?: string;
  readonly bold?: boolean;
  readonly dimColor?: boolean;
  readonly inverse?: boolean;
}

export const LOOKS: Readonly<Record<Style, Look>> = {
  title: { bold: true },
  focus: { bold: true, color: COLORS.sky },
  strong: { bold: true },
  dim: { dimColor: true },
  good: { color: COLORS.green },
  warn: { color: COLORS.orange },
  bad: { color: COLORS.vermilion, bold: true },
  info: { color: COLORS.sky },
  purple: { color: COLORS.purple },
  selected: { inverse: true },
};
