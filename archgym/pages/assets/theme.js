const root = document.documentElement;
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const follow = () => { root.dataset.theme = dark.matches ? 'dark' : 'light'; };
dark.addEventListener('change', follow);
follow();
document.querySelector('button.theme').addEventListener('click', () => {
  root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
});
// a figure on a narrow screen: smaller letters, level ticks, no room given away
const narrowed = (figure, width) => {
  if (width < 560) {
    figure.layout.font = { ...figure.layout.font, size: 10 };
    for (const name of Object.keys(figure.layout)) {
      if (/^xaxis/.test(name)) Object.assign(figure.layout[name], { tickangle: 0, nticks: 5 });
    }
  }
  return figure;
};
