import type { Glyphs } from '../text/glyphs.js';
import { fitted, type Line, line, plain, span } from '../text/line.js';
import { instant, size } from '../text/units.js';
import type { View } from '../view.js';

/** Who died up to the moment shown, the last ones at the bottom. */
export function killListLines(
  view: View,
  { width, rows }: { width: number; rows: number },
  g: Glyphs,
): Line[] {
  const died = view.kills.slice(0, view.killsDone);
  const room = Math.max(0, rows - 1);
  const shown = died.slice(-room || died.length);
  const freed = died.reduce((sum, { freedNs, freedPages }) => {
    return freedNs !== null && freedNs <= view.moment.timeNs ? sum + (freedPages ?? 0) : sum;
  }, 0);
  const text =
    died.length === 0 ? 'nobody was killed' : `${died.length} killed, ${size(freed)} freed`;
  const above = died.length - shown.length;
  return [
    line(span(text, 'title'), span(above > 0 ? `, ${above} above` : '', 'dim')),
    ...shown.map(({ timeNs, kill }) =>
      fitted(
        line(
          span(`${g.kill} `, 'bad'),
          span(`${instant(timeNs).padStart(9)} `, 'dim'),
          `${plain(kill.comm)} (${kill.pid}) ${plain(kill.cgroup)} `,
          span(plain(kill.reason), 'dim'),
        ),
        width,
        g.more,
      ),
    ),
  ];
}
