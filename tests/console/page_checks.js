// What must hold on every page, looked for in the page itself. Each answers a list of what is
// wrong; an empty list is right. Texts of the forum stand in elements that OTHERS matches.
(() => {
  const OTHERS = "bdi, code, kbd, pre, samp, time, textarea, .said, [lang]:not(html), script, style, template, noscript";
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && getComputedStyle(element).visibility !== "hidden";
  };
  // What is quoted is the forum's, what stands in backticks is for a terminal; addresses and
  // names of files are the same in every language.
  const own = (text) => text.replace(/“[^”]*”|《[^》]*》|`[^`]*`|[\w/-]+(\.[\w-]+)+/g, " ");
  const named = (element) => `${element.outerHTML.slice(0, 120)}`;

  function headings() {
    const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
      .filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]));
    const wrong = [];
    if (levels.filter((level) => level === 1).length !== 1) wrong.push(`levels ${levels}: not one h1`);
    if (levels.length && levels[0] !== 1) wrong.push(`levels ${levels}: the first is no h1`);
    levels.forEach((level, at) => {
      if (at && level > levels[at - 1] + 1) wrong.push(`levels ${levels}: one is skipped`);
    });
    return wrong;
  }

  // Nothing to the right of the window, but within what scrolls by itself.
  function overflow() {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")]
      .filter((one) => shown(one) && one.getBoundingClientRect().right > width + 1)
      .slice(-3).map((one) => `${Math.round(one.getBoundingClientRect().right)} > ${width}: ${named(one)}`)
      .concat(`scrolls to ${document.documentElement.scrollWidth}`);
  }

  // What the texts of the console itself say in another script than the page's language.
  function foreign(pattern, allowed) {
    const words = new RegExp(pattern, "gu"), found = new Set();
    const rest = (text) => allowed.reduce((left, name) => left.split(name).join(" "), own(text));
    const look = (text, where) => (rest(text).match(words) || []).forEach((word) => {
      found.add(`${word}: ${text.trim().slice(0, 120)} (${where})`);
    });
    look(document.title, "title");
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const text = walk.currentNode;
      if (!text.parentElement.closest(OTHERS)) look(text.data, text.parentElement.tagName);
    }
    for (const name of ["title", "aria-label", "placeholder", "alt"]) {
      document.querySelectorAll(`[${name}]`).forEach((one) => {
        if (!one.closest(OTHERS)) look(one.getAttribute(name), `@${name}`);
      });
    }
    return [...found];
  }

  // In the viewer's zone, with the absolute time in the title.
  function times(zone) {
    return [...document.querySelectorAll("time[datetime]")]
      .filter((one) => !one.title.includes(zone) || one.textContent.includes("UTC")).map(named);
  }

  // Actions are as high as a thumb is broad; what only opens something, as a pointer needs.
  function targets(least, opener) {
    const actions = "button:not(.link), .button, .drop > summary, select, textarea, input:not([type=hidden])";
    return [...low(actions, least), ...low("summary, button.link", opener)];
  }
  function low(which, least) {
    return [...document.querySelectorAll(which)].filter(shown)
      .filter((one) => !["checkbox", "radio"].includes(one.type))
      .filter((one) => one.getBoundingClientRect().height < least - 0.5)
      .map((one) => `${one.getBoundingClientRect().height.toFixed(1)} px: ${named(one)}`);
  }

  // Where the keyboard is now: its place among all elements, and what is wrong with how it shows.
  function focused() {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one), box = one.getBoundingClientRect(), wrong = [];
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) wrong.push(`no outline: ${named(one)}`);
    const x = box.left + Math.min(box.width / 2, 8), y = box.top + Math.min(box.height / 2, 8);
    const top = document.elementFromPoint(x, y);
    if (box.height > 1 && top && !one.contains(top) && !top.contains(one)) {
      wrong.push(`${named(one)} is covered by ${named(top)}`);
    }
    return { place: [...document.querySelectorAll("*")].indexOf(one), wrong };
  }

  window.pageChecks = { headings, overflow, foreign, times, targets, focused };
})();
