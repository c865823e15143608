// Series over time, drawn by uPlot from the figures that the page holds: the panels of a chart stand on one
// axis of time, and are zoomed, read off and hidden together.
(() => {
  const d = document, root = d.documentElement;
  const digits = v => v == null ? '–' : !v ? '0' : Math.abs(v) >= 1000 || Math.abs(v) < 1e-3 ? String(+v.toPrecision(4)) : v.toPrecision(3);
  const tick = v => Math.abs(v) >= 1e6 ? +(v / 1e6).toPrecision(4) + ' M' : Math.abs(v) >= 1e4 ? +(v / 1e3).toPrecision(4) + ' k' : String(+v.toPrecision(6));
  const make = (tag, name, parent, text) => {
    const e = parent.appendChild(d.createElement(tag));
    e.className = name;
    if (text) e.textContent = text;
    return e;
  };
  // A line's heights at some instants, straight between its points; nothing beyond its ends.
  const along = (x, y, all) => {
    let i = 0;
    return all.map(at => {
      while (i < x.length - 1 && x[i + 1] <= at) i++;
      if (at < x[0] || at > x[x.length - 1]) return null;
      return x[i] === at || i === x.length - 1 ? y[i] : y[i] + (y[i + 1] - y[i]) * (at - x[i]) / (x[i + 1] - x[i]);
    });
  };
  const css = name => getComputedStyle(root).getPropertyValue(name).trim();
  const dark = matchMedia('(prefers-color-scheme:dark)');
  let charts = 0;
  for (const host of d.querySelectorAll('.chart')) {
    const { unit, span, xs, panels, notes } = JSON.parse(host.dataset.chart), key = 'chart' + charts++;
    const picture = host.parentNode.querySelector('svg.queuelab'), svg = picture.cloneNode(false);
    host.setAttribute('role', 'group');
    host.setAttribute('aria-label', picture.querySelector('desc').textContent);
    const ink = svg.appendChild(d.createElementNS(svg.namespaceURI, 'path'));
    svg.style.display = 'none';
    host.append(svg);
    // The plots' own colours, light or dark.
    const colour = name => { ink.setAttribute('class', name); return getComputedStyle(ink).stroke; };
    const all = [...new Set([...span, ...xs.flat()])].sort((a, b) => a - b);
    const axis = { stroke: () => css('--muted'), font: '12px ' + getComputedStyle(d.body).fontFamily, ticks: { stroke: () => css('--line'), size: 4 }, grid: { stroke: () => css('--line'), width: 1 } };
    const sync = { key, setSeries: true, scales: ['x', null], match: [(a, b) => a === b, () => true,
      (own, from, i) => i == null ? null : own.series.findIndex(s => s.label === from.series[i].label)] };
    const width = () => host.clientWidth, height = (p, i) => p.height + (i < panels.length - 1 ? 22 : 62);
    const draw = (panel, i) => {
      const last = i === panels.length - 1, strip = make('div', 'strip', host), head = make('div', 'head', strip);
      make('b', '', head, panel.title);
      const most = Math.max(...panel.lines.flatMap(l => l.y)), room = most > 0 ? panel.high / most : 1;
      const band = (u, i) => {
        const l = panel.lines[i - 1];
        if (!l.low) return;
        const { left, top, width, height } = u.bbox, at = (v, k) => [u.valToPos(xs[l.x][k], 'x', true), u.valToPos(v, 'y', true)];
        u.ctx.save();
        u.ctx.beginPath();
        u.ctx.rect(left, top, width, height);
        u.ctx.clip();
        u.ctx.beginPath();
        for (const p of [...l.high.map(at), ...l.low.map(at).reverse()]) u.ctx.lineTo(...p);
        u.ctx.globalAlpha = .16;
        u.ctx.fillStyle = colour(l.color);
        u.ctx.fill();
        u.ctx.restore();
      };
      const u = new uPlot({
        width: width(), height: height(panel, i), legend: { mount: (_, legend) => head.append(legend), markers: { dash: (_, i) => panel.lines[i - 1].dash.length ? 'dashed' : 'solid' } },
        scales: { x: { time: false }, y: { range: (_, low, high) => [0, high > 0 ? high * room : panel.high] } },
        axes: [
          { ...axis, size: last ? 30 : 8, values: (_, v) => v.map(t => last ? tick(t) : ''), ...(last ? { label: 'time, ' + unit, labelSize: 18, labelGap: 0, labelFont: axis.font } : {}) },
          { ...axis, size: 58, space: 26, values: (_, v) => v.map(tick) },
        ],
        series: [{ label: 'time', value: (_, v) => v == null ? '–' : digits(v) + ' ' + unit },
          ...panel.lines.map(l => ({ label: l.name, stroke: () => colour(l.color), width: l.width, dash: l.dash, points: { show: false },
            value: (_, v) => v == null ? '–' : (digits(v) + ' ' + panel.unit).trim() }))],
        cursor: { y: false, sync, drag: { x: true, y: false, dist: 8 } },
        hooks: { drawSeries: [band] },
      }, [all, ...panel.lines.map(l => along(xs[l.x], l.y, all))], strip);
      for (const name of head.querySelectorAll('.u-series:not(:first-child) th')) {
        name.tabIndex = 0;
        name.setAttribute('role', 'button');
        name.addEventListener('keydown', k => { if (k.key === 'Enter' || k.key === ' ') { k.preventDefault(); name.click(); } });
      }
      // uPlot hears a mouse: a finger moves it sideways, and the page up and down.
      u.over.style.touchAction = 'pan-y';
      for (const [heard, told] of [['down', 'enter down'], ['move', 'move'], ['up', 'up'], ['cancel', 'up']])
        u.over.addEventListener('pointer' + heard, e => {
          if (e.pointerType !== 'touch') return;
          for (const what of told.split(' '))
            u.over.dispatchEvent(new MouseEvent('mouse' + what, { clientX: e.clientX, clientY: e.clientY, movementX: 1, bubbles: true }));
        });
      return u;
    };
    // What is not shown has no width; where it cannot be drawn the picture stays.
    host.classList.add('drawn');
    const strips = () => {
      try {
        return panels.map(draw);
      } catch (why) {
        host.classList.remove('drawn');
        throw why;
      }
    };
    let plots = strips();
    const told = make('div', 'below', host);
    for (const note of ['Drag across to zoom in, double click to see all again; a click on a name hides it.', ...notes]) make('p', 'note', told, note);
    dark.addEventListener('change', () => {
      plots.forEach(u => u.destroy());
      host.querySelectorAll('.strip').forEach(e => e.remove());
      plots = strips();
      host.append(told);
    });
    addEventListener('resize', () => plots.forEach((u, i) => u.setSize({ width: width(), height: height(panels[i], i) })));
  }
})();
