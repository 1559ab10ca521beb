import type { IBufferCell, Terminal } from '@xterm/headless';

/** Pixels of a character cell; the font is the reader's own monospaced one, stretched to fit. */
const CELL_WIDTH = 8.4;
const CELL_HEIGHT = 18;
const BASELINE = 13;
const MARGIN = 12;
const BACKGROUND = '#111418';
const FOREGROUND = '#d8dce2';
const TITLE = 'The oomsim dashboard, shortly after an OOM kill';

interface Run {
  readonly text: string;
  readonly column: number;
  readonly fill: string;
  readonly background: string | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

/** What a terminal shows, as an SVG: every row as text, each run of one colour in its place. */
export function screenToSvg(terminal: Terminal): string {
  const { cols, rows } = terminal;
  const width = Math.ceil(cols * CELL_WIDTH + 2 * MARGIN);
  const height = rows * CELL_HEIGHT + 2 * MARGIN;
  const lines = Array.from({ length: rows }, (_, y) => rowToSvg(runsOf(terminal, y), y));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"` +
      ` font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
    `<title>${TITLE}</title>`,
    `<rect width="${width}" height="${height}" rx="6" fill="${BACKGROUND}"/>`,
    ...lines.filter((text) => text !== ''),
    '</svg>',
    '',
  ].join('\n');
}

function runsOf(terminal: Terminal, y: number): Run[] {
  const { active } = terminal.buffer;
  const line = active.getLine(active.baseY + y);
  const runs: Run[] = [];
  for (let column = 0; column < terminal.cols; column++) {
    const cell = line?.getCell(column);
    if (cell === undefined) continue;
    const run = { ...lookOf(cell), text: cell.getChars() || ' ', column };
    const last = runs.at(-1);
    if (last !== undefined && isAlike(last, run)) {
      runs[runs.length - 1] = { ...last, text: last.text + run.text };
    } else runs.push(run);
  }
  return runs;
}

function lookOf(cell: IBufferCell): Pick<Run, 'fill' | 'background' | 'isBold' | 'isDim'> {
  const color = cell.isFgRGB() ? `#${cell.getFgColor().toString(16).padStart(6, '0')}` : FOREGROUND;
  const isInverse = cell.isInverse() !== 0;
  return {
    fill: isInverse ? BACKGROUND : color,
    background: isInverse ? color : null,
    isBold: cell.isBold() !== 0,
    isDim: cell.isDim() !== 0,
  };
}

const isAlike = (a: Run, b: Run): boolean =>
  a.fill === b.fill &&
  a.background === b.background &&
  a.isBold === b.isBold &&
  a.isDim === b.isDim;

function rowToSvg(runs: readonly Run[], y: number): string {
  const top = MARGIN + y * CELL_HEIGHT;
  return runs
    .filter(({ text, background }) => background !== null || text.trim() !== '')
    .map(({ text, column, fill, background, isBold, isDim }) => {
      const x = round(MARGIN + column * CELL_WIDTH);
      const width = round(text.length * CELL_WIDTH);
      const under =
        background === null
          ? ''
          : `<rect x="${x}" y="${top}" width="${width}" height="${CELL_HEIGHT}" fill="${background}"/>`;
      const look = `${isBold ? ' font-weight="bold"' : ''}${isDim ? ' opacity="0.6"' : ''}`;
      return (
        `${under}<text x="${x}" y="${top + BASELINE}" fill="${fill}"${look} textLength="${width}"` +
        ` lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escaped(text)}</text>`
      );
    })
    .join('\n');
}

const round = (n: number): number => Math.round(n * 10) / 10;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
