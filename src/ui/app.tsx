import { type Key, useInput, useStdin } from 'ink';
import type { ReactNode } from 'react';
import { Dashboard, type Screen } from './dashboard.js';

export interface AppProps {
  readonly screen: Screen;
  readonly onKey: (input: string, key: Key) => void;
}

/** The dashboard with the keys of its terminal. */
export function App({ screen, onKey }: AppProps): ReactNode {
  const { isRawModeSupported } = useStdin(); // undefined where stdin is a file or a pipe
  useInput(
    (input, key) => {
      // What is typed fast, or pasted, comes as one text.
      if (input.length > 1 && !key.ctrl) for (const letter of input) onKey(letter, key);
      else onKey(input, key);
    },
    { isActive: isRawModeSupported === true },
  );
  return <Dashboard {...screen} />;
}
