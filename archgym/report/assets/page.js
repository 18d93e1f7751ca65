for (const chooser of document.querySelectorAll('select[data-group]')) {
  const show = () => {
    for (const part of document.querySelectorAll(`[data-of="${chooser.dataset.group}"]`)) {
      part.hidden = part.dataset.value !== chooser.value;
      if (!part.hidden) for (const plot of part.querySelectorAll('.js-plotly-plot')) Plotly.Plots.resize(plot);
    }
  };
  chooser.addEventListener('change', show);
  show();
}

const root = document.documentElement;
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const follow = () => { root.dataset.theme = dark.matches ? 'dark' : 'light'; };
dark.addEventListener('change', follow);
follow();
document.querySelector('button.theme').addEventListener('click', () => {
  root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
});
