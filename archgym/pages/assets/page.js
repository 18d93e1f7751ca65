async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(stream).text();
}

let loading = null;
function plotlyReady() {
  loading ??= unpack(document.getElementById('plotly').textContent).then((source) => {
    const script = document.createElement('script');
    script.textContent = source;
    document.head.append(script);
  });
  return loading;
}

async function draw(place) {
  const packed = place.dataset.figure;
  if (!packed) return;
  delete place.dataset.figure;
  try {
    const [text] = await Promise.all([unpack(packed), plotlyReady()]);
    const figure = narrowed(JSON.parse(text), place.clientWidth);
    await Plotly.newPlot(place, figure.data, figure.layout, { responsive: true, displaylogo: false });
  } catch (error) {
    place.textContent = `This figure cannot be drawn here (${error}); a browser of 2023 or later can.`;
  }
}

const near = new IntersectionObserver((seen) => {
  for (const entry of seen) if (entry.isIntersecting) { near.unobserve(entry.target); draw(entry.target); }
}, { rootMargin: '600px' });
for (const place of document.querySelectorAll('[data-figure]')) near.observe(place);
window.addEventListener('beforeprint', () => {
  for (const place of document.querySelectorAll('[data-figure]')) if (place.offsetParent) draw(place);
});

for (const chooser of document.querySelectorAll('select[data-group]')) {
  const show = () => {
    for (const part of document.querySelectorAll(`[data-of="${chooser.dataset.group}"]`)) {
      part.hidden = part.dataset.value !== chooser.value;
    }
  };
  chooser.addEventListener('change', show);
  show();
}
