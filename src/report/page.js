(() => {
  const d = document, all = (e, s) => [...e.querySelectorAll(s)], num = t => t.split(' ').map(Number);
  // Numbers as the page writes them: three digits, times in the unit that fits.
  const digits = v => !v ? '0' : Math.abs(v) >= 1000 || Math.abs(v) < 1e-3 ? String(+v.toPrecision(3)) : v.toPrecision(3);
  const time = s => {
    const [size, unit] = [[3600, 'h'], [60, 'min'], [1, 's'], [1e-3, 'ms'], [1e-6, 'µs']].find(u => Math.abs(s) >= u[0]) || [1e-9, 'ns'];
    return digits(s / size) + ' ' + unit;
  };
  const shown = { n: digits, t: time, l: v => time(10 ** v), p: v => digits(100 * v) + ' %',
    9: v => +(100 * (1 - 10 ** -v)).toFixed(Math.max(1, Math.ceil(v))) + ' %' };
  const button = (e, act) => {
    e.tabIndex = 0;
    e.addEventListener('click', act);
    e.addEventListener('keydown', k => { if (k.key === 'Enter' || k.key === ' ') { k.preventDefault(); act(); } });
  };

  const tip = d.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  d.body.append(tip);
  const hide = () => { tip.hidden = true; };

  for (const svg of all(d, 'svg.queuelab')) {
    const panels = [];
    for (const g of all(svg, '.panel,.series')) {
      if (g.classList.contains('panel')) {
        const ticks = (g.dataset.ticks || '').split('|').filter(Boolean).map(t => [parseFloat(t), t.slice(t.indexOf(' ') + 1)]);
        panels.push({ box: num(g.dataset.box), x: num(g.dataset.x), y: num(g.dataset.y), kinds: g.dataset.kinds, ticks, series: [] });
      } else if (panels.length) {
        const points = all(g, 'polyline').flatMap(p => p.getAttribute('points').split(' ').map(q => q.split(',').map(Number)));
        points.push(...all(g, 'circle').map(c => [+c.getAttribute('cx'), +c.getAttribute('cy')]));
        panels[panels.length - 1].series.push({ g, points });
      }
    }
    for (const key of all(svg, '.key')) {
      key.setAttribute('role', 'button');
      key.setAttribute('aria-pressed', 'false');
      button(key, () => {
        const off = key.classList.toggle('off');
        key.setAttribute('aria-pressed', off);
        for (const g of all(svg, '.series,.mark')) if (g.dataset.name === key.dataset.name) g.classList.toggle('off', off);
      });
    }
    const show = e => {
      const at = new DOMPoint(e.clientX, e.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const panel = panels.find(({ box: [l, t, r, b] }) => at.x >= l - 6 && at.x <= r + 6 && at.y >= t && at.y <= b);
      if (!panel) return hide();
      const [l, t, r, b] = panel.box, lines = [];
      let x = null;
      for (const { g, points } of panel.series) {
        if (g.classList.contains('off') || !points.length) continue;
        const near = points.reduce((a, p) => Math.abs(p[0] - at.x) < Math.abs(a[0] - at.x) ? p : a);
        if (Math.abs(near[0] - at.x) > 24) continue;
        if (x === null) x = near[0];
        const y = panel.y[0] + (b - near[1]) / (b - t) * (panel.y[1] - panel.y[0]);
        lines.push(g.dataset.name + ': ' + shown[panel.kinds[1]](y));
      }
      if (!lines.length) return hide();
      const value = panel.x[0] + (x - l) / (r - l) * (panel.x[1] - panel.x[0]);
      const word = panel.ticks.reduce((a, k) => !a || Math.abs(k[0] - value) < Math.abs(a[0] - value) ? k : a, null);
      tip.textContent = [panel.kinds[0] === 'w' ? (word ? word[1] : '') : shown[panel.kinds[0]](value), ...lines].join('\n');
      tip.hidden = false;
      const box = tip.getBoundingClientRect();
      tip.style.left = Math.max(4, Math.min(e.clientX + 14, innerWidth - box.width - 8)) + 'px';
      tip.style.top = Math.max(4, Math.min(e.clientY + 14, innerHeight - box.height - 8)) + 'px';
    };
    svg.addEventListener('pointermove', show);
    svg.addEventListener('pointerdown', show);
    svg.addEventListener('pointerleave', hide);
  }
  addEventListener('scroll', hide, { passive: true });

  const units = { ns: 1e-9, µs: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, '%': .01, 'k/s': 1e3, 'M/s': 1e6 };
  const worth = (row, i) => {
    const text = row.cells[i].textContent.trim(), unit = row.querySelector('.unit');
    if (i && text.startsWith('∞')) return Infinity;
    const m = text.replace(/[\u202f\u00a0]/g, '').match(/^[≈~+]? ?([-−]?[\d.]+(?:e-?\d+)?)(?: [±(][^a-zµ%]*)? ?([a-zµM/%]*)/);
    if (!m) return text;
    const its = m[2] || (unit ? unit.textContent.replace(', ', '') : '');
    return m[1].replace('−', '-') * (units[its] || 1);
  };
  for (const table of all(d, 'table:not(.formulas)')) {
    const body = table.tBodies[0];
    if (!table.tHead || !body || body.rows.length < 3) continue;
    const first = [...body.rows], heads = [...table.tHead.rows[0].cells];
    heads.forEach((th, i) => button(th, () => {
      const now = th.getAttribute('aria-sort'), next = !now ? 'ascending' : now === 'ascending' ? 'descending' : '';
      heads.forEach(h => h.removeAttribute('aria-sort'));
      if (next) th.setAttribute('aria-sort', next);
      const groups = [[]];
      for (const row of first) row.classList.contains('place') ? groups.push([row]) : groups[groups.length - 1].push(row);
      const sign = next === 'descending' ? -1 : 1;
      const order = (p, q) => {
        const [a, b] = [worth(p, i), worth(q, i)], words = [a, b].map(v => typeof v === 'string');
        // What is not known comes last.
        if (words[0] !== words[1]) return words[0] ? 1 : -1;
        return sign * (words[0] ? a.localeCompare(b) : a - b || 0);
      };
      for (const group of groups) {
        const head = group.filter(row => row.classList.contains('place'));
        const rows = group.filter(row => !row.classList.contains('place'));
        body.append(...head, ...(next ? rows.sort(order) : rows));
      }
    }));
  }
  d.documentElement.classList.add('js');
})();
