/** The characters that the dashboard is drawn with. */
export interface Glyphs {
  /** Kinds of memory in a bar: told apart without colour, too. */
  readonly anon: string;
  readonly file: string;
  readonly shmem: string;
  readonly kernel: string;
  readonly other: string;
  readonly full: string;
  readonly empty: string;
  /** From nothing to everything. */
  readonly levels: readonly string[];
  readonly open: string;
  readonly folded: string;
  readonly selected: string;
  readonly kill: string;
  readonly stall: string;
  readonly cursor: string;
  readonly rule: string;
  /** Time that was not simulated yet. */
  readonly future: string;
  readonly arrow: string;
  readonly dot: string;
  readonly playing: string;
  readonly paused: string;
  readonly ended: string;
  readonly times: string;
  readonly micro: string;
  readonly more: string;
  readonly vertical: string;
  /** Keys, as they are called in help. */
  readonly left: string;
  readonly right: string;
  readonly up: string;
  readonly down: string;
}

export const UNICODE: Glyphs = {
  anon: '█',
  file: '▓',
  shmem: '▒',
  kernel: '≡',
  other: '░',
  full: '█',
  empty: '·',
  levels: [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  open: '▾',
  folded: '▸',
  selected: '❯',
  kill: '✗',
  stall: '≈',
  cursor: '▲',
  rule: '─',
  future: '┄',
  arrow: '→',
  dot: '·',
  playing: '▶',
  paused: '‖',
  ended: '■',
  times: '×',
  micro: 'µs',
  more: '…',
  vertical: '│',
  left: '←',
  right: '→',
  up: '↑',
  down: '↓',
};

/** For terminals that have no more than ASCII. */
export const ASCII: Glyphs = {
  anon: '#',
  file: '=',
  shmem: '%',
  kernel: '+',
  other: '-',
  full: '#',
  empty: '.',
  levels: [' ', '_', '.', '-', ':', '=', '+', '*', '#'],
  open: 'v',
  folded: '>',
  selected: '*',
  kill: 'X',
  stall: '~',
  cursor: '^',
  rule: '-',
  future: '.',
  arrow: '->',
  dot: '-',
  playing: '>',
  paused: '||',
  ended: '[]',
  times: 'x',
  micro: 'us',
  more: '..',
  vertical: '|',
  left: 'Left',
  right: 'Right',
  up: 'Up',
  down: 'Down',
};
