/** The report's style sheet: light, dark and print. Series colours: Okabe and Ito, 2008. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #1b1f24; --soft: #5b6470; --line: #d9dee4; --panel: #f6f8fa;
  --series-0: #0072b2; --series-1: #d55e00; --series-2: #009e73;
  --series-3: #cc79a7; --series-4: #b07a00; --series-5: #3a8fc4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --ink: #e6e9ed; --soft: #9aa4b0; --line: #333a42; --panel: #1c2127;
    --series-0: #56b4e9; --series-1: #ff8a3c; --series-2: #2fcf9f;
    --series-3: #e5a0c8; --series-4: #e6b422; --series-5: #8fc7ee;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 21px; margin: 48px 0 12px; padding-top: 12px; border-top: 1px solid var(--line); }
h3 { font-size: 16px; margin: 0 0 2px; }
p, ul, ol { margin: 8px 0; max-width: 46em; }
.question { font-size: 19px; color: var(--soft); margin: 0 0 16px; }
.facts { color: var(--soft); font-size: 14px; }
.findings { background: var(--panel); border-radius: 8px; padding: 16px 20px; margin: 24px 0; }
.findings ul { margin: 0 0 16px; padding-left: 20px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 12px 0; font-size: 14px; }
.legend span { display: inline-flex; align-items: center; gap: 7px; }
.legend i { width: 18px; height: 4px; border-radius: 2px; display: inline-block; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 28px 32px; }
figure { margin: 0; min-width: 0; }
figure.wide { margin-bottom: 24px; }
figure .frame { overflow-x: auto; }
figcaption { font-size: 14px; color: var(--soft); margin-bottom: 6px; }
figcaption b { color: var(--ink); font-size: 15px; }
svg.plot { max-width: 100%; height: auto; font-size: 12px; overflow: visible; }
.scroll { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
th.name, td.name { text-align: left; }
td.text { text-align: left; white-space: normal; min-width: 18em; }
.up, .down { font-weight: 600; }
.ci { color: var(--soft); font-size: 12px; }
details { margin: 10px 0; }
summary { cursor: pointer; padding: 4px 0; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--panel); border-radius: 8px; padding: 14px 16px; overflow-x: auto; }
.commands li { margin: 12px 0; }
.commands code { display: block; background: var(--panel); border-radius: 6px; padding: 6px 10px; margin-top: 4px; overflow-x: auto; white-space: nowrap; }
.warning { border-left: 4px solid var(--series-1); padding: 4px 0 4px 14px; }
footer { margin-top: 56px; color: var(--soft); font-size: 13px; }
@media (max-width: 560px) { .charts { grid-template-columns: 1fr; } main { padding: 24px 14px 60px; } }
@media print {
  :root { --ground: #fff; --ink: #000; --soft: #444; --line: #bbb; --panel: #f4f4f4; }
  main { max-width: none; padding: 0; }
  figure, tr, .findings { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
`;
