'use strict';
const MOST_ROWS = 300;
const COLOURS = ['#1f4e79', '#c0392b', '#2e7d32', '#8e44ad', '#b9770e', '#117a8b', '#7f5539', '#5d6d7e'];
const COLUMNS = [
  ['name', 'name'], ['scenario', 'scenario'], ['agent', 'agent'], ['seed', 'seed'], ['state', 'state'],
  ['done', 'progress'], ['best', 'best so far'], ['seen', 'last seen'],
];
const $ = (id) => document.getElementById(id);
const make = (tag, text, attributes = {}) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};
let rows = [];
let chosen = [];
let order = ['seen', -1];
let drawing = 0;

function ago(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 129600 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86400)} d ago`;
}

function visible() {
  const words = $('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  const state = $('which').value;
  const [column, sign] = order;
  const kept = rows.filter((row) => {
    const text = `${row.name} ${row.scenario} ${row.agent} ${row.seed} ${row.best} ${row.kind}`.toLowerCase();
    return (!state || row.state === state) && words.every((word) => text.includes(word));
  });
  const worth = (row) => (column === 'done' ? row.done / Math.max(1, row.budget) : row[column]);
  return kept.sort((a, b) => sign * (worth(a) < worth(b) ? -1 : worth(a) > worth(b) ? 1 : 0));
}

function cell(row, column) {
  const node = make('td', undefined, { 'data-head': COLUMNS.find(([key]) => key === column)[1] });
  if (column === 'done') {
    const bar = make('progress', '', { max: Math.max(1, row.budget), value: row.done, 'aria-label': 'progress' });
    const span = make('span');
    span.append(bar, ` ${row.done.toLocaleString('en')} of ${row.budget.toLocaleString('en')}`);
    node.append(span);
  } else if (column === 'seen') node.textContent = ago(Date.now() / 1000 - row.seen);
  else if (column === 'best') node.textContent = [row.best, row.note].filter(Boolean).join('; ');
  else node.textContent = row[column];
  if (column === 'state') node.className = `state-${row.state}`;
  return node;
}

function showTable() {
  const shown = visible();
  const body = make('tbody');
  for (const row of shown.slice(0, MOST_ROWS)) {
    const line = make('tr', undefined, { tabindex: 0, 'data-id': row.id, 'aria-selected': chosen.includes(row.id) });
    for (const [column] of COLUMNS) line.append(cell(row, column));
    body.append(line);
  }
  const focused = document.activeElement?.dataset?.id;
  $('table').tBodies[0].replaceWith(body);
  if (focused) body.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
  const cut = shown.length > MOST_ROWS ? `, the first ${MOST_ROWS} are shown` : '';
  $('count').textContent = `${shown.length.toLocaleString('en')} of ${rows.length.toLocaleString('en')} runs and sweeps${cut}`;
  for (const head of $('heads').children) {
    if (head.dataset.key === order[0]) head.setAttribute('aria-sort', order[1] > 0 ? 'ascending' : 'descending');
    else head.removeAttribute('aria-sort');
  }
}

function choose(id) {
  chosen = chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id].slice(-COLOURS.length);
  showTable();
  showDetail();
}

const STEPS = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, ''], [1e-3, 'm'], [1e-6, 'µ'], [1e-9, 'n'], [1e-12, 'p'], [1e-15, 'f']];
function prefixed(values, unit) {
  const sizes = values.filter(Number.isFinite).map(Math.abs).sort((a, b) => a - b);
  const middle = sizes[sizes.length >> 1] || 1;
  if (/^m2/.test(unit)) return [1e-6, `mm²${unit.slice(2)}`];
  if (!unit || /^\d/.test(unit)) return [1, unit];
  const [scale, prefix] = STEPS.find(([step]) => middle >= step * 0.9999999) || [1, ''];
  return [scale, prefix + unit];
}
const plain = (text) => String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\$/g, '&#36;');
const axis = (name, unit) => ({ title: { text: plain(unit ? `${name} [${unit}]` : name) }, automargin: true, gridcolor: '#e6ebf0', zeroline: false });
// an axis is fitted to the trials that meet the specs; a double click shows all
const view = (ranges, scale) => {
  const known = ranges.filter(Boolean);
  return known.length ? { range: [Math.min(...known.map(([low]) => low)) / scale, Math.max(...known.map(([, high]) => high)) / scale] } : {};
};
const scaled = (points, scale) => points.map((value) => value / scale);

function figure(place, data, xaxis, yaxis, height, shapes = []) {
  const layout = {
    height, xaxis, yaxis, shapes, margin: { l: 10, r: 10, t: 10, b: 40 }, font: { family: 'system-ui, sans-serif', size: 12 },
    legend: { orientation: 'h', yanchor: 'bottom', y: 1, x: 0 }, paper_bgcolor: '#fff', plot_bgcolor: '#fff',
  };
  const spec = narrowed({ data, layout }, place.clientWidth);
  Plotly.react(place, spec.data, spec.layout, { responsive: true, displaylogo: false });
}

function dots(points, sx, sy, name, colour, symbol) {
  return {
    x: scaled(points.x, sx), y: scaled(points.y, sy), mode: 'markers', type: 'scatter', name: plain(name),
    marker: { color: colour, size: 5, symbol }, hovertemplate: '%{x:.4g}, %{y:.4g}<extra></extra>',
  };
}

function slot(container, key) {
  let place = container.querySelector(`[data-slot="${CSS.escape(key)}"]`);
  if (!place) {
    place = make('div', undefined, { class: 'plot', 'data-slot': key });
    const box = make('div', undefined, { class: 'figure' });
    box.append(place);
    container.append(box);
  }
  place.dataset.used = String(drawing);
  return place;
}

function showConvergence(container, runs) {
  const names = [...new Set(runs.flatMap((run) => run.panels.map((panel) => panel.name)))];
  for (const name of names) {
    const panels = runs.map((run) => [run, run.panels.find((panel) => panel.name === name)]).filter(([, panel]) => panel);
    const [scale, unit] = prefixed(panels.flatMap(([, panel]) => panel.best.y.length ? panel.best.y : panel.met.y.concat(panel.missed.y)), panels[0][1].unit);
    const data = [];
    const alone = panels.length === 1;
    for (const [run, panel] of panels) {
      if (alone) data.push(dots(panel.missed, 1, scale, 'misses a spec', '#8a96a3', 'x'), dots(panel.met, 1, scale, 'meets the specs', '#8fb3d5', 'circle'));
      data.push({
        x: panel.best.x, y: scaled(panel.best.y, scale), mode: 'lines', line: { shape: 'hv', color: run.colour },
        name: plain(alone ? 'best so far' : run.name), hovertemplate: '%{x}: %{y:.4g}<extra></extra>',
      });
    }
    const first = panels.find(([, panel]) => panel.reference !== null);
    const last = Math.max(1, ...panels.map(([run]) => run.trials));
    if (first) data.push({ x: [1, last], y: scaled([first[1].reference, first[1].reference], scale), mode: 'lines', name: 'reference design', line: { color: '#c0392b', dash: 'dash', width: 1 } });
    // of compared runs only what is best is drawn, and the axis fits that
    const y = { ...axis(name, unit), ...view(alone ? panels.map(([, panel]) => panel.view) : [], scale) };
    figure(slot(container, `objective ${name}`), data, axis('evaluations charged', ''), y, 340);
  }
}

function showFront(container, runs) {
  const able = runs.filter((run) => run.front);
  if (!able.length) return;
  const { names, units } = able[0].front;
  const same = able.filter((run) => run.front.names.join() === names.join());
  const every = (key) => same.flatMap((run) => run.front.front[key].length ? run.front.front[key] : run.front.met[key].concat(run.front.missed[key]));
  const [[sx, ux], [sy, uy]] = [prefixed(every('x'), units[0]), prefixed(every('y'), units[1])];
  const data = [];
  const alone = same.length === 1;
  for (const run of same) {
    if (alone) data.push(dots(run.front.missed, sx, sy, 'misses a spec', '#8a96a3', 'x'), dots(run.front.met, sx, sy, 'meets the specs', '#8fb3d5', 'circle'));
    data.push({
      x: scaled(run.front.front.x, sx), y: scaled(run.front.front.y, sy), mode: 'lines+markers', name: plain(alone ? 'front' : run.name),
      line: { color: run.colour, width: 1 }, marker: { size: 8, color: '#fff', line: { color: run.colour, width: 2 } }, hovertemplate: 'front: %{x:.4g}, %{y:.4g}<extra></extra>',
    });
  }
  const reference = same[0].front.reference;
  if (reference && reference.every((value) => value !== null)) data.push({ x: [reference[0] / sx], y: [reference[1] / sy], mode: 'markers', name: 'reference design', marker: { symbol: 'star', size: 13, color: '#c0392b' } });
  const line = { color: '#c0392b', dash: 'dot', width: 1 };
  const shapes = [
    ...same[0].front.limits[0].map((at) => ({ type: 'line', x0: at / sx, x1: at / sx, yref: 'paper', y0: 0, y1: 1, line })),
    ...same[0].front.limits[1].map((at) => ({ type: 'line', y0: at / sy, y1: at / sy, xref: 'paper', x0: 0, x1: 1, line })),
  ];
  const shown = alone ? same : [];
  figure(slot(container, 'front'), data, { ...axis(names[0], ux), ...view(shown.map((run) => run.front.view[0]), sx) },
    { ...axis(names[1], uy), ...view(shown.map((run) => run.front.view[1]), sy) }, 420, shapes);
}

function showSweep(container, sweep) {
  const box = make('div', undefined, { class: 'scroll', 'data-sweep': sweep.name });
  const table = make('table', undefined, { class: 'blocks' });
  const heads = ['scenario', 'agent', 'done', 'failed', 'best design'];
  const top = make('tr');
  for (const head of heads) top.append(make('th', head));
  const body = make('tbody');
  for (const group of sweep.groups) {
    const line = make('tr');
    const cells = [group.scenario, group.agent, `${group.done} of ${group.runs}`, group.failed || '', group.best];
    cells.forEach((text, i) => line.append(make('td', text, { 'data-head': heads[i] })));
    body.append(line);
  }
  const head = make('thead');
  head.append(top);
  table.append(head, body);
  box.append(table);
  container.querySelectorAll('[data-sweep]').forEach((old) => { if (old.dataset.sweep === sweep.name) old.remove(); });
  container.append(box);
}

async function showDetail() {
  const turn = ++drawing;
  const container = $('detail');
  const ids = chosen.filter((id) => rows.some((row) => row.id === id));
  const told = await Promise.all(ids.map(async (id) => {
    const answer = await fetch(`detail/${id}`).catch(() => null);
    return answer && answer.ok ? { id, ...(await answer.json()) } : { id, error: answer ? await answer.text() : 'the dashboard does not answer' };
  }));
  if (turn !== drawing) return;
  told.forEach((one, i) => { one.colour = COLOURS[i]; });
  $('title').textContent = ids.length === 1 ? told[0].name || 'Nothing to show yet' : ids.length ? `${ids.length} compared` : 'Choose a run or sweep';
  $('hint').textContent = told.filter((one) => one.error).map((one) => one.error).join(' ') || (ids.length > 1 ? 'Best so far and fronts, over each other.' : 'A click on a row shows it, several rows are compared. Axes are fitted to the trials that meet the specs: double-click to see all.');
  $('links').replaceChildren(...ids.filter((id) => rows.find((row) => row.id === id).page).map((id) => {
    const link = make('a', `page of ${rows.find((row) => row.id === id).name}`, { href: `page/${id}`, target: '_blank', rel: 'noopener' });
    const line = make('span');
    line.append(link, ' ');
    return line;
  }));
  container.querySelectorAll('[data-sweep]').forEach((old) => old.remove());
  told.filter((one) => one.kind === 'sweep').forEach((sweep) => showSweep(container, sweep));
  const runs = told.filter((one) => one.kind === 'run');
  if (runs.length) { showConvergence(container, runs); showFront(container, runs); }
  container.querySelectorAll('[data-slot]').forEach((place) => {
    if (place.dataset.used !== String(turn)) { Plotly.purge(place); place.parentElement.remove(); }
  });
  container.dataset.shown = ids.join();
}

for (const [key, name] of COLUMNS) {
  const head = make('th', name, { 'data-key': key, tabindex: 0, scope: 'col' });
  head.addEventListener('click', () => { order = [key, order[0] === key ? -order[1] : 1]; showTable(); });
  $('heads').append(head);
}
$('table').addEventListener('click', (event) => { const line = event.target.closest('tbody tr'); if (line) choose(line.dataset.id); });
$('table').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' && event.key !== ' ') return;
  event.preventDefault();
  event.target.click();
});
$('filter').addEventListener('input', showTable);
$('which').addEventListener('change', showTable);
$('clear').addEventListener('click', () => { chosen = []; showTable(); showDetail(); });

// the first figure of all takes longest: it is drawn where nobody sees it, while nothing else is to do
window.addEventListener('load', () => setTimeout(async () => {
  const place = make('div', undefined, { style: 'position:absolute;left:-400px;top:0;width:300px;height:200px;visibility:hidden' });
  document.body.append(place);
  await Plotly.newPlot(place, [{ x: [1, 2], y: [1, 2], mode: 'lines+markers', type: 'scatter' }], { width: 300, height: 200 });
  Plotly.purge(place);
  place.remove();
}, 50));

const source = new EventSource('events');
source.onmessage = (event) => {
  const before = new Map(rows.map((row) => [row.id, `${row.done} ${row.state}`]));
  const now = JSON.parse(event.data);
  rows = now.rows;
  const busy = rows.filter((row) => row.state === 'running').length;
  $('state').textContent = `${now.root}: ${busy ? `${busy} running` : 'nothing is running'}`;
  showTable();
  if (chosen.some((id) => { const row = rows.find((one) => one.id === id); return row && before.get(id) !== `${row.done} ${row.state}`; })) showDetail();
};
source.onerror = () => { $('state').textContent = 'the dashboard has ended or does not answer; trying again …'; };
setInterval(showTable, 10000);
