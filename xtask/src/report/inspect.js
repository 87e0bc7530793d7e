// What must hold of the page. Put into it by the test only; evaluates to what was found.
(() => {
  const problems = [];
  const complain = (what, element) => {
    const text = (element?.textContent || '').trim().slice(0, 60);
    const place = element?.closest('[id]')?.id ?? '';
    problems.push(`${what}${element ? `: <${element.localName}> "${text}" in #${place}` : ''}`);
  };
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const screen = innerWidth;

  // As it is first seen: nothing that is folded reaches beyond the page either.
  const tooWide = () => {
    if (document.documentElement.scrollWidth > screen) {
      complain(`the page is ${document.documentElement.scrollWidth} px wide on ${screen} px`);
    }
  };
  tooWide();
  for (const folded of all('details')) folded.open = true;
  tooWide();
  scrollTo(0, 0);

  const box = element => element.getBoundingClientRect();
  const isSeen = element => {
    const { width, height } = box(element);
    return width > 0 && height > 0 && getComputedStyle(element).visibility === 'visible' &&
      !element.closest('thead') && !element.closest('defs, title, desc');
  };
  for (const element of all('body *')) {
    if (!isSeen(element) || element.closest('svg')) continue;
    if (box(element).right > screen + 1 || box(element).left < -1) complain('reaches beyond the page', element);
    const { overflowX } = getComputedStyle(element);
    if (overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1) complain('is cut off', element);
  }

  // Letters in charts: within their chart, and not one above another.
  for (const chart of all('svg.chart')) {
    const outer = box(chart);
    const texts = all('text', chart).filter(isSeen).map(text => [text, box(text)]);
    for (const [text, inner] of texts) {
      if (inner.left < outer.left - 1 || inner.right > outer.right + 1 ||
          inner.top < outer.top - 2 || inner.bottom > outer.bottom + 2) complain('leaves its chart', text);
    }
    texts.forEach(([one, a], at) => {
      for (const [other, b] of texts.slice(at + 1)) {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 0.5 && down > 3) complain(`is written over "${other.textContent}"`, one);
      }
    });
    const [title, text] = chart.getAttribute('aria-labelledby').split(' ').map(id => document.getElementById(id));
    if (!title?.textContent || !text?.textContent) complain('has no name or no description', chart);
    if (outer.width < 200 || outer.height < 24) complain(`is ${outer.width} by ${outer.height} px`, chart);
  }
  for (const figure of all('figure')) {
    const card = figure.closest('article, section');
    if (!card.querySelector('table')) complain('has no table', figure);
  }

  // Contrast, of letters and of what is drawn.
  const rgb = colour => (colour.match(/[\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = part => (part /= 255) <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const contrast = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const background = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const check = (element, colour, least, what) => {
    const ratio = contrast(rgb(colour), background(element));
    if (ratio < least) complain(`${what} of contrast ${ratio.toFixed(2)} (${colour})`, element);
  };
  for (const element of all('body *').filter(isSeen)) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    const style = getComputedStyle(element);
    if (own) {
      check(element, element.localName === 'text' ? style.fill : style.color, 4.5, 'letters');
      if (parseFloat(style.fontSize) < 11) complain(`letters of ${style.fontSize}`, element);
    }
    if (element.matches('.bar, .mark, .curve')) {
      check(element, style.fill === 'none' || element.matches('.curve, .second') ? style.stroke : style.fill, 3, 'a drawing');
    }
  }

  // Whole: every link leads somewhere, every name is given once, nothing comes from elsewhere.
  const ids = new Set();
  for (const { id } of all('[id]')) {
    if (ids.has(id)) complain(`two elements are called ${id}`);
    ids.add(id);
  }
  for (const link of all('a')) {
    const to = link.getAttribute('href');
    if (!to.startsWith('#') || !ids.has(to.slice(1))) complain(`leads to ${to}, which is not there`, link);
  }
  if (all('script, link, img, iframe').length) complain('something comes from elsewhere');
  if (/https?:\/\//.test(document.documentElement.outerHTML)) complain('names an address');

  // How much of a picture is not its background, and of how many colours it is.
  window.look = async source => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const brush = canvas.getContext('2d');
    brush.drawImage(image, 0, 0);
    const { data } = brush.getImageData(0, 0, image.width, image.height);
    const seen = new Map();
    for (let at = 0; at < data.length; at += 4) {
      const colour = data[at] << 16 | data[at + 1] << 8 | data[at + 2];
      seen.set(colour, (seen.get(colour) || 0) + 1);
    }
    const most = Math.max(...seen.values());
    return { colours: seen.size, inked: 1 - most / (data.length / 4) };
  };

  const place = element => {
    const { x, y, width, height } = box(element);
    return { x: x + scrollX, y: y + scrollY, width, height };
  };
  window.show = id => {
    const chart = document.getElementById(id);
    chart.scrollIntoView({ behavior: 'instant', block: 'start' });
    // The second frame begins when the first has been drawn.
    return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(place(chart)))));
  };
  const height = document.documentElement.scrollHeight;
  const screens = [];
  for (let y = 0; y < height; y += 1600) {
    screens.push({ x: 0, y, width: screen, height: Math.min(1600, height - y) });
  }
  return {
    problems,
    title: document.title,
    width: screen,
    dark: luminance(background(document.body)) < 0.2,
    charts: all('figure.workload-chart').length,
    figures: all('svg.chart').map(chart => ({ name: chart.id })),
    screens,
  };
})()
