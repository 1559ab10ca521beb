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

/** A table whose columns all begin at their left, as one text without a last line end. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const sides = (rows[0] ?? []).map(() => 'left' as const);
  return alignColumns(rows, sides).join('\n');
}
