/** The last column is not made narrower than this, however narrow the terminal is. */
const LAST_WIDTH_MIN = 30;

/**
 * Rows as alignColumns() gives them, but with the last column broken at spaces where a line would be
 * longer than `columns`; what does not fit goes on below it.
 */
export function wrapColumns(
  rows: readonly (readonly string[])[],
  sides: readonly ('left' | 'right')[],
  columns: number,
): string[] {
  const before = alignColumns(
    rows.map((row) => [...row.slice(0, -1), '|']),
    sides,
  )[0]!.length;
  const width = Math.max(LAST_WIDTH_MIN, columns - (before - 1));
  const wrapped = rows.flatMap((row) => {
    const [first, ...more] = wrapText(row.at(-1)!, width);
    const empty = row.slice(0, -1).map(() => '');
    return [[...row.slice(0, -1), first!], ...more.map((line) => [...empty, line])];
  });
  return alignColumns(wrapped, sides);
}

/** A text in lines of at most `width`, broken at spaces; a longer word stays whole. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Cells padded to common widths, two spaces between columns, no spaces at the line ends. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  sides: readonly ('left' | 'right')[],
): string[] {
  const widths = sides.map((_side, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, sides[column] ?? 'left'))
      .join('  ')
      .trimEnd(),
  );
}

function pad(cell: string, width: number, side: 'left' | 'right'): string {
  return side === 'right' ? cell.padStart(width) : cell.padEnd(width);
}
