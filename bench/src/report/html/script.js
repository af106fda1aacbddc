'use strict';
(() => {
  const root = document.documentElement, tip = document.getElementById('tip');
  root.classList.add('js');

  document.getElementById('theme').addEventListener('click', () => {
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
  });

  const show = (event, lines) => {
    tip.replaceChildren(...lines.map(line => Object.assign(document.createElement('div'), { textContent: line })));
    tip.style.visibility = 'visible';
    const x = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const y = event.clientY + 18 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 12 : event.clientY + 18;
    tip.style.left = Math.max(8, x) + 'px';
    tip.style.top = y + 'px';
  };
  const hide = () => { tip.style.visibility = 'hidden'; };

  for (const element of document.querySelectorAll('[data-tip]')) {
    element.addEventListener('pointermove', event => show(event, [element.dataset.tip]));
    element.addEventListener('pointerleave', hide);
  }

  // Plots: the point of each curve that is nearest to the pointer on the horizontal axis.
  for (const plot of document.querySelectorAll('svg.plot')) {
    const cursor = plot.querySelector('.cursor');
    const curves = [...plot.querySelectorAll('desc.pointer')].map(d => ({
      name: d.dataset.name, xs: d.dataset.x.split(' ').map(Number), tips: d.dataset.tips.split('|'),
    }));
    plot.addEventListener('pointermove', event => {
      const box = plot.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * plot.viewBox.baseVal.width;
      if (x < +plot.dataset.left || x > +plot.dataset.right) { cursor.style.visibility = 'hidden'; return hide(); }
      cursor.setAttribute('x1', x); cursor.setAttribute('x2', x); cursor.style.visibility = 'visible';
      const lines = [];
      for (const curve of curves) {
        let best = 0;
        curve.xs.forEach((at, i) => { if (Math.abs(at - x) <= Math.abs(curve.xs[best] - x)) best = i; });
        if (curve.tips[best]) lines.push(curves.length > 1 ? curve.name + ': ' + curve.tips[best] : curve.tips[best]);
      }
      lines.length ? show(event, lines) : hide();
    });
    plot.addEventListener('pointerleave', () => { cursor.style.visibility = 'hidden'; hide(); });
  }

  // Legends: the curve under the pointer stays, the others fade.
  for (const item of document.querySelectorAll('.legend li[data-series]')) {
    const groups = () => item.closest('section').querySelectorAll('.plot g[data-series]');
    item.addEventListener('pointerenter', () => groups().forEach(g => g.classList.toggle('dim', g.dataset.series !== item.dataset.series)));
    item.addEventListener('pointerleave', () => groups().forEach(g => g.classList.remove('dim')));
  }

  // Ladders: one message at a time beside the picture.
  for (const ladder of document.querySelectorAll('details.ladder')) {
    const arrows = [...ladder.querySelectorAll('a.arrow')];
    const select = arrow => {
      arrows.forEach(a => a.classList.toggle('current', a === arrow));
      ladder.querySelectorAll('.message').forEach(m => m.classList.toggle('current', m.id === arrow.dataset.target));
    };
    arrows.forEach(arrow => arrow.addEventListener('click', event => { event.preventDefault(); select(arrow); }));
    const first = arrows.find(a => a.classList.contains('unseen')) || arrows[0];
    if (first) select(first);
  }

  // Copies; where the browser does not let a page do that, the text is at least selected.
  for (const pre of document.querySelectorAll('pre.copy')) {
    pre.addEventListener('click', async event => {
      getSelection().selectAllChildren(pre);
      try { await navigator.clipboard.writeText(pre.textContent); show(event, ['copied']); } catch { show(event, ['selected: copy it with Ctrl+C']); }
      setTimeout(hide, 1200);
    });
  }
})();
