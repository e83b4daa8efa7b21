"""The look of the HTML page. Text contrast is at least 4.5:1 in both color schemes (WCAG 2.2, 1.4.3)."""

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;
--passed:#1a6e35;--notice:#0b5cad;--warning:#7a5200;--error:#a3420a;--critical:#b3152b;--fatal:#8a0f5c}
@media (prefers-color-scheme:dark){:root{--bg:#0f1419;--ink:#e6edf3;--soft:#9aa7b4;--line:#3a434d;--panel:#182028;
--passed:#5fd38a;--notice:#7cbcff;--warning:#e8c15a;--error:#ffa26b;--critical:#ff8a94;--fatal:#ff9ddb}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1.5rem;background:var(--bg);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:0 0 .5rem;overflow-wrap:anywhere}
h3{font-size:1.05rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
h4{font-size:1rem;margin:0 0 .25rem;overflow-wrap:anywhere}
p{margin:.25rem 0 .5rem}
a{color:var(--notice)}
article+article{margin-top:3rem;border-top:3px solid var(--line);padding-top:2rem}
.verdict{border:1px solid var(--line);border-left:.4rem solid currentColor;background:var(--panel);
padding:1rem 1.25rem;border-radius:.3rem}
.verdict>*{color:var(--ink)}
.verdict.passed{border-left-color:var(--passed)}.verdict.notice{border-left-color:var(--notice)}
.verdict.warning{border-left-color:var(--warning)}.verdict.error{border-left-color:var(--error)}
.verdict.critical{border-left-color:var(--critical)}.verdict.fatal{border-left-color:var(--fatal)}
.level{display:inline-block;border:1px solid currentColor;border-radius:.25rem;padding:0 .4rem;font-size:.85rem;
font-weight:600;white-space:nowrap;vertical-align:.08em}
.level.passed{color:var(--passed)}.level.notice{color:var(--notice)}.level.warning{color:var(--warning)}
.level.error{color:var(--error)}.level.critical{color:var(--critical)}.level.fatal{color:var(--fatal)}
.counts{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem 1.25rem;padding:0;margin:.5rem 0 0}
dl{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.2rem 1rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.findings{padding-left:1.5rem}.findings>li{margin:0 0 1.25rem}
.times{color:var(--soft);font-weight:400}
.advice{background:var(--panel);border-radius:.3rem;padding:.4rem .7rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:.4rem 0;min-width:50%;font-size:.92rem}
caption{text-align:left;color:var(--soft);padding:.15rem 0}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
thead th{color:var(--soft);font-weight:600}
.number{text-align:right;font-variant-numeric:tabular-nums}
code{font:.88em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
footer{margin-top:3rem;border-top:1px solid var(--line);color:var(--soft);font-size:.88rem}
@media (max-width:34rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}body{padding:1rem}}
@media print{:root{--bg:#fff;--ink:#000;--soft:#444;--line:#999;--panel:#fff;--passed:#1a6e35;--notice:#0b5cad;
--warning:#7a5200;--error:#a3420a;--critical:#b3152b;--fatal:#8a0f5c}body{max-width:none;padding:0;font-size:10pt}
.scroll{overflow:visible}.findings>li,tr{break-inside:avoid}h3,h4{break-after:avoid}article+article{break-before:page}}
"""
