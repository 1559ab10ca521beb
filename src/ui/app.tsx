import { useInput, useStdin, useStdout } from 'ink';
import { type ReactNode, useEffect, useState } from 'react';
import { Dashboard } from './dashboard.js';
import type { DashboardView } from './view.js';

export interface AppProps {
  readonly view: DashboardView;
  readonly quit: () => void;
}

/** Some terminals, and `script`, say that they have no columns. */
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;

/** The dashboard with what it needs of a terminal: its size and its keys. */
export function App({ view, quit }: AppProps): ReactNode {
  const { columns, rows } = useTerminalSize();
  const { isRawModeSupported } = useStdin(); // undefined where stdin is a file or a pipe
  useInput(
    (input, key) => {
      if (input === 'q' || (key.ctrl && input === 'c')) quit();
    },
    { isActive: isRawModeSupported === true },
  );
  return <Dashboard view={view} columns={columns} rows={rows} />;
}

function useTerminalSize(): { columns: number; rows: number } {
  const { stdout } = useStdout();
  const read = () => ({
    columns: stdout.columns || COLUMNS_DEFAULT,
    rows: stdout.rows || ROWS_DEFAULT,
  });
  const [size, setSize] = useState(read);
  useEffect(() => {
    const onResize = (): void => setSize(read());
    stdout.on('resize', onResize);
    return () => {
      stdout.off('resize', onResize);
    };
  });
  return size;
}
