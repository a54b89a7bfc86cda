"""How the report looks, on screen and on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light; --line: #d0d7de; --ink: #1b1f24; --soft: #57606a; --blue: #0072b2; --good: #009e73;
  --open: #e69f00; --bad: #b00020; }
* { box-sizing: border-box; }
body { font: 13.5px/1.4 system-ui, "DejaVu Sans", "Noto Sans", "Noto Sans CJK JP", sans-serif; color: var(--ink);
  background: #fff; max-width: 1080px; margin: 0 auto; padding: 20px; }
h1 { font-size: 21px; margin: 0; } h2 { font-size: 16px; margin: 20px 0 6px; border-bottom: 2px solid var(--blue); }
h3 { font-size: 14px; margin: 12px 0 4px; } h4 { font-size: 13px; margin: 10px 0 4px; }
p { margin: 4px 0; } ul { margin: 4px 0; padding-left: 18px; }
.note { color: var(--soft); font-size: 11.5px; }
.use { border: 1px solid var(--bad); border-left-width: 6px; padding: 4px 10px; margin: 8px 0; font-size: 12px; }
table { border-collapse: collapse; width: 100%; margin: 6px 0; font-size: 12px; }
th, td { border: 1px solid var(--line); padding: 3px 6px; text-align: left; vertical-align: top; }
th { background: #f3f6f9; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.met td:first-child { border-left: 6px solid var(--good); } tr.bad td:first-child { border-left: 6px solid var(--bad); }
tr.open td:first-child { border-left: 6px solid var(--open); }
p.bad { border-left: 6px solid var(--bad); padding-left: 8px; }
figure { margin: 8px 0; break-inside: avoid; } figcaption { font-size: 11.5px; color: var(--soft); }
img, svg { max-width: 100%; height: auto; }
code { font-size: 11px; overflow-wrap: anywhere; }
.masthead { display: flex; justify-content: space-between; align-items: baseline; gap: 16px; }
.masthead .stage { font-weight: 600; color: var(--blue); text-align: right; }
.facts { display: grid; grid-template-columns: 1fr 1fr; gap: 0 24px; margin: 8px 0; }
.facts > div { display: flex; gap: 8px; border-bottom: 1px solid #eaeef2; padding: 2px 0; break-inside: avoid; }
.facts dt { flex: 0 0 120px; color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
dl.facts { margin: 8px 0; }
.tasks { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 8px; margin: 8px 0; }
.task { border: 1px solid var(--line); border-top: 5px solid var(--open); padding: 4px 8px; break-inside: avoid; }
.task.met { border-top-color: var(--good); } .task.bad { border-top-color: var(--bad); }
.task.none { border-top-color: var(--line); color: var(--soft); }
.task b { display: block; } .task p { font-size: 12px; overflow-wrap: anywhere; }
ul.headlines { list-style: none; padding: 0; margin: 6px 0; }
ul.headlines li { border-left: 6px solid var(--open); padding: 1px 8px; margin: 3px 0; overflow-wrap: anywhere; }
ul.headlines li.good { border-left-color: var(--good); } ul.headlines li.bad { border-left-color: var(--bad);
  font-weight: 600; }
.planes { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; }
.day { white-space: nowrap; } .keep { break-inside: avoid; }
.strip { break-inside: avoid; } .strip h3 { font-weight: 500; font-size: 12.5px; }
.text { white-space: normal; border-left: 3px solid var(--line); padding-left: 10px; overflow-wrap: anywhere; }
.sign { display: grid; grid-template-columns: 1fr 1fr; gap: 40px; margin: 34px 0 6px; break-inside: avoid; }
.sign div { border-top: 1px solid var(--ink); padding-top: 2px; font-size: 11.5px; }
details.annex { margin: 10px 0; border: 1px solid var(--line); padding: 4px 10px; overflow-x: auto; }
details.annex > summary { font-weight: 600; cursor: pointer; padding: 4px 0; }
details.annex table { width: auto; min-width: 100%; }
details.annex .planes { grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); }
@media screen { .print-only { display: none; } }
.pictures { break-inside: avoid; margin: 10px 0 14px; }
.pictures h3 { margin: 0 0 4px; } .pictures h3 small { font-weight: normal; font-size: 11px; }
.dose-pictures { display: grid; grid-template-columns: 1fr 132px; gap: 6px; align-items: start; }
.dose-planes { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 3px; }
.dose-planes img { display: block; width: 100%; }
.dose-pictures svg { display: block; width: 132px; }
@media print {
  body { padding: 0; max-width: none; font-size: 8.6pt; line-height: 1.3; }
  h1 { font-size: 12.5pt; } .masthead .stage { font-size: 8pt; }
  h2 { font-size: 11pt; margin: 9pt 0 3pt; break-after: avoid; }
  h3 { font-size: 9.4pt; margin: 6pt 0 2pt; break-after: avoid; }
  table { font-size: 7.4pt; } th, td { padding: 1.5pt 3pt; }
  .note, figcaption, .sign div { font-size: 7pt; } .use, .task p { font-size: 7.6pt; }
  code { font-size: 6.4pt; } ul.headlines li { margin: 1.5pt 0; }
  tr, table.keep { break-inside: avoid; } thead { display: table-header-group; }
  .strip .planes { width: 62%; } figure > svg { width: 158mm; } figure { margin: 4pt 0; }
  .annex, .screen-only { display: none; }
}
"""
"""The page's own style: nothing is loaded. Colours are from Okabe and Ito's palette, and nothing is told by colour alone."""
