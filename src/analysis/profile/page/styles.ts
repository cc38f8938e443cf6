/** Of the page: light and dark as the reader's system says, always light on paper. */
export const STYLES = `
:root{color-scheme:light dark;--bg:#fff;--card:#fff;--soft:#f4f6f8;--line:#d9dfe5;--fg:#18212b;--dim:#55626f;
--bar:#3b7dbf;--bar-soft:#cfe0f1;--gap:#d98a2b;--pos:#6fb1ee;--neg:#f2a765;--warn:#a3450b;--warn-bg:#fdf0e4;--note:#235d94;
--note-bg:#e9f2fa;--ok:#d7e9d8}
@media (prefers-color-scheme:dark){:root{--bg:#12171d;--card:#181f27;--soft:#1f2731;--line:#35404c;--fg:#e8edf2;
--dim:#a5b1bd;--bar:#5c9fdd;--bar-soft:#27405a;--gap:#e09b45;--pos:#1f62a4;--neg:#97500f;--warn:#f5b27a;--warn-bg:#3a2617;
--note:#8fc1f0;--note-bg:#1a2f44;--ok:#23402a}}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--soft:#f4f6f8;--line:#c9d0d7;--fg:#000;--dim:#444;
--bar:#3b7dbf;--bar-soft:#cfe0f1;--gap:#d98a2b;--pos:#6fb1ee;--neg:#f2a765;--warn:#8a3a08;--warn-bg:#fdf0e4;--note:#1d4f7f;
--note-bg:#e9f2fa;--ok:#d7e9d8}}
*{box-sizing:border-box}
html{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--fg)}
a{color:var(--note);text-underline-offset:2px}
a:focus-visible{outline:2px solid var(--bar);outline-offset:2px}
.page{display:grid;grid-template-columns:15rem minmax(0,64rem);gap:0 2.5rem;max-width:84rem;margin:0 auto;padding:0 1.5rem}
header{grid-column:1/-1;padding:2rem 0 1.2rem;border-bottom:1px solid var(--line)}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:2.6rem 0 .8rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1.05rem;margin:0;overflow-wrap:anywhere}
h4{font-size:.85rem;margin:0 0 .4rem;color:var(--dim);font-weight:600}
p{margin:.4rem 0 .8rem;max-width:46rem}
.dim,small{color:var(--dim)}
small{font-size:.85rem}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.85em;overflow-wrap:anywhere}
nav{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;padding:1.4rem 0;font-size:.9rem}
nav ol{list-style:none;margin:0;padding:0}
nav ol ol{margin:.2rem 0 .5rem .1rem;padding-left:.7rem;border-left:2px solid var(--line)}
nav a{display:block;padding:.14rem .3rem;color:var(--fg);text-decoration:none;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;border-radius:4px}
nav a:hover{background:var(--soft)}
nav ol ol a{color:var(--dim)}
main{min-width:0;padding-bottom:4rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.8rem;margin:1.4rem 0 0;padding:0}
.tile{background:var(--soft);border-radius:8px;padding:.7rem .9rem}
.tile dt{color:var(--dim);font-size:.85rem}
.tile dd{margin:0;font-size:1.5rem;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
.tile small{display:block;font-weight:400;line-height:1.35}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--dim);font-size:.85rem;padding-bottom:.3rem}
th,td{text-align:left;padding:.32rem .6rem .32rem 0;border-bottom:1px solid var(--line);vertical-align:middle}
thead th{color:var(--dim);font-weight:600;font-size:.82rem}
tbody th{font-weight:500;overflow-wrap:anywhere}
.n{text-align:right;white-space:nowrap}
th.n:not(:last-child),td.n:not(:last-child){padding-right:1.1rem}
.value{overflow-wrap:anywhere;white-space:pre-wrap}
.kind,.badge{display:inline-block;font-size:.78rem;line-height:1.5;border-radius:99px;padding:0 .55rem;background:var(--soft);color:var(--dim);white-space:nowrap}
.badge.warning{background:var(--warn-bg);color:var(--warn)}
.badge.note{background:var(--note-bg);color:var(--note)}
.meter{display:block;height:.62rem;min-width:5rem;border-radius:3px;background:var(--soft);overflow:hidden}
.meter i{display:block;height:100%;background:var(--bar)}
.meter.gap i{background:var(--gap)}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.2rem 1.1rem;margin:0 0 1.1rem;break-inside:avoid}
.card>header{display:flex;flex-wrap:wrap;gap:.2rem .7rem;align-items:baseline;padding:0 0 .6rem;border:0}
.card ul{margin:.1rem 0 .7rem;padding:0;list-style:none;font-size:.9rem}
.card li{margin:.15rem 0}
.body{display:grid;grid-template-columns:minmax(12rem,15rem) minmax(0,1fr);gap:.6rem 2rem}
.body table{font-size:.86rem;align-self:start}
.body>table,.plots>table{height:min-content}
.plots{display:grid;gap:1rem;min-width:0;align-content:start}
svg{display:block;max-width:100%;height:auto;font:11px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg text{fill:var(--dim)}
svg .strong{fill:var(--fg)}
svg .bar{fill:var(--bar)}
svg .soft{fill:var(--bar-soft)}
svg .gap{fill:var(--gap)}
svg .axis{stroke:var(--line);stroke-width:1}
svg .pos{fill:var(--pos)}
svg .neg{fill:var(--neg)}
svg .none{fill:var(--soft)}
svg .frame{fill:var(--card);stroke:var(--line)}
svg .quartiles{fill:var(--bar-soft);stroke:var(--bar)}
svg .line{stroke:var(--bar);stroke-width:1.5}
figure{margin:0 0 1.4rem;break-inside:avoid}
figcaption{color:var(--dim);font-size:.85rem;margin-bottom:.4rem;max-width:46rem}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(24rem,1fr));gap:1rem 2rem;align-items:start}
@media (max-width:60rem){.page{grid-template-columns:minmax(0,1fr)}nav{position:static;max-height:none;padding-bottom:0}
nav ol ol{display:flex;flex-wrap:wrap;border:0;padding:0}nav ol ol a{max-width:12rem}.body{grid-template-columns:minmax(0,1fr)}}
@media print{@page{size:A4;margin:16mm 14mm}html{font-size:10.5px}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.page{display:block;max-width:none;padding:0}header{padding-top:0}
nav{position:static;max-height:none;padding:0;columns:3;break-after:page}nav::before{content:"Contents";font-weight:600;display:block}
nav ol ol{border:0;padding-left:.8rem;display:block}nav a{white-space:normal}
h2{break-after:avoid}.body{grid-template-columns:15rem minmax(0,1fr)}.card{padding:.6rem .9rem;margin-bottom:.8rem}section.new-page{break-before:page}tr{break-inside:avoid}thead{display:table-header-group}
a{color:inherit;text-decoration:none}.tile,.card{border:1px solid var(--line)}.scroll{overflow:visible}
.two{grid-template-columns:1fr 1fr}}
`;
