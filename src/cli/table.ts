/** Columns for people. */

/** A cell is text, or text with how it looks in the end; padding counts what is seen. */
export interface Cell {
  readonly text: string;
  style?(text: string): string;
}

/** Lines of equal columns, two blanks apart, none longer than `columns`. Cells must be printable. */
export function table(rows: readonly (readonly Cell[])[], columns: number): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, { text }] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, text.length);
  }
  return rows.map((row) => {
    let left = columns;
    return row
      .map(({ text, style = (same) => same }, index) => {
        const isLast = index === row.length - 1;
        const cell = cut(isLast ? text : `${text.padEnd(widths[index] ?? 0)}  `, left);
        left -= cell.length;
        return style(cell);
      })
      .join('')
      .trimEnd();
  });
}

function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width > 0 ? `${text.slice(0, width - 1)}…` : '';
}
